"""When to send again: the table of the project's facts, line by line."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundpiece_nb.api.errors import Refusal, Unreachable, Unreadable
from soundpiece_nb.api.pacing import (
    AccountPace,
    Backoff,
    Exchange,
    Verdict,
    judge,
    poll_pause,
    read_retry_after,
)

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize("exchange", Exchange)
def test_what_never_arrived_or_broke_off_is_sent_again(exchange):
    assert judge(exchange, Unreachable("reset")) is Verdict.AGAIN
    assert judge(exchange, Unreadable("cut JSON")) is Verdict.AGAIN


@pytest.mark.parametrize("exchange", Exchange)
def test_an_unusable_address_is_never_tried_again(exchange):
    assert judge(exchange, Unreachable("bad URL", never=True)) is Verdict.NEVER


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 599])
@pytest.mark.parametrize("exchange", Exchange)
def test_passing_http_errors_are_tried_again(exchange, status):
    assert judge(exchange, Refusal(status, "")) is Verdict.AGAIN


@pytest.mark.parametrize("status", [301, 302, 400, 401, 402, 404, 409, 422])
@pytest.mark.parametrize("exchange", [Exchange.SUBMIT, Exchange.POLL])
def test_refusals_are_final_for_submit_and_poll(exchange, status):
    assert judge(exchange, Refusal(status, "")) is Verdict.NEVER


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refused_download_asks_for_a_fresh_link(status):
    assert judge(Exchange.DOWNLOAD, Refusal(status, "")) is Verdict.FRESH_LINK


@pytest.mark.parametrize("status", [400, 401, 451])
def test_other_refused_downloads_are_final(status):
    assert judge(Exchange.DOWNLOAD, Refusal(status, "")) is Verdict.NEVER


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        ("1.5", 1.5),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("-1", None),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("Sun, 99 Nov 2026 12:00:30 GMT", None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(text, seconds):
    assert read_retry_after(text, NOW) == seconds


@given(st.text())
def test_no_retry_after_header_raises(text):
    seconds = read_retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_full_jitter_under_its_cap(tries, chance):
    pause = Backoff().pause(tries, chance)
    assert pause == pytest.approx(chance * min(8, 0.5 * 2 ** min(tries - 1, 32)))


def test_a_named_pause_is_never_cut_short():
    assert Backoff().pause(1, 0.0, named=86_400) == 86_400
    assert 12 < Backoff().pause(9, 0.9, named=12) < 13


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0, -1])
def test_a_backoff_of_nonsense_cannot_be_made(wrong):
    with pytest.raises(ValueError, match="positive"):
        Backoff(cap=wrong)


def test_one_slow_down_holds_everything_of_the_account():
    pace = AccountPace()
    assert pace.wait(now=100) == 0
    pace.slow_down(30, now=100)
    pace.slow_down(10, now=100)
    assert pace.wait(now=100) == 30
    assert pace.wait(now=131) == 0


class SlidingWindow:
    """A service that admits so many requests in any so many seconds, in its own time."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self.admitted: list[float] = []

    def refuses(self, now: float) -> float | None:
        """Admit a request (None), or say after how many whole seconds there is room."""
        recent = [moment for moment in self.admitted if moment > now - self.seconds]
        if len(recent) < self.most:
            self.admitted.append(now)
            return None
        return float(math.ceil(max(1.0, recent[0] + self.seconds - now)))


@pytest.mark.parametrize(("most", "seconds"), [(300, 60), (60, 60), (10, 1), (100, 10)])
def test_a_limit_is_found_and_kept_to_with_few_refusals(most, seconds):
    """Many requests one after another, in virtual time: little is refused, little time lost."""
    service, pace = SlidingWindow(most, seconds), AccountPace()
    now, refused, wanted = 0.0, 0, 5 * most
    while len(service.admitted) < wanted:
        now += max(0.002, pace.wait(now))
        pace.sent(now)
        pause = service.refuses(now)
        if pause is not None:
            refused += 1
            pace.slow_down(pause, now)
    least = (wanted / most - 1) * seconds
    assert refused <= 0.05 * wanted
    assert now <= 1.3 * least + 2


def test_a_poll_that_was_held_is_followed_at_once():
    assert poll_pause(took=20.0, quick_polls=1, chance=0.9, backoff=Backoff()) == 0


def test_polls_that_are_not_held_space_out():
    pauses = [poll_pause(0.01, n, 1.0, Backoff()) for n in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 0.5
    assert pauses[-1] == 8.5

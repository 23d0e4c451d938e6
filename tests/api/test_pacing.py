"""When to send again: the table of the project's facts, line by line."""

from __future__ import annotations

import math
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundpiece_nb.api.errors import Refusal, Unreachable, Unreadable
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import (
    Backoff,
    Exchange,
    Verdict,
    judge,
    may_have_arrived,
    poll_pause,
    read_date,
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
    ("failure", "possible"),
    [
        (Unreachable("no such host", undelivered=True), False),
        (Unreachable("broke off"), True),
        (Unreadable("cut JSON"), True),
        (Refusal(408, ""), False),
        (Refusal(429, ""), False),
        (Refusal(400, ""), True),
        (Refusal(500, ""), True),
        (Refusal(503, ""), True),
    ],
)
def test_a_request_may_have_arrived_unless_the_failure_rules_it_out(failure, possible):
    assert may_have_arrived(failure) is possible


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
        ("86400", 86_400),
        ("86401", None),
        ("1795348800", None),
        ("9" * 400, None),
        ("1" + "0" * 5_000, None),
        ("1e4", 10_000),
        ("Mon, 23 Nov 2026 12:00:00 GMT", 86_400),
        ("Mon, 23 Nov 2026 12:00:01 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", None),
        ("Sun, " * 10_000, None),
    ],
)
def test_retry_after_is_read_as_seconds_and_as_a_date(text, seconds):
    assert read_retry_after(text, NOW) == seconds


def test_a_date_that_is_none_is_none():
    assert read_date(None) is None
    assert read_date("yesterday, or so") is None
    assert read_date("Sun, 22 Nov 2026 12:00:00 GMT") == NOW


@pytest.mark.parametrize("zone", ["GMT", "-0000", "", "+0000"])
def test_a_date_without_a_zone_is_of_utc(zone):
    read = read_date(f"Sun, 22 Nov 2026 12:00:00 {zone}".strip())
    assert read == NOW
    assert read.utcoffset().total_seconds() == 0


def test_a_date_of_another_zone_is_the_same_moment():
    assert read_date("Sun, 22 Nov 2026 14:00:00 +0200") == NOW


@given(st.text())
def test_no_retry_after_header_raises(text):
    seconds = read_retry_after(text, NOW)
    assert seconds is None or seconds >= 0


@given(st.integers(1, 10_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_full_jitter_under_its_cap(tries, chance):
    pause = Backoff().pause(tries, chance)
    assert pause == pytest.approx(chance * min(8, 0.5 * 2 ** min(tries - 1, 32)))


@pytest.mark.parametrize(("tries", "longest"), [(1, 0.5), (2, 1), (3, 2), (4, 4), (5, 8), (6, 8)])
def test_backoff_doubles_from_half_a_second_to_eight(tries, longest):
    assert Backoff().pause(tries, 1.0) == longest


def test_a_named_pause_is_never_cut_short():
    assert Backoff().pause(1, 0.0, named=86_400) == 86_400
    assert 12 < Backoff().pause(9, 0.9, named=12) < 13


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0, -1])
def test_a_backoff_of_nonsense_cannot_be_made(wrong):
    for number in ("base", "factor", "cap"):
        with pytest.raises(ValueError, match=r"^base, factor and cap must be positive, finite"):
            Backoff(**{number: wrong})


def test_one_slow_down_holds_everything_of_the_account():
    pace = AccountPace()
    assert pace.wait(now=100) == 0
    pace.slow_down(30, now=100)
    pace.slow_down(10, now=100)
    assert pace.wait(now=100) == 30
    assert pace.wait(now=131) == 0


def burst(number, *, over=0.5):
    """Return a pace that let so many requests leave, evenly over so many seconds before 100."""
    pace = AccountPace()
    for index in range(number):
        pace.sent(100 - over + over * index / max(1, number - 1))
    return pace


def apart(pace, now):
    """Return how many seconds lie between requests from now on."""
    pace.sent(now)
    return pace.wait(now)


def test_an_account_that_was_never_refused_waits_for_nothing():
    assert apart(burst(1_000), now=100) == 0


@pytest.mark.parametrize(("number", "spaced"), [(1, 0), (5, 0), (6, 1 / 5), (11, 1 / 10)])
def test_five_requests_before_the_refused_one_tell_a_rate(number, spaced):
    """Those of the last second, because a pause of less than a second was named."""
    pace = burst(number)
    pace.slow_down(0.2, now=100)
    assert apart(pace, now=101) == pytest.approx(min(0.5, 1.05 * spaced))


def test_only_the_requests_as_long_ago_as_the_pause_is_long_tell_the_rate():
    pace = burst(21, over=20)  # one a second; of 10 seconds are 10, and the refused one is none
    pace.slow_down(10, now=100)
    assert apart(pace, now=110) == pytest.approx(0.5)
    pace = burst(201, over=20)
    pace.slow_down(10, now=100)
    assert apart(pace, now=110) == pytest.approx(1.05 * 10 / 99)


def test_of_a_very_long_pause_a_minute_tells_the_rate():
    pace = burst(1_201, over=120)
    pace.slow_down(3_600, now=100)
    assert apart(pace, now=3_700) == pytest.approx(1.05 * 60 / 599)


def test_an_account_remembers_its_latest_4096_requests():
    pace = burst(10_000, over=50)
    pace.slow_down(60, now=100)
    assert apart(pace, now=160) == pytest.approx(1.05 * 60 / 4_095)


def test_of_many_that_are_refused_together_one_is_heeded():
    once, often = burst(11), burst(11)
    once.slow_down(2, now=100)
    for late in (0, 0.1, 0.2):
        often.slow_down(2 - late, now=100 + late)
    assert apart(often, now=102) == apart(once, now=102)


def test_a_refusal_at_the_end_of_a_pause_is_heeded_again():
    pace = burst(11)
    pace.slow_down(1, now=100)
    pace.slow_down(1, now=101)
    assert apart(pace, now=102) == pytest.approx(1.05 * 1.05 / 10)


def test_each_request_that_is_not_refused_makes_the_rate_grow_a_little():
    pace = burst(11)
    pace.slow_down(1, now=100)
    first, now = apart(pace, now=101), 102.0
    gaps = []
    for _ in range(3):
        gaps.append(apart(pace, now))
        now += 1
    assert gaps == [pytest.approx(first * 0.998**n) for n in (1, 2, 3)]


def test_requests_that_leave_at_once_queue_up_behind_each_other():
    pace = burst(11)
    pace.slow_down(1, now=100)
    waits = []
    for _ in range(3):
        pace.sent(101)
        waits.append(pace.wait(101))
    assert waits == sorted(waits)
    assert waits[2] == pytest.approx(3 * waits[0], rel=0.01)


def closed(*, at=100, seconds=3_600):
    """Return the pace of an account that was closed for so long."""
    pace = AccountPace()
    pace.sent(at)
    pace.slow_down(seconds, now=at, left=at)
    return pace


@pytest.mark.parametrize(("begun", "may"), [(-math.inf, False), (100, False), (100.1, True)])
def test_what_a_person_begins_after_an_account_was_closed_may_ask_whether_it_still_is(begun, may):
    pace = closed()
    assert (pace.question_in(begun, now=101) == 0) is may
    assert pace.wait(now=101) == 3_599


def test_one_question_is_asked_at_a_time():
    pace = closed()
    pace.ask(now=110)
    assert [pace.question_in(105, now) for now in (110, 113, 120, 130)] == [10, 7, 0, 0]


def test_an_answered_question_opens_the_account_for_all():
    pace = closed()
    pace.ask(now=110)
    pace.answered(left=110)
    assert pace.wait(now=111) == 0


def test_an_answer_to_what_had_left_before_opens_nothing():
    pace = closed()
    pace.answered(left=99)
    pace.ask(now=110)
    pace.answered(left=99)
    assert pace.wait(now=111) == 3_589


@pytest.mark.parametrize("seconds", [7_200, 5])
def test_a_refused_question_says_anew_how_long_the_account_is_closed(seconds):
    pace = closed()
    pace.ask(now=110)
    pace.slow_down(seconds, now=111, left=110)
    assert pace.wait(now=111) == seconds
    assert pace.question_in(110.5, now=130) is None, "it was begun before that"
    assert pace.question_in(111.5, now=130) == 0


def test_a_late_refusal_of_what_had_left_before_changes_nothing():
    pace = closed()
    pace.ask(now=110)
    pace.slow_down(5, now=111, left=99)
    assert pace.wait(now=111) == 3_589
    assert pace.question_in(105, now=130) == 0


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


def test_one_refusal_of_a_lonely_request_does_not_slow_what_comes_after_its_pause():
    pace = AccountPace()
    pace.sent(now=0)
    pace.slow_down(30, now=0)
    now = 30.0
    for _ in range(100):
        now += max(0.05, pace.wait(now))
        pace.sent(now)
    assert now < 30 + 100 * 0.05 + 1


@pytest.mark.parametrize("named", [None, 1.0])
def test_refusals_by_chance_slow_an_account_down_but_never_bring_it_to_a_halt(named):
    chance, pace = random.Random(1), AccountPace()
    now, done = 0.0, 0
    while done < 1_000:
        now += max(0.005, pace.wait(now))
        pace.sent(now)
        if chance.random() < 0.05:
            pace.slow_down(named or chance.random() / 2, now)
        else:
            done += 1
    assert now < 1_000


def test_a_poll_that_was_held_is_followed_at_once():
    assert poll_pause(took=20.0, quick_polls=1, chance=0.9, backoff=Backoff()) == 0


@pytest.mark.parametrize(("took", "pauses"), [(0.99, True), (1.0, False), (1.01, False)])
def test_a_poll_was_held_if_it_took_a_second(took, pauses):
    assert (poll_pause(took, quick_polls=1, chance=0.0, backoff=Backoff()) > 0) is pauses


def test_polls_that_are_not_held_space_out():
    pauses = [poll_pause(0.01, n, 1.0, Backoff()) for n in range(1, 8)]
    assert pauses == sorted(pauses)
    assert pauses[0] >= 0.5
    assert pauses[-1] == 8.5

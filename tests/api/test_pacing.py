"""When to send again: the table of the project's facts, line by line."""

from __future__ import annotations

import math
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


def refuse(pace, pause, *, now, left=None):
    """Refuse a request that has just left, with a pause that the service names."""
    pace.refused(pause, 0.0, now, now if left is None else left)


def test_one_refusal_holds_everything_of_the_account():
    pace = AccountPace()
    assert pace.wait(now=100) == 0
    refuse(pace, 30, now=100)
    refuse(pace, 10, now=100)
    assert pace.wait(now=100) == 30
    assert pace.wait(now=131) == 0


def test_where_no_pause_is_named_each_is_longer_until_a_request_is_taken():
    pace, now, pauses = AccountPace(), 100.0, []
    for _ in range(6):
        pace.sent(now)
        pace.refused(None, 0.9, now + 0.1, left=now)
        pauses.append(pace.wait(now + 0.1))
        now += 0.1 + pauses[-1]
    assert pauses == pytest.approx([0.45, 0.9, 1.8, 3.6, 7.2, 7.2])
    pace.sent(now)
    pace.answered(left=now)
    pace.sent(now + 0.1)
    pace.refused(None, 0.9, now + 0.2, left=now + 0.1)
    assert pace.wait(now + 0.2) == pytest.approx(0.45)


def test_of_many_that_are_refused_together_one_pause_is_counted():
    pace = AccountPace()
    for late in (0.1, 0.2, 0.3):
        pace.refused(None, 0.9, now=100 + late, left=100)
    assert pace.wait(now=100.3) == pytest.approx(0.45)


def closed(*, at=100, seconds=3_600):
    """Return the pace of an account that was closed for so long."""
    pace = AccountPace()
    pace.sent(at)
    refuse(pace, seconds, now=at)
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
    refuse(pace, seconds, now=111, left=110)
    assert pace.wait(now=111) == seconds
    assert pace.question_in(110.5, now=130) is None, "it was begun before that"
    assert pace.question_in(111.5, now=130) == 0


def test_a_late_refusal_of_what_had_left_before_changes_nothing():
    pace = closed()
    pace.ask(now=110)
    refuse(pace, 5, now=111, left=99)
    assert pace.wait(now=111) == 3_589
    assert pace.question_in(105, now=130) == 0


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

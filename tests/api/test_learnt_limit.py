"""The limit that refusals reveal, refusal by refusal; whole courses are simulated elsewhere."""

from __future__ import annotations

import random

import pytest

from soundpiece_nb.api.learnt_limit import LearntLimit
from soundpiece_nb.api.pacing import AccountPace


def burst(number, *, at=100.0, over=1.0, limit=None):
    """Let so many requests leave, evenly over so many seconds."""
    limit = limit or LearntLimit()
    for index in range(number):
        limit.sent(at + over * index / max(1, number - 1))
    return limit


def refused(limit, pause, *, now):
    """Have the request refused that left last."""
    limit.sent(now)
    limit.forget(now)
    limit.learn(pause, now, again=False)
    return limit


def leaving(limit, *, now, until):
    """Return when requests leave of which there are always more."""
    times = []
    while (now := max(now, limit.next_at(now))) < until:
        limit.sent(now)
        times.append(now)
    return times


def leave_at_once(limit, *, now, most=1_000):
    """Return how many of so many requests leave without a halt, and when the last of them does."""
    number = 0
    while number < most and (number < 2 or limit.next_at(now) <= now + HALT):
        now = max(now, limit.next_at(now))
        limit.sent(now)
        number += 1
    return number, now


HALT = 0.2


def test_before_the_first_refusal_nothing_waits():
    assert burst(1_000).next_at(101.0) <= 101.0


def test_as_many_leave_again_as_were_taken():
    limit = refused(burst(300), 59.0, now=101.1)
    assert leave_at_once(limit, now=160.1)[0] == 300


def test_each_leaves_a_window_after_the_one_that_it_follows():
    limit = refused(burst(10, over=4.5), 5.0, now=105.0)  # the first had left 10 s before 110
    times = leaving(limit, now=110.0, until=114.4)
    assert times == pytest.approx([110 + 0.5 * index for index in range(9)], abs=0.001)


def test_what_was_refused_together_was_not_taken():
    limit = burst(40, at=101.01, over=0.04, limit=burst(300))
    limit.learn(59.0, 101.1, again=False)
    for index in range(40):
        limit.forget(101.01 + 0.04 * index / 39)
    assert leave_at_once(limit, now=160.1)[0] == 300


@pytest.mark.parametrize("taken", [0, 1, 4])
def test_fewer_than_five_tell_no_limit(taken):
    limit = refused(burst(taken), 30.0, now=101.1)
    assert leave_at_once(limit, now=131.1)[0] == 1_000


def test_after_a_refusal_they_come_back_one_by_one_then_quickly():
    limit, now, gaps = refused(burst(3), 10.0, now=101.1), 111.1, []
    for _ in range(5):
        limit.sent(now)
        gaps.append(limit.next_at(now) - now)
        now += gaps[-1]
    assert gaps == pytest.approx([1 / 4, 1 / 8, 1 / 12, 1 / 16, 1 / 20])


def test_beyond_the_limit_they_try_ten_seconds_after_a_refusal_and_more_and_more_quickly():
    limit = refused(burst(10, over=0.09), 0.9, now=100.1)  # ten a second
    times = leaving(limit, now=101.0, until=112.0)
    in_the_next_second = [sum(t <= s < t + 1 for s in times) for t in times if t < 109]
    assert max(in_the_next_second) == 10
    assert sum(t > 111 for t in times) > 30


def test_a_fixed_window_that_was_nearly_over_at_first_is_known_at_its_next_end():
    limit = refused(burst(300), 9.0, now=101.0)  # 300 in ten seconds, it seems
    assert leave_at_once(limit, now=110.0, most=300)[0] == 300
    limit = refused(limit, 50.0, now=120.0)  # no: in the minute that ends at 170
    assert leave_at_once(limit, now=170.0)[0] == 300
    limit = refused(limit, 58.0, now=172.0)
    assert leave_at_once(limit, now=230.0)[0] == 300


def test_of_a_bucket_it_is_learnt_how_quickly_it_fills():
    """It held 300 and takes one more every 0.2 s: of 100 that come back, six are taken."""
    limit, now = refused(burst(300), 1.0, now=101.1), 102.1
    for _ in range(3):
        burst(6, at=now, over=0.05, limit=limit)
        limit = refused(limit, 1.0, now=now + 0.06)
        now += 1.06
    assert leave_at_once(limit, now=now)[0] == 6


def test_a_service_that_takes_less_now_is_believed():
    limit = refused(burst(300), 59.0, now=101.0)
    burst(20, at=160.0, limit=limit)
    limit = refused(limit, 59.0, now=161.1)
    assert leave_at_once(limit, now=220.1)[0] == 20


def test_where_no_pause_is_named_the_window_is_as_long_as_nothing_was_taken():
    limit = burst(300)
    limit.learn(None, 101.1, again=False)
    for now in (101.4, 102.0, 104.0, 110.0):
        limit.learn(None, now, again=True)
    burst(300, at=111.0, limit=limit)
    assert limit.next_at(112.0) == pytest.approx(120.0), "ten seconds after the refusal, to try"
    limit.learn(None, 112.1, again=False)
    assert limit.next_at(112.2) == pytest.approx(121.0, abs=0.2)


def test_one_refusal_of_a_lonely_request_does_not_slow_what_comes_after_its_pause():
    pace = AccountPace()
    pace.sent(now=0)
    pace.refused(30, 0.0, now=0.1, left=0)
    now = 30.1
    for _ in range(100):
        now += max(0.05, pace.wait(now))
        pace.sent(now)
    assert now < 30.1 + 100 * 0.05 + 1


@pytest.mark.parametrize("named", [None, 1.0])
def test_refusals_by_chance_slow_an_account_down_but_never_bring_it_to_a_halt(named):
    chance, pace = random.Random(1), AccountPace()
    now, done = 0.0, 0
    while done < 1_000:
        now += max(0.005, pace.wait(now))
        left = now
        pace.sent(left)
        now += 0.01
        if chance.random() < 0.05:
            pace.refused(named, chance.random(), now, left)
        else:
            pace.answered(left)
            done += 1
    assert now < 500

"""Operations at a service's request limit, of every kind: how long they take beside the least."""

from __future__ import annotations

import pytest

from support.simulated_limits import FixedWindow, SlidingWindow, TokenBucket, run

SEEDS = range(4)

BY_THE_MINUTE = {
    "sliding": lambda: SlidingWindow(300, 60),
    "fixed, from the first request": lambda: FixedWindow(300, 60),
    "fixed, 20 s of it over": lambda: FixedWindow(300, 60, 20.0),
    "fixed, 50 s of it over": lambda: FixedWindow(300, 60, 50.0),
    "bucket": lambda: TokenBucket(300, 60),
}
"""Limiters of 300 requests a minute."""

SHORTER = {
    "sliding": lambda: SlidingWindow(60, 12),
    "fixed": lambda: FixedWindow(60, 12, 5.0),
    "bucket": lambda: TokenBucket(60, 12),
}
"""The same rate, in twelve seconds."""

A_SECOND = {"sliding": lambda: SlidingWindow(10, 1), "fixed": lambda: FixedWindow(10, 1, 0.3)}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", BY_THE_MINUTE)
def test_five_hundred_take_hardly_longer_than_the_limit_alone(kind, seed):
    """50 that are under way when the first is refused are refused with it; hardly one is later."""
    course = run(BY_THE_MINUTE[kind], [500], seed=seed)
    assert course.times_the_limit < 1.05
    assert course.early == 0
    assert course.refused < 60 if kind != "bucket" else course.refused < 100


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("honesty", ["exact", "down", "missing"])
@pytest.mark.parametrize("kind", BY_THE_MINUTE)
def test_so_they_do_where_the_pause_is_exact_too_short_or_not_named(kind, honesty, seed):
    """Where none is named, its end is tried for at most eight seconds apart."""
    course = run(BY_THE_MINUTE[kind], [500], honesty=honesty, seed=seed)
    assert course.times_the_limit < (1.15 if honesty == "missing" else 1.05)
    assert course.early == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", SHORTER)
def test_so_they_do_at_a_window_of_twelve_seconds(kind, seed):
    course = run(SHORTER[kind], [200], seed=seed)
    assert course.times_the_limit < 1.15
    assert course.early == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("begins", [0.0, 30.0, 90.0])
@pytest.mark.parametrize("kind", BY_THE_MINUTE)
def test_two_processes_at_one_limit_do_so_together(kind, begins, seed):
    """Neither is told what the other sends."""
    course = run(BY_THE_MINUTE[kind], [250, 250], seed=seed, begins=[0.0, begins])
    assert course.times_the_limit < 1.15
    assert course.early == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("begins", [0.0, 5.0, 30.0, 90.0])
@pytest.mark.parametrize("kind", BY_THE_MINUTE)
def test_neither_of_them_starves(kind, begins, seed):
    """Each has a fair share of what is done in the fourth to the sixth minute."""
    course = run(BY_THE_MINUTE[kind], [800, 800], seed=seed, begins=[0.0, begins])
    first, second = (sum(180 <= end < 360 for end in done) for done in course.done)
    assert min(first, second) > 0.25 * (first + second)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", SHORTER)
def test_so_they_do_together_at_a_window_of_twelve_seconds(kind, seed):
    course = run(SHORTER[kind], [100, 100], seed=seed)
    assert course.times_the_limit < 1.15
    assert course.early == 0


@pytest.mark.parametrize("seed", SEEDS)
def test_what_another_process_leaves_is_taken_at_once(seed):
    """The first has three times as many to carry: it has the limit to itself in the end."""
    course = run(BY_THE_MINUTE["sliding"], [600, 200], seed=seed)
    assert course.times_the_limit < 1.1


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", A_SECOND)
def test_at_a_window_of_one_second_whole_seconds_of_pause_cost_more(kind, seed):
    """A pause of 1 s is named where 0.1 s would do, and each try beyond the limit costs one."""
    make = A_SECOND[kind]
    assert run(make, [200], seed=seed).times_the_limit < 1.6
    assert run(make, [200], honesty="exact", seed=seed).times_the_limit < 1.3


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("kind", BY_THE_MINUTE)
def test_polls_that_are_held_change_nothing(kind, seed):
    course = run(BY_THE_MINUTE[kind], [500], seed=seed, operation=6.0)
    assert course.seconds - 6 < 1.15 * course.least

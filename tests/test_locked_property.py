"""A locked property that several threads ask for at once is made once, on every Python."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from soundpiece_nb.operations.locked_property import locked_cached_property
from soundpiece_nb.operations.session import Session


class Held:
    def __init__(self):
        self.made = 0

    @locked_cached_property
    def engine(self):
        """A property that takes a moment to make, and needs another one."""
        self.made += 1
        time.sleep(0.05)
        return self.journal, self.made

    @locked_cached_property
    def journal(self):
        return object()


def test_of_many_threads_one_makes_it_and_all_have_it():
    held = Held()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: held.engine, range(8)))
    assert held.made == 1
    assert set(found) == {(held.journal, 1)}


def test_what_was_taken_away_is_made_anew():
    held = Held()
    first = held.engine
    del held.engine
    assert held.engine == (first[0], 2)


def test_nothing_of_a_session_is_made_without_that():
    kinds = {type(value) for value in vars(Session).values() if isinstance(value, cached_property)}
    assert kinds == {locked_cached_property}

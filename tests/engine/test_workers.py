"""The journal's thread: what waits for it is written in one transaction, and each as if alone."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.workers import MOST_TOGETHER, Workers
from soundpiece_nb.journal.journal import Journal


@pytest.fixture
def journal(tmp_path):
    with closing(Journal(tmp_path)) as opened:
        yield opened


@pytest.fixture
def workers(journal):
    made = Workers(journal.together)
    yield made
    made.close()


def recorded(journal, number):
    requests = [new_request(find_route("fx"), {"prompt": f"Click {n}"}) for n in range(number)]
    journal.record_all(requests, [{}] * number, service="sandbox")
    return [request.key for request in requests]


async def all_at_once(workers, calls):
    """Have calls wait until all are there, then return what each returns or raises."""
    come = threading.Event()
    waiting = [asyncio.ensure_future(workers.journal(come.wait, 10))]
    await asyncio.sleep(0.05)  # the thread is in it
    waiting += [asyncio.ensure_future(workers.journal(*call)) for call in calls]
    await asyncio.sleep(0)
    come.set()
    return (await asyncio.gather(*waiting, return_exceptions=True))[1:]


async def test_what_waits_is_written_in_one_transaction_and_in_its_order(journal, workers):
    keys = recorded(journal, 3 * MOST_TOGETHER)
    made = []

    class Counted:
        def __enter__(self):
            self.inner = journal.together()
            made.append(self)
            return self.inner.__enter__()

        def __exit__(self, *error):
            return self.inner.__exit__(*error)

    counted = Workers(Counted)
    notes = [(journal.accepted, key, f"op_{n}") for n, key in enumerate(keys)]
    ends = [(journal.failed, key, "busy", "Later.") for key in keys]
    answers = await all_at_once(counted, [*notes, *ends])
    counted.close()
    assert answers == [None] * len(answers)
    assert set(journal.statuses(keys).values()) == {"failed"}
    assert len(made) == 6, "a bounded number at a time"


async def test_one_that_fails_takes_no_other_with_it(journal, workers):
    keys = recorded(journal, 5)
    calls = [(journal.accepted, key, "op_1") for key in keys]
    calls[2] = (journal.entry, "unknown")
    answers = await all_at_once(workers, calls)
    assert isinstance(answers[2], KeyError)
    assert answers[:2] + answers[3:] == [None] * 4
    assert list(journal.statuses(keys).values()).count("processing") == 4


async def test_one_whose_caller_left_is_not_made(journal, workers):
    keys = recorded(journal, 4)
    come = threading.Event()
    held = asyncio.ensure_future(workers.journal(come.wait, 10))
    await asyncio.sleep(0.05)
    notes = [asyncio.ensure_future(workers.journal(journal.accepted, key, "op")) for key in keys]
    await asyncio.sleep(0)
    notes[1].cancel()
    await asyncio.sleep(0)
    come.set()
    await asyncio.gather(held, *notes, return_exceptions=True)
    assert [journal.statuses([key])[key] for key in keys] == [
        "processing",
        "submitting",
        "processing",
        "processing",
    ]


async def test_what_waits_when_the_workers_close_is_still_written(journal):
    keys = recorded(journal, 10)
    workers = Workers(journal.together)
    come = threading.Event()
    held = asyncio.ensure_future(workers.journal(come.wait, 10))
    await asyncio.sleep(0.05)
    notes = [asyncio.ensure_future(workers.journal(journal.accepted, key, "op")) for key in keys]
    await asyncio.sleep(0)
    threading.Timer(0.1, come.set).start()
    workers.close()
    await asyncio.gather(held, *notes)
    assert set(journal.statuses(keys).values()) == {"processing"}


def test_a_transaction_of_many_calls_is_undone_whole_and_seen_by_itself(journal):
    keys = recorded(journal, 2)

    def break_off():
        with journal.together():
            journal.accepted(keys[0], "op_1")
            assert journal.entry(keys[0]).status == "processing", "it sees what it has written"
            assert journal.departing(keys) == {keys[1]}
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert set(journal.states(keys).values()) == {"unsent"}


def test_a_transaction_of_many_calls_is_one_for_other_processes(journal):
    keys = recorded(journal, 2)
    with closing(sqlite3.connect(journal.file)) as other:
        with journal.together():
            for key in keys:
                journal.accepted(key, "op_1")
            query = "SELECT count(*) FROM operations WHERE status = 'processing'"
            assert other.execute(query).fetchone() == (0,)
        assert other.execute(query).fetchone() == (2,)


def test_a_lease_that_was_just_taken_is_not_written_again(journal):
    [key] = recorded(journal, 1)
    with closing(sqlite3.connect(journal.file)) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        assert journal.claimed(key).key == key
        assert other.execute("PRAGMA data_version").fetchone() == before

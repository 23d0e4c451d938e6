"""Word of a delivery, from the journal to whoever waits for that operation."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing

import psutil
import pytest

from soundpiece_nb.engine.webhook_wakeups import WebhookWakeups
from soundpiece_nb.engine.workers import Workers
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.webhook_deliveries import KEPT_SECONDS, Deliveries


@pytest.fixture
def home(tmp_path):
    Journal(tmp_path).close()
    return tmp_path


@pytest.fixture
def deliveries(home):
    """A delivery as another process, the Jupyter server, writes it."""
    opened = Deliveries(home)
    yield opened
    opened.close()


@pytest.fixture
async def wakeups(home):
    workers = Workers()
    made = WebhookWakeups(home, workers)
    await made.listen()
    yield made
    workers.close()
    made.close()


async def test_it_wakes_within_a_quarter_of_a_second(wakeups, deliveries):
    waiting = asyncio.create_task(wakeups.wait("op_1", 10))
    await asyncio.sleep(0.2)
    began = time.monotonic()
    deliveries.note([("msg_1", "op_1")])
    assert await waiting
    assert time.monotonic() - began < 1  # of a machine with much to do; else a tenth


async def test_it_wakes_for_each_that_waits_and_for_no_other(wakeups, deliveries):
    waiting = [asyncio.create_task(wakeups.wait(f"op_{n}", 1.0)) for n in range(4)]
    await asyncio.sleep(0.05)
    deliveries.note([("msg_1", "op_1"), ("msg_3", "op_3"), ("msg_9", "op_9")])
    assert await asyncio.gather(*waiting) == [False, True, False, True]


def test_between_deliveries_nobody_is_at_the_journal(home, deliveries):
    deliveries.note([("msg_1", "op_1")])
    at_it = [file.path for file in psutil.Process().open_files() if FILE_NAME in file.path]
    assert at_it == []


async def test_what_came_before_anybody_waited_wakes_at_once(wakeups, deliveries):
    deliveries.note([("msg_1", "op_1")])
    await wakeups.listen()
    assert await wakeups.wait("op_1", 0.0)
    assert not await wakeups.wait("op_1", 0.0), "once"


async def test_what_came_before_it_listened_does_not(home, deliveries):
    deliveries.note([("msg_1", "op_1")])
    workers = Workers()
    late = WebhookWakeups(home, workers)
    await late.listen()
    assert not await late.wait("op_1", 0.2)
    workers.close()
    late.close()


async def test_only_so_many_are_remembered(home, deliveries):
    workers = Workers()
    wakeups = WebhookWakeups(home, workers, most_remembered=2)
    await wakeups.listen()
    deliveries.note([(f"msg_{n}", f"op_{n}") for n in range(3)])
    await wakeups.listen()
    assert [await wakeups.wait(f"op_{n}", 0.0) for n in range(3)] == [False, True, True]
    workers.close()
    wakeups.close()


async def test_a_journal_that_cannot_be_read_wakes_for_nobody(wakeups, home):
    wakeups._deliveries.close()
    (home / FILE_NAME).write_bytes(b"no database at all, not even nearly" * 100)
    assert not await wakeups.wait("op_1", 0.3)


def rows(home):
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        return connection.execute("SELECT webhook_id, operation_id FROM deliveries").fetchall()


def test_a_repeated_delivery_is_known(home, deliveries):
    for _ in range(3):
        deliveries.note([("msg_1", "op_1")])
    assert rows(home) == [("msg_1", "op_1")]


def test_what_can_no_longer_be_repeated_is_forgotten(home, deliveries):
    deliveries.note([("msg_1", "op_1")])
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        old = int(KEPT_SECONDS * 1e6) + 1
        connection.execute("UPDATE deliveries SET heard_at = heard_at - ?", (old,))
        connection.commit()
    deliveries.note([("msg_2", "op_2")])
    assert rows(home) == [("msg_2", "op_2")]


def test_without_a_journal_nothing_is_written(tmp_path):
    Deliveries(tmp_path / "nowhere").note([("msg_1", "op_1")])
    assert not (tmp_path / "nowhere").exists()


def test_nothing_new_costs_next_to_nothing(deliveries, home):
    assert deliveries.heard() == []
    other = Deliveries(home)
    other.note([("msg_1", "op_1")])
    assert deliveries.heard() == ["op_1"]
    assert deliveries.heard() == []
    other.close()

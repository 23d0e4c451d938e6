"""The durable record: written first, never contradicted, the same frame at any size."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import psutil
import pytest

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import JournalTooNew, Mistake, StorageFailed
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.database import Database, execute_when_free
from soundpiece_nb.journal.dataframe import DTYPES, history
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal, open_journal
from soundpiece_nb.journal.lease import holder_name, is_held
from soundpiece_nb.journal.migrations import MIGRATIONS, prepare
from soundpiece_nb.journal.quick_reads import find_abandoned
from support.recorded_operations import finish, record


def test_key_and_exact_body_are_on_disk_when_record_returns(tmp_path):
    """Another process, which shares nothing but the file, sees them at once."""
    journal = Journal(tmp_path)
    request = new_request(find_route("song"), {"lyrics": "ö\n{x}", "prompt": "p"})
    journal.record(request, service="sandbox")
    reader = "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute("
    reader += (
        "'SELECT hex(body) FROM operations WHERE idempotency_key=?', sys.argv[2:]).fetchone()[0])"
    )
    command = [sys.executable, "-c", reader, str(journal.file), request.key]
    seen = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert bytes.fromhex(seen) == request.body
    journal.close()


def test_the_same_request_under_the_same_key_is_the_same_operation(journal):
    key = record(journal)
    assert (
        journal.record(
            new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"}, key),
            service="sandbox",
        )
        is False
    )
    assert len(journal.unfinished()) == 1


def test_a_key_is_never_used_for_two_bodies(journal):
    key = record(journal)
    with pytest.raises(Mistake, match="already belongs to another request"):
        record(journal, key, prompt="rock")
    assert journal.entry(key).fields["prompt"] == "jazz"


@pytest.mark.parametrize("together", [False, True])
def test_a_key_of_one_service_is_not_taken_for_another(journal, together):
    """Its operation was made at another service than the one asked now."""
    key = record(journal)
    same = new_request(find_route("song"), {"lyrics": "la", "prompt": "jazz"}, key)
    given = ([same], [{}]) if together else (same,)
    write_down = journal.record_all if together else journal.record
    with pytest.raises(Mistake, match="belongs to an operation of sandbox"):
        write_down(*given, service="https://api.soundpiece.co/v1")
    assert journal.entry(key).service == "sandbox"


def test_an_operation_is_found_by_name_key_beginning_and_id(journal):
    older = record(journal, name="night_drive")
    newer = record(journal, name="night_drive")
    finish(journal, newer)
    assert journal.find("night_drive") == newer
    assert journal.find(older) == older
    assert journal.find(older[:8].upper()) == older
    assert journal.find("op_" + newer[:8]) == newer


def test_what_means_nothing_or_several_things_is_said(journal):
    for key in ("aaaa0000-0000-4000-8000-000000000000", "aaaa1111-0000-4000-8000-000000000000"):
        record(journal, key)
    with pytest.raises(Mistake, match="More than one key begins with 'aaaa'"):
        journal.find("aaaa")
    for nothing in ("bbbb", "", "%", "_" * 8, 5, None):
        with pytest.raises(Mistake):
            journal.find(nothing)


def test_a_signed_url_never_reaches_the_disk(journal):
    finish(journal, record(journal))
    journal.close()
    for file in journal.home.iterdir():
        assert b"cdn.example" not in file.read_bytes()


def test_unfinished_is_what_has_something_left_to_do(journal):
    written, accepted, ready, whole, failed, refused = (record(journal) for _ in range(6))
    journal.accepted(accepted, "op_a")
    journal.accepted(ready, "op_r")
    journal.ready(ready, [OutputLink("https://x.example", None, None, None)])
    finish(journal, whole)
    journal.failed(failed, "content_policy", "no")
    journal.rejected(refused, "402", "no credits")
    assert set(journal.unfinished()) == {written, accepted, ready}
    assert not journal.entry(ready).complete
    assert journal.entry(whole).complete


def test_two_threads_and_two_journals_write_without_losing_a_row(tmp_path):
    journals = [Journal(tmp_path), Journal(tmp_path)]
    threads = [
        threading.Thread(target=lambda j=j: [record(j) for _ in range(25)])
        for j in journals
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journals[0].unfinished()) == 100
    for journal in journals:
        journal.close()


# ------------------------------------------------------------------ leases


def test_a_living_process_keeps_its_operation_and_a_dead_one_does_not(journal):
    key = record(journal)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    from sqlalchemy import update

    from soundpiece_nb.journal.schema import operations

    other = holder_name(child.pid)
    later = time.time_ns() // 1000 + 60_000_000
    with journal._database.write() as connection:
        connection.execute(update(operations).values(holder=other, held_until=later))
    assert not journal.claim(key)
    assert len(find_abandoned(journal.home, time.time_ns() // 1000)) == 0
    child.kill()
    until = time.monotonic() + 5
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
    assert journal.claim(key), "a dead process holds nothing, buried or not"
    journal.release([key])
    child.wait()
    child.stdin.close()
    assert len(find_abandoned(journal.home, time.time_ns() // 1000)) == 1
    assert journal.claim(key)


def test_a_living_process_is_known_after_the_clock_was_set(tmp_path, monkeypatch):
    """Then Linux says another time of the boot, from which psutil counts when a process began."""
    if not psutil.LINUX:  # elsewhere the system keeps the moment itself
        return
    holder, booted = holder_name(os.getppid()), int(psutil.boot_time())
    (tmp_path / str(os.getppid())).symlink_to(f"/proc/{os.getppid()}")
    said = Path("/proc/stat").read_text(encoding="utf-8")
    (tmp_path / "stat").write_text(said.replace(f"btime {booted}", f"btime {booted + 3600}"))
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))  # psutil's own setting
    assert psutil.boot_time() == booted + 3600
    assert is_held(holder, 0, 0)


def test_a_lease_of_another_host_ends_when_it_is_not_renewed():
    assert is_held("elsewhere/1/1.0", held_until=100, now=99)
    assert is_held(holder_name(os.getppid()), held_until=1, now=100), "sleep frees nothing"
    assert not is_held("elsewhere/1/1.0", held_until=100, now=101)
    assert not is_held(None, None, 0)


def test_released_operations_are_free_at_once(journal):
    key = record(journal)
    journal.release([key])
    assert len(find_abandoned(journal.home, time.time_ns() // 1000)) == 1


# ------------------------------------------------------------------ the frame


def test_dtypes_are_the_same_empty_and_full(journal):
    empty = history(journal, Filter())
    first = record(journal, name="a", tags=["x"], note="n")
    finish(journal, first)
    record(journal)
    full = history(journal, Filter())
    assert list(full.columns) == list(DTYPES)
    assert (empty.dtypes == full.dtypes).all()
    assert empty.index.dtype == full.index.dtype
    assert full.index.name == empty.index.name == "idempotency_key"


def test_a_row_says_what_happened(journal):
    key = record(journal, name="a", tags=["demo", "x"], note="n", lyrics="[Verse]\nö")
    finish(journal, key)
    journal.settle(key, polls=3, retries=1)
    row = history(journal, Filter()).loc[key]
    assert row["status"] == "ready"
    assert row["lyrics"] == "[Verse]\nö"
    assert row["outputs"] == 2
    assert row["duration"] == 6.0
    assert row["polls"] == 3
    assert row["retries"] == 1
    assert row["tags"] == ["demo", "x"]
    assert [Path(file).name for file in row["files"]] == ["1.flac", "2.flac"]
    assert isinstance(row["elapsed"], timedelta)
    assert row["submitted_at"].tzinfo is not None
    assert abs(row["submitted_at"] - datetime.now(UTC)) < timedelta(seconds=20)
    assert pd.isna(row["reference"])
    assert pd.isna(row["rating"])


def test_newest_comes_first_and_filters_narrow(journal):
    first = record(journal, prompt="Slow JAZZ 100%", tags=["keep"])
    second = record(journal, prompt="rock", name="loud")
    finish(journal, second)
    assert list(history(journal, Filter()).index) == [second, first]
    for wanted, expected in (
        (Filter(limit=1), [second]),
        (Filter(status="ready"), [second]),
        (Filter(search="jazz"), [first]),
        (Filter(search="100%"), [first]),
        (Filter(search="0_"), []),
        (Filter(tag="keep"), [first]),
        (Filter(tag="kee"), []),
        (Filter(route="song", since="2d"), [second, first]),
        (Filter(since=timedelta(microseconds=1)), []),
        (Filter(route="create.new_fx"), []),
    ):
        assert list(history(journal, wanted).index) == expected
        assert [entry.key for entry in journal.entries(wanted)] == expected


@pytest.mark.parametrize(
    "wrong", [Filter(status="done"), Filter(route="opera"), Filter(since="yesterday-ish")]
)
def test_a_filter_that_cannot_be_is_said(journal, wrong):
    with pytest.raises(Mistake):
        history(journal, wrong)


@pytest.mark.parametrize(
    "wrong", [Filter(limit=0), Filter(limit="a"), Filter(since=5), Filter(search=5)]
)
def test_a_filter_of_another_kind_is_said_too(journal, wrong):
    with pytest.raises(Mistake):
        history(journal, wrong)


def test_a_file_that_is_gone_makes_the_operation_incomplete_again(journal):
    key = record(journal)
    finish(journal, key)
    assert journal.entry(key).complete
    assert not journal.check_files(key).complete
    assert journal.unfinished() == [key]


def test_the_time_of_the_end_stays_when_a_file_is_fetched_later(journal):
    key = record(journal)
    finish(journal, key)
    ended = journal.entry(key).finished_at
    finish(journal, key)
    assert journal.entry(key).finished_at == ended


def test_a_locked_journal_is_one_sentence_without_the_persons_text(journal):
    impatient = Journal(journal.home, busy_seconds=0.1)
    blocker = sqlite3.connect(journal.file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageFailed, match="database is locked") as caught:
        record(impatient, lyrics="my secret lyrics")
    assert "secret" not in str(caught.value)
    blocker.close()
    impatient.close()


def test_a_journal_that_broke_meanwhile_is_one_sentence_for_every_reader(journal):
    with sqlite3.connect(journal.file) as connection:
        connection.execute("DROP TABLE takes")
        connection.execute("DROP TABLE operations")
    connection.close()
    for ask in (
        journal.unfinished,
        journal.counts,
        lambda: journal.find("x"),
        lambda: journal.entry("x"),
        lambda: journal.usual_seconds("create.new_song", "sandbox"),
    ):
        with pytest.raises(StorageFailed, match="cannot be used"):
            ask()


def test_the_frame_is_a_copy(journal):
    key = record(journal)
    frame = history(journal, Filter())
    frame.loc[key, "note"] = "mine alone"
    assert pd.isna(history(journal, Filter()).loc[key, "note"])


# ------------------------------------------------------------------ schema and storage


def test_a_journal_of_a_later_version_is_left_alone(tmp_path):
    Journal(tmp_path).close()
    with sqlite3.connect(tmp_path / "journal.sqlite") as connection:
        connection.execute("UPDATE schema_version SET version = 99")
    connection.close()
    with pytest.raises(JournalTooNew, match="nothing was changed"):
        open_journal(tmp_path)


def test_migrations_run_in_order_and_only_once(journal):
    ran = []
    now = max(MIGRATIONS) + 1
    steps = {now: lambda _: ran.append(1), now + 1: lambda _: ran.append(2)}
    for _ in range(2):
        with closing(Database(journal.file)) as opened, opened.write() as connection:
            prepare(connection, journal.file, {**MIGRATIONS, **steps})
    assert ran == [1, 2]


@pytest.mark.parametrize("name", ["what?", "50%", "a#b", "x y", "übung", "mode=ro&x"])
def test_a_home_may_be_called_as_one_likes(tmp_path, name):
    journal = Journal(tmp_path / name)
    key = record(journal)
    assert journal.file.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert len(find_abandoned(tmp_path / name, now=10**18)) == 0  # this session lives
    journal.close()
    assert len(find_abandoned(tmp_path / name, now=10**18)) == 1
    again = open_journal(tmp_path / name)
    assert again.unfinished() == [key]
    again.close()


# ------------------------------------------------------------------ opened by several at once


class Busy:
    """A connection that SQLite answers at once that somebody else is at the file: it is seldom.

    That happens where two change at the same moment how the file is journaled.
    """

    def __init__(self, times, code=sqlite3.SQLITE_BUSY):
        self.times, self.code = times, code

    def execute(self, _):
        self.times -= 1
        if self.times >= 0:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = self.code
            raise error


def test_a_file_that_somebody_else_is_just_opening_is_asked_for_again():
    connection = Busy(3)
    execute_when_free(connection, "PRAGMA journal_mode=WAL", 5.0)
    assert connection.times == -1


@pytest.mark.parametrize("busy", [Busy(10**9), Busy(10**9, sqlite3.SQLITE_CANTOPEN)])
def test_but_not_for_ever_nor_where_it_is_something_else(busy):
    with pytest.raises(sqlite3.OperationalError):
        execute_when_free(busy, "PRAGMA journal_mode=WAL", 0.1)


def test_several_that_make_it_at_once_all_have_it(tmp_path):
    for number in range(10):
        homes = [tmp_path / str(number)] * 4
        with ThreadPoolExecutor(4) as pool:
            for journal in pool.map(Journal, homes):
                journal.close()

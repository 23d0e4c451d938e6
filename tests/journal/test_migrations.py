"""Journals of earlier versions, opened by this one: all is kept, or nothing is changed.

`schema-1.sql` to `schema-7.sql` are dumps of journals that those versions wrote.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, event

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.journal.dataframe import DTYPES, TAKE_DTYPES, history, takes_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal, open_journal
from soundpiece_nb.journal.migrations import MIGRATIONS
from soundpiece_nb.journal.quick_reads import FILE_NAME, find_abandoned
from support.largest_file import largest_file
from support.recorded_operations import finish, record

NIGHT, POLICY, REFUSED, RIVER, HOSTILE, HALF, CALM, WILD, STEMS, CLICK = (
    f"{digit * 8}-0000-4000-8000-000000000000" for digit in "923718465a"
)
ALL = {1: [NIGHT, POLICY, REFUSED, RIVER, HOSTILE, HALF, CALM, WILD]}
ALL[2] = ALL[3] = ALL[4] = ALL[5] = ALL[6] = ALL[7] = [*ALL[1], STEMS, CLICK]
UNFINISHED = {1: [RIVER, HOSTILE, HALF], 2: [RIVER, HOSTILE, HALF, STEMS, CLICK]}
UNFINISHED[3] = UNFINISHED[4] = UNFINISHED[5] = UNFINISHED[6] = UNFINISHED[7] = UNFINISHED[2]


def now():
    return time.time_ns() // 1000


@pytest.fixture(params=[1, 2, 3, 4, 5, 6, 7], ids="schema {}".format)
def version(request):
    return request.param


@pytest.fixture
def old(tmp_path, version):
    """The home of a journal that an earlier version left."""
    written = (Path(__file__).parent / f"schema-{version}.sql").read_text(encoding="utf-8")
    written = written.replace("4102444800000000", str(now() + 30_000_000))  # a lease in force
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.executescript(written)
    return tmp_path


@pytest.fixture
def journal(old):
    opened = Journal(old)
    yield opened
    opened.close()


def rows(home, table):
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY rowid")]  # noqa: S608 - of this test


def dump(home):
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        return list(connection.iterdump())


def open_and_close(home):
    Journal(home).close()


def test_every_row_and_every_value_is_still_there_in_the_order_of_writing(old):
    before = {table: rows(old, table) for table in ("operations", "takes")}
    open_and_close(old)
    for table, expected in before.items():
        kept = [{column: row[column] for column in expected[0]} for row in rows(old, table)]
        assert kept == expected
    assert [row["number"] for row in rows(old, "operations")] == [
        *range(1, len(before["operations"]) + 1)
    ]


def test_what_comes_out_is_built_like_a_new_journal(old, tmp_path):
    open_and_close(old)
    open_and_close(tmp_path / "new")
    tables = "sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    made, new = (
        {row["name"]: " ".join((row["sql"] or "").split()) for row in rows(home, tables)}
        for home in (old, tmp_path / "new")
    )
    assert made == new
    with closing(sqlite3.connect(old / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_each_operation_has_its_takes_ratings_and_files(journal):
    night = journal.entry(NIGHT)
    assert (night.status, night.tags, night.note) == ("ready", ("demo", "lo-fi"), "for the film")
    assert [(take.rating, take.note) for take in night.takes] == [(2, None), (5, "the one")]
    assert [take.path for take in night.takes] == [f"audio/{NIGHT}/{n}.flac" for n in (1, 2)]
    assert [take.waveform for take in night.takes] == [b"\1\x80\xff", b"\2\x80\xff"]
    assert [take.measured for take in night.takes] == [None, None]
    assert journal.entry(POLICY).error_message == "The lyrics name a person."
    assert journal.entry(REFUSED).fields == {"prompt": "Impact", "duration": 2.5}
    assert journal.entry(HOSTILE).note in journal.entry(HOSTILE).fields["lyrics"]
    assert journal.entry(WILD).sweep == {"id": "mood-0a1b2c3d", "mood": "wild"}


def test_a_pruned_take_stays_pruned(journal, version):
    [take] = journal.entry(CALM).takes
    assert (take.pruned_at is not None) == (take.path is None) == (version >= 2)
    assert journal.entry(CALM).complete


def test_frames_have_every_operation_and_every_take(journal, version):
    frame = history(journal, Filter())
    assert list(frame.index) == ALL[version][::-1]
    assert frame.dtypes.astype(str).to_dict() == DTYPES
    night = frame.loc[NIGHT]
    assert night["duration"] == pytest.approx(185.0, abs=0.001)
    assert night["rating"] == 5
    assert night["files"] == [str(journal.home / f"audio/{NIGHT}/{n}.flac") for n in (1, 2)]
    assert night["elapsed"] == pd.Timedelta(seconds=30)
    assert pd.isna(frame.loc[RIVER, "duration"])
    assert frame.loc[HALF, "files"] == [str(journal.home / f"audio/{HALF}/1.flac")]
    takes = takes_of(journal, Filter(order="made"))
    assert [key for key, _ in takes.index] == [NIGHT, NIGHT, HALF, HALF, CALM, WILD]
    assert takes.dtypes.astype(str).to_dict() == TAKE_DTYPES


SHOWN = [
    (Filter(search="'); DROP TABLE"), [HOSTILE]),
    (Filter(search="100% _ \\"), [HOSTILE]),
    (Filter(search="\N{GUITAR}"), [HOSTILE]),
    (Filter(search="FOR THE FILM"), [NIGHT]),
    (Filter(search="THE ONE"), [NIGHT]),
    (Filter(name="night_drive"), [HALF, NIGHT]),
    (Filter(sweep="mood-0a1b2c3d"), [WILD, CALM]),
    (Filter(tag="sweep", search="wild"), [WILD]),
    (Filter(error="content_policy"), [POLICY]),
    (Filter(min_rating=3), [WILD, NIGHT]),
    (Filter(order="-rating", limit=2), [NIGHT, WILD]),
    (Filter(order="-duration", limit=2), [NIGHT, HALF]),
    (Filter(order="elapsed", limit=2), [NIGHT, POLICY]),
    (Filter(order="made", limit=2, offset=1), [POLICY, REFUSED]),
]


def test_filters_and_orders_work(journal, version):
    noted = [CALM] if version >= 2 else []  # the note of a take of it is the hostile text too
    for wanted, keys in SHOWN:
        expected = [*noted, *keys] if keys == [HOSTILE] else keys
        assert [entry.key for entry in journal.entries(wanted)] == expected
        assert list(history(journal, wanted).index) == expected


def test_names_keys_and_ids_are_found(journal):
    assert journal.find("night_drive") == HALF
    assert journal.find("op_night") == journal.find("9999") == NIGHT


def test_batches_and_what_was_made_from_an_output_are_found(journal, version):
    assert journal.of_batch("clicks") == ([STEMS, CLICK] if version >= 2 else [])
    assert journal.made_from(NIGHT) == ([STEMS] if version >= 2 else [])


def test_what_was_unfinished_still_is_and_its_lease_holds(journal, version):
    assert journal.unfinished() == UNFINISHED[version]
    assert not journal.claim(RIVER), "another host holds it"
    assert len(find_abandoned(journal.home, now())) == len(UNFINISHED[version]) - 1


def test_life_goes_on(journal):
    key = record(journal, name="night_drive", prompt="A new one")
    finish(journal, key)
    journal.judge(NIGHT, 2, rating=0, note=None)
    journal.relabel(POLICY, name="renamed", tags=[], note=None)
    assert journal.find("night_drive") == key
    assert history(journal, Filter()).loc[NIGHT, "rating"] == 2
    assert [entry.key for entry in journal.entries(Filter(search="rename"))] == [POLICY]
    assert journal.entries(Filter())[0].key == key


def test_a_second_opening_changes_nothing(old):
    open_and_close(old)
    before = dump(old)
    open_and_close(old)
    assert dump(old) == before


@pytest.mark.parametrize("step", [("CREATE", "ALTER"), ("UPDATE",)])
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_migration_leaves_the_old_journal_whole(old, step, error):
    before = dump(old)

    def interrupt(_connection, _cursor, statement, *_):
        if statement.lstrip().startswith(step):
            raise error

    event.listen(Engine, "before_cursor_execute", interrupt)
    try:
        with pytest.raises(error):
            Journal(old)
    finally:
        event.remove(Engine, "before_cursor_execute", interrupt)
    assert dump(old) == before
    open_and_close(old)
    assert rows(old, "schema_version") == [{"version": max(MIGRATIONS) + 1}]


def test_a_process_that_dies_on_the_way_leaves_the_old_journal_whole(old):
    before = dump(old)
    dying = (
        "import os, pathlib, sys; from sqlalchemy import Engine, event;"
        "from soundpiece_nb.journal.journal import Journal;"
        "die = lambda _connection, _cursor, said, *_: said.startswith('UPDATE') and os._exit(9);"
        "event.listen(Engine, 'before_cursor_execute', die);"
        "Journal(pathlib.Path(sys.argv[1]))"
    )
    assert subprocess.run([sys.executable, "-c", dying, str(old)], check=False).returncode == 9
    assert dump(old) == before


def test_two_that_open_it_at_once_bring_it_forward_once(old, version):
    opening = [threading.Thread(target=open_and_close, args=[old]) for _ in range(4)]
    for thread in opening:
        thread.start()
    for thread in opening:
        thread.join()
    assert [row["idempotency_key"] for row in rows(old, "operations")] == ALL[version]
    assert len(rows(old, "texts")) == len(ALL[version])


def test_the_older_journal_is_kept_as_it_was(old, version):
    before = dump(old)
    open_and_close(old)
    kept = old / f"journal.schema-{version}.sqlite"
    with closing(sqlite3.connect(kept)) as connection:
        assert list(connection.iterdump()) == before
    open_and_close(old)
    assert list(old.glob("journal.schema-*")) == [kept]


def test_without_room_for_a_copy_nothing_changes(old):
    with closing(sqlite3.connect(old / FILE_NAME)) as connection, connection:
        connection.execute("CREATE TABLE large AS SELECT zeroblob(100000)")
    before = dump(old)
    with largest_file(40_000), pytest.raises(StorageFailed, match="cannot be opened: The journal"):
        open_journal(old)
    assert dump(old) == before
    assert list(old.glob("journal.schema-*")) == []

"""A frame's every cell is what its row says, read by itself: also where rows are damaged."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta

import pandas as pd
import pytest

from soundpiece_nb.journal import dataframe
from soundpiece_nb.journal.dataframe import DTYPES, TAKE_DTYPES, history, takes_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.row_reading import EARLIEST, EPOCH, LATEST, is_stored_path
from soundpiece_nb.shown_text import scrub
from support.bad_rows import BAD_COLUMNS
from support.large_journal import build

KEY = "spk_test_0123456789abcdef0123456789abcdef"
MORE = [
    ("operations", "prompt", f"at https://me:secret@host.example/?signature=1 with {KEY}"),
    ("operations", "notebook", "a\0b"),
    ("operations", "outputs", 2.5),
    ("operations", "service", "x" * 50_000),
    ("operations", "files", ""),
    ("operations", "files", "audio/a/1.flac\n"),
    ("operations", "files", "audio/a/.hidden/1.flac"),
    ("operations", "files", "audio/a/../1.flac\naudio/b/1.flac"),
    ("operations", "params", '{"a": 1}'),
    ("operations", "sweep", '{"id": "m-1", "of": "\\ud800"}'),
    ("takes", "kind", "vocals"),
    ("takes", "note", f"a note with {KEY}"),
    ("takes", "rating", 3.25),
    ("takes", "path", "audio/x/1.flac\naudio/x/2.flac"),
]
BYTES = [case for case in BAD_COLUMNS.values() if isinstance(case[2], bytes)]
NO_BYTES = [*(case for case in BAD_COLUMNS.values() if case not in BYTES), *MORE]
KINDS = {"string": (str,), "Int64": (int,), "Float64": (int, float), dataframe.TIME: (int,)}


@pytest.fixture(params=["good", "damaged", "damaged, with bytes"])
def journal(request, tmp_path):
    build(tmp_path, 300).close()
    cases = {"good": [], "damaged": NO_BYTES}.get(request.param, [*NO_BYTES, *BYTES])
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        ready = "SELECT idempotency_key FROM operations WHERE status = 'ready' ORDER BY number"
        keys = [key for (key,) in connection.execute(ready)]
        for place, (table, column, value) in enumerate(cases):
            which = " AND take = 1" if table == "takes" else ""
            change = f"UPDATE {table} SET {column} = ? WHERE idempotency_key = ?{which}"  # noqa: S608
            for key in (keys[3 * place % len(keys)], keys[(7 * place + 1) % len(keys)]):
                connection.execute(change, (value, key))
    opened = Journal(tmp_path)
    yield opened
    opened.close()


def rows(journal, query):
    with closing(sqlite3.connect(journal.file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


def meant(value, dtype):
    """Return what a value means in a column of a dtype; None where it is absent or cannot be."""
    if not isinstance(value, KINDS[dtype]):
        return None
    if dtype == "string":
        return scrub(value)
    if dtype == dataframe.TIME:
        return EPOCH + timedelta(microseconds=value) if EARLIEST <= value <= LATEST else None
    return value


def held(text, kind):
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return kind()
    value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    return value if isinstance(value, kind) else kind()


def paths(text, home):
    listed = text.split("\n") if isinstance(text, str) else []
    return [f"{home}{os.sep}{each}" for each in listed if is_stored_path(each)]


def cell(value):
    return None if value is None or value is pd.NA or value is pd.NaT else value


def test_every_cell_of_a_history_is_what_its_row_says(journal):
    frame = history(journal, Filter(order="made"))
    assert frame.dtypes.astype(str).to_dict() == DTYPES
    found = rows(journal, "SELECT * FROM operations ORDER BY submitted_at, number")
    found = {row["idempotency_key"]: row for row in found}
    assert sorted(frame.index) == sorted(found)
    for key, told in zip(frame.index, frame.to_dict("records"), strict=True):
        row = found[key]
        for name, dtype in DTYPES.items():
            if name == "files":
                assert told[name] == paths(row[name], journal.home)
            elif name == "tags":
                texts = [each for each in held(row[name], list) if isinstance(each, str)]
                assert told[name] == texts
            elif name in {"params", "sweep"}:
                assert set(told[name] or {}) == set(held(row[name], dict))
            elif name == "elapsed":
                submitted, finished = told["submitted_at"], told["finished_at"]
                both = cell(submitted) is not None and cell(finished) is not None
                assert cell(told[name]) == (finished - submitted if both else None)
            elif name != "error_message" or "is damaged" not in str(told[name]):
                assert cell(told[name]) == meant(row[name], dtype), (key, name)


@pytest.mark.parametrize("few", [10, 1_000], ids=["all are read", "those wanted are read"])
def test_every_cell_of_the_takes_is_what_its_row_says(journal, monkeypatch, few):
    monkeypatch.setattr(dataframe, "_FEW", few)
    frame = takes_of(journal, Filter(order="made"))
    assert frame.dtypes.astype(str).to_dict() == TAKE_DTYPES
    query = """SELECT name, route, prompt, made_by, takes.* FROM operations JOIN takes
        USING (idempotency_key) ORDER BY submitted_at, number, take"""
    found = {(row["idempotency_key"], meant(row["take"], "Int64") or 0): row
             for row in rows(journal, query)}  # fmt: skip
    assert sorted(frame.index) == sorted(found)
    for place, told in zip(frame.index, frame.to_dict("records"), strict=True):
        row = found[place]
        for name, dtype in TAKE_DTYPES.items():
            if name == "path":
                assert cell(told[name]) == next(iter(paths(row[name], journal.home)), None)
            else:
                assert cell(told[name]) == meant(row[name], dtype), (place, name)


@pytest.mark.parametrize("wanted", [Filter(), Filter(order="rating"), Filter(tag="demo")], ids=str)
def test_takes_are_the_same_whether_all_are_read_or_those_that_are_wanted(
    journal, monkeypatch, wanted
):
    by_themselves = takes_of(journal, wanted)
    monkeypatch.setattr(dataframe, "_FEW", 10)
    pd.testing.assert_frame_equal(by_themselves, takes_of(journal, wanted), check_exact=True)


def test_a_page_is_that_part_of_the_whole(journal):
    part, whole = history(journal, Filter(limit=40, offset=7)), history(journal, Filter())
    for name in ("tags", "params", "sweep", "files"):
        assert part[name].tolist() == whole[name].iloc[7:47].tolist()
    expected = whole.iloc[7:47].drop(columns=["tags", "params", "sweep", "files"])
    pd.testing.assert_frame_equal(part[expected.columns], expected, check_exact=True)

"""Searches find by the index what they find without it, whatever is written and searched for."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from soundpiece_nb.doctor.journal_file import mend_search
from soundpiece_nb.journal import search_index
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.schema import operations
from support.recorded_operations import finish, record

ALIKE = "aAbkKsSiI\N{KELVIN SIGN}\N{LATIN SMALL LETTER LONG S}\N{LATIN SMALL LETTER DOTLESS I}İßẞ"
LETTERS = f"{ALIKE}éÉe\u0301üÜ音🎵🎸\ufffd\ufffe\uffff\0%_/\\\"'*()^-:+ \n\u2028"
QUERIES = [
    'so "big"', "100%", "snare_a", "and/or", "it's", "a AND b", "NOT abc", "a* ^b", "NEAR(ab cd)",
    "words:abc", "caf\u00e9", "cafe\u0301", "\N{KELVIN SIGN}elvin", "STRASSE", "straße", "a\0bc",
    "🎵🎸🎵", "İst", "ab", "é", "", "   ", "(((", '"""', "\\\\\\",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _indexed_at_once(monkeypatch):
    monkeypatch.setattr(search_index, "MOST_UNINDEXED", 0)


@pytest.fixture(scope="module")
def crowded(tmp_path_factory):
    """A journal whose texts are replaced by each example."""
    with closing(Journal(tmp_path_factory.mktemp("crowded"))) as journal:
        for _ in range(6):
            record(journal)
        journal.numbers = journal.fitting(Filter(order="made"))
        yield journal


def by_index(journal, search):
    return journal.fitting(Filter(search=search, order="made"))


def by_reading_all(journal, search):
    """Return what today's condition finds in one pass over all texts."""
    wanted = Filter(search=search, order="made")
    statement = wanted.apply(select(operations.c.number)).order_by(*wanted.terms())
    return [number for (number,) in journal.rows(statement)]


def write(journal, texts):
    with journal._database.write() as connection:
        for number, text in zip(journal.numbers, texts, strict=False):
            changed = "UPDATE operations SET lyrics = ? WHERE number = ?"
            connection.exec_driver_sql(changed, (text, number))


texts = st.lists(st.text(LETTERS, max_size=12), min_size=6, max_size=6)


@settings(max_examples=150, deadline=None)
@given(texts, st.integers(0, 5), st.slices(12), st.booleans())
def test_any_part_of_any_text_is_found_as_without_the_index(crowded, texts, which, part, shouted):
    write(crowded, texts)
    search = texts[which][part]
    search = search.swapcase() if shouted else search
    assert by_index(crowded, search) == by_reading_all(crowded, search)


@settings(max_examples=150, deadline=None)
@given(texts, st.lists(st.text(LETTERS, max_size=6), max_size=3))
@example(["a AND b", "kelvin", "\N{KELVIN SIGN}elvin", "İstanbul", "straße", "a\0bcd"], ["a\0bcd"])
def test_several_texts_are_found_as_without_the_index(crowded, texts, searches):
    write(crowded, texts)
    assert by_index(crowded, searches) == by_reading_all(crowded, searches)


@pytest.mark.parametrize("search", QUERIES, ids=ascii)
def test_what_a_person_types_is_looked_for_as_it_is(crowded, search):
    write(crowded, [search, f"x{search}y", search.upper(), search.lower(), search[:-1], "other"])
    found = by_index(crowded, search)
    assert found == by_reading_all(crowded, search)
    assert set(crowded.numbers[:2]) <= set(found)


def test_the_index_is_used_from_three_letters_on(crowded):
    write(crowded, ["tender strings"] * 2 + ["tender", "strings", "string tenders", ""])
    index = crowded._search_index
    assert index.candidates(["ab"]) is index.candidates(["a\0bc"]) is index.candidates([]) is None
    assert index.candidates(["tender strings"]) == crowded.numbers[:2]
    assert index.candidates(["TENDER", "ab"]) == crowded.numbers[:3] + crowded.numbers[4:5]


def test_too_many_candidates_are_none(crowded, monkeypatch):
    write(crowded, ["tender strings"] * 6)
    monkeypatch.setattr(search_index, "MOST_CANDIDATES", 5)
    assert crowded._search_index.candidates(["tender"]) is None
    assert by_index(crowded, "tender") == crowded.numbers


@pytest.mark.parametrize("lag", [0, 1_000_000], ids=["indexed", "not yet indexed"])
def test_what_changes_is_found_anew_and_no_more_as_it_was(journal, monkeypatch, lag):
    first, second = record(journal, name="first_name"), record(journal, note="old note")
    assert len(by_index(journal, "first_name")) == len(by_index(journal, "old note")) == 1
    monkeypatch.setattr(search_index, "MOST_UNINDEXED", lag)
    journal.relabel(first, name="another_name", tags=["first"], note="new note")
    journal.relabel(second, name=None, tags=[], note="")
    assert by_index(journal, "first_name") == by_index(journal, "old note") == []
    [changed] = by_index(journal, "another_name")
    assert by_index(journal, ["new note", "another_name"]) == [changed]
    finish(journal, second)
    journal.judge(second, 1, rating=3, note="a note of a take")
    assert len(by_index(journal, "note of a take")) == 1


def test_what_another_process_wrote_without_the_index_is_found(journal):
    record(journal, prompt="slow jazz")
    assert len(by_index(journal, "slow jazz")) == 1
    with closing(sqlite3.connect(journal.file)) as connection, connection:
        connection.execute("UPDATE operations SET prompt = 'fast rock'")
    assert by_index(journal, "slow jazz") == []
    assert len(by_index(journal, "fast rock")) == 1
    with closing(sqlite3.connect(journal.file)) as connection, connection:
        connection.execute("DELETE FROM texts")
        connection.execute("DELETE FROM operations")
    assert by_index(journal, "fast rock") == []
    record(journal, prompt="a number is used again")
    assert len(by_index(journal, "used again")) == 1
    assert mend_search(journal.home) == []


def number_unindexed(journal):
    with closing(sqlite3.connect(journal.file)) as connection:
        return connection.execute("SELECT count(*) FROM texts_unindexed").fetchone()[0]


def test_a_search_brings_the_index_forward_when_much_has_changed(journal, monkeypatch):
    monkeypatch.setattr(search_index, "MOST_UNINDEXED", 3)
    for _ in range(3):
        record(journal, prompt="slow jazz")
    assert len(by_index(journal, "slow jazz")) == number_unindexed(journal) == 3
    record(journal, prompt="slow jazz")
    assert len(by_index(journal, "slow jazz")) == 4
    assert number_unindexed(journal) == 0


def test_a_process_that_dies_while_it_indexes_leaves_all_to_the_next(journal):
    record(journal, prompt="slow jazz")
    dying = (
        "import os, pathlib, sys; from sqlalchemy import Engine, event;"
        "from soundpiece_nb.journal import search_index;"
        "from soundpiece_nb.journal.filters import Filter;"
        "from soundpiece_nb.journal.journal import Journal;"
        "search_index.MOST_UNINDEXED = 0;"
        "die = lambda _connection, _cursor, said, *_: said.startswith('DELETE') and os._exit(9);"
        "event.listen(Engine, 'before_cursor_execute', die);"
        "Journal(pathlib.Path(sys.argv[1])).count(Filter(search='slow jazz'))"
    )
    run = subprocess.run([sys.executable, "-c", dying, str(journal.home)], check=False)
    assert run.returncode == 9
    assert number_unindexed(journal) == 1
    assert len(by_index(journal, "slow jazz")) == 1
    assert number_unindexed(journal) == 0
    assert mend_search(journal.home) == []


# ------------------------------------------------------------------ without it, or damaged


def test_where_sqlite_has_no_such_index_everything_works(tmp_path, monkeypatch):
    absent = search_index.CREATED.replace("fts5", "no_such_module")
    monkeypatch.setattr(search_index, "CREATED", absent)
    with closing(Journal(tmp_path)) as journal:
        key = record(journal, prompt="slow jazz")
        journal.relabel(key, name="renamed", tags=[], note=None)
        assert len(by_index(journal, "slow jazz")) == len(by_index(journal, "renamed")) == 1
    monkeypatch.undo()
    monkeypatch.setattr(search_index, "MOST_UNINDEXED", 0)
    with closing(Journal(tmp_path)) as journal:
        assert len(by_index(journal, "slow jazz")) == 1
        assert number_unindexed(journal) == 0, "another SQLite makes the index"


@pytest.mark.parametrize("lacking", ["USING no_such_module", "tokenize='no_such_tokenizer'"])
def test_an_index_of_another_sqlite_is_in_nobodys_way(tmp_path, lacking):
    with closing(Journal(tmp_path)) as journal:
        record(journal, prompt="slow jazz")
        assert len(by_index(journal, "slow jazz")) == 1
    known = "USING fts5" if "USING" in lacking else "tokenize='trigram'"
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        changed = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE name = 'texts_index'"
        connection.execute(changed, (known, lacking))
    with closing(Journal(tmp_path)) as journal:
        key = record(journal, prompt="fast rock")
        journal.relabel(key, name="renamed", tags=[], note=None)
        for search in ("slow jazz", "fast rock", "renamed"):
            assert len(by_index(journal, search)) == 1
        assert journal.complaints() == []
    assert mend_search(tmp_path) == []


def write_five(home):
    with closing(Journal(home)) as journal:
        for number in range(5):
            record(journal, prompt=f"slow jazz {number}")
        assert len(by_index(journal, "slow jazz")) == 5


def damage(home, how):
    with closing(sqlite3.connect(home / FILE_NAME)) as connection, connection:
        connection.execute(how)


@pytest.mark.parametrize(
    "how",
    [
        "UPDATE texts_index_data SET block = zeroblob(length(block))",
        "UPDATE texts_index_data SET block = randomblob(length(block)) WHERE id > 10",
    ],
)
def test_a_damaged_index_is_no_damaged_journal_and_is_made_anew(tmp_path, how):
    write_five(tmp_path)
    damage(tmp_path, how)
    with closing(Journal(tmp_path)) as journal:
        assert journal.complaints() == []
        record(journal, prompt="slow jazz again")
    [finding] = mend_search(tmp_path)
    assert "made anew" in finding.sentence
    with closing(Journal(tmp_path)) as journal:
        assert len(by_index(journal, "slow jazz")) == 6
        assert number_unindexed(journal) == 0
    assert mend_search(tmp_path) == []


@pytest.mark.parametrize("how", ["DELETE FROM texts_index_data", "DELETE FROM texts_index_config"])
def test_of_an_index_that_cannot_be_opened_all_is_found_without_it(tmp_path, how):
    write_five(tmp_path)
    damage(tmp_path, how)
    with closing(Journal(tmp_path)) as journal:
        record(journal, prompt="slow jazz again")
        assert len(by_index(journal, "slow jazz")) == 6
        assert journal.complaints() == []

"""A damaged journal: kept aside, reported, and begun anew with all that can be read."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from soundpiece_nb.api.errors import JournalDamaged, StorageFailed
from soundpiece_nb.journal.dataframe import history
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal, open_journal
from soundpiece_nb.journal.quick_reads import find_abandoned
from soundpiece_nb.journal.rescue import JournalWasDamaged, rescue
from soundpiece_nb.journal.suggestions import suggest_tags
from support.largest_file import largest_file
from support.recorded_operations import finish, record

PAGE = 4096
MANY = 60


@pytest.fixture
def home(tmp_path):
    """A home with sixty operations of two takes, and one file of audio."""
    journal = Journal(tmp_path)
    for number in range(MANY):
        finish(journal, record(journal, lyrics=f"line {number} " * 200))
    journal.judge(journal.entries(Filter(limit=1))[0].key, 1, rating=5, note="keep")
    journal.close()
    audio = tmp_path / "audio" / "some" / "1.flac"
    audio.parent.mkdir(parents=True)
    audio.write_bytes(b"sound")
    return tmp_path


def overwrite(home, page, content=b"\xff"):
    with (home / "journal.sqlite").open("r+b") as file:
        file.seek(page * PAGE)
        file.write(content * (PAGE // len(content)))


def pages_of(home, table):
    """Return the pages that hold a table's rows, the root first."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        try:
            found = connection.execute(
                "SELECT pageno FROM dbstat WHERE name = ? ORDER BY pageno", (table,)
            ).fetchall()
        except sqlite3.OperationalError:  # an SQLite without dbstat
            root = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
            ).fetchall()
            return [number - 1 for (number,) in root]
    return [number - 1 for (number,) in found]


def opened_anew(home):
    with pytest.warns(JournalWasDamaged, match="could be read") as said:
        journal = open_journal(home)
    assert len(said) == 1
    return journal


def aside(home):
    (found,) = home.glob("journal-damaged-*.sqlite")
    return found


@pytest.mark.parametrize(
    "content", [b"not a database at all", b"\0" * 5000, random.Random(1).randbytes(20_000)]
)
def test_a_file_that_is_no_journal_is_kept_aside_and_a_new_one_begun(home, content):
    (home / "journal.sqlite").write_bytes(content)
    journal = opened_anew(home)
    assert journal.count(Filter()) == 0
    assert aside(home).read_bytes() == content
    key = record(journal)
    journal.close()
    again = open_journal(home)  # and nothing is said any more
    assert again.entry(key).status == "submitting"
    again.close()


def test_rows_outside_a_broken_page_are_all_saved_with_their_takes_and_judgements(home):
    before = {e.key: e for e in _entries(home)}
    pages = pages_of(home, "operations")
    overwrite(home, pages[len(pages) // 2])
    damaged = (home / "journal.sqlite").read_bytes()
    with pytest.warns(JournalWasDamaged):
        rescued = _rescued_at_a_look(home)
    saved = {e.key: e for e in rescued.entries(Filter())}
    assert MANY - 10 <= len(saved) < MANY
    for key, entry in saved.items():
        assert entry == before[key]
    assert aside(home).read_bytes() == damaged
    assert (home / "audio" / "some" / "1.flac").read_bytes() == b"sound"
    assert rescued.complaints() == []
    rescued.close()


def test_a_broken_index_costs_no_row(home):
    before = _entries(home)
    for page in pages_of(home, "operations_by_status"):
        overwrite(home, page)
    with pytest.warns(JournalWasDamaged):
        journal = _rescued_at_a_look(home)
    assert journal.entries(Filter()) == before
    journal.close()


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_overwritten_what_is_kept_is_what_was_written(home, seed):
    chance = random.Random(seed)
    before = {e.key: e for e in _entries(home)}
    size = (home / "journal.sqlite").stat().st_size
    with (home / "journal.sqlite").open("r+b") as file:
        for _ in range(chance.randint(1, 4)):
            file.seek(chance.randrange(size))
            file.write(chance.randbytes(chance.choice([1, 64, 3000])))
    rescue(home)
    journal = Journal(home)
    assert journal.complaints() == []
    for entry in journal.entries(Filter()):
        assert entry.key in before
    record(journal)
    journal.close()


@pytest.mark.parametrize(
    "damage", ["lyrics = CAST(x'ff' AS TEXT)", "body = x'7b'", "status = 'unheard of'"]
)
def test_a_row_that_is_not_what_was_written_is_lost_alone(home, damage):
    keys = {entry.key for entry in _entries(home)}
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection, connection:
        connection.execute(f"UPDATE operations SET {damage} WHERE number = 15")  # noqa: S608 - of this test
    rescue(home)
    journal = Journal(home)
    kept = {entry.key for entry in journal.entries(Filter())}
    assert len(kept) == MANY - 1
    assert kept < keys
    journal.close()


def test_a_table_whose_name_is_no_text_any_more_is_damage_like_any_other(home):
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection, connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET name = CAST(x'8687' AS TEXT), sql = 'none'"
            " WHERE name = 'operations_by_status'"
        )
    assert len(find_abandoned(home, 0)) == 0
    assert suggest_tags(home) == []
    journal = opened_anew(home)
    assert journal.complaints() == []
    record(journal)
    journal.close()


def test_a_cut_file_keeps_what_is_left_of_it(home):
    file = home / "journal.sqlite"
    with file.open("r+b") as cut:
        cut.truncate(file.stat().st_size // 2)
    rescue(home)
    journal = Journal(home)
    assert journal.complaints() == []
    record(journal)
    journal.close()


def test_damage_that_is_met_while_working_is_said_with_the_way_out(home):
    journal = Journal(home)
    for page in pages_of(home, "texts"):
        overwrite(home, page)
    with pytest.raises(JournalDamaged, match="%soundpiece_doctor"):
        journal.count(Filter(search="line"))
    journal.close()


def test_damage_in_the_middle_of_a_frame_is_said_with_the_way_out_too(home):
    journal = Journal(home)
    pages = pages_of(home, "operations")
    overwrite(home, pages[len(pages) // 2])
    with pytest.raises(JournalDamaged, match="%soundpiece_doctor"):
        history(journal, Filter())
    journal.close()


def test_a_sound_journal_is_left_alone(home):
    before = (home / "journal.sqlite").read_bytes()
    assert rescue(home) is None
    assert (home / "journal.sqlite").read_bytes() == before
    assert list(home.glob("journal-damaged-*")) == []


def test_a_journal_that_another_process_writes_is_not_taken_from_under_it(home):
    damaged = b"nonsense" * 100
    (home / "journal.sqlite").write_bytes(damaged)
    holding = "import sys; kept = open(sys.argv[1], 'r+b'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", holding, str(home / "journal.sqlite")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        with pytest.raises(StorageFailed, match=f"process {other.pid}"):
            open_journal(home)
        other.stdin.close()
    assert (home / "journal.sqlite").read_bytes() == damaged
    opened_anew(home).close()


def test_where_a_journal_cannot_even_be_kept_aside_one_sentence_says_so(home):
    (home / "journal.sqlite").write_bytes(b"nonsense" * 100)
    with largest_file(400), pytest.raises(StorageFailed, match="File too large"):
        open_journal(home)
    assert (home / "journal.sqlite").read_bytes() == b"nonsense" * 100


def _entries(home):
    journal = Journal(home)
    found = journal.entries(Filter())
    journal.close()
    return found


def _rescued_at_a_look(home):
    """Return the journal after its damage was found: at opening, or by whoever looks for it."""
    import warnings

    journal = Journal(home)
    try:
        broken = bool(journal.complaints())
    except JournalDamaged:
        broken = True
    if broken:
        journal.close()
        done = rescue(home)
        warnings.warn(JournalWasDamaged(done), stacklevel=1)
        journal = Journal(home)
    return journal

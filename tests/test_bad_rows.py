"""A bad row or file stops nothing but itself: it says so in its place, and all others are there.

Rows of the journal are input: a later version, a hand or a failing disk may have written them.
"""

from __future__ import annotations

import csv
import json
import shutil
import types
from pathlib import Path

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import soundpiece_nb as sp
from soundpiece_nb.display.batch_card import summary
from soundpiece_nb.display.comparison import Comparison
from soundpiece_nb.display.finished_output import FinishedOutput
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.display.history_table import HistoryTable
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.display.sound_source import Holding, Place
from soundpiece_nb.display.sweep_board import Board
from soundpiece_nb.engine.pruning import prune
from soundpiece_nb.files.naming import readable_name
from soundpiece_nb.journal import dataframe
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.sweep import find_sweep
from support.bad_rows import BAD, BAD_COLUMNS, BETTER, GOOD, NAMES, SWEEP, keep, plant, sound
from support.hostile_texts import Page

DAMAGED = "is damaged ("
"""In the sentence of a row that cannot be read whole."""
SHOWN_AS_IT_IS = {
    "body: half a pair",
    "body: numbers",
    "name: long",
    "name: emoji",
    "name: a path",
    "name: reserved",
    "name: to the left",
    "route: unknown",
    "submitted: before 1970",
    "finished: none",
    "take: empty waveform",
    "take: odd waveform",
    "take: a vanished file",
    # columns that a view does not read, since takes and runs tell the same
    "params: no JSON",
    "params: a list",
    "duration: infinite",
    "rating: words",
    "files: odd paths",
    "holder: bytes",
    "held until: words",
}
"""What is odd, and can be shown; the row says nothing of it."""


@pytest.fixture
def shell(home):
    """A shell of its own with the magics loaded, which leaves this process as it was."""
    quiet = Config(HistoryManager={"enabled": False})
    started = InteractiveShell(config=quiet, user_module=types.ModuleType("notebook"))
    started.run_line_magic("load_ext", "soundpiece_nb")
    yield started
    started.run_line_magic("unload_ext", "soundpiece_nb")
    started.restore_sys_module_state()


def ran(shell, capsys, cell, *, may_fail=False):
    """Run a cell, which may fail with a sentence if so; return what it printed."""
    capsys.readouterr()
    result = shell.run_cell(cell)
    error = result.error_before_exec or result.error_in_exec
    assert error is None or (may_fail and isinstance(error, sp.SoundpieceError)), (cell, error)
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err, cell
    return said.out


def drawn(output):
    """Draw an output; return its text, and that of its HTML."""
    rendering = output.draw()
    page = Page(rendering.html)
    rendering.html.encode()
    return rendering.text, page.text


@pytest.mark.parametrize("what", BAD_COLUMNS)
def test_a_bad_row_says_so_in_its_place_in_every_view(home, tmp_path, what):
    keep(home)
    sp.compare(*NAMES)  # measures what a later comparison would measure
    plant(home, *BAD_COLUMNS[what])
    says_so = what not in SHOWN_AS_IT_IS
    here, place = current(), Place(home, tmp_path, Holding.LINK)
    lab = LabForm(here, lambda *_: None)
    lab.keys = list(NAMES)
    views = (
        HistoryTable(here, Filter(limit=20), place),
        Comparison(here, list(NAMES), place),
        Board(find_sweep(here, SWEEP), place),
        lab,
    )
    for view in views:
        for text in drawn(view):
            assert all(name in text for name in ("good", "better")), view
            assert (DAMAGED in text) == says_so, (view, text)
    for key in NAMES:
        for text in drawn(FinishedOutput(key, here, place)):
            assert (DAMAGED in text) == (says_so and key == BAD), text
    assert "3 operations" in summary(find_sweep(here, SWEEP)).text


@pytest.mark.parametrize("what", BAD_COLUMNS)
def test_a_bad_row_is_a_row_of_every_table(home, tmp_path, what):
    keep(home)
    plant(home, *BAD_COLUMNS[what])
    here = current()
    for frame in (sp.history(), dataframe.of_keys(here.journal, list(NAMES))):
        assert set(frame.index) == set(NAMES)
        assert frame.loc[GOOD, "name"] == "good"
        assert frame.loc[GOOD, "tags"] == ["demo"]
        assert frame.loc[BETTER, "duration"] == pytest.approx(0.2, abs=0.01)
        assert frame.dtypes.astype(str).to_dict() == dict(dataframe.DTYPES)
        assert len(frame.to_html() + repr(frame)) > 100
    takes = sp.takes()
    assert set(takes.index.get_level_values(0)) == set(NAMES)
    assert takes.loc[(GOOD, 1), "path"].endswith(f"{GOOD}/1.flac")
    assert len(takes.to_html() + repr(takes)) > 100
    for ending in (".csv", ".html"):
        file, count = write_history(here, Filter(), tmp_path / f"history{ending}")
        assert count == 3
        assert all(key[:8] in file.read_text("utf-8") for key in NAMES)
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as rows:
        assert {"better", "good"} <= {row["name"] for row in csv.DictReader(rows)}


@pytest.mark.parametrize("what", BAD_COLUMNS)
def test_no_command_stumbles_over_a_bad_row(shell, capsys, tmp_path, what):
    home = current().home
    keep(home)
    plant(home, *BAD_COLUMNS[what])
    for line in ("history", "history --search rain", "history --tag demo", f"show {SWEEP}"):
        said = ran(shell, capsys, f"%soundpiece_{line}")
        assert all(name in said for name in ("good", "better")), (line, said)
    for key in NAMES:
        assert key[:8] in ran(shell, capsys, f"%soundpiece_show {key}")
    everything = " ".join(NAMES)
    assert "better" in ran(shell, capsys, f"%soundpiece_compare {everything}")
    said = ran(shell, capsys, f"%soundpiece_export {everything} --to {tmp_path}/out", may_fail=True)
    exported = {path.name for path in (tmp_path / "out").iterdir()}
    assert {f"good-1-{GOOD[:8]}.flac", f"better-1-{BETTER[:8]}.flac"} <= exported
    assert len(exported) == 3 or "Not exported: " in said
    assert "Operations" in ran(shell, capsys, "%soundpiece_status")
    assert "were looked at" in ran(shell, capsys, "%soundpiece_doctor --verify").lower()
    assert {GOOD, BETTER} <= set(sp.history().index)
    with provisionalcompleter():
        line = "%soundpiece_show "
        offered = {each.text for each in shell.Completer.completions(line, len(line))}
    assert {"good", "better"} <= offered
    ran(shell, capsys, "%reload_ext soundpiece_nb")


@pytest.mark.parametrize("key", ["../../..", "no uuid", "x" * 5_000, "a/b\n<b>", "..", "CON"])
def test_a_key_that_is_none_is_a_row_like_any_other(home, tmp_path, key):
    keep(home)
    for table in ("takes", "operations"):
        plant(home, table, "idempotency_key", key)
    here, place = current(), Place(home, tmp_path, Holding.LINK)
    for text in drawn(HistoryTable(here, Filter(limit=20), place)):
        assert DAMAGED in text
        assert all(name in text for name in ("good", "better"))
    drawn(FinishedOutput(key, here, place))
    assert len(sp.history()) == len(sp.takes()) == 3
    audio = (home / "audio").resolve()
    assert here.engine.store.path(key, 1).resolve().parent.parent == audio
    assert here.engine.store.files(key) == []
    assert prune(here.engine, here.journal.entry(key))
    assert (home / "journal.sqlite").exists()
    assert len(list(audio.glob("*/1.flac"))) == 3


# ------------------------------------------------------------------ files


FILES = {
    "1 Hz": lambda: sound(1, 1),
    "655,350 Hz": lambda: sound(655_350, 1),
    "8 channels": lambda: sound(8_000, 8),
    "junk": lambda: b"fLaC" + b"\0" * 500,
    "empty": lambda: b"",
    "a page": lambda: b"<html>" * 100,
    "cut": lambda: sound(44_100, 2)[:2_000],
}


@pytest.mark.parametrize("holding", [Holding.EMBED, Holding.LINK])
@pytest.mark.parametrize("what", FILES)
def test_a_file_that_cannot_be_played_stops_no_other(shell, capsys, tmp_path, what, holding):
    home = current().home
    keep(home)
    (home / "audio" / BAD / "1.flac").write_bytes(FILES[what]())
    here = current()
    place = Place(home, tmp_path, holding)
    comparison = Comparison(here, [GOOD, BAD, BETTER], place)
    board = Board(find_sweep(here, SWEEP), place)
    board.finish()
    for view in (comparison, board, HistoryTable(here, Filter(limit=20), place)):
        for text in drawn(view):
            assert all(name in text for name in ("good", "bad", "better"))
    html = comparison.draw().html
    assert html.count("<audio") >= 2
    assert here.journal.entry(GOOD).takes[0].measured
    assert here.journal.entry(BETTER).takes[0].measured
    for key in (GOOD, BAD, BETTER):
        drawn(FinishedOutput(key, here, place))
    for ending in ("flac", "wav", "mp3"):
        line = (
            f"%soundpiece_export {GOOD} {BAD} {BETTER} --to {tmp_path}/{ending} --format {ending}"
        )
        said = ran(shell, capsys, line, may_fail=True)
        names = {path.name for path in (tmp_path / ending).iterdir()}
        assert {f"good-1-{GOOD[:8]}.{ending}", f"better-1-{BETTER[:8]}.{ending}"} <= names
        assert not any(name.startswith(".") for name in names)
        assert len(names) == 3 or "Not exported: take 1 of bad" in said


def test_an_export_of_which_one_fails_ends_as_a_failure_with_all_others_done(
    shell, capsys, tmp_path
):
    home = current().home
    keep(home)
    (home / "audio" / BAD / "1.flac").write_bytes(b"junk")
    line = f"%soundpiece_export good bad better --to {tmp_path}/out --format wav"
    with pytest.raises(sp.Mistake, match="take 1 of bad"):
        shell.run_line_magic(*line.removeprefix("%").split(" ", 1))
    said = capsys.readouterr().out
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert "2 files in" in said
    assert said.count("Not exported") == 1


@pytest.mark.parametrize(
    "title", ["🎸" * 60, "夜" * 90, "गति" * 60, "x" * 400, "ñ" * 300, "CON", ".."]
)
@pytest.mark.parametrize("take", [1, "🥁" * 60, "夜" * 90])
def test_a_file_name_has_at_most_255_bytes(tmp_path, title, take):
    name = readable_name(title, take, "\U0001d54f" * 30, ".flac")
    assert len(name.encode()) <= 250  # with room for -999
    assert Path(name).name == name
    (tmp_path / name).write_bytes(b"")


# ------------------------------------------------------------------ lengths

TABLES = {
    "operations": (
        "route service body status name operation_id prompt lyrics reference source params tags"
        " note sweep batch notebook error_code error_message submitted_at accepted_at finished_at"
        " outputs polls retries holder held_until duration rating files"
    ).split(),
    "takes": (
        "kind duration path size frames sample_rate channels md5 waveform rating note pruned_at"
        " loudness tempo centroid measured"
    ).split(),
}
MOST_BYTES = 200_000
SOME_KEYS = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(20)]


@pytest.fixture(scope="module")
def twenty(tmp_path_factory):
    """A home of twenty operations, copied by the tests that spoil it."""
    home = tmp_path_factory.mktemp("twenty")
    keep(home, SOME_KEYS, names={})
    return home


def written(table, column, words):
    """Return a very long value as a column would have it."""
    match column:
        case "body":
            return json.dumps({"prompt": words, "lyrics": words}).encode()
        case "tags":
            return json.dumps([words, words])
        case "params":
            return json.dumps({"a": words})
        case "sweep":
            return json.dumps({"id": SWEEP, "mood": words, words: "x"})
    return words


EVERY = [(table, column, "<") for table, names in TABLES.items() for column in names]
SHOWN = [
    ("operations", column, "a\n 夜")
    for column in "name prompt lyrics tags note sweep error_message body".split()
]


@pytest.mark.parametrize("where", [*EVERY, *SHOWN], ids="-".join)
def test_no_text_makes_an_output_big(home, twenty, tmp_path, where):
    table, column, words = where
    shutil.copytree(twenty, home)
    plant(home, table, column, written(table, column, words * 10_000), *SOME_KEYS[1:])
    plant(
        home, table, column, written(table, column, words * (3_000_000 // len(words))), SOME_KEYS[0]
    )
    here = current()
    place = Place(home, tmp_path, Holding.LINK)
    outputs = [HistoryTable(here, Filter(limit=20), place)]
    outputs += [FinishedOutput(key, here, place) for key in SOME_KEYS[:2]]
    for output in outputs:
        rendering = output.draw()
        assert len(rendering.html.encode()) < MOST_BYTES, type(output)
        assert len(rendering.text.encode()) < MOST_BYTES, type(output)
        assert len(output.text().encode()) < MOST_BYTES, type(output)
    for frame in (sp.history(), sp.takes()):
        with pd.option_context("display.max_columns", 50):
            assert len(frame._repr_html_()) + len(repr(frame)) < MOST_BYTES
    op = sp.operation(SOME_KEYS[0])
    assert len(repr(op)) + len(repr(op.outputs)) < 5_000
    assert len(str(op.error)) < 10_000

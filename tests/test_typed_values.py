"""Values keep their type until the wire, in sweeps and batches, whatever library they come from."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.cell_source import as_cell
from soundpiece_nb.display.sound_source import place_of
from soundpiece_nb.display.sweep_board import Board
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.rows import read_rows
from soundpiece_nb.operations.sweep import find_sweep
from support.services import as_json, operation


@pytest.fixture
def service(scripted):
    """A service that answers at once, having made nothing."""
    return scripted(lambda *_: as_json(operation("failed", error={"code": "none", "message": ""})))


def bodies(service, started):
    """Return what was sent for the operations of a batch or sweep, in their order."""
    started.result(30)
    heard = [json.loads(each.body) for each in service.heard if each.method == "PUT"]
    by_key = {each.pop("idempotency_key"): each for each in heard}
    return [by_key[key] for key in started.keys]


def texts_of(sweep, name):
    """Return the texts of what a sweep varied, as the history has them."""
    return [each[name] for each in sweep.frame()["sweep"]]


# ------------------------------------------------------------------ sweeps


def test_a_missing_value_leaves_a_field_out_and_the_board_says_so(service):
    sweep = sp.sweep("fx", prompt="Rain", vary={"duration": pd.Series([2, None])}, duration=9)
    assert bodies(service, sweep) == [{"prompt": "Rain", "duration": 2.0}, {"prompt": "Rain"}]
    assert texts_of(sweep, "duration") == ["2.0", "None"]
    session = current()
    again = find_sweep(session, sweep.id)
    assert "duration=2.0" in Board(again, place_of(session)).text()
    assert "duration=None" in Board(again, place_of(session)).text()


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, np.ma.masked])
def test_a_missing_value_within_a_text_is_a_mistake_and_nothing_is_sent(service, missing):
    for words in ({"prompt": "{{mood}} rain"}, {"prompt": "Rain", "note": "{{mood}}"}):
        with pytest.raises(sp.Mistake, match=r"mood has no value here.* Nothing was sent"):
            sp.sweep("fx", **words, vary={"mood": ["calm", missing]})
    with pytest.raises(sp.Mistake, match="duration has no value here"):
        sp.sweep("fx", prompt="{{duration}} s of rain", vary={"duration": [1, missing]})
    assert not service.heard
    assert len(sp.history()) == 0


def test_truth_values_and_lengths_of_any_library_are_swept(service):
    flags = [True, np.bool_(False), pd.NA]
    sweep = sp.sweep("sample", prompt="Drums", vary={"loopable": flags})
    assert [each.get("loopable") for each in bodies(service, sweep)] == [True, False, None]
    lengths = [2, np.int64(2), Decimal(2), Fraction(2), timedelta(seconds=2), "2"]
    lengths += [pd.Timedelta("2s"), np.timedelta64(2, "s"), np.float32(2)]
    sweep = sp.sweep("sample", prompt="Drums", vary={"duration": lengths})
    assert [each["duration"] for each in bodies(service, sweep)] == [2.0] * len(lengths)
    for truth in (True, np.bool_(True)):
        with pytest.raises(sp.Mistake, match="must be a number of seconds, not True"):
            sp.sweep("sample", prompt="Drums", vary={"duration": [1, truth]})


@pytest.mark.parametrize(
    "moods",
    [
        pd.Series(["calm", "wild"]),
        pd.Series(["calm", "wild"], dtype="category"),
        pd.Index(["calm", "wild"]),
        np.array(["calm", "wild"]),
        np.array(["calm", "wild"], dtype=object),
        ("calm", "wild"),
        {"calm": 1, "wild": 2}.keys(),
        (mood for mood in ("calm", "wild")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_texts_of_any_ordered_column_reach_template_label_and_note_as_texts(service, moods):
    sweep = sp.sweep("fx", prompt="{{m}} rain", tags=["{{m}}"], vary={"m": moods}, note="{{m}}")
    sent = bodies(service, sweep)
    assert [each["prompt"] for each in sent] == ["calm rain", "wild rain"]
    assert texts_of(sweep, "m") == ["calm", "wild"]
    assert list(sweep.frame()["note"]) == ["calm", "wild"]


@pytest.mark.parametrize(
    "values",
    [
        pd.DataFrame({"m": ["a"]}),
        np.array([["a", "b"]]),
        np.array("a"),
        b"ab",
        {"a", "b"},
        {"a": 1},
        np.array([]),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_single_order_is_refused_in_one_line(connected, values):
    with pytest.raises(sp.Mistake, match="dictionary of lists") as refused:
        sp.sweep("fx", prompt="{{m}}", vary={"m": values})
    assert "\n" not in str(refused.value)


def test_a_number_is_written_with_the_digits_that_it_has(service):
    few = np.array([0.1, 2.5], dtype="float32")
    sweep = sp.sweep("fx", prompt="{{n}} and {{m}}", vary={"n": few, "m": [Decimal("1.50")]})
    assert [each["prompt"] for each in bodies(service, sweep)] == ["0.1 and 1.50", "2.5 and 1.50"]
    assert texts_of(sweep, "n") == ["0.1", "2.5"]
    lengths = [np.timedelta64(2 * 10**9, "ns"), timedelta(seconds=2)]
    assert texts_of(sp.sweep("fx", prompt="x", vary={"duration": lengths}), "duration") == [
        "0:00:02",
        "0:00:02",
    ]


def test_values_without_end_are_refused(connected):
    with pytest.raises(sp.Mistake, match="101 operations; a sweep makes at most 100"):
        sp.sweep("fx", prompt="{{m}}", vary={"m": itertools.count()})


# ------------------------------------------------------------------ rows


@dataclass
class Cue:
    prompt: str
    duration: float | None = None


class Named(NamedTuple):
    prompt: str
    duration: float | None


TWO = [{"prompt": "Rain", "duration": 2}, {"prompt": "Hail"}]
FRAME = pd.DataFrame({"prompt": ["Rain", "Hail"], "duration": [2, None]})


class LikePolars:
    """A frame as polars has it."""

    columns = ("prompt", "duration")

    def to_dict(self):
        return {}

    def to_dicts(self):
        return [{"prompt": "Rain", "duration": 2}, {"prompt": "Hail", "duration": None}]


class LikeArrow:
    """A table as pyarrow has it."""

    column_names = ("prompt", "duration")

    def to_pylist(self):
        return LikePolars().to_dicts()


def cursor():
    """Return a database's rows."""
    select = "SELECT 'Rain' AS prompt, 2 AS duration UNION ALL SELECT 'Hail', NULL"
    return sqlite3.connect(":memory:").execute(select)


def database_rows():
    """Return a database's rows that know their columns."""
    found = cursor()
    found.row_factory = sqlite3.Row
    return found.fetchall()


@pytest.mark.parametrize(
    "rows",
    [
        FRAME,
        FRAME.convert_dtypes(),
        FRAME.astype({"prompt": "category"}),
        FRAME.to_records(index=False),
        FRAME.itertuples(index=False),
        LikePolars(),
        LikeArrow(),
        cursor(),
        database_rows(),
        TWO,
        (row for row in TWO),
        dict(enumerate(TWO)).values(),
        csv.DictReader(io.StringIO("\ufeffprompt, duration\nRain,2\nHail,\n")),
        csv.DictReader(io.StringIO("prompt,duration\nRain,2\nHail\n")),
        [Cue("Rain", 2), Cue("Hail")],
        [Named("Rain", np.int64(2)), Named(np.str_("Hail"), np.nan)],
        [pd.Series({"prompt": "Rain", "duration": 2}), pd.Series({"prompt": "Hail"})],
    ],
    ids=lambda value: type(value).__name__,
)
def test_rows_may_come_from_whatever_has_them(rows):
    read = [{n: v for n, v in row.items() if v != ""} for row in read_rows(rows)]
    assert [{**row, "duration": float(row.get("duration", 0))} for row in read] == [
        {"prompt": "Rain", "duration": 2.0},
        {"prompt": "Hail", "duration": 0.0},
    ]
    assert "duration" not in read[1]
    assert {type(row["prompt"]) for row in read} == {str}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"prompt": ["Rain"]}, "pandas.DataFrame(…) makes one"),
        (pd.Series(["Rain"]), "A batch takes a DataFrame"),
        (["Rain"], "row 0 is 'Rain'"),
        ([TWO[0], None], "row 1 is None"),
        (3, "A batch takes a DataFrame"),
        ("rows.csv", "pandas.read_csv(…) reads a file"),
        (pd.DataFrame([["a", "b"]], columns=["prompt", "prompt"]), "'prompt' is there twice"),
        (csv.DictReader(io.StringIO("prompt\nRain, heavy\n")), "more cells than the header"),
    ],
)
def test_what_has_no_rows_is_refused_in_one_line(connected, rows, said):
    with pytest.raises(sp.Mistake, match=re.escape(said)) as refused:
        sp.batch(rows, route="fx")
    assert "\n" not in str(refused.value)


def test_an_empty_cell_is_left_out_and_a_needed_one_is_said_to_be_empty(service):
    text = "prompt,duration,loopable,name,tags\nRain,2,TRUE,,\nHail, ,false,hail,\n"
    batch = sp.batch(csv.DictReader(io.StringIO(text)), route="sample")
    assert bodies(service, batch) == [
        {"prompt": "Rain", "duration": 2.0, "loopable": True},
        {"prompt": "Hail", "loopable": False},
    ]
    with pytest.raises(sp.Mistake, match="Row 1: Prompt must not be empty"):
        sp.batch([{"prompt": "Rain"}, {"prompt": " ", "duration": ""}], route="fx")


def test_the_whole_numbers_of_a_column_with_gaps_are_whole(service):
    frame = pd.DataFrame({"source": ["https://a.example/x"] * 2, "variations": [2, None]})
    batch = sp.batch(frame, route="remix_instrumental", max_in_flight=np.int64(4))
    assert [each.get("n_variations") for each in bodies(service, batch)] == [2, None]


# ------------------------------------------------------------------ extra fields and limits


def test_extra_fields_are_sent_kept_shown_and_made_again(service):
    extra = {"seed": np.int64(7), "style": {"url": "https://a.example/s?sig=1", "weight": 2}}
    first = sp.fx("x" * 1100, extra=extra, unchecked=True)
    again = first.rerun(extra={"seed": None, "mood": "calm"})
    for made in (first, again):
        with pytest.raises(sp.OperationFailed):
            made.result(30)
    sent = [json.loads(each.body) for each in service.heard if each.method == "PUT"]
    assert [(each.get("seed"), each.get("mood")) for each in sent] == [(7, None), (None, "calm")]
    assert sent[0]["style"] == sent[1]["style"] == extra["style"]
    assert sent[0]["prompt"] == sent[1]["prompt"]
    shown = {"url": "https://a.example/s?…", "weight": 2}
    assert (first.request["seed"], first.request["style"]) == (7, shown)
    as_json = json.dumps(shown)
    assert sp.history()["params"].iloc[-1] == {"seed": 7, "style": as_json}
    cell = as_cell(again.entry)
    assert cell.startswith("%%soundpiece_fx --extra 'style={")
    assert "--extra mood=calm --unchecked\n" in cell
    kept = again.rerun(prompt="short")
    assert kept.request["mood"] == "calm"
    with pytest.raises(sp.Mistake, match="at most 1024"):
        kept.rerun(prompt="x" * 1100)


def test_a_table_of_what_varies_is_refused_in_a_sentence(service):
    with pytest.raises(sp.Mistake, match="dictionary of lists"):
        sp.sweep("fx", prompt="x", vary=pd.DataFrame({"duration": [1, 2]}))


def test_extra_fields_go_with_rows_and_are_swept(service):
    rows = [{"prompt": "a", "extra": {"seed": 1}}, {"prompt": "b", "extra": '{"seed": "1"}'}]
    batch = sp.batch([*rows, {"prompt": "c"}], route="fx", name="cues", extra={"seed": 0, "q": 2})
    assert [(each["seed"], each["q"]) for each in bodies(service, batch)] == [
        (1, 2),
        ("1", 2),
        (0, 2),
    ]
    vary = {"seed": [1, "2", None]}
    for extra in ({"seed": 0}, {"seed": "{{seed}}"}):
        sweep = sp.sweep("fx", prompt="x", vary=vary, extra=extra)
        assert [each.get("seed") for each in bodies(service, sweep)] == [1, "2", None]
    nested = sp.sweep("fx", prompt="x", vary={"m": ["a", "b"]}, extra={"t": {"of": ["the {{m}}"]}})
    assert [each["t"] for each in bodies(service, nested)] == [
        {"of": ["the a"]},
        {"of": ["the b"]},
    ]
    endless = []
    endless.append(endless)
    with pytest.raises(sp.Mistake, match="nested too deep"):
        sp.sweep("fx", prompt="{{m}}", vary={"m": ["a", "b"]}, extra={"t": endless})
    with pytest.raises(sp.Mistake, match=re.escape("--extra seed={{seed}} sends it")):
        sp.sweep("fx", prompt="x", vary=vary)
    with pytest.raises(sp.Mistake, match=re.escape("extra={…}")):
        sp.submit("fx", prompt="x", seed=1)


def test_what_the_service_says_of_an_unchecked_request_is_shown_as_it_is(connected):
    long = sp.fx("x" * 1100, unchecked=True)
    with pytest.raises(sp.RequestRejected, match="at most 1024 characters") as refused:
        long.result(30)
    assert refused.value.status_code == 422
    assert sp.fx("Rain", 1, extra={"seed": 4}).result(30).status == "ready"

"""The frames hold the very values of the journal."""

from __future__ import annotations

import json
import math

import pandas as pd
import pytest

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.dataframe import history, takes_of
from soundpiece_nb.journal.filters import Filter
from support.bad_rows import plant
from support.recorded_operations import finish, record


@pytest.mark.parametrize("number", [1 / 3, 92.13333333333334, 5e-324, 1.7e308, -0.0, -math.inf])
def test_a_number_keeps_every_digit(journal, number):
    key = record(journal)
    finish(journal, key, takes=1)
    journal.measured(key, 1, loudness=number, tempo=None, centroid=-number, version=1)
    row = takes_of(journal, Filter()).loc[(key, 1)]
    assert (row["loudness"], row["centroid"]) == (number, -number)
    assert pd.isna(row["tempo"])


def test_whole_numbers_and_texts_are_as_they_were_written(journal):
    lyrics = 'a\x00b \u2028 ö 🎵 \x1f "quoted" back\\slash'
    key = record(journal, lyrics=lyrics, note="nul\x00note")
    finish(journal, key, takes=1)
    journal.settle(key, polls=2**53 + 1, retries=0)
    row = history(journal, Filter()).loc[key]
    assert row["lyrics"] == lyrics
    assert row["note"] == "nul\x00note"
    assert row["polls"] == 2**53 + 1


def test_cells_are_pythons_own_that_pandas_can_compare_and_files_can_hold(journal):
    finish(journal, record(journal, tags=["demo", "b"]), takes=2)
    fx = new_request(find_route("fx"), {"prompt": "rain", "duration": 2.5})
    journal.record(fx, service="sandbox", sweep='{"id": "m-1", "mood": "calm"}')
    of_fx, song = (row for _, row in history(journal, Filter()).iterrows())
    assert (of_fx["params"], of_fx["sweep"]) == ({"duration": 2.5}, {"id": "m-1", "mood": "calm"})
    assert (of_fx["tags"], of_fx["files"]) == ([], [])
    assert (song["params"], song["sweep"]) == (None, None)
    assert song["tags"] == ["demo", "b"]
    assert len(song["files"]) == 2
    assert isinstance(song["tags"], list)
    assert isinstance(of_fx["params"], dict)
    assert repr(song["tags"]) == "['demo', 'b']"
    assert json.loads(str(of_fx["params"])) == {"duration": 2.5}
    assert len({song["tags"], type(song["tags"])(["demo", "b"]), of_fx["params"]}) == 2


def test_a_cell_of_one_row_is_no_cell_of_another(journal):
    record(journal, tags=["demo"])
    record(journal, tags=["demo"])
    frame = history(journal, Filter())
    frame["tags"].iloc[0].append("mine")
    assert frame["tags"].tolist() == [["demo", "mine"], ["demo"]]


def test_values_of_several_kinds_are_told_as_json(journal):
    texts = ['{"seed": 1, "voices": {}, "speed": 1}', '{"seed": "x", "voices": [2], "speed": 1.5}']
    for text in texts:
        plant(journal.home, "operations", "params", text, record(journal))
    frame = history(journal, Filter(order="made"))
    assert frame["params"].tolist() == [
        {"seed": "1", "voices": "{}", "speed": 1},
        {"seed": "x", "voices": "[2]", "speed": 1.5},
    ]


@pytest.mark.parametrize("text", ['["demo", 5]', "[1", '{"a": 1}', "7"])
def test_tags_are_texts_and_the_row_says_so_where_others_were(journal, text):
    key = record(journal)
    plant(journal.home, "operations", "tags", text, key)
    row = history(journal, Filter()).loc[key]
    assert row["tags"] == (["demo"] if "demo" in text else [])
    assert row["error_message"] == "Its row in the journal is damaged (tags)."

"""The frames hold the very values of the journal."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from soundpiece_nb.journal.dataframe import history, takes_of
from soundpiece_nb.journal.filters import Filter
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
    journal.counted(key, polls=2**53 + 1, retries=0)
    row = history(journal, Filter()).loc[key]
    assert row["lyrics"] == lyrics
    assert row["note"] == "nul\x00note"
    assert row["polls"] == 2**53 + 1

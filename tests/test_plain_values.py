"""Values of numpy and pandas are the plain ones that they are, and missing ones are none."""

from __future__ import annotations

import enum
import math
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import read_seconds, read_stars, read_whole
from soundpiece_nb.inputs.plain_values import is_missing, plain
from soundpiece_nb.operations.labels import read_labels
from soundpiece_nb.operations.waiting import wait_seconds
from soundpiece_nb.shown_text import quoted


class Mood(enum.Enum):
    CALM = "calm"


class Scalar:
    """A scalar as pyarrow has it."""

    def __init__(self, value):
        self.value = value

    def as_py(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (np.bool_(True), True),
        (np.int64(3), 3),
        (np.float32(1.5), 1.5),
        (np.str_("calm"), "calm"),
        (np.array(2), 2),
        (np.timedelta64(1500, "ms"), timedelta(seconds=1.5)),
        (np.timedelta64(2 * 10**9, "ns"), timedelta(seconds=2)),
        (Mood.CALM, "calm"),
        (Scalar("calm"), "calm"),
        (Scalar(np.int64(3)), 3),
        ("calm", "calm"),
        ([1, 2], [1, 2]),
    ],
)
def test_a_value_of_another_library_is_the_plain_one(value, meant):
    assert plain(value) == meant
    assert type(plain(value)) is type(meant)


@pytest.mark.parametrize(
    "value",
    [
        None,
        math.nan,
        np.float32("nan"),
        Decimal("nan"),
        Decimal("snan"),
        pd.NA,
        pd.NaT,
        np.datetime64("NaT"),
        np.timedelta64("NaT"),
        np.ma.masked,
        Scalar(None),
    ],
)
def test_what_is_missing_is_none(value):
    assert is_missing(value)
    assert plain(value) is None


@pytest.mark.parametrize("value", ["", "nan", "None", 0, False, [], math.inf, np.array([math.nan])])
def test_what_is_there_is_not_missing(value):
    assert not is_missing(value)


@pytest.mark.parametrize(
    ("value", "number"), [(np.int64(2), 2), (2.0, 2), (Decimal(2), 2), (np.array(2), 2)]
)
def test_a_whole_number_may_be_of_any_library(value, number):
    assert (read_whole(value, "It"), read_stars(value)) == (number, number)
    assert type(read_whole(value, "It")) is int


@pytest.mark.parametrize(
    "value",
    [
        2,
        2.0,
        np.int32(2),
        Decimal("2.0"),
        timedelta(seconds=2),
        pd.Timedelta("2s"),
        np.timedelta64(2, "s"),
        np.timedelta64(2 * 10**9, "ns"),
        Scalar(2),
    ],
)
def test_seconds_may_be_of_any_library(value):
    assert read_seconds(value, "It") == wait_seconds(value) == 2.0


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "True"),
        (np.bool_(True), "True"),
        (pd.NA, "<NA>"),
        (pd.NaT, "NaT"),
        (math.nan, "nan"),
        (Decimal("snan"), "Decimal('sNaN')"),
        (np.str_("soon"), "'soon'"),
        (np.array([1]), "array([1])"),
    ],
)
def test_what_is_no_number_is_refused_as_it_would_be_typed(value, shown):
    for read in (lambda: read_seconds(value, "It"), lambda: wait_seconds(value)):
        with pytest.raises(Mistake) as refused:
            read()
        assert str(refused.value).endswith(f"must be a number of seconds, not {shown}.")
    with pytest.raises(Mistake, match="must be a whole number from 1, not"):
        read_whole(value, "It")


def test_an_error_names_a_value_as_python_would_and_in_one_line():
    named = quoted([np.str_("calm"), np.float64(2.0), {"n": np.int64(3)}])
    assert named == "['calm', 2.0, {'n': 3}]"
    assert "\n" not in quoted(pd.DataFrame({"prompt": ["a", "b"]}))


def test_labels_of_any_library_are_texts_and_missing_ones_none():
    labels = read_labels(np.str_("night"), np.array(["drums", "short"]), pd.NA)
    assert (labels.name, labels.tags, labels.note) == ("night", ("drums", "short"), None)
    assert {type(each) for each in (labels.name, *labels.tags)} == {str}
    assert read_labels(math.nan, None, math.nan) == read_labels()
    with pytest.raises(Mistake, match="list of texts"):
        read_labels(tags=["drums", None])

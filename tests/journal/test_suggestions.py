"""Suggestions for completion, as the journal has them."""

from __future__ import annotations

import json

import pytest

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.suggestions import (
    LATEST,
    Suggestion,
    suggest_keys,
    suggest_names,
    suggest_outputs,
    suggest_sweeps,
    suggest_tags,
)
from support.recorded_operations import finish, record

ALIKE = ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-4fd4-a716-446655440000")
OTHER = "0a1b2c3d-0000-4000-8000-000000000000"
SONG = "create.new_song"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Four songs, two of them finished, two of them of one name."""
    journal = Journal(tmp_path_factory.mktemp("home"))
    record(journal, ALIKE[0], name="night_drive", tags=["demo", "slow"])
    finish(journal, ALIKE[0])
    record(journal, OTHER, tags=["demo"])
    record(journal, ALIKE[1], name="nacht_übung", tags=["late"])
    finish(journal, ALIKE[1])
    record(journal, "9c0ffee0-0000-4000-8000-000000000000", name="night_drive")
    journal.close()
    return journal.home


@pytest.fixture(params=[LATEST, 0], ids=["latest operations", "index"])
def latest(request):
    """Names are found among the latest operations, and along an index."""
    return request.param


@pytest.mark.parametrize(
    ("beginning", "names"),
    [
        ("", ["night_drive", "nacht_übung"]),
        ("n", ["night_drive", "nacht_übung"]),
        ("nacht", ["nacht_übung"]),
        ("drive", []),
        ("550", []),
    ],
)
def test_names_that_begin_so_are_told_newest_first(beginning, names, latest, home):
    assert [each.word for each in suggest_names(home, beginning, latest=latest)] == names


def test_a_name_is_told_with_its_newest_operation(latest, home):
    assert suggest_names(home, "night", latest=latest) == [
        Suggestion("night_drive", SONG, "submitting")
    ]


def test_only_so_many_names_are_told_the_newest_of_all(journal):
    for name in ("c", "b", "a"):
        record(journal, name=name)
    assert [each.word for each in suggest_names(journal.home, "", most=2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("beginning", "words"),
    [
        ("", ["9c0ffee0", ALIKE[1][:16], "0a1b2c3d", ALIKE[0][:16]]),
        ("55", [ALIKE[1][:16], ALIKE[0][:16]]),
        ("0a", ["0a1b2c3d"]),
        ("0a1b2c3d", [OTHER]),
        ("ff", []),
    ],
)
def test_keys_are_told_as_short_as_is_unique(beginning, words, home):
    assert [each.word for each in suggest_keys(home, beginning)] == words


def test_a_lonely_key_has_no_neighbours(journal):
    record(journal, OTHER)
    assert suggest_keys(journal.home, "") == [Suggestion("0a1b2c3d", SONG, "submitting")]


def test_the_outputs_of_a_name_or_key_are_told_with_their_seconds(home):
    assert suggest_outputs(home, ALIKE[0]) == [("1", 3.0), ("2", 3.0)]
    assert suggest_outputs(home, ALIKE[0][:16]) == [("1", 3.0), ("2", 3.0)]
    assert suggest_outputs(home, "night_drive") == [], "of the newest of that name"
    assert suggest_outputs(home, "550e8400") == [], "two keys begin so"
    assert suggest_outputs(home, "nacht_übung") == [("1", 3.0), ("2", 3.0)]


def test_tags_are_told_once_the_latest_first(home):
    assert suggest_tags(home) == ["late", "demo", "slow"]


def test_sweeps_are_told_once_the_latest_first(journal):
    for sweep in ("mood-1", "tempo-2", "tempo-2"):
        request = new_request(find_route("song"), {"lyrics": "la", "prompt": sweep})
        journal.record_all([request], [{"sweep": json.dumps({"id": sweep})}], service="sandbox")
    record(journal)
    assert suggest_sweeps(journal.home) == ["tempo-2", "mood-1"]


def test_where_there_is_no_journal_nothing_is_known(tmp_path):
    assert suggest_keys(tmp_path, "") == []


def test_a_journal_that_cannot_be_read_suggests_nothing(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"no journal at all" * 100)
    assert suggest_names(tmp_path, "") == []

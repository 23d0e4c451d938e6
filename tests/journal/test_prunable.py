"""Operations whose audio may be pruned, narrowed by age, status and rating."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.entry import microseconds
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.prunable import find_prunable
from soundpiece_nb.journal.schema import operations
from support.recorded_operations import finish, record


def make(journal):
    """Make three songs of 40, 20 and no days ago, rated 2, 4 and not, and one on its way."""
    keys = [record(journal) for _ in range(3)]
    for key, days, stars in zip(keys, (40, 20, 0), (2, 4, None), strict=True):
        finish(journal, key)
        journal.judge(key, 1, rating=stars, note=None)
        made = microseconds(datetime.now(UTC) - timedelta(days=days))
        with journal._database.write() as connection:
            connection.execute(
                update(operations)
                .where(operations.c.idempotency_key == key)
                .values(submitted_at=made)
            )
    record(journal)
    return keys


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A journal that stays as it is."""
    opened = Journal(tmp_path_factory.mktemp("home"))
    yield opened, make(opened)
    opened.close()


@pytest.mark.parametrize(
    ("filters", "places"),
    [
        ({}, [0, 1, 2]),
        ({"older_than": "30d"}, [0]),
        ({"older_than": timedelta(days=10)}, [0, 1]),
        ({"older_than": timedelta(days=50)}, []),
        ({"below_rating": 3}, [0]),
        ({"below_rating": 4}, [0]),
        ({"below_rating": 5}, [0, 1]),
        ({"status": "ready"}, [0, 1, 2]),
        ({"status": "failed"}, []),
        ({"older_than": "10d", "below_rating": 3}, [0]),
    ],
)
def test_what_has_audio_and_fits_is_found_oldest_first(filters, places, kept):
    journal, songs = kept
    found = find_prunable(journal, **filters)
    assert [entry.key for entry in found] == [songs[place] for place in places]


def test_of_those_that_are_named_only_what_fits_is_found(kept):
    journal, songs = kept
    [found] = find_prunable(journal, songs[1:], older_than="10d")
    assert found.key == songs[1]


def test_the_best_take_of_an_operation_counts(journal):
    songs = make(journal)
    journal.judge(songs[0], 2, rating=5, note=None)
    assert find_prunable(journal, below_rating=3) == []


def test_what_has_no_file_here_has_nothing_to_lose(journal):
    songs = make(journal)
    journal.check_files(songs[0])  # its files are only said to be
    assert songs[0] not in [entry.key for entry in find_prunable(journal)]


def test_a_filter_that_cannot_be_is_said(journal):
    with pytest.raises(Mistake):
        find_prunable(journal, older_than="soon")

"""The summary beneath a history, worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from soundpiece_nb.journal.entry import microseconds
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.summary import MOST_DAYS, RouteSummary, summarise
from support.recorded_operations import finish, record

SONG = "create.new_song"


def end(journal, key, began, seconds):
    """Say when an operation was submitted, and how long it took until its end."""
    submitted = microseconds(began)
    finished = None if seconds is None else submitted + int(seconds * 1e6)
    with journal._database.write() as connection:
        connection.execute(
            text(
                "UPDATE operations SET submitted_at = :submitted, finished_at = :finished"
                " WHERE idempotency_key = :key"
            ),
            {"submitted": submitted, "finished": finished, "key": key},
        )


@pytest.fixture
def made(journal):
    """Four ready songs of 10, 20, 30 and 40 s on two days, a failed and a refused one."""
    for number, seconds in enumerate((40, 10, 30, 20)):
        key = record(journal, name=f"song_{number}")
        finish(journal, key)
        hour, day = (23, 1) if number < 3 else (0, 2)
        end(journal, key, datetime(2026, 11, day, hour, 59, tzinfo=UTC), seconds)
    for note in (journal.failed, journal.rejected):
        key = record(journal)
        note(key, "402" if note == journal.rejected else "content_policy", "no")
        end(journal, key, datetime(2026, 11, 2, 12, tzinfo=UTC), 5)
    return journal


def test_everything_is_counted_by_hand(made):
    whole = summarise(made, Filter())
    assert whole.total == 6
    assert whole.statuses == {"ready": 4, "failed": 1, "rejected": 1}
    assert next(iter(whole.statuses)) == "ready", "the most frequent is first"
    assert whole.errors == {"402": 1, "content_policy": 1}
    assert whole.days == {date(2026, 11, 1): 3, date(2026, 11, 2): 3}
    # Two takes of 3 s each; of 10, 20, 30, 40 the middle is 25, nine tenths of the way 37.
    assert whole.routes == {SONG: RouteSummary(6, 24.0, 25.0, 37.0)}
    assert whole.seconds == 24.0


def test_only_what_fits_is_summed_up_whatever_page_is_asked_for(made):
    named = summarise(made, Filter(search="song_", limit=1, offset=1))
    assert (named.total, named.errors) == (4, {})
    refused = summarise(made, Filter(status="rejected"))
    assert refused.routes == {SONG: RouteSummary(1, 0.0, None, None)}
    nothing = summarise(made, Filter(name="nobody"))
    assert (nothing.total, nothing.seconds, nothing.routes, nothing.days) == (0, 0.0, {}, {})


def test_a_ready_one_whose_end_is_unknown_spoils_nothing(made):
    key = made.find("song_0")
    end(made, key, datetime(2026, 11, 1, tzinfo=UTC), None)
    route = summarise(made, Filter()).routes[SONG]
    assert (route.median, route.ninetieth) == (20.0, 28.0)


def test_the_latest_days_that_have_any_are_told(journal):
    for day in range(MOST_DAYS + 2):
        end(journal, record(journal), datetime(2026, 1 + day // 28, 1 + day % 28, tzinfo=UTC), 1)
    days = list(summarise(journal, Filter()).days)
    assert len(days) == MOST_DAYS
    assert days == sorted(days)
    assert days[0] == date(2026, 1, 3)

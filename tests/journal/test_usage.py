"""What counts for a ceiling: by day, by person, by service; and what was made lately."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.entry import microseconds
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.recent_usage import recent_usage
from soundpiece_nb.journal.schema import update_operation
from soundpiece_nb.journal.usage import Usage, midnight

SERVICE = "sandbox"


@pytest.fixture
def zone(monkeypatch):
    """Set the zone of this machine."""

    def turn(name):
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield turn
    monkeypatch.undo()
    time.tzset()


def begin(journal, *, tags=(), by="ada", service=SERVICE, **columns):
    request = new_request(find_route("fx"), {"prompt": "rain"})
    journal.record_all([request], [{"tags": tags}], service=service, made_by=by)
    columns = {"sent_at": journal.now(), **columns}
    with journal._database.write() as connection:
        connection.execute(update_operation(request.key).values(**columns))
    return request.key


def today(journal, person="ada", now=None):
    with journal._database.read() as connection:
        return Usage(connection, now or journal.now()).begun_today(SERVICE, person)


def going(journal, person="ada"):
    with journal._database.read() as connection:
        return Usage(connection, journal.now()).under_way(SERVICE, person)


def test_what_can_cost_counts_and_nothing_else(journal):
    for status in ("submitting", "processing", "ready", "queued"):  # the last is a later version's
        begin(journal, status=status)
    for status in ("rejected", "discarded", "failed"):
        begin(journal, status=status)
    begin(journal, service="https://api.soundpiece.co/v1")
    begin(journal, by="bo")
    assert (today(journal), today(journal, "bo"), today(journal, None)) == (4, 1, 5)


def test_what_an_earlier_version_wrote_down_counts_for_whoever_is_asked(journal):
    begin(journal, by=None)
    assert (today(journal), today(journal, "bo"), today(journal, None)) == (1, 1, 1)


def test_a_day_begins_at_midnight_and_ends_at_the_next(journal):
    now = journal.now()
    begun, tomorrow = midnight(now), midnight(now, 1)
    for at in (begun - 1, begun, tomorrow - 1, tomorrow, now + 10**15):
        begin(journal, submitted_at=at)
    assert today(journal) == 2, "and nothing that a wrong clock dated years ahead"


@pytest.mark.parametrize(
    ("place", "moment", "hours", "begins"),
    [
        ("UTC", "2026-11-28T12:00", 24, "2026-11-28T00:00+00:00"),
        ("America/Los_Angeles", "2026-11-28T20:00", 24, "2026-11-28T00:00-08:00"),
        ("Asia/Kathmandu", "2026-11-28T01:00", 24, "2026-11-28T00:00+05:45"),
        ("Europe/Berlin", "2026-03-29T23:30", 23, "2026-03-29T00:00+01:00"),
        ("Europe/Berlin", "2026-10-25T23:30", 25, "2026-10-25T00:00+02:00"),
        ("Africa/Cairo", "2026-04-24T12:00", 23, "2026-04-24T01:00+03:00"),  # no 00:00 that day
        ("America/Havana", "2026-11-01T12:00", 25, "2026-11-01T00:00-04:00"),  # 00:00 comes twice
        ("Pacific/Apia", "2011-12-31T12:00", 24, "2011-12-31T00:00+14:00"),  # no 30 December
    ],
)
def test_a_day_is_one_of_the_calendar_where_the_machine_is(zone, place, moment, hours, begins):
    zone(place)
    now = microseconds(datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(place)))
    assert midnight(now) == microseconds(datetime.fromisoformat(begins))
    assert midnight(now, 1) - midnight(now) == hours * 3_600_000_000


def test_under_way_is_what_is_sent_or_being_sent_and_has_not_ended(journal, tmp_path):
    begin(journal, status="processing", holder=None)
    begin(journal, sent_at=journal.now(), holder=None)  # it may have arrived
    begin(journal, sent_at=None)  # this process is about to send it
    for ended in ("ready", "failed", "rejected", "discarded"):
        begin(journal, status=ended)
    assert going(journal) == 3
    with_dead_holder = "another-boot:1/2/3.00/0011223344556677"
    begin(journal, sent_at=None, holder=with_dead_holder, held_until=journal.now() - 1)
    begin(journal, sent_at=None, holder=None)
    assert going(journal) == 3, "nobody is about to send those"
    begin(journal, by="bo")
    assert (going(journal, "bo"), going(journal, None)) == (1, 4)


def test_what_was_made_lately_is_told_by_person_and_tag(journal):
    now = journal.now()
    begin(journal, tags=["demo", "rain"], cost="3 credits")
    begin(journal, tags=["demo"], by="bo", cost="3 credits")
    begin(journal, by="bo", submitted_at=midnight(now, -6))
    begin(journal, submitted_at=midnight(now, -6) - 1, tags=["long ago"])
    begin(journal, status="failed", tags=["failed"])
    begin(journal, sent_at=None, tags=["never sent"])
    made = recent_usage(journal, SERVICE, Filter())
    assert (made.today, made.days) == (2, 3)
    assert made.people == {"bo": 2, "ada": 1}
    assert made.tags == {"demo": 2, "rain": 1}
    assert made.costs == {"3 credits": 2}
    only = recent_usage(journal, SERVICE, Filter(tag="rain"))
    assert (only.today, only.people) == (1, {"ada": 1})
    assert recent_usage(journal, "elsewhere", Filter()).days == 0


def test_a_damaged_row_stops_no_count(journal):
    begin(journal, tags=["demo"])
    for name, value in (("tags", "{"), ("tags", "7"), ("tags", b"\xff"), ("made_by", b"\xff")):
        key = begin(journal, cost=3)
        with journal._database.write() as connection:
            changed = f"UPDATE operations SET {name} = ? WHERE idempotency_key = ?"  # noqa: S608
            connection.exec_driver_sql(changed, (value, key))
    made = recent_usage(journal, SERVICE, Filter())
    assert (made.today, made.tags) == (5, {"demo": 1})
    assert today(journal, None) == 5


def test_an_earlier_journal_counts_what_it_holds_from_today(tmp_path):
    import sqlite3
    from pathlib import Path

    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with sqlite3.connect(home / "journal.sqlite") as old:
        old.executescript((Path(__file__).parent / "schema-5.sql").read_text())
        now = microseconds(datetime.now(UTC))
        old.execute("UPDATE operations SET submitted_at = ?", (now,))
        unknown = old.execute("UPDATE operations SET service = ? RETURNING status", (SERVICE,))
        number = sum(status in ("submitting", "processing", "ready") for (status,) in unknown)
    old.close()
    journal = Journal(home)
    assert today(journal, "whoever") == number > 0
    assert recent_usage(journal, SERVICE, Filter()).people == {"somebody": number}
    journal.close()


def test_a_week_is_seven_days_also_where_the_clock_was_turned(zone):
    zone("Europe/Berlin")
    now = microseconds(datetime(2026, 3, 30, 12, tzinfo=ZoneInfo("Europe/Berlin")))
    week = timedelta(microseconds=midnight(now, 1) - midnight(now, -6))
    assert week == timedelta(days=7, hours=-1)

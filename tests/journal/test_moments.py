"""Moments as people say them, in whatever time zone and on whatever day."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.moments import read_since, reads_as_moment

SATURDAY = datetime(2026, 11, 28, 15, 0, tzinfo=UTC)


@pytest.fixture
def in_zone(monkeypatch):
    """Put this process into a time zone."""

    def move(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield move
    monkeypatch.undo()
    time.tzset()


def said(text: str, now: datetime = SATURDAY) -> str:
    """Return the moment that is meant, as a clock on the wall shows it."""
    return f"{read_since(text, now).astimezone():%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("today", "2026-11-28 00:00"),
        ("Yesterday", "2026-11-27 00:00"),
        ("the day before yesterday", "2026-11-26 00:00"),
        ("this week", "2026-11-23 00:00"),
        ("LAST  week", "2026-11-16 00:00"),
        ("this month", "2026-11-01 00:00"),
        ("last month", "2026-10-01 00:00"),
        ("this year", "2026-01-01 00:00"),
        ("last year", "2025-01-01 00:00"),
        ("monday", "2026-11-23 00:00"),
        ("since monday", "2026-11-23 00:00"),
        ("on tuesday", "2026-11-24 00:00"),
        ("fri", "2026-11-27 00:00"),
        ("saturday", "2026-11-28 00:00"),
        ("last saturday", "2026-11-21 00:00"),
        ("last sunday", "2026-11-22 00:00"),
        ("noon", "2026-11-28 12:00"),
        ("midnight", "2026-11-28 00:00"),
        ("14:30", "2026-11-28 14:30"),
        ("at 9:30", "2026-11-28 09:30"),
        ("16:00", "2026-11-27 16:00"),  # the latest that has been
        ("yesterday 14:30", "2026-11-27 14:30"),
        ("yesterday at noon", "2026-11-27 12:00"),
        ("last monday at 8:00", "2026-11-23 08:00"),
        ("2 days ago at noon", "2026-11-26 12:00"),
        ("a month ago at 9:00", "2026-10-28 09:00"),
        ("2pm", "2026-11-28 14:00"),
        ("monday 12 am", "2026-11-23 00:00"),
        ("now", "2026-11-28 15:00"),
        ("1h30m", "2026-11-28 13:30"),
        ("2d12h", "2026-11-26 03:00"),
        ("3h", "2026-11-28 12:00"),
        ("90m", "2026-11-28 13:30"),
        ("1w", "2026-11-21 15:00"),
        ("1.5h", "2026-11-28 13:30"),
        ("2 days", "2026-11-26 15:00"),
        ("2 days ago", "2026-11-26 15:00"),
        ("2d ago", "2026-11-26 15:00"),
        ("an hour ago", "2026-11-28 14:00"),
        ("a week ago", "2026-11-21 15:00"),
        ("two weeks", "2026-11-14 15:00"),
        ("last 24 hours", "2026-11-27 15:00"),
        ("the last 3 days", "2026-11-25 15:00"),
        ("in the past two hours", "2026-11-28 13:00"),
        ("last hour", "2026-11-28 14:00"),
        ("past week", "2026-11-21 15:00"),
        ("3 months", "2026-08-28 15:00"),
        ("9 months ago", "2026-02-28 15:00"),
        ("2 years ago", "2024-11-28 15:00"),
        ("2026-11", "2026-11-01 00:00"),
        ("2026", "2026-01-01 00:00"),
        ("2026-11-26", "2026-11-26 00:00"),
        ("2026-11-26 14:30", "2026-11-26 14:30"),
        ("26.11.2026", "2026-11-26 00:00"),
        ("11/26/2026", "2026-11-26 00:00"),
        ("5/5/2026", "2026-05-05 00:00"),
        ("november", "2026-11-01 00:00"),
        ("in may", "2026-05-01 00:00"),
        ("december", "2025-12-01 00:00"),
        ("26 november", "2026-11-26 00:00"),
        ("Nov 26th, 2025", "2025-11-26 00:00"),
        ("29. November", "2025-11-29 00:00"),
    ],
)
def test_a_moment_is_read_as_it_is_said(in_zone, text, moment):
    in_zone("UTC")
    assert said(text) == moment
    assert reads_as_moment(text)


@pytest.mark.parametrize(
    "text",
    "soon later tomorrow week last 5 am as mo ju 25:00 12:60 32.13.2026 29/02/2025 mai"
    " 1.5_months next_week last_night last_november the_other_day 400000_weeks 99999_years"
    " 0-0-2026 two monday_tuesday yesterday_yesterday 13pm 0am"
    " 2_hours_ago_at_noon 2026-13 -2d 1e3d ٣x".split(),
)
def test_what_is_not_understood_is_refused_with_what_is(text):
    text = text.replace("_", " ")
    assert not reads_as_moment(text)
    with pytest.raises(Mistake, match="is no time") as caught:
        read_since(text)
    assert str(caught.value).endswith(
        "say an age such as 90m, 2d or 3 weeks ago, a day such as yesterday, monday or last week, "
        "or a date, the year first, such as 2026-11-26."
    )


@pytest.mark.parametrize(
    ("text", "way_out"),
    [
        ("05.11.2026", "Say 2026-05-11 or 2026-11-05."),
        ("5/11/2026", "Say 2026-05-11 or 2026-11-05."),
        ("5-11-2026 14:30", "Say 2026-05-11 or 2026-11-05."),
        ("26.11.26", "Say the year first: 2026-11-26."),
        ("yesterdya", "(did you mean `yesterday`?)"),
        ("wensday", "(did you mean `wednesday`?)"),
    ],
)
def test_what_may_be_two_days_is_not_guessed(text, way_out):
    with pytest.raises(Mistake) as caught:
        read_since(text)
    assert way_out in str(caught.value)


@pytest.mark.parametrize(
    ("zone", "now", "text", "moment"),
    [
        # the day begins where one is
        ("Asia/Tokyo", "2026-11-28T15:30", "today", "2026-11-28T15:00"),
        ("America/Los_Angeles", "2026-11-28T07:30", "today", "2026-11-27T08:00"),
        ("Pacific/Kiritimati", "2026-11-30T09:00", "monday", "2026-11-29T10:00"),
        # summer time ends on 25 October, and begins on 29 March
        ("Europe/Berlin", "2026-10-26T12:00", "yesterday", "2026-10-24T22:00"),
        ("Europe/Berlin", "2026-10-26T12:00", "48 hours", "2026-10-24T12:00"),
        ("Europe/Berlin", "2026-11-01T12:00", "last month", "2026-09-30T22:00"),
        ("Europe/Berlin", "2026-11-01T12:00", "1 month", "2026-10-01T11:00"),
        ("Europe/Berlin", "2026-10-25T12:00", "2:30", "2026-10-25T00:30"),  # the first of two
        ("Europe/Berlin", "2026-03-29T12:00", "2:30", "2026-03-29T01:30"),  # there is none
        # where summer time begins at midnight, the day begins at one
        ("America/Havana", "2026-03-08T18:00", "today", "2026-03-08T05:00"),
        ("Asia/Kathmandu", "2026-11-28T15:00", "noon", "2026-11-28T06:15"),
    ],
)
def test_words_are_local_time(in_zone, zone, now, text, moment):
    in_zone(zone)
    read = read_since(text, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert read == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_no_day_of_the_year_is_read_as_one_to_come(in_zone):
    """What is said of the past is never later than now, whatever day it is said on."""
    texts = (
        *("today", "yesterday", "this week", "last week", "this month", "last month", "monday"),
        *("last sunday", "noon", "23:59", "1 month", "3 months ago", "february", "31 december"),
    )
    in_zone("Europe/Berlin")
    for days, text in product(range(366), texts):
        now = datetime(2027, 12, 31, 11, 30, tzinfo=UTC) + timedelta(days=days)
        assert read_since(text, now) <= now, (now, text)


def test_words_are_the_same_in_every_locale():
    code = (
        "import locale; from contextlib import suppress\n"
        "for name in ('de_DE.UTF-8', 'C.UTF-8', ''):\n"
        "    with suppress(locale.Error): locale.setlocale(locale.LC_ALL, name)\n"
        "from soundpiece_nb.journal.moments import read_since\n"
        "print([read_since(each).isoformat() for each in ('may 2026', '2026-05')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.strip(" []\n").split(", ")
    assert first == second

"""Moments as people say them: `2d`, `last week`, `monday`, `yesterday 14:00`, `26 november`.

A table of our own and not a library: dateparser 1.5 reads `10` as a day of last month, and
`05.11.2026` as one in May; parsedatetime 2.6 reads `monday` as the one to come. They take 310 and
85 ms to import. What is not in the table is refused. All is read in the local time zone, with its
daylight saving; weeks begin on Monday (ISO 8601).
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.plain_values import unwrap
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import quoted

MOST_WORDS = 5
"""Words that one moment is said in at most: `since last monday at noon`."""
_FEWEST_LETTERS = 3
"""Letters of a weekday or month that are enough: `mon`, `nov`."""
_FIRST_YEAR = 1000
"""Years below are of two digits, and might be a day or a month."""
_MUCH_ALIKE = 0.8
"""The likeness from which another word is offered: `next week` is not meant by `this week`."""

_UNITS = {
    "seconds": "s sec secs second seconds",
    "minutes": "m min mins minute minutes",
    "hours": "h hr hrs hour hours",
    "days": "d day days",
    "weeks": "w wk wks week weeks",
    "months": "month months",
    "years": "y yr yrs year years",
}
_UNIT_OF = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_NUMBER_OF = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "eleven": 11,
    "twelve": 12,
}
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_NOON = 12
_OF_DAYS = ("days", "weeks", "months", "years")

_AGE = re.compile(
    r"(?:(?:in )?(?:the )?(?:last|past) )?"
    rf"(?:(?P<digits>\d+(?:\.\d+)?)\s*|(?P<word>{'|'.join(_NUMBER_OF)}) )"
    rf"(?P<unit>{'|'.join(sorted(_UNIT_OF, key=len, reverse=True))})(?: ago)?"
)
_ONE_UNIT = re.compile(r"(?:past|last(?= (?:second|minute|hour|day)\b)) (?P<unit>[a-z]+)")
_AGES = re.compile(r"(?:\d+[smhdw]){2,}")
_WITH_CLOCK = re.compile(
    r"(?:(?:at )?|(?P<day>.+?)(?: at)? )(?P<clock>noon|midnight"
    r"|(?P<hour>\d{1,2}):(?P<minute>\d\d)|(?P<hour12>\d{1,2}) ?(?P<half>[ap]m))"
)
_SIGNED_DAY = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{4}|\d{2})")
_NAMED_DAY = re.compile(
    r"(?:(?P<day>\d{1,2})(?:st|nd|rd|th|\.)? )?(?P<month>[a-z]+)\.?"
    r"(?: (?P<behind>\d{1,2})(?:st|nd|rd|th)?,?)?(?: (?P<year>\d{4}))?"
)
_EXAMPLES = (
    "yesterday", "today", "last week", "this week", "last month", "this month", "last year",
    "this year", "noon", "an hour ago", "2 days ago", *_WEEKDAYS,
)  # fmt: skip


def read_since(since: str | date | timedelta, now: datetime | None = None) -> datetime:
    """Return the moment meant by a time, a day, an age, or text such as `2d` or `last week`.

    A time without a zone is local; a week, month or day is its beginning, a weekday the latest
    one, today too. Raises Mistake for anything else.
    """
    try:
        return _moment(since, datetime.now(UTC) if now is None else now)
    except (ValueError, OverflowError, AttributeError, TypeError):
        meant = did_you_mean(since, _EXAMPLES, least=_MUCH_ALIKE)
        raise Mistake(
            f"{quoted(since)} is no time{meant}: say an age such as 90m, 2d or 3 weeks ago, a day "
            "such as yesterday, monday or last week, or a date, the year first, such as 2026-11-26."
        ) from None


def reads_as_moment(text: str) -> bool:
    """Tell whether a text is a moment in words or an age, or a date."""
    try:
        _moment(text, datetime.now(UTC))
    except (Mistake, ValueError, OverflowError):
        return False
    return True


def _moment(since: Any, now: datetime) -> datetime:
    since = unwrap(since)
    if hasattr(since, "to_pydatetime"):  # a Timestamp of pandas does not convert from local time
        since = since.to_pydatetime()
    if getattr(since, "ndim", None) == 0:  # a moment of numpy, in whatever unit
        since = since.astype("datetime64[us]").item()
    match since:
        case timedelta():
            return now - since
        case datetime():
            return _in_utc(since)
        case date():
            return _in_utc(datetime.combine(since, time()))
    with suppress(ValueError):
        return _in_utc(datetime.fromisoformat(since.strip()))
    return _in_utc(_said(" ".join(since.lower().split()).removeprefix("since "), now))


def _in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one without a zone is local.

    `timestamp` reads a clock that was skipped, as midnight is where summer time begins then, by
    the time before; `astimezone` would name a moment an hour earlier, of the day before.
    """
    if moment.tzinfo is None:
        return datetime.fromtimestamp(moment.timestamp(), UTC)
    return moment.astimezone(UTC)


def _said(words: str, now: datetime) -> datetime:
    """Return the moment that words mean; raises ValueError, or Mistake for two meanings."""
    if (aged := _aged(words, now)) is not None:
        return aged
    here = now.astimezone()
    with suppress(ValueError):
        return datetime.combine(_day(words, here.date()), time())
    found = _WITH_CLOCK.fullmatch(words)
    if found is None:
        raise ValueError(words)
    if found["day"]:
        age = _AGE.fullmatch(found["day"])
        of_days = age is not None and _UNIT_OF[age["unit"]] in _OF_DAYS
        then = _before(now, age).astimezone() if age and of_days else None
        day = then.date() if then else _day(found["day"], here.date())
        return datetime.combine(day, _clock(found))
    said = datetime.combine(here.date(), _clock(found))
    return said if said <= here.replace(tzinfo=None) else said - timedelta(days=1)


def _aged(words: str, now: datetime) -> datetime | None:
    """Return the moment of an age, such as `2d`, `1h30m` or `last hour`; None for other words."""
    if words == "now":
        return now
    if one := _ONE_UNIT.fullmatch(words):
        words = f"1 {one['unit']}"
    if _AGES.fullmatch(words):
        parts = re.findall(r"(\d+)(\w)", words)
        return now - sum((timedelta(**{_UNIT_OF[u]: int(n)}) for n, u in parts), timedelta())
    age = _AGE.fullmatch(words)
    return None if age is None else _before(now, age)


def _clock(found: re.Match[str]) -> time:
    """Return the time of `noon`, `14:30` or `5pm`; raises ValueError for one that no clock has."""
    if found["half"]:
        hour = int(found["hour12"])
        if not 1 <= hour <= _NOON:
            raise ValueError(hour)
        return time(hour % _NOON + (_NOON if found["half"] == "pm" else 0))
    if found["hour"]:
        return time(int(found["hour"]), int(found["minute"]))
    return time(_NOON if found["clock"] == "noon" else 0)


def _before(now: datetime, age: re.Match[str]) -> datetime:
    """Return the moment so many units before; months and years by the calendar."""
    number, unit = float(age["digits"] or _NUMBER_OF[age["word"]]), _UNIT_OF[age["unit"]]
    if unit not in ("months", "years"):
        return now - timedelta(**{unit: number})
    if not number.is_integer():
        raise ValueError(number)
    here = now.astimezone()
    months = here.year * 12 + here.month - 1 - int(number) * (12 if unit == "years" else 1)
    year, month = divmod(months, 12)
    day = min(here.day, calendar.monthrange(year, month + 1)[1])
    return here.replace(year=year, month=month + 1, day=day, tzinfo=None)


def _day(words: str, today: date) -> date:
    """Return the day that words mean, or the first of a week, month or year; raises ValueError."""
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    days = {
        "today": today,
        "yesterday": today - timedelta(days=1),
        "the day before yesterday": today - timedelta(days=2),
        "day before yesterday": today - timedelta(days=2),
        "this week": monday,
        "last week": monday - timedelta(weeks=1),
        "this month": first,
        "last month": (first - timedelta(days=1)).replace(day=1),
        "this year": first.replace(month=1),
        "last year": first.replace(year=today.year - 1, month=1),
    }
    if words in days:
        return days[words]
    name = words.removeprefix("last ").removeprefix("on ")
    if (weekday := _place(name, _WEEKDAYS)) is not None:
        back = (today.weekday() - weekday) % 7
        return today - timedelta(days=back or (7 if words.startswith("last ") else 0))
    if match := re.fullmatch(r"((?:19|20)\d\d)(?:-(\d\d))?", words):
        return date(int(match[1]), int(match[2] or 1), 1)
    if match := _SIGNED_DAY.fullmatch(words):
        return _of_numbers(words, *map(int, match.groups()))
    return _of_month(words.removeprefix("in "), today)


def _place(word: str, names: Sequence[str]) -> int | None:
    """Return the place of a weekday or month that is named whole or by three letters or more."""
    found = [n for n, name in enumerate(names) if name.startswith(word)]
    return found[0] if len(found) == 1 and len(word) >= _FEWEST_LETTERS else None


def _of_numbers(words: str, one: int, two: int, year: int) -> date:
    """Return the day of three numbers that can be read in one order alone; raises Mistake."""
    if year < _FIRST_YEAR:
        raise Mistake(f"{quoted(words)} has no whole year.", next="Say the year first: 2026-11-26.")
    readings = set[date]()
    for month, day in ((one, two), (two, one)):
        with suppress(ValueError):
            readings.add(date(year, month, day))
    if len(readings) > 1:
        either = " or ".join(sorted(map(str, readings)))
        raise Mistake(f"{quoted(words)} may be either of two days.", next=f"Say {either}.")
    return next(iter(readings)) if readings else date(0, 1, 1)  # which raises ValueError


def _of_month(words: str, today: date) -> date:
    """Return the day of `26 november`, or the first of a month: of this year, or of the last."""
    match = _NAMED_DAY.fullmatch(words)
    month = None if match is None else _place(match["month"], _MONTHS)
    if match is None or month is None or (match["day"] and match["behind"]):
        raise ValueError(words)
    day = int(match["day"] or match["behind"] or 1)
    if match["year"]:
        return date(int(match["year"]), month + 1, day)
    this_year = today.year if (month + 1, day) <= (today.month, today.day) else today.year - 1
    return date(this_year, month + 1, day)

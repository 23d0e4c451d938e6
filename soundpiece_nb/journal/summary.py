"""The summary of a history: how many operations, their ends, their times, seconds of audio."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from soundpiece_nb.shown_text import label

from .filters import Filter
from .journal import Journal
from .row_reading import EARLIEST, EPOCH, LARGEST, LATEST
from .schema import operations

MOST_DAYS = 30
DAY = 86_400_000_000
"""Microseconds of a day."""
LONGEST = 1_000 * DAY
"""Microseconds that no operation takes."""


@dataclass(frozen=True)
class RouteSummary:
    """The `seconds` of audio of one route, and the seconds from submission until ready.

    `median` and `ninetieth` percentile of the latter are None where nothing is ready.
    """

    count: int
    seconds: float
    median: float | None
    ninetieth: float | None


@dataclass(frozen=True)
class Summary:
    """The operations that fit a filter, by status, route, error code and day (UTC)."""

    total: int
    statuses: dict[str, int]
    routes: dict[str, RouteSummary]
    errors: dict[str, int]
    days: dict[date, int]
    """The last 30 days that have any, oldest first."""
    seconds: float
    """Seconds of audio in all."""


def summarise(journal: Journal, wanted: Filter) -> Summary:
    """Sum up all operations that fit, whatever page is asked for; raises Mistake."""
    statuses, routes, errors = Counter[str](), Counter[str](), Counter[str]()
    days = Counter[int]()
    seconds: dict[str, float] = defaultdict(float)
    took: dict[str, list[int]] = defaultdict(list)
    for *kind, count, audio, made_on, spans in journal.rows(_sums(journal, wanted)):
        route, status, error = (label(word or "") for word in kind)
        statuses[status] += count
        routes[route] += count
        seconds[route] += audio if audio and 0 < audio <= LARGEST else 0.0
        if error:
            errors[error] += count
        days.update(
            day for day in json.loads(made_on) if _is_between(day, EARLIEST // DAY, LATEST // DAY)
        )
        if status == "ready":
            took[route] += [each for each in json.loads(spans) if _is_between(each, 0, LONGEST)]
    return Summary(
        total=statuses.total(),
        statuses=dict(statuses.most_common()),
        routes={
            route: RouteSummary(count, seconds[route], *_middle_and_ninetieth(took[route]))
            for route, count in routes.most_common()
        },
        errors=dict(errors.most_common()),
        days={EPOCH.date() + timedelta(days=day): days[day] for day in sorted(days)[-MOST_DAYS:]},
        seconds=sum(seconds.values()),
    )


def _sums(journal: Journal, wanted: Filter) -> Any:
    """Return the SELECT of sums over all that fit, a row for each route, status and error.

    They come in the order of `operations_listed`, so one pass over that index is enough.
    """
    column = operations.c
    kind = (column.route, column.status, column.error_code)
    sums = (
        func.count(),
        func.sum(column.duration),
        func.json_group_array(column.submitted_at // DAY),
        func.json_group_array(column.finished_at - column.submitted_at),
    )
    return journal.narrow(select(*kind, *sums), wanted).group_by(*kind)


def _is_between(value: object, least: int, most: int) -> bool:
    """Tell whether a value is a number that a damaged row would not hold."""
    return isinstance(value, int | float) and least <= value <= most


def _middle_and_ninetieth(spans: list[int]) -> tuple[float | None, float | None]:
    """Return the median and the 90th percentile (linear between neighbours) in seconds."""
    if not spans:
        return None, None
    import numpy as np

    middle, ninetieth = np.quantile(spans, (0.5, 0.9), method="linear") / 1e6
    return float(middle), float(ninetieth)

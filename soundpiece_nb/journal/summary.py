"""What a history comes to: how many, how they ended, how long they took, how much sound."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import Integer, cast, func, select

from .filters import Filter, unindexed
from .journal import Journal
from .schema import operations

MOST_DAYS = 30
DAY = 86_400_000_000
"""Microseconds of a day."""


@dataclass(frozen=True)
class RouteSummary:
    """What one route made: `seconds` of audio, and how many seconds until it was ready.

    `median` and `ninetieth` percentile are None where nothing is ready.
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
    """Of audio in all."""


def summarise(journal: Journal, wanted: Filter) -> Summary:
    """Sum up all operations that fit, whatever page is asked for; raises Mistake."""
    column = operations.c
    groups = journal.rows(
        wanted.apply(
            select(
                column.route,
                column.status,
                column.error_code,
                func.count(),
                func.sum(column.duration),
            )
        ).group_by(column.route, column.status, column.error_code)
    )
    statuses, routes, errors = Counter[str](), Counter[str](), Counter[str]()
    seconds: dict[str, float] = defaultdict(float)
    for route, status, error, count, audio in groups:
        statuses[status] += count
        routes[route] += count
        seconds[route] += audio or 0.0
        if error:
            errors[error] += count
    took = _seconds_to_ready(journal, wanted)
    return Summary(
        total=statuses.total(),
        statuses=dict(statuses.most_common()),
        routes={
            route: RouteSummary(count, seconds[route], *_middle_and_ninetieth(took[route]))
            for route, count in routes.most_common()
        },
        errors=dict(errors.most_common()),
        days=_days(journal, wanted),
        seconds=sum(seconds.values()),
    )


def _seconds_to_ready(journal: Journal, wanted: Filter) -> dict[str, list[float]]:
    """Return how long the operations of each route took until they were ready."""
    gathered = func.json_group_array(operations.c.elapsed / 1e6)
    route = unindexed("route")
    chosen = select(route, gathered).where(operations.c.elapsed.is_not(None))
    ready = chosen.where(unindexed("status") == "ready").group_by(route)
    took = {route: json.loads(seconds) for route, seconds in journal.rows(wanted.apply(ready))}
    return defaultdict(list, took)


def _middle_and_ninetieth(seconds: list[float]) -> tuple[float | None, float | None]:
    """Return the median and the 90th percentile (linear between neighbours)."""
    if not seconds:
        return None, None
    import numpy as np

    middle, ninetieth = np.quantile(seconds, (0.5, 0.9), method="linear")
    return float(middle), float(ninetieth)


def _days(journal: Journal, wanted: Filter) -> dict[date, int]:
    day = cast(operations.c.submitted_at / DAY, Integer).label("day")
    latest = journal.rows(
        wanted.apply(select(day, func.count())).group_by(day).order_by(day.desc()).limit(MOST_DAYS)
    )
    return {
        datetime.fromtimestamp(number * DAY / 1e6, UTC).date(): count
        for number, count in reversed(latest)
    }

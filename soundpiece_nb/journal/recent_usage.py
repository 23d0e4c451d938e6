"""Recent usage: what was begun in the last days, by whom, with which tags, and what it cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select

from .filters import Filter
from .journal import Journal
from .row_reading import Row
from .schema import operations
from .usage import begun, midnight

DAYS = 7
"""Days that count as recent: today and the six before it."""
SOMEBODY = "somebody"
"""The name for the makers of what an earlier version wrote down."""


@dataclass(frozen=True)
class RecentUsage:
    """The operations that were sent to a service lately, of those that can cost."""

    today: int = 0
    days: int = 0
    """Those of the last seven days."""
    people: Mapping[str, int] = field(default_factory=dict)
    """Those of the seven days by who made them, the most first."""
    tags: Mapping[str, int] = field(default_factory=dict)
    """Those of the seven days by tag, the most first."""
    costs: Mapping[str, int] = field(default_factory=dict)
    """Those of the seven days by what the service says that they cost, where it says it."""


def recent_usage(
    journal: Journal, service: str, wanted: Filter, now: int | None = None
) -> RecentUsage:
    """Count what fits a filter and was sent in the last seven days; raises Mistake.

    Only the rows of those days are read. `now` is in microseconds.
    """
    now = journal.now() if now is None else now
    column = operations.c
    kind = (column.submitted_at >= midnight(now), column.made_by, column.tags, column.cost)
    sent = (column.status != "submitting") | column.sent_at.is_not(None)
    counted = select(*kind, func.count()).where(begun(service, now, days=DAYS), sent)
    days, people, tags, costs = Counter[bool](), Counter[str](), Counter[str](), Counter[str]()
    for is_todays, person, listed, cost, count in journal.rows(
        journal.narrow(counted, wanted).group_by(*kind)
    ):
        days[bool(is_todays)] += count
        people[person if isinstance(person, str) else SOMEBODY] += count
        tags.update(dict.fromkeys(Row({"tags": listed}).texts("tags"), count))
        if isinstance(cost, str):
            costs[cost] += count
    by_number = (dict(each.most_common()) for each in (people, tags, costs))
    return RecentUsage(days[True], days.total(), *by_number)

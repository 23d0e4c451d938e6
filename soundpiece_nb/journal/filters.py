"""Which operations are meant: the filters of the history, run in the database."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, or_

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import find_route

from .entry import STATUSES, microseconds
from .schema import operations

MOST_ROWS = 1_000_000

_SEARCHED = ("name", "prompt", "lyrics", "note")
_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What to show: all that is given has to fit. `since` is a time, an age or text like `2d`."""

    route: str | None = None
    status: str | None = None
    since: str | datetime | timedelta | None = None
    search: str | None = None
    tag: str | None = None
    limit: int | None = None

    def apply(self, statement: Select[Any]) -> Select[Any]:
        """Narrow a SELECT over the operations; raises Mistake for a filter that cannot be."""
        if self.limit is not None and not (
            isinstance(self.limit, int) and 1 <= self.limit <= MOST_ROWS
        ):
            raise Mistake(f"The number of operations goes from 1 to {MOST_ROWS}.")
        for name in ("route", "status", "search", "tag"):
            if not isinstance(getattr(self, name), str | None):
                raise Mistake(f"The filter {name} takes text; {getattr(self, name)!r} is none.")
        if self.route is not None:
            statement = statement.where(operations.c.route == find_route(self.route).path)
        if self.status is not None:
            if self.status not in STATUSES:
                known = ", ".join(STATUSES)
                raise Mistake(f"There is no status {self.status!r}; there are {known}.")
            statement = statement.where(operations.c.status == self.status)
        if self.since is not None:
            earliest = microseconds(read_since(self.since))
            statement = statement.where(operations.c.submitted_at >= earliest)
        if self.search is not None:
            columns = [operations.c[name] for name in _SEARCHED]
            found = [column.icontains(self.search, autoescape=True) for column in columns]
            statement = statement.where(or_(*found))
        if self.tag is not None:
            tag = json.dumps(self.tag)
            statement = statement.where(operations.c.tags.contains(tag, autoescape=True))
        return statement.limit(self.limit)


def read_since(since: str | datetime | timedelta) -> datetime:
    """Return the moment meant by a time, an age, or text: `90m`, `2d`, `2026-11-01`."""
    try:
        if isinstance(since, timedelta):
            return datetime.now(UTC) - since
        if isinstance(since, datetime):
            return since.astimezone(UTC)
        age = _AGE.fullmatch(since.strip())
        if age:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: float(age[1])})
        return datetime.fromisoformat(since).astimezone(UTC)
    except (ValueError, OverflowError, AttributeError):
        raise Mistake(
            f"{since!r} is no time: say an age such as 90m, 12h or 2d, or a date."
        ) from None

"""Usage: how many operations that can cost were begun today, and how many are under way.

Counted are those at one service. What was refused, failed or was dropped costs nothing, and does
not count. A day is one of this machine's calendar.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, time, timedelta

from sqlalchemy import ColumnElement, Connection, func, select, true

from .entry import microseconds
from .lease import is_held
from .row_reading import EPOCH
from .schema import NEVER_LEFT, operations

FREE = ("rejected", "discarded", "failed")
"""The statuses of operations that nothing was made of."""
BEGINNING = 10_000_000
"""Microseconds in which what was written down is handed to its engine."""
_COLUMN = operations.c


class Usage:
    """Counts of the journal at a moment, in microseconds, over one connection.

    A person is `made_by`; None is everybody who shares the journal. Of an operation that an earlier
    version wrote down it is not known who made it, and it counts for whoever is asked about.
    """

    def __init__(self, connection: Connection, now: int) -> None:
        self._connection = connection
        self._now = now

    def begun_today(self, service: str, person: str | None) -> int:
        """Return how many operations were begun since midnight; reads only their rows."""
        wanted = select(func.count()).select_from(operations)
        wanted = wanted.where(begun(service, self._now), _is_of(person))
        return int(self._connection.execute(wanted).scalar_one())

    def under_way(
        self, service: str, person: str | None, *, holder: str = "", carried: Iterable[str] = ()
    ) -> int:
        """Return how many operations are sent or being sent, and have not ended.

        One that was never sent, and that no living process is about to send, is not among them;
        nor what this `holder` has held back: it is not among the keys that are `carried` here.
        """
        here = func.json_each(json.dumps(list(carried))).table_valued("value")
        held_back = (
            NEVER_LEFT
            & (func.coalesce(_COLUMN.holder, "") == holder)
            & (_COLUMN.submitted_at < self._now - BEGINNING)
            & _COLUMN.idempotency_key.not_in(select(here.c.value))
        )
        wanted = (
            select(NEVER_LEFT, _COLUMN.holder, func.max(_COLUMN.held_until), func.count())
            .where(_COLUMN.status.in_(("submitting", "processing")), _COLUMN.service == service)
            .where(_is_of(person), ~held_back)
            .group_by(NEVER_LEFT, _COLUMN.holder)
        )
        return sum(
            count
            for unsent, its_holder, until, count in self._connection.execute(wanted)
            if not unsent or is_held(its_holder, until, self._now)
        )


def begun(service: str, now: int, *, days: int = 1) -> ColumnElement[bool]:
    """Return the condition of what was begun today, or in so many days with it, and can cost.

    What a wrong clock dated into the future counts on its own day.
    """
    since, until = midnight(now, 1 - days), midnight(now, 1)
    between = (_COLUMN.submitted_at >= since) & (_COLUMN.submitted_at < until)
    return between & (_COLUMN.service == service) & _COLUMN.status.not_in(FREE)


def midnight(now: int, days: int = 0) -> int:
    """Return the beginning of the local day that is so many days from now, in microseconds.

    Where the clock is turned at midnight, there may be two on the day, or none.
    """
    day = (EPOCH + timedelta(microseconds=now)).astimezone().date() + timedelta(days=days)
    twice = [datetime.combine(day, time(fold=fold)).astimezone() for fold in (0, 1)]
    return microseconds(next((each for each in twice if each.date() == day), twice[1]))


def _is_of(person: str | None) -> ColumnElement[bool]:
    return func.coalesce(_COLUMN.made_by, person) == person if person else true()

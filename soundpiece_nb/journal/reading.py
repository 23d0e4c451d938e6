"""What is asked of the journal: one operation, many of them, which one is meant, how many."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, or_, select, text

from soundpiece_nb.api.errors import Mistake

from .database import Database
from .entry import Entry, read_entry
from .filters import Filter
from .glance import UNFINISHED
from .schema import operations, takes

_MOST_CANDIDATES = 5
_FEWEST_TO_TELL = 3


class Reading:
    """Everything that changes nothing; safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def entry(self, key: str) -> Entry:
        """Return one operation; raises KeyError for a key that is not there."""
        rows = self.select(select(operations).where(operations.c.idempotency_key == key))
        if not rows:
            raise KeyError(key)
        of_it = select(takes).where(takes.c.idempotency_key == key).order_by(takes.c.take)
        return read_entry(rows[0], self.select(of_it))

    def entries(self, wanted: Filter) -> list[Entry]:
        """Return the operations that fit, newest first; raises Mistake for an unusable filter."""
        newest_first = select(operations).order_by(
            operations.c.submitted_at.desc(), operations.c.idempotency_key
        )
        rows = self.select(wanted.apply(newest_first))
        keys = [row["idempotency_key"] for row in rows]
        of_them = select(takes).where(takes.c.idempotency_key.in_(keys)).order_by(takes.c.take)
        found: dict[str, list[Mapping[str, Any]]] = {key: [] for key in keys}
        for take in self.select(of_them):
            found[take["idempotency_key"]].append(take)
        return [read_entry(row, found[row["idempotency_key"]]) for row in rows]

    def find(self, wanted: str) -> str:
        """Return the key that a name, a key, its unique beginning or an operation id means.

        A name means the newest operation of that name. Raises Mistake where nothing or more
        than one thing fits.
        """
        if not isinstance(wanted, str):
            raise Mistake(f"A name or key is text; {wanted!r} is none.")
        column = operations.c.idempotency_key
        with self._database.read() as connection:
            by_name = connection.scalar(
                select(column)
                .where((operations.c.name == wanted) | (operations.c.operation_id == wanted))
                .order_by(operations.c.submitted_at.desc())
                .limit(1)
            )
            if by_name is not None:
                return str(by_name)
            beginning = wanted.lower()
            candidates = connection.scalars(
                select(column)
                .where(column >= beginning, column < beginning + "\x7f")
                .limit(_MOST_CANDIDATES)
            ).all()
        if not beginning or not candidates:
            raise Mistake(
                f"No operation has the name or key {wanted!r}. %soundpiece_history lists them."
            )
        if len(candidates) > 1:
            listed = ", ".join(candidate[: len(wanted) + 4] for candidate in candidates)
            raise Mistake(f"More than one key begins with {wanted!r}: {listed}.")
        return str(candidates[0])

    def made_from(self, key: str) -> list[str]:
        """Return the keys of operations that were made from outputs of this one, oldest first."""
        begin, end = f"soundpiece:{key}:", f"soundpiece:{key};"  # ; follows : in every collation
        named = [
            column.between(begin, end) for column in (operations.c.source, operations.c.reference)
        ]
        with self._database.read() as connection:
            rows = connection.scalars(
                select(operations.c.idempotency_key)
                .where(or_(*named))
                .order_by(operations.c.submitted_at)
            )
            return list(rows)

    def of_batch(self, name: str) -> list[str]:
        """Return the keys of a batch's operations, in the order of its rows."""
        with self._database.read() as connection:
            return list(
                connection.scalars(
                    select(operations.c.idempotency_key)
                    .where(operations.c.batch == name)
                    .order_by(operations.c.submitted_at)
                )
            )

    def statuses(self, keys: Collection[str]) -> dict[str, str]:
        """Return the status of each of many operations."""
        chosen = select(operations.c.idempotency_key, operations.c.status)
        with self._database.read() as connection:
            rows = connection.execute(chosen.where(operations.c.idempotency_key.in_(keys)))
            return {row.idempotency_key: row.status for row in rows}

    def unfinished(self) -> list[str]:
        """Return the keys of operations with something left to do, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(operations.c.idempotency_key)
                .where(text(UNFINISHED))
                .order_by(operations.c.submitted_at)
            )
            return [row.idempotency_key for row in rows]

    def usual_seconds(self, route: str, service: str) -> tuple[float, float] | None:
        """Return how long the route's latest fifty took: lower and upper quartile in seconds.

        None where fewer than three are known.
        """
        took = operations.c.finished_at - operations.c.submitted_at
        with self._database.read() as connection:
            rows = connection.scalars(
                select(took)
                .where(
                    operations.c.route == route,
                    operations.c.service == service,
                    operations.c.status == "ready",
                )
                .order_by(operations.c.submitted_at.desc())
                .limit(50)
            ).all()
        if len(rows) < _FEWEST_TO_TELL:
            return None
        ordered = sorted(row / 1e6 for row in rows)
        return ordered[len(ordered) // 4], ordered[(3 * len(ordered)) // 4]

    def counts(self) -> dict[str, int]:
        """Return how many operations there are of each status."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(operations.c.status, func.count()).group_by(operations.c.status)
            )
            return {status: count for status, count in rows}  # noqa: C416 - rows are not pairs to dict()

    def select(self, statement: Any) -> Sequence[Mapping[str, Any]]:
        """Run a SELECT over the journal's tables and return its rows."""
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

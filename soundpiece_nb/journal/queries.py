"""What is asked of the journal: one operation, many of them, which one is meant, how many."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, text

from soundpiece_nb.api.errors import Mistake

from .database import Database
from .entry import Entry, read_entry
from .filters import Filter
from .quick_reads import UNFINISHED
from .schema import operations, takes

if TYPE_CHECKING:
    import numpy as np

_MOST_CANDIDATES = 5
_FEWEST_TO_TELL = 3


class Page(NamedTuple):
    """Some of the operations that fit a filter, and how many fit in all."""

    entries: list[Entry]
    total: int


class Group(NamedTuple):
    """A sweep, by its id, or a batch, which has none; and the NAME it was given, if any."""

    sweep: str | None
    name: str | None


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
        return self.page(wanted).entries

    def page(self, wanted: Filter) -> Page:
        """Return the operations of a filter's page, in its order, and how many fit in all."""
        fitting = self.fitting(wanted)
        shown = fitting[wanted.page()]
        found = self._found(operations.c.number, shown)
        return Page([found[number] for number in shown], len(fitting))

    def of_keys(self, keys: Sequence[str]) -> list[Entry]:
        """Return these operations, in this order; raises KeyError for a key that is not there."""
        found = self._found(operations.c.idempotency_key, keys)
        return [found[key] for key in keys]

    def _found(
        self, column: ColumnElement[Any], wanted: Sequence[int] | Sequence[str]
    ) -> dict[Any, Entry]:
        """Return the operations that have one of these values in a column, by it."""
        rows = self.select(select(operations).where(column.in_(listed(wanted))))
        keys = listed([row["idempotency_key"] for row in rows])
        of_them = select(takes).where(takes.c.idempotency_key.in_(keys)).order_by(takes.c.take)
        brought: dict[str, list[Mapping[str, Any]]] = {row["idempotency_key"]: [] for row in rows}
        for take in self.select(of_them):
            brought[take["idempotency_key"]].append(take)
        name = str(column.key)
        return {row[name]: read_entry(row, brought[row["idempotency_key"]]) for row in rows}

    def count(self, wanted: Filter) -> int:
        """Return how many operations fit, whatever page is asked for; raises Mistake."""
        with self._database.read() as connection:
            number: int = connection.scalar(wanted.apply(select(func.count(operations.c.number))))
            return number

    def fitting(self, wanted: Filter) -> list[int]:
        """Return the numbers of all operations that fit, in order, whatever page is asked for."""
        ordered = wanted.apply(select(operations.c.number)).order_by(*wanted.terms()).subquery()
        with self._database.read() as connection:
            # One text is twice as quick as a row for each of very many.
            numbers = connection.scalar(select(func.json_group_array(ordered.c.number)))
        return list(json.loads(numbers or "[]"))

    def find(self, wanted: str | UUID) -> str:
        """Return the key that a name, a key, its unique beginning or an operation id means.

        A name means the newest operation of that name. Raises Mistake where nothing or more
        than one thing fits.
        """
        if not isinstance(wanted, str | UUID):
            raise Mistake(f"A name or key is text; {wanted!r} is none.")
        wanted = str(wanted).strip()
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
        if not candidates and ":" in wanted:
            raise Mistake(
                f"{wanted!r} names a take, and here a whole operation is meant: "
                f"say {wanted.partition(':')[0]}."
            )
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
        """Return the keys of a batch's operations, in the order of its rows; a sweep is none."""
        with self._database.read() as connection:
            return list(
                connection.scalars(
                    select(operations.c.idempotency_key)
                    .where(operations.c.batch == name, operations.c.sweep_id.is_(None))
                    .order_by(operations.c.submitted_at)
                )
            )

    def find_group(self, wanted: str) -> Group | None:
        """Return the sweep of an id, or the sweep or batch of a NAME.

        A NAME means the newest thing that was given it; None where that is a single operation.
        """
        columns = (operations.c.sweep_id, operations.c.batch, operations.c.name)
        newest = (
            select(operations.c.sweep_id, operations.c.batch)
            .where(or_(*(column == wanted for column in columns)))
            .order_by(operations.c.submitted_at.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(newest).first()
        if row is None or wanted not in (row.sweep_id, row.batch):
            return None
        return Group(row.sweep_id, row.batch)

    def of_group(self, group: Group) -> list[str]:
        """Return the keys of the operations of a sweep or batch, in order."""
        if group.sweep is not None:
            return self.of_sweep(group.sweep)
        return self.of_batch(group.name or "")

    def of_sweep(self, sweep: str) -> list[str]:
        """Return the keys of the operations of a sweep's id, in the order they were made."""
        made = select(operations.c.idempotency_key).where(operations.c.sweep_id == sweep)
        with self._database.read() as connection:
            return list(connection.scalars(made.order_by(operations.c.number)))

    def statuses(self, keys: Collection[str]) -> dict[str, str]:
        """Return the status of each of many operations."""
        chosen = select(operations.c.idempotency_key, operations.c.status)
        with self._database.read() as connection:
            wanted = operations.c.idempotency_key.in_(listed(list(keys)))
            rows = connection.execute(chosen.where(wanted))
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
        """Return how long the route's latest fifty took: median and 90th percentile in seconds.

        None where fewer than three are known.
        """
        ordered = self._latest_seconds(route, service)
        if len(ordered) < _FEWEST_TO_TELL:
            return None
        return ordered[len(ordered) // 2], ordered[math.ceil(0.9 * len(ordered)) - 1]

    def soonest_seconds(self, route: str, service: str) -> float:
        """Return how long the quickest of the route's latest fifty took; 0 where few are known."""
        ordered = self._latest_seconds(route, service)
        return ordered[0] if len(ordered) >= _FEWEST_TO_TELL else 0.0

    def _latest_seconds(self, route: str, service: str) -> list[float]:
        """Return how long the route's latest fifty took, the quickest first."""
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
        return sorted(row / 1e6 for row in rows)

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

    def columns(
        self,
        wanted: Mapping[str, ColumnElement[Any]],
        numbers: Sequence[int],
        read: Mapping[str, Callable[[Sequence[Any]], list[Any]]],
        **given: str,
    ) -> dict[str, np.ndarray[Any, np.dtype[np.object_]]]:
        """Return these columns of the operations with these numbers, in the order of the numbers.

        With a column of the takes among them, there is a value for each take. `read` makes of some
        values of a column, by its name, what is returned for them; `given` is what columns mean by
        `:name`.
        """
        import numpy as np

        of_takes = any(column.table is takes for column in wanted.values())
        tables = _OPERATIONS_WANTED + (_AND_TAKES if of_takes else "")
        values = {"numbers": json.dumps(list(numbers)), **given}
        names = ", ".join(map(str, wanted.values()))
        chosen = text(f"SELECT {names} FROM {tables}")  # noqa: S608 - names of our own
        length = len(numbers)
        columns = {name: np.empty(length, dtype=object) for name in wanted}
        begin = 0
        with self._database.read() as connection:
            cursor: Any = connection.execute(chosen, values).cursor
            while rows := cursor.fetchmany(_ROWS_IN_CACHE):
                end = begin + len(rows)
                if end > length:
                    length = 2 * end
                    for column in columns.values():
                        column.resize(length, refcheck=False)
                for name, some in zip(wanted, zip(*rows, strict=True), strict=True):
                    column = columns[name][begin:end]
                    # An assignment would look into lists.
                    column[:] = np.fromiter(read[name](some), object) if name in read else some
                begin = end
        return {name: column[:begin] for name, column in columns.items()}

    def rows(self, statement: Any) -> list[tuple[Any, ...]]:
        """Run a SELECT and return its rows as the database gives them, which is quick for many."""
        with self._database.read() as connection:
            cursor = connection.execute(statement).cursor
            return [] if cursor is None else list(cursor.fetchall())


_ROWS_IN_CACHE = 100
"""How many rows become columns at a time: with many more, the processor's cache holds them no more
and a long history takes a fifth longer (measured, as `bench/` does)."""

# Rows come in the order of the list, as SQLite never turns a CROSS JOIN round.
_OPERATIONS_WANTED = """json_each(:numbers) AS wanted
    CROSS JOIN operations ON operations.number = wanted.value"""
_AND_TAKES = " CROSS JOIN takes ON takes.idempotency_key = operations.idempotency_key"


def listed(values: Sequence[int] | Sequence[str]) -> Select[Any]:
    """Return many values as a subquery: a variable each would be more than SQLite takes."""
    return select(func.json_each(json.dumps(values)).table_valued("value").c.value)

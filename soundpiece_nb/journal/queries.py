"""Queries of the journal: one operation, many, the one a name means, how many, how long."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, or_, select, text, union

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import as_python, did_you_mean
from soundpiece_nb.shown_text import MOST_IN_A_NAME, label, quoted

from .bulk_reading import Cells, read_all_takes, read_columns
from .database import Database
from .entry import Entry, now_in_microseconds, read_entry
from .filters import Filter
from .quick_reads import UNFINISHED
from .row_reading import LARGEST, Row
from .schema import NEVER_LEFT, OF_KEY, listed, operations, takes
from .search_index import SearchIndex
from .usage import Usage

_MOST_CANDIDATES = 5
_MOST_KNOWN = 5_000
"""Words among which the one that was meant is looked for."""
_WORDS_OF = {
    "name": ("name", "batch"),
    "sweep": ("batch", "sweep_id"),
    "batch": ("batch", "sweep_id"),
    "tag": ("tags",),
    "error": ("error_code",),
}
"""The columns that filters look for a word in."""
_FEWEST_DURATIONS = 3

_ONE = select(operations).where(operations.c.idempotency_key == OF_KEY)
_ITS_TAKES = select(takes).where(takes.c.idempotency_key == OF_KEY).order_by(takes.c.take)

_STATE = case(
    (NEVER_LEFT, "unsent"),
    else_=operations.c.status,
)


class Page(NamedTuple):
    """Some of the operations that fit a filter, and how many fit in all."""

    entries: list[Entry]
    total: int


class Group(NamedTuple):
    """A sweep, by its id, or a batch, whose `sweep` is None; and its NAME, if it has one."""

    sweep: str | None
    name: str | None


class Queries:
    """Everything that only reads; safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._search_index = SearchIndex(database)

    def now(self) -> int:
        """Return the present time as the journal keeps it."""
        return now_in_microseconds()

    # ------------------------------------------------------------------ operations

    def entry(self, key: str) -> Entry:
        """Return one operation; raises KeyError for an unknown key."""
        with self._database.read() as connection:
            row = connection.execute(_ONE, {"of_key": key}).mappings().one_or_none()
            take_rows = connection.execute(_ITS_TAKES, {"of_key": key}).mappings().all()
        if row is None:
            raise KeyError(key)
        return read_entry(dict(row), [dict(take) for take in take_rows])

    def entries(self, wanted: Filter) -> list[Entry]:
        """Return the operations of a filter's page, in its order; raises Mistake."""
        return self.page(wanted).entries

    def page(self, wanted: Filter) -> Page:
        """Return the operations of a filter's page, in its order, and how many fit in all."""
        fitting = self.fitting(wanted)
        shown = fitting[wanted.page()]
        found = self._found(operations.c.number, shown)
        return Page([found[number] for number in shown], len(fitting))

    def of_keys(self, keys: Sequence[str]) -> list[Entry]:
        """Return these operations, in this order; raises KeyError for an unknown key."""
        found = self._found(operations.c.idempotency_key, keys)
        return [found[key] for key in keys]

    def _found(
        self, column: ColumnElement[Any], wanted: Sequence[int] | Sequence[str]
    ) -> dict[Any, Entry]:
        """Return the operations whose value in a column is listed, by that value."""
        rows = self.select(select(operations).where(column.in_(listed(wanted))))
        take_rows: dict[str, list[Mapping[str, Any]]] = {row["idempotency_key"]: [] for row in rows}
        of_them = takes.c.idempotency_key.in_(listed(list(take_rows)))
        for take in self.select(select(takes).where(of_them).order_by(takes.c.take)):
            take_rows[take["idempotency_key"]].append(take)
        name = str(column.key)
        return {row[name]: read_entry(row, take_rows[row["idempotency_key"]]) for row in rows}

    def count(self, wanted: Filter) -> int:
        """Return how many operations fit, whatever page is asked for; raises Mistake."""
        [(number,)] = self.rows(self.narrow(select(func.count(operations.c.number)), wanted))
        return int(number)

    def narrow(self, statement: Any, wanted: Filter) -> Any:
        """Narrow a SELECT over the operations to all that fit; raises Mistake."""
        return wanted.apply(statement, self._found_by_index(wanted))

    def _found_by_index(self, wanted: Filter) -> list[int] | None:
        """Return the numbers of those that have what is searched for; None where no index helps."""
        candidates = self._search_index.candidates(wanted.searches())
        if candidates is None:
            return None
        return [number for (number,) in self.rows(wanted.searched(candidates))]

    def fitting(self, wanted: Filter) -> list[int]:
        """Return the numbers of all operations that fit, in order, whatever page is asked for."""
        found = self.narrow(select(operations.c.number), wanted)
        ordered = found.order_by(*wanted.terms()).subquery()
        # One text is twice as fast as a row for each of very many.
        [(numbers,)] = self.rows(select(func.json_group_array(ordered.c.number)))
        return list(json.loads(numbers or "[]"))

    # ------------------------------------------------------------------ keys

    def find(self, wanted: str | UUID) -> str:
        """Return the key that a name, a key, its unique beginning or an operation id means.

        A name means the newest operation of that name. Raises Mistake where nothing or more
        than one operation fits.
        """
        if not isinstance(wanted, str | UUID):
            raise Mistake(f"A name or key must be text, not {quoted(wanted)}.")
        wanted = str(wanted).strip()
        names = {wanted, as_python(wanted)}  # earlier versions kept a NAME as it was typed
        named = operations.c.name.in_(names) | (operations.c.operation_id == wanted)
        if newest := self._keys(named, operations.c.submitted_at.desc(), most=1):
            return newest[0]
        key, beginning = operations.c.idempotency_key, wanted.lower()
        between = (key >= beginning) & (key < beginning + "\x7f")
        candidates = self._keys(between, key, most=_MOST_CANDIDATES)
        if not candidates and (part := re.fullmatch(r"([^\s:]+):\s*([^\W\d]\w*=.*)", wanted)):
            raise Mistake(
                f"{quoted(wanted)} names no operation of a sweep or batch.",
                next=f'Say "{label(part[1])} {label(part[2])}".',
            )
        if not candidates and ":" in wanted:
            raise Mistake(
                f"{quoted(wanted)} names a take, and here a whole operation is meant.",
                next=f"Say {wanted.partition(':')[0]}.",
            )
        if not beginning or not candidates:
            meant = did_you_mean(wanted, self._names())
            raise Mistake(
                f"No operation has the name or key {quoted(wanted)}{meant}.",
                next="%soundpiece_history lists them.",
            )
        if len(candidates) > 1:
            longer = ", ".join(candidate[: len(wanted) + 4] for candidate in candidates)
            raise Mistake(f"More than one key begins with {quoted(wanted)}: {longer}.")
        return candidates[0]

    def latest_named(self, name: str, *, but: str) -> str | None:
        """Return the key of the newest operation of a NAME, or of a batch or sweep of it.

        The operation with the key `but` is left out; None if no other has the NAME.
        """
        named = (operations.c.name == name) | (operations.c.batch == name)
        others = named & (operations.c.idempotency_key != but)
        return next(iter(self._keys(others, operations.c.submitted_at.desc(), most=1)), None)

    def _names(self) -> list[str]:
        """Return NAMEs of which one may have been meant."""
        known = self.known("name")
        return [name for name in known if name.isidentifier() and len(name) <= MOST_IN_A_NAME]

    def made_from(self, key: str) -> list[str]:
        """Return the keys of operations that were made from outputs of this one, oldest first."""
        begin, end = f"soundpiece:{key}:", f"soundpiece:{key};"  # ; follows : in every collation
        columns = (operations.c.source, operations.c.reference)
        return self._keys(or_(*(column.between(begin, end) for column in columns)))

    def of_batch(self, name: str) -> list[str]:
        """Return the keys of a batch's operations, in the order of its rows; no sweep's."""
        rows = (operations.c.batch == name) & operations.c.sweep_id.is_(None)
        return self._keys(rows, operations.c.number)  # not by time: one may have been made later

    def of_group(self, group: Group) -> list[str]:
        """Return the keys of the operations of a sweep or batch, in the order of writing."""
        if group.sweep is None:
            return self.of_batch(group.name or "")
        return self._keys(operations.c.sweep_id == group.sweep, operations.c.number)

    def find_group(self, wanted: str) -> Group | None:
        """Return the sweep of an id, or the sweep or batch of a NAME.

        A NAME means the newest thing that has it; None where that is a single operation.
        """
        columns = (operations.c.sweep_id, operations.c.batch, operations.c.name)
        names = {wanted, as_python(wanted)}
        newest = (
            select(operations.c.sweep_id, operations.c.batch)
            .where(or_(*(column.in_(names) for column in columns)))
            .order_by(operations.c.submitted_at.desc())
            .limit(1)
        )
        group = next((Group(*row) for row in self.rows(newest)), None)
        return group if group and not names.isdisjoint(group) else None

    def never_sent(self) -> list[tuple[str, str | None, int | None]]:
        """Return key, holder and end of its lease of what never left this machine, oldest first."""
        column = operations.c
        wanted = select(column.idempotency_key, column.holder, column.held_until).where(NEVER_LEFT)
        return [(*row,) for row in self.rows(wanted.order_by(column.submitted_at))]

    def newest_named(self, name: str) -> str | None:
        """Return the key of the newest operation of a NAME of its own; None if there is none."""
        named = operations.c.name.in_({name, as_python(name)})
        return next(iter(self._keys(named, operations.c.submitted_at.desc(), most=1)), None)

    def known(self, word: str) -> list[str]:
        """Return words that the filter `name`, `sweep`, `batch`, `tag` or `error` can find."""
        columns = [operations.c[name] for name in _WORDS_OF[word]]
        found = union(*(select(column).where(column.is_not(None)) for column in columns))
        words = [text for (text,) in self.rows(found.limit(_MOST_KNOWN)) if isinstance(text, str)]
        if word != "tag":
            return words
        return list(
            dict.fromkeys(tag for tags in words for tag in Row({"tags": tags}).texts("tags"))
        )

    def unfinished(self) -> list[str]:
        """Return the keys of operations with something left to do, oldest first."""
        return self._keys(text(UNFINISHED))

    def _keys(
        self, condition: Any, order: Any = operations.c.submitted_at, *, most: int | None = None
    ) -> list[str]:
        """Return the keys of the operations that meet a condition, `most` of them if given."""
        found = select(operations.c.idempotency_key).where(condition).order_by(order).limit(most)
        return [key for (key,) in self.rows(found)]

    # ------------------------------------------------------------------ figures

    def statuses(self, keys: Collection[str]) -> dict[str, str]:
        """Return the status of each of many operations, by key."""
        key = operations.c.idempotency_key
        wanted = select(key, operations.c.status).where(key.in_(listed(list(keys))))
        return dict(self.rows(wanted))

    def states(self, keys: Collection[str]) -> dict[str, str]:
        """Return the status of each, by key; `unsent` where nothing has left this machine yet."""
        key = operations.c.idempotency_key
        return dict(self.rows(select(key, _STATE).where(key.in_(listed(list(keys))))))

    def counts(self) -> dict[str, int]:
        """Return how many operations have each status, as `states` calls it."""
        column = operations.c
        counted = select(column.status, func.count()).group_by(column.status)
        [(unsent,)] = self.rows(select(func.count()).where(NEVER_LEFT))
        counts = dict(self.rows(counted)) | {"unsent": unsent}
        counts["submitting"] = counts.get("submitting", 0) - unsent
        return {status: count for status, count in counts.items() if count}

    def begun_today(self, service: str, person: str | None) -> int:
        """Return how many operations that can cost a person, or everybody, has begun today."""
        with self._database.read() as connection:
            return Usage(connection, self.now()).begun_today(service, person)

    def usual_seconds(self, route: str, service: str) -> tuple[float, float] | None:
        """Return median and 90th percentile, in seconds, of how long the latest fifty took.

        None where fewer than three of the route at the service have ended ready.
        """
        ordered = self._latest_seconds(route, service)
        if len(ordered) < _FEWEST_DURATIONS:
            return None
        return ordered[len(ordered) // 2], ordered[math.ceil(0.9 * len(ordered)) - 1]

    def soonest_seconds(self, route: str, service: str) -> float:
        """Return the seconds of the quickest of the latest fifty; 0 where fewer than three are."""
        ordered = self._latest_seconds(route, service)
        return ordered[0] if len(ordered) >= _FEWEST_DURATIONS else 0.0

    def _latest_seconds(self, route: str, service: str) -> list[float]:
        """Return how long the route's latest fifty took, the quickest first."""
        column = operations.c
        latest = (
            select(column.finished_at - column.submitted_at)
            .where(column.route == route, column.service == service, column.status == "ready")
            .order_by(column.submitted_at.desc())
            .limit(50)
        )
        return sorted(took / 1e6 for (took,) in self.rows(latest) if _is_length(took))

    # ------------------------------------------------------------------ rows and columns

    def select(self, statement: Any) -> list[dict[str, Any]]:
        """Run a SELECT over the journal's tables and return its rows by column names."""
        with self._database.read() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    def rows(self, statement: Any) -> list[Any]:
        """Run a SELECT and return its rows as the database's tuples, which is fast for many."""
        with self._database.read() as connection:
            cursor = connection.execute(statement).cursor
            return [] if cursor is None else list(cursor.fetchall())

    def columns(
        self,
        wanted: Mapping[str, ColumnElement[Any]],
        numbers: Sequence[int],
        alike: Collection[str] = (),
    ) -> dict[str, Cells]:
        """Return columns of the operations with these numbers, as `read_columns` does."""
        with self._database.read() as connection:
            return read_columns(connection, wanted, numbers, alike)

    def all_takes(
        self, wanted: Mapping[str, ColumnElement[Any]], alike: Collection[str]
    ) -> dict[str, Cells]:
        """Return columns of all takes in the order of writing, as `read_all_takes` does."""
        with self._database.read() as connection:
            return read_all_takes(connection, wanted, alike)


def _is_length(took: object) -> bool:
    """Tell whether microseconds between two times are those of an operation, not of a bad row."""
    return isinstance(took, int) and 0 <= took <= LARGEST * 1e6

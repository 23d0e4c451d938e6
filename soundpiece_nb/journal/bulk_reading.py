"""Columns of very many rows, read whole: several times faster than row by row."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, text

from .schema import takes

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, np.dtype[Any]]

_AT_A_TIME = 100
"""Rows that become columns at a time: more do not fit the processor's cache, and make a long
history a fifth slower (measured by `bench/history_at_100k.py`)."""

# SQLite never reorders a CROSS JOIN, so rows come in the order of the list.
_LISTED_OPERATIONS = """json_each(:numbers) AS wanted
    CROSS JOIN operations ON operations.number = wanted.value"""
_WITH_TAKES = " CROSS JOIN takes ON takes.idempotency_key = operations.idempotency_key"


@dataclass(frozen=True)
class Cells:
    """The cells of a column: one for each row, or the different ones and the rows' `places`."""

    found: Array
    places: Array | None = None

    def at(self, rows: Array) -> Cells:
        """Return the cells of some rows, in another order."""
        if self.places is None:
            return Cells(self.found[rows])
        return Cells(self.found, self.places[rows])

    def rows(self, places: Collection[int]) -> list[int]:
        """Return the rows whose value is at one of these places."""
        import numpy as np

        if self.places is None:
            return list(places)
        return [int(row) for row in np.flatnonzero(np.isin(self.places, list(places)))]

    def each(self, values: Sequence[Any]) -> list[Any]:
        """Return the value of each row, of values made from those that are here."""
        return list(values) if self.places is None else [values[n] for n in self.places.tolist()]


def read_columns(
    connection: Connection,
    wanted: Mapping[str, ColumnElement[Any]],
    numbers: Sequence[int],
    alike: Collection[str] = (),
) -> dict[str, Cells]:
    """Return columns of the operations with these numbers, in the order of the numbers.

    With a column of the takes among them, there is a row for each take. Those `alike` hold texts
    and whole numbers, of which few combinations are in many rows: each is read once.
    """
    of_takes = any(getattr(column, "table", None) is takes for column in wanted.values())
    tables = _LISTED_OPERATIONS + (_WITH_TAKES if of_takes else "")
    given = {"numbers": json.dumps(list(numbers))}
    return _columns(connection, wanted, alike, tables, given)


def read_all_takes(
    connection: Connection, wanted: Mapping[str, ColumnElement[Any]], alike: Collection[str]
) -> dict[str, Cells]:
    """Return columns of all takes in the order of writing, twice as fast as `read_columns`."""
    return _columns(connection, wanted, alike, "takes", {})


def _columns(
    connection: Connection,
    wanted: Mapping[str, ColumnElement[Any]],
    alike: Collection[str],
    tables: str,
    given: Mapping[str, str],
) -> dict[str, Cells]:
    own = [str(column) for name, column in wanted.items() if name not in alike]
    together = [str(column) for name, column in wanted.items() if name in alike]
    chosen = ", ".join([*own, f"json_array({', '.join(together)})"])
    asked = text(f"SELECT {chosen} FROM {tables}")  # noqa: S608 - names of our own
    cursor: Any = connection.execute(asked, given).cursor
    try:
        columns, places, different = _read(cursor, len(own))
        shared = _transposed([json.loads(each) for each in different], len(together))
    except (sqlite3.OperationalError, ValueError):
        if not alike:
            raise
        # A row is damaged: JSON holds no bytes.
        return _columns(connection, wanted, (), tables, given)
    values = {True: iter([Cells(each, places) for each in shared]), False: map(Cells, columns)}
    return {name: next(values[name in alike]) for name in wanted}


def _read(cursor: Any, own: int) -> tuple[list[Array], Array, list[str]]:
    """Return the first columns, and of the last one the different values and the rows' places."""
    import numpy as np

    length = _AT_A_TIME
    columns = [np.empty(length, dtype=object) for _ in range(own)]
    known = defaultdict[str, int](count().__next__)
    places: list[int] = []
    begin = 0
    while rows := cursor.fetchmany(_AT_A_TIME):
        end = begin + len(rows)
        if end > length:
            length = 2 * end
            for column in columns:
                column.resize(length, refcheck=False)
        *of_own, together = zip(*rows, strict=True)
        for column, some in zip(columns, of_own, strict=True):
            column[begin:end] = some
        places.extend(map(known.__getitem__, together))
        begin = end
    return [column[:begin] for column in columns], np.array(places, dtype="int64"), list(known)


def _transposed(rows: Sequence[Sequence[Any]], width: int) -> list[Array]:
    import numpy as np

    columns = [np.empty(len(rows), dtype=object) for _ in range(width)]
    for row, values in enumerate(rows):
        for column, value in zip(columns, values, strict=True):
            column[row] = value
    return columns

"""The journal as pandas DataFrames, with the same dtypes however many rows there are.

Columns are built whole, as adding row by row is several times slower for a long history.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, literal_column, select

from .bulk_reading import Cells
from .columns import TIME, Columns
from .filters import Filter
from .journal import Journal
from .schema import listed, operations, takes

DTYPES: dict[str, Any] = {
    "name": "string",
    "route": "string",
    "status": "string",
    "operation_id": "string",
    "prompt": "string",
    "lyrics": "string",
    "reference": "string",
    "source": "string",
    "params": "object",
    "outputs": "Int64",
    "duration": "Float64",
    "error_code": "string",
    "error_message": "string",
    "submitted_at": TIME,
    "accepted_at": TIME,
    "finished_at": TIME,
    "elapsed": "timedelta64[us]",
    "polls": "Int64",
    "retries": "Int64",
    "rating": "Int64",
    "note": "string",
    "tags": "object",
    "sweep": "object",
    "batch": "string",
    "notebook": "string",
    "files": "object",
    "service": "string",
    "made_by": "string",
    "cost": "string",
}
"""The columns of a history in order.

`tags` and `files` are lists, `params` and `sweep` dictionaries, or None where there is nothing;
`batch` is the NAME of the batch or sweep that it is of.
"""

TAKE_DTYPES: dict[str, Any] = {
    "name": "string",
    "route": "string",
    "prompt": "string",
    "kind": "string",
    "duration": "Float64",
    "path": "string",
    "rating": "Int64",
    "note": "string",
    "loudness": "Float64",
    "tempo": "Float64",
    "centroid": "Float64",
    "size": "Int64",
    "sample_rate": "Int64",
    "channels": "Int64",
    "md5": "string",
    "made_by": "string",
}
"""The columns of takes in order: `loudness` in LUFS, `tempo` in bpm, `centroid` in Hz."""

_ALIKE = (
    *("route", "status", "reference", "source", "outputs", "error_code", "error_message", "polls"),
    *("retries", "rating", "tags", "batch", "notebook", "service", "made_by", "cost"),
)
_ALIKE_TAKES = ("kind", "rating", "sample_rate", "channels")
"""Columns of which few combinations are in many rows."""
_OF_OPERATIONS = ("name", "route", "prompt", "made_by")
_FEW = 1_000
"""Operations whose takes are read by themselves; all takes are where half of many are wanted."""
_PLACE: ColumnElement[int] = literal_column("wanted.key")
"""The place of a row's operation among those that are wanted."""


def history(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return operations, newest first, indexed by `idempotency_key`; a copy of the journal.

    `duration` is seconds of audio over all known takes, `files` the verified files, `elapsed` the
    time from submission to the end; an absent value is NA. Raises Mistake for an unusable filter.
    """
    return _frame(journal, _shown(journal, wanted))


def of_keys(journal: Journal, keys: Sequence[str]) -> pd.DataFrame:
    """Return these operations as `history` does, in this order."""
    column = operations.c.idempotency_key
    wanted = select(column, operations.c.number).where(column.in_(listed(list(keys))))
    numbers = dict(journal.rows(wanted))
    return _frame(journal, [numbers[key] for key in keys])


def takes_of(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return one row a take, newest operation first, indexed by `(idempotency_key, take)`.

    `duration` is in seconds, `size` in bytes, `path` the verified file; an absent value is NA.
    Raises Mistake for an unusable filter.
    """
    numbers = _shown(journal, wanted)
    of_operations = {name: operations.c[name] for name in ("idempotency_key", *_OF_OPERATIONS)}
    made = Columns()
    with _collector_paused():
        known = journal.columns({"place": _PLACE, **of_operations}, numbers)
        places = known.pop("place").found.astype("int64")
        rows, cells = _read_takes(journal, numbers, places, known["idempotency_key"])
        keys = made.keys(known.pop("idempotency_key")).take(rows)
        columns = {name: made.of(name, known[name], "string").take(rows) for name in known}
        columns["path"] = made.path("path", cells.pop("path"), _home(journal))
        count = made.of("take", cells.pop("take"), "Int64").to_numpy("int64", na_value=0)
        columns |= {name: made.of(name, each, TAKE_DTYPES[name]) for name, each in cells.items()}
        index = pd.MultiIndex.from_arrays([keys, pd.Index(count, name="take")])
        return pd.DataFrame(columns, index=index, columns=list(TAKE_DTYPES), copy=False)


def _read_takes(
    journal: Journal, numbers: Sequence[int], places: Any, keys: Cells
) -> tuple[Any, dict[str, Cells]]:
    """Return the rows of the takes' operations, which have these places and keys, and columns."""
    wanted = {name: takes.c[name] for name in TAKE_DTYPES if name not in _OF_OPERATIONS}
    wanted = {"take": takes.c.take, **wanted}
    if len(numbers) > _FEW and 2 * len(numbers) > journal.count(Filter()):
        cells = journal.all_takes({"key": takes.c.idempotency_key, **wanted}, _ALIKE_TAKES)
        row_of = {key: row for row, key in enumerate(keys.found)}
        rows = np.array([row_of.get(key, -1) for key in cells.pop("key").found], "int64")
        if set(map(type, cells["take"].found)) <= {int}:
            order = np.lexsort((cells["take"].found.astype("int64"), rows))
            order = order[rows[order] >= 0]
            return rows[order], {name: each.at(order) for name, each in cells.items()}
    cells = journal.columns({"place": _PLACE, **wanted}, numbers, _ALIKE_TAKES)
    return np.searchsorted(places, cells.pop("place").found.astype("int64")), cells


def _shown(journal: Journal, wanted: Filter) -> list[int]:
    """Return the numbers of the operations of a filter's page, in its order."""
    return journal.fitting(wanted)[wanted.page()]


def _frame(journal: Journal, numbers: Sequence[int]) -> pd.DataFrame:
    sources: dict[str, ColumnElement[Any]]
    sources = {name: operations.c[name] for name in ("idempotency_key", *DTYPES)}
    del sources["elapsed"]  # pandas subtracts the times faster
    made = Columns()
    with _collector_paused():
        cells = journal.columns(sources, numbers, _ALIKE)
        columns: dict[str, Any] = {
            "params": made.dicts("params", cells.pop("params")),
            "tags": made.lists("tags", cells.pop("tags")),
            "sweep": made.dicts("sweep", cells.pop("sweep")),
            "files": made.paths("files", cells.pop("files"), _home(journal)),
        }
        keys = made.keys(cells.pop("idempotency_key"))
        columns |= {name: made.of(name, found, DTYPES[name]) for name, found in cells.items()}
        columns["elapsed"] = columns["finished_at"] - columns["submitted_at"]
        _complain(columns["error_message"], made.unreadable)
        return pd.DataFrame(columns, index=keys, columns=list(DTYPES), copy=False)


def _complain(messages: Any, unreadable: Mapping[int, Sequence[str]]) -> None:
    """Say in the row of an operation what of it cannot be read, where it says nothing else."""
    for place, names in unreadable.items():
        if pd.isna(messages[place]):
            messages[place] = f"Its row in the journal is damaged ({', '.join(names)})."


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the garbage collector, which would search a million new objects and free none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()  # with the next line, all new objects count as old without being searched
            gc.unfreeze()
        if was_on:
            gc.enable()


def _home(journal: Journal) -> str:
    return f"{journal.home}{os.sep}"

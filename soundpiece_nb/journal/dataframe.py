"""The journal as pandas DataFrames, with the same dtypes however many rows there are.

Columns are built whole, as adding row by row is several times slower for a long history.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, select

from .columns import TIME, Columns, sharing
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

_REPEATED = (
    "name",
    "route",
    "status",
    "error_code",
    "error_message",
    "batch",
    "notebook",
    "service",
    "made_by",
    "cost",
)
"""Columns whose few different texts many rows share."""
_DICTS = ("params", "sweep")
_OF_OPERATIONS = ("name", "route", "prompt", "made_by")


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
    sources: dict[str, ColumnElement[Any]] = {
        "idempotency_key": operations.c.idempotency_key,
        "take": takes.c.take,
        **{name: (operations if name in _OF_OPERATIONS else takes).c[name] for name in TAKE_DTYPES},
    }
    made = Columns()
    with _collector_paused():
        read = {"path": made.path("path", _home(journal))}
        values = journal.columns(sources, _shown(journal, wanted), read)
        keys = made.keys(values["idempotency_key"])
        numbers = pd.Index(made.of("take", values["take"], "Int64").to_numpy("int64", na_value=0))
        index = pd.MultiIndex.from_arrays([keys, numbers.rename("take")])
        columns = {name: made.of(name, values[name], dtype) for name, dtype in TAKE_DTYPES.items()}
        return pd.DataFrame(columns, index=index, copy=False)


def _shown(journal: Journal, wanted: Filter) -> list[int]:
    """Return the numbers of the operations of a filter's page, in its order."""
    return journal.fitting(wanted)[wanted.page()]


def _frame(journal: Journal, numbers: Sequence[int]) -> pd.DataFrame:
    sources: dict[str, ColumnElement[Any]]
    sources = {name: operations.c[name] for name in ("idempotency_key", *DTYPES)}
    del sources["elapsed"]  # pandas subtracts the times faster
    made = Columns()
    read = {name: sharing() for name in _REPEATED}
    read |= {name: made.dicts(name) for name in _DICTS}
    read["tags"] = made.lists("tags")
    read["files"] = made.paths("files", _home(journal))
    with _collector_paused():
        values = journal.columns(sources, numbers, read)
        keys = made.keys(values.pop("idempotency_key"))
        columns = {name: made.of(name, found, DTYPES[name]) for name, found in values.items()}
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

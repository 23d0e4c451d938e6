"""The journal as pandas DataFrames, with the same dtypes however many rows there are.

Columns are built whole, as adding row by row is several times slower for a long history.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, literal_column, select

from .filters import Filter
from .journal import Journal
from .queries import listed
from .schema import operations, takes

TIME = "datetime64[us, UTC]"
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
    "notebook": "string",
    "files": "object",
    "service": "string",
}
"""The columns of a history in order; `params` is a dict, `tags` and `files` are lists."""

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
}
"""The columns of takes in order: `loudness` in LUFS, `tempo` in bpm, `centroid` in Hz."""

_REPEATED = ("name", "route", "status", "error_code", "error_message", "notebook", "service")
"""Columns whose few different texts many rows share."""
_JSON = ("params", "tags", "sweep")
_OF_OPERATIONS = ("name", "route", "prompt")
_WHOLE_PATH = f":home || replace(takes.path, '/', '{os.sep}')"
_WHOLE_PATHS = f""":home ||
    replace(replace(operations.files, '/', '{os.sep}'), char(10), char(0) || :home)"""
"""The paths of an operation's files with NUL between them."""
_NO_TIME = -(2**63)
"""NaT in numpy."""


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
        "path": literal_column(_WHOLE_PATH),
    }
    with _collector_paused():
        values = journal.columns(sources, _shown(journal, wanted), {}, home=_home(journal))
        keys = pd.Index(_column(values["idempotency_key"], "string"), name="idempotency_key")
        numbers = pd.Index(values["take"].astype("int64"), name="take")
        index = pd.MultiIndex.from_arrays([keys, numbers])
        columns = {name: _column(values[name], dtype) for name, dtype in TAKE_DTYPES.items()}
        return pd.DataFrame(columns, index=index, copy=False)


def _shown(journal: Journal, wanted: Filter) -> list[int]:
    """Return the numbers of the operations of a filter's page, in its order."""
    return journal.fitting(wanted)[wanted.page()]


def _frame(journal: Journal, numbers: Sequence[int]) -> pd.DataFrame:
    sources: dict[str, ColumnElement[Any]]
    sources = {name: operations.c[name] for name in ("idempotency_key", *DTYPES)}
    del sources["elapsed"]  # pandas subtracts the times faster
    sources["files"] = literal_column(_WHOLE_PATHS)
    read = {name: _sharing() for name in _REPEATED} | dict.fromkeys(_JSON, _read_json)
    read["files"] = _split_paths
    with _collector_paused():
        values = journal.columns(sources, numbers, read, home=_home(journal))
        index = pd.Index(_column(values.pop("idempotency_key"), "string"), name="idempotency_key")
        columns = {name: _column(found, DTYPES[name]) for name, found in values.items()}
        columns["elapsed"] = columns["finished_at"] - columns["submitted_at"]
        return pd.DataFrame(columns, index=index, columns=list(DTYPES), copy=False)


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


def _read_json(texts: Sequence[str | None]) -> list[Any]:
    """Read lists and dictionaries, a copy for each row; most texts of a history are alike."""
    return [None if text is None else _loads(text).copy() for text in texts]


_loads = lru_cache(json.loads)


def _sharing() -> Callable[[Sequence[str | None]], list[Any]]:
    """Return a function that replaces equal texts by one object, for columns with few texts."""
    known: dict[str | None, str | None] = {}
    return lambda texts: list(map(known.setdefault, texts, texts))


def _split_paths(texts: Sequence[str | None]) -> list[Any]:
    return [text.split("\0") if text else [] for text in texts]


def _home(journal: Journal) -> str:
    return f"{journal.home}{os.sep}"


def _column(values: Any, dtype: str) -> Any:
    """Return the database's values as a column of a dtype; None becomes NA."""
    if dtype == "object":
        return values
    if dtype == "string":
        return pd.arrays.StringArray(values)
    if dtype == "Int64":
        return pd.arrays.IntegerArray(*_filled(values, 0, "int64"))
    if dtype == "Float64":
        return pd.arrays.FloatingArray(*_filled(values, 0.0, "float64"))
    microseconds, _ = _filled(values, _NO_TIME, "int64")
    return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")


def _filled(values: Any, absent: float, dtype: str) -> tuple[Any, Any]:
    """Return numbers with None replaced by `absent`, and the mask of those that were None."""
    missing = pd.isna(values)
    values[missing] = absent
    return values.astype(dtype), missing

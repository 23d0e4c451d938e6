"""The journal as a pandas DataFrame, with the same dtypes however many rows there are.

Columns are built whole, because a row at a time is several times slower over a long history.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, literal_column, select

from .filters import Filter
from .journal import Journal
from .queries import listed
from .schema import operations, takes

if TYPE_CHECKING:
    import pandas as pd

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
"""The columns in order. `params` is a dict, `tags` and `files` are lists, absent text is NA."""

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
"""The columns of the takes, in order: `loudness` in LUFS, `tempo` in bpm, `centroid` in Hz."""

_FEW = ("name", "route", "status", "error_code", "error_message", "notebook", "service")
"""What many rows have in common."""
_JSON = ("params", "tags", "sweep")
_OF_OPERATIONS = ("name", "route", "prompt")
_WHOLE_PATH = f":home || replace(takes.path, '/', '{os.sep}')"
_WHOLE_PATHS = f""":home ||
    replace(replace(operations.files, '/', '{os.sep}'), char(10), char(0) || :home)"""
"""Of an operation's files, NUL between them."""
_NO_TIME = -(2**63)
"""What numpy takes for NaT."""


def history(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return operations, newest first, indexed by `idempotency_key`; a copy of the journal.

    `duration` is seconds of audio over all takes that are known, `files` the verified files,
    `elapsed` the time from submission to the end. Raises Mistake for a filter that cannot be.
    """
    return _frame(journal, _chosen(journal, wanted))


def of_keys(journal: Journal, keys: Sequence[str]) -> pd.DataFrame:
    """Return these operations as `history` does, in this order."""
    column = operations.c.idempotency_key
    rows = journal.rows(select(column, operations.c.number).where(column.in_(listed(list(keys)))))
    numbers = {key: number for key, number in rows}  # noqa: C416 - rows are not pairs to dict()
    return _frame(journal, [numbers[key] for key in keys])


def takes_of(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return one row a take, newest operation first, indexed by `(idempotency_key, take)`.

    `duration` is seconds, `size` bytes, `path` the verified file; what is not there is NA. Raises
    Mistake for a filter that cannot be.
    """
    import pandas as pd

    sources: dict[str, ColumnElement[Any]]
    sources = {"key": operations.c.idempotency_key, "count": takes.c.take} | {
        name: (operations if name in _OF_OPERATIONS else takes).c[name] for name in TAKE_DTYPES
    }
    sources["path"] = literal_column(_WHOLE_PATH)
    with _nothing_collected():
        values = journal.columns(sources, _chosen(journal, wanted), {}, home=_home(journal))
        index = pd.MultiIndex.from_arrays(
            [pd.Index(_column(values["key"], "string")), values["count"].astype("int64")],
            names=["idempotency_key", "take"],
        )
        columns = {name: _column(values[name], dtype) for name, dtype in TAKE_DTYPES.items()}
        return pd.DataFrame(columns, index=index, copy=False)


def _chosen(journal: Journal, wanted: Filter) -> list[int]:
    """Return the numbers of the operations on a filter's page, in its order."""
    return journal.fitting(wanted)[wanted.page()]


def _frame(journal: Journal, numbers: Sequence[int]) -> pd.DataFrame:
    import pandas as pd

    sources: dict[str, ColumnElement[Any]]
    sources = {name: operations.c[name] for name in ("idempotency_key", *DTYPES)}
    del sources["elapsed"]  # quicker from the times
    sources["files"] = literal_column(_WHOLE_PATHS)
    read = {name: _shared() for name in _FEW} | dict.fromkeys(_JSON, _own_json)
    with _nothing_collected():
        values = journal.columns(sources, numbers, read | {"files": _paths}, home=_home(journal))
        index = pd.Index(_column(values.pop("idempotency_key"), "string"), name="idempotency_key")
        columns = {name: _column(found, DTYPES[name]) for name, found in values.items()}
        columns["elapsed"] = columns["finished_at"] - columns["submitted_at"]
        return pd.DataFrame(columns, index=index, columns=list(DTYPES), copy=False)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Pause the collector, which would look through a million new objects and find none to free."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()  # and with the next line all that is new counts as old, unlooked at
            gc.unfreeze()
        if was_on:
            gc.enable()


def _own_json(texts: Sequence[str | None]) -> list[Any]:
    """Read lists and dictionaries, each row's own; most texts of a history are alike."""
    return [None if text is None else _loads(text).copy() for text in texts]


_loads = lru_cache(json.loads)


def _shared() -> Callable[[Sequence[str | None]], list[Any]]:
    """Return what keeps one of all texts that are alike, for columns that know few."""
    known: dict[str | None, str | None] = {}
    return lambda texts: list(map(known.setdefault, texts, texts))


def _paths(texts: Sequence[str | None]) -> list[Any]:
    return [text.split("\0") if text else [] for text in texts]


def _home(journal: Journal) -> str:
    return f"{journal.home}{os.sep}"


def _column(values: Any, dtype: str) -> Any:
    """Return an array of the database's values as a column; what is None is absent in it."""
    import pandas as pd

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
    """Return numbers, with this one where there is none, and where that is."""
    import pandas as pd

    missing = pd.isna(values)
    values[missing] = absent
    return values.astype(dtype), missing

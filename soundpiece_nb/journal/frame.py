"""The journal as a pandas DataFrame, with the same dtypes however many rows there are.

Columns are built whole, because a row at a time is several times slower over a long history.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from .filters import Filter
from .journal import Journal
from .reading import listed
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

_OF_OPERATIONS = ("name", "route", "prompt")
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

    read = {"key": operations.c.idempotency_key, "count": takes.c.take} | {
        name: (operations if name in _OF_OPERATIONS else takes).c[name] for name in TAKE_DTYPES
    }
    with _nothing_collected():
        values = journal.columns(read, _chosen(journal, wanted))
        home = f"{journal.home}{os.sep}"
        values["path"] = [path and home + path.replace("/", os.sep) for path in values["path"]]
        index = pd.MultiIndex.from_arrays(
            [pd.Index(values["key"], dtype="string"), pd.Index(values["count"], dtype="int64")],
            names=["idempotency_key", "take"],
        )
        columns = {name: pd.array(values[name], dtype=TAKE_DTYPES[name]) for name in TAKE_DTYPES}
        return pd.DataFrame(columns, index=index, copy=False)


def _chosen(journal: Journal, wanted: Filter) -> list[int]:
    """Return the numbers of the operations on a filter's page, in its order."""
    return journal.fitting(wanted)[wanted.page()]


def _frame(journal: Journal, numbers: Sequence[int]) -> pd.DataFrame:
    import pandas as pd

    with _nothing_collected():
        read = {name: operations.c[name] for name in ("idempotency_key", *DTYPES)}
        values = journal.columns(read, numbers)
        home = f"{journal.home}{os.sep}"
        values["files"] = [_paths(home, files) for files in values["files"]]
        index = pd.Index(values["idempotency_key"], dtype="string", name="idempotency_key")
        made = {name: _series(name, values[name]) for name in DTYPES}
        return pd.DataFrame(made, index=index, copy=False)


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Pause the collector, which would look through a million new objects and find none to free."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _series(name: str, values: Sequence[Any]) -> Any:
    import numpy as np
    import pandas as pd

    if DTYPES[name] == "object":
        array = np.empty(len(values), dtype=object)
        array[:] = values if name == "files" else _read_json(values)
        return array
    if DTYPES[name] == TIME:
        return pd.DatetimeIndex(_whole(values).view("datetime64[us]")).tz_localize("UTC")
    if name == "elapsed":
        return _whole(values).view("timedelta64[us]")
    return pd.array(values, dtype=DTYPES[name])


def _whole(values: Sequence[int | None]) -> Any:
    """Return microseconds as numpy counts them, what is missing as NaT."""
    import numpy as np

    return np.array([_NO_TIME if value is None else value for value in values], dtype="int64")


def _read_json(texts: Sequence[str | None]) -> list[Any]:
    """Return JSON lists and dictionaries, each one's own; most texts of a history are alike."""
    read = {text: json.loads(text) for text in set(texts) if text is not None}
    return [None if text is None else read[text].copy() for text in texts]


def _paths(home: str, files: str | None) -> list[str]:
    if not files:
        return []
    return (home + files.replace("/", os.sep).replace("\n", f"\n{home}")).split("\n")

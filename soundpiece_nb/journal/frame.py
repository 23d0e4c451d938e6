"""The journal as a pandas DataFrame, with the same dtypes however many rows there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from .filters import Filter
from .journal import Journal
from .schema import operations, takes

if TYPE_CHECKING:
    import pandas as pd

TIME = "datetime64[us, UTC]"
DTYPES = {
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


TAKE_DTYPES = {
    "name": "string",
    "route": "string",
    "kind": "string",
    "duration": "Float64",
    "path": "string",
    "rating": "Int64",
    "note": "string",
    "size": "Int64",
    "sample_rate": "Int64",
    "channels": "Int64",
    "md5": "string",
}
"""The columns of the takes, in order."""


def history(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return operations, newest first, indexed by `idempotency_key`; a copy of the journal.

    `duration` is seconds of audio over all takes that are known, `files` the verified files,
    `elapsed` the time from submission to the end. Raises Mistake for a filter that cannot be.
    """
    return _frame(journal, journal.select(wanted.apply(_statement())))


def of_keys(journal: Journal, keys: Sequence[str]) -> pd.DataFrame:
    """Return these operations as `history` does, in this order."""
    rows = journal.select(_statement().where(operations.c.idempotency_key.in_(keys)))
    found = {row["idempotency_key"]: row for row in rows}
    return _frame(journal, [found[key] for key in keys])


def takes_of(journal: Journal, wanted: Filter) -> pd.DataFrame:
    """Return one row a take, newest operation first, indexed by `(idempotency_key, take)`.

    `duration` is seconds, `size` bytes, `path` the verified file; what is not there is NA. Raises
    Mistake for a filter that cannot be.
    """
    import pandas as pd

    chosen = wanted.apply(
        select(operations.c.idempotency_key, operations.c.submitted_at).order_by(
            operations.c.submitted_at.desc(), operations.c.idempotency_key
        )
    ).subquery()
    statement = (
        select(takes, operations.c.name, operations.c.route)
        .join(chosen, chosen.c.idempotency_key == takes.c.idempotency_key)
        .join(operations, operations.c.idempotency_key == takes.c.idempotency_key)
        .order_by(operations.c.submitted_at.desc(), takes.c.idempotency_key, takes.c.take)
    )
    rows = journal.select(statement)
    index = pd.MultiIndex.from_arrays(
        [
            pd.Index([row["idempotency_key"] for row in rows], dtype="string"),
            pd.Index([row["take"] for row in rows], dtype="int64"),
        ],
        names=["idempotency_key", "take"],
    )
    paths = [row["path"] and str(journal.home / row["path"]) for row in rows]
    columns = {name: [row[name] for row in rows] for name in TAKE_DTYPES} | {"path": paths}
    return pd.DataFrame(
        {name: pd.array(columns[name], dtype=dtype) for name, dtype in TAKE_DTYPES.items()},
        index=index,
    )


def _frame(journal: Journal, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    index = pd.Index([row["idempotency_key"] for row in rows], dtype="string")
    columns = {name: _column(name, rows, journal) for name in DTYPES}
    return pd.DataFrame(
        {name: pd.Series(columns[name], index=index, dtype=DTYPES[name]) for name in DTYPES},
        index=index.rename("idempotency_key"),
    )


def _statement() -> Select[Any]:
    made = (
        select(
            takes.c.idempotency_key,
            func.sum(takes.c.duration).label("duration"),
            func.max(takes.c.rating).label("rating"),
            func.group_concat(takes.c.path, "\n").label("files"),
        )
        .group_by(takes.c.idempotency_key)
        .subquery()
    )
    return (
        select(operations, made.c.duration, made.c.rating, made.c.files)
        .join(made, made.c.idempotency_key == operations.c.idempotency_key, isouter=True)
        .order_by(operations.c.submitted_at.desc(), operations.c.idempotency_key)
    )


def _column(name: str, rows: Sequence[Mapping[str, Any]], journal: Journal) -> Any:
    import numpy as np

    match name:
        case "elapsed":
            ends = [(row["finished_at"], row["submitted_at"]) for row in rows]
            spans = [end - start if end is not None else "NaT" for end, start in ends]
            return np.array(spans, dtype="timedelta64[us]")
        case "submitted_at" | "accepted_at" | "finished_at":
            import pandas as pd

            stamps = [row[name] if row[name] is not None else "NaT" for row in rows]
            return pd.DatetimeIndex(np.array(stamps, dtype="datetime64[us]")).tz_localize("UTC")
        case "params" | "tags":
            return [json.loads(row[name]) for row in rows]
        case "sweep":
            return [json.loads(row[name]) if row[name] else None for row in rows]
        case "files":
            return [_files(row[name], journal) for row in rows]
        case _:
            return [row[name] for row in rows]


def _files(paths: str | None, journal: Journal) -> list[str]:
    if not paths:
        return []
    in_order = sorted(paths.split("\n"), key=lambda path: (len(path), path))  # 2 before 10
    return [str(journal.home / path) for path in in_order]

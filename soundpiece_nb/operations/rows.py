"""Rows of whatever holds them: data frames of any library, dictionaries, records, a CSV file's.

None of those libraries is imported for it: a frame is known by what it can do.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import PurePath
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.plain_values import plain
from soundpiece_nb.shown_text import quoted

_TAKES = (
    "A batch takes a DataFrame (of pandas, polars, or whatever gives Arrow), or a list of "
    "dictionaries"
)


def read_rows(rows: Any) -> list[dict[str, Any]]:
    """Return rows as dictionaries of plain values, without the missing ones; raises Mistake."""
    return [_read_row(number, row) for number, row in enumerate(_listed(rows))]


def _listed(rows: Any) -> list[Any]:
    """Return the rows of a frame as dictionaries, and of anything else as they come."""
    if reader := reader_of(rows):
        raise Mistake(f"{_TAKES}, not {quoted(rows)}.", next=f"{reader} reads a file.")
    if hasattr(rows, "iloc") and hasattr(rows, "columns"):  # pandas, and what is like it
        _require_one_of_each(map(str, rows.columns))
        listed: Any = rows.to_dict("records")
    elif hasattr(rows, "to_dicts"):  # polars
        listed = rows.to_dicts()
    elif hasattr(rows, "to_pylist") and hasattr(rows, "column_names"):  # pyarrow
        _require_one_of_each(rows.column_names)
        listed = rows.to_pylist()
    elif hasattr(rows, "collect") and hasattr(rows, "collect_schema"):  # polars, not yet read
        listed = rows.collect().to_dicts()
    elif hasattr(rows, "fetchall") and getattr(rows, "description", None):  # of a database
        names = [column[0] for column in rows.description]
        _require_one_of_each(names)
        listed = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
    elif hasattr(rows, "keys"):  # one dictionary, or a column
        raise _no_table(rows)
    elif hasattr(rows, "__arrow_c_stream__"):  # ibis and others
        listed = _of_arrow(rows)
    elif not isinstance(rows, Iterable):
        raise _no_table(rows)
    else:
        listed = rows
    return list(listed)


_READERS = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "read_excel(…)"),
    ".parquet": "read_parquet(…)",
    ".json": "read_json(…)",
    **dict.fromkeys((".jsonl", ".ndjson"), "read_json(…, lines=True)"),
    ".tsv": r"read_csv(…, sep='\t')",
}
"""The functions of pandas that read files, by their endings; a text is CSV."""


def reader_of(rows: Any) -> str:
    """Return what reads the file that a text or path names into rows; empty for all else."""
    if not isinstance(rows, str | bytes | PurePath):
        return ""
    ending = PurePath(os.fsdecode(rows)).suffix.lower()
    return f"pandas.{_READERS.get(ending, 'read_csv(…)')}"


def _no_table(rows: Any) -> Mistake:
    return Mistake(f"{_TAKES}, not {quoted(rows)}.", next="pandas.DataFrame(…) makes one.")


def _of_arrow(rows: Any) -> Any:
    """Return the rows of a table that can be read as Arrow."""
    try:
        pyarrow = import_module("pyarrow")
    except ImportError:
        raise Mistake(
            f"The rows of {type(rows).__name__} are read by pyarrow, which is not installed.",
            next="Install it, or make a DataFrame of pandas of them.",
        ) from None
    try:
        table = pyarrow.table(rows)
    except (TypeError, ValueError):  # a column by itself
        raise _no_table(rows) from None
    _require_one_of_each(table.column_names)
    return table.to_pylist()


def _require_one_of_each(names: Iterable[str]) -> None:
    seen = set[str]()
    for name in names:
        if name in seen:
            raise Mistake(f"The column {quoted(name)} is there twice.", next="Leave one out.")
        seen.add(name)


def _read_row(number: int, row: Any) -> dict[str, Any]:
    fields = _fields(row)
    if fields is None:
        raise Mistake(f"{_TAKES}; row {number} is {quoted(row)}.")
    if None in fields:  # csv.DictReader puts there what is beyond the header
        raise Mistake(f"Row {number} has more cells than the header has names.")
    read = {_plain_name(name): plain(value) for name, value in fields.items()}
    if len(read) < len(fields):
        _require_one_of_each(map(_plain_name, fields))
    _require_parted(list(read))
    return {name: value for name, value in read.items() if value is not None}


_AROUND_NAMES = " \ufeff"
"""Signs around the names of a CSV file's header: blanks, and the mark that some write first."""
_MARK_MISREAD = "ï»¿"
"""That mark, where Windows' own encoding was taken for the file's."""


def _plain_name(name: Any) -> str:
    return str(name).strip(_AROUND_NAMES).removeprefix(_MARK_MISREAD)


def _require_parted(names: list[str]) -> None:
    """Raise Mistake if a whole header is one name, as of a file that no commas part."""
    for sign in (";", "\t"):
        if len(names) == 1 and sign in names[0]:
            raise Mistake(
                f"The table has one column, {quoted(names[0])}: its file is parted by {sign!r}.",
                next=f"pandas.read_csv(…, sep={sign!r}) reads it; csv.DictReader takes delimiter=.",
            )


def _fields(row: Any) -> Mapping[Any, Any] | None:
    """Return a row as a mapping, if it is of a kind that has names; else None."""
    if isinstance(row, Mapping):
        return row
    if dataclasses.is_dataclass(row) and not isinstance(row, type):
        return {each.name: getattr(row, each.name) for each in dataclasses.fields(row)}
    if hasattr(row, "_asdict"):  # a named tuple, a row of SQLAlchemy
        return dict(row._asdict())
    if hasattr(type(row), "model_dump"):  # pydantic
        return dict(row.model_dump())
    if hasattr(row, "keys") and hasattr(row, "__getitem__"):  # sqlite3.Row, a Series
        return {name: row[name] for name in list(row.keys())}
    names = getattr(getattr(row, "dtype", None), "names", None)
    return {name: row[name] for name in names} if names else None  # a record of numpy

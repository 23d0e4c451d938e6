"""Lists and dictionaries as cells of a DataFrame.

Python's own have no hash, so that pandas cannot compare or count them (`drop_duplicates`,
`nunique`, `groupby`), and no database or spreadsheet takes them. Cells are equal to Python's own,
hashed by what they hold, and their text is JSON: what CSV, Excel and SQLite get of them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

MOST_EXACT = 2**53
"""The largest whole number that a floating-point number can be, so that both are of one kind."""


class _Cell:
    """A cell whose text is JSON."""

    __slots__ = ()

    def __str__(self) -> str:
        return json.dumps(self, ensure_ascii=False)

    def __conform__(self, _protocol: object) -> str:
        """Return what `sqlite3` writes."""
        return str(self)


class ListCell(_Cell, list[Any]):
    """A list of texts."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))


class DictCell(_Cell, dict[str, Any]):
    """A dictionary of texts, numbers and truth values; in order of its text."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)


class Kinds:
    """The kinds of the values of a column of dictionaries, by their names.

    Arrow, by which Parquet, Polars and DuckDB read a frame, knows one kind a name, and none without
    names: values of several kinds, and lists and dictionaries in a dictionary, are told as JSON.
    """

    def __init__(self) -> None:
        self._found: dict[str, set[str]] = defaultdict(set)

    def read(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return a dictionary as one of plain values, whose kinds are noted."""
        plain = {name: each if _kind(each) else json.dumps(each) for name, each in value.items()}
        for name, each in plain.items():
            self._found[name].add(_kind(each))
        return plain

    def make_alike(self, cells: Iterable[DictCell | None]) -> None:
        """Write the values of a name as JSON where they are of several kinds."""
        mixed = [name for name, kinds in self._found.items() if len(kinds - {"nothing"}) > 1]
        for cell in filter(None, cells if mixed else ()):
            for name in mixed:
                if _kind(cell.get(name)) not in {"text", "nothing"}:
                    cell[name] = json.dumps(cell[name])


def _kind(value: object) -> str:
    """Return the kind of a plain value; an empty text for another."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "number" if isinstance(value, float) or abs(value) <= MOST_EXACT else ""
    return {bool: "truth", str: "text", type(None): "nothing"}.get(type(value), "")

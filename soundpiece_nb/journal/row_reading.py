"""A row of the journal read column by column, whatever its columns hold.

Rows are input like any other: another version wrote them, or a hand, or a disk that failed. What a
column cannot mean is read as absent and named, so that one bad row stops nothing but itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from soundpiece_nb.shown_text import MOST_IN_A_LABEL, cut, scrub

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST, LATEST = (
    (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) for year in (1, 9999)
)
"""Microseconds since 1970 between which a time is one: what `datetime` holds, with room to add."""
LARGEST, MOST_COUNTED = 1e9, 2**53
"""Seconds or another figure, and bytes or another number, beyond which it is nonsense."""
_STORED = re.compile(r"audio(?:/(?!\.\.?(?:/|\Z))[^/\\:\0\n]+)+")
"""A path without what leads to another folder, on Windows too, or is in no path."""


def to_time(stored: int | None) -> datetime | None:
    """Return a stored time as a datetime in UTC; None stays None."""
    return None if stored is None else EPOCH + timedelta(microseconds=stored)


def is_stored_path(path: str) -> bool:
    """Tell whether a path of the journal, relative to the home folder, is one below its audio."""
    return _STORED.fullmatch(path) is not None


def read_json(text: object, kind: type) -> Any:
    """Return what a JSON text holds; raises ValueError unless it is of this kind."""
    if not isinstance(text, str | bytes):
        raise ValueError("no text")  # noqa: TRY004 - as json.loads says of any other text
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, kind):
        raise ValueError("another kind of value")  # noqa: TRY004 - likewise
    return value


class Row:
    """One row; `unreadable` names the columns that held what they cannot mean."""

    def __init__(self, columns: Mapping[str, Any], prefix: str = "") -> None:
        self._columns = columns
        self._prefix = prefix
        self.unreadable: list[str] = []

    def refuse(self, column: str) -> None:
        """Note that a column holds what it cannot mean."""
        named = f"{self._prefix}{column}"
        if named not in self.unreadable:
            self.unreadable.append(named)

    def text(self, column: str) -> str | None:
        """Return a text as it was written."""
        value: str | None = self._of_type(column, str)
        return value

    def label(self, column: str) -> str | None:
        """Return a word of the service without secrets: an earlier version kept it as it came.

        One that is long, or has a line's end in it, is no such word.
        """
        text = self.text(column)
        if text is None:
            return None
        if len(text) > MOST_IN_A_LABEL or len(text.splitlines()) > 1:
            self.refuse(column)
        return cut(scrub(text), MOST_IN_A_LABEL)

    def message(self, column: str) -> str | None:
        """Return the words of the service without secrets, as far as they are shown."""
        text = self.text(column)
        return None if text is None else cut(scrub(text))

    def octets(self, column: str) -> bytes | None:
        """Return bytes."""
        value: bytes | None = self._of_type(column, bytes)
        return value

    def whole(self, column: str, most: float = MOST_COUNTED, *, least: int = 0) -> int | None:
        """Return a whole number between two bounds."""
        value: int | None = self._number(column, int, least, most)
        return value

    def figure(self, column: str, *, least: float = -LARGEST) -> float | None:
        """Return a finite number, such as a length in seconds."""
        value: float | None = self._number(column, int | float, least, LARGEST)
        return value

    def time(self, column: str) -> datetime | None:
        """Return a time in UTC."""
        return to_time(self._number(column, int, EARLIEST, LATEST))

    def texts(self, column: str) -> tuple[str, ...]:
        """Return a JSON list of texts."""
        try:
            listed = read_json(self._columns.get(column), list)
        except ValueError:
            listed = [None]
        texts = tuple(each for each in listed if isinstance(each, str))
        if len(texts) < len(listed):
            self.refuse(column)
        return texts

    def words(self, column: str) -> dict[str, str] | None:
        """Return a JSON object of texts by name; None where there is none."""
        if self._columns.get(column) is None:
            return None
        try:
            read = read_json(self._columns[column], dict)
        except ValueError:
            self.refuse(column)
            return None
        if not all(isinstance(value, str | int | float) for value in read.values()):
            self.refuse(column)
        return {name: str(value) for name, value in read.items()}

    def stored_path(self, column: str) -> str | None:
        """Return the path of a file below the home folder's audio."""
        path = self.text(column)
        if path is None or is_stored_path(path):
            return path
        self.refuse(column)
        return None

    def _of_type(self, column: str, kind: type) -> Any:
        value = self._columns.get(column)
        if value is None or isinstance(value, kind):
            return value
        self.refuse(column)
        return None

    def _number(self, column: str, kind: Any, least: float, most: float) -> Any:
        value = self._of_type(column, kind)
        if value is None or least <= value <= most:
            return value
        self.refuse(column)
        return None

"""Quick reads of the journal, without loading SQLAlchemy.

`%load_ext` asks how many operations were left unfinished, and must stay instant; the Jupyter
server asks where a take lies.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

FILE_NAME = "journal.sqlite"
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged journal raises: SQLite's complaint quotes names, which may be no text."""

# Few takes are without a file, and an index lists them: only their operations are looked at, as
# the + says to SQLite, which would look at all that are ready.
UNFINISHED = """
    status IN ('submitting', 'processing')
    OR (+status = 'ready' AND idempotency_key IN (
        SELECT idempotency_key FROM takes WHERE path IS NULL AND pruned_at IS NULL
    ) AND outputs > (
        SELECT count(coalesce(path, pruned_at)) FROM takes
        WHERE takes.idempotency_key = operations.idempotency_key))
"""


def count_abandoned(home: Path, now: int) -> int:
    """Count unfinished operations that no living process holds; 0 where there is no journal.

    A journal that cannot be read counts as none: whoever opens it next says why.
    """
    return len(find_abandoned(home, now))


def find_abandoned(home: Path, now: int) -> list[str]:
    """Return the keys of those operations, oldest first; `now` is in microseconds."""
    from .lease import is_held

    asked = (
        f"SELECT idempotency_key, holder, held_until FROM operations WHERE {UNFINISHED}"  # noqa: S608 - a constant
        " ORDER BY submitted_at"
    )
    return [key for key, holder, until in _rows(home, asked) if not is_held(holder, until, now)]


def find_take(home: Path, key: str, take: int) -> str | None:
    """Return the path of a take's file, relative to the home folder; None where there is none."""
    asked = "SELECT path FROM takes WHERE idempotency_key = ? AND take = ?"
    return next((path for (path,) in _rows(home, asked, key, take)), None)


class ChangeDetector:
    """Tells in microseconds whether anybody has written to the journal since it was last asked."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE_NAME
        self._connection: sqlite3.Connection | None = None
        self._version: int | None = None

    def has_changed(self) -> bool:
        """Tell whether there was a write since the last call; True at the first one."""
        if self._connection is None:
            self._connection = sqlite3.connect(f"{self._file.as_uri()}?mode=ro", uri=True)
        version: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        changed, self._version = version != self._version, version
        return changed

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()


def _rows(home: Path, asked: str, *given: str | int) -> list[tuple[Any, ...]]:
    """Ask the journal; one that is not there, or cannot be read, has no rows."""
    file = home / FILE_NAME
    if not file.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            return connection.execute(asked, given).fetchall()
    except UNREADABLE:
        return []

"""Quick reads of the journal with sqlite3 alone, without loading SQLAlchemy.

`%load_ext` counts the operations that were left unfinished and must stay instant; completion and
the Jupyter server read in the same way.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

FILE_NAME = "journal.sqlite"
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""Errors of reading a damaged journal; SQLite's message may quote bytes that are not text."""

BUSY_SECONDS = 5.0
"""Seconds to wait for another process's write, as sqlite3 does by default."""

# An index lists the few takes without a file, so only their operations are read; the + keeps
# SQLite from using the index of statuses, and from reading all that are ready.
UNFINISHED = """
    status IN ('submitting', 'processing')
    OR (+status = 'ready' AND idempotency_key IN (
        SELECT idempotency_key FROM takes WHERE path IS NULL AND pruned_at IS NULL
    ) AND outputs > (
        SELECT count(coalesce(path, pruned_at)) FROM takes
        WHERE takes.idempotency_key = operations.idempotency_key))
"""


def read_rows(home: Path, *queries: str, values: Any = (), wait: float = BUSY_SECONDS) -> list[Any]:
    """Return the rows of the first of these queries that the journal can answer.

    An earlier version's journal may lack columns. There are no rows in one that does not exist or
    cannot be read. A write of another process is waited for `wait` seconds.
    """
    file = home / FILE_NAME
    try:
        if not file.exists():
            return []
    except OSError:  # of a folder that may not be looked into, or a name that is too long
        return []
    address = f"{file.as_uri()}?mode=ro"
    with suppress(*UNREADABLE), closing(sqlite3.connect(address, uri=True, timeout=wait)) as opened:
        for query in queries:
            with _suppress_missing_column():
                return opened.execute(query, values).fetchall()
    return []


@contextmanager
def _suppress_missing_column() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        if "no such column" not in str(error):
            raise


class Abandoned(NamedTuple):
    """An unfinished operation that no living process holds."""

    key: str
    unsent: bool
    """Whether nothing of it has ever left this machine."""


def find_abandoned(home: Path, now: int) -> list[Abandoned]:
    """Return the abandoned operations, oldest first; `now` is in microseconds.

    There are none where there is no journal, or an unreadable one: the next to open that raises the
    reason.
    """
    from .lease import is_held

    unsent = "status = 'submitting' AND sent_at IS NULL"
    query = f"""SELECT idempotency_key, holder, held_until, {{}} FROM operations
        WHERE {UNFINISHED} ORDER BY submitted_at"""  # noqa: S608 - a constant
    rows = read_rows(home, query.format(unsent), query.format("0"))
    return [
        Abandoned(key, bool(never_left))
        for key, holder, until, never_left in rows
        if not is_held(holder, until, now)
    ]


def find_take(home: Path, key: str, take: int) -> str | None:
    """Return the path of a take's file, relative to the home folder; None where it has no file."""
    query = "SELECT path FROM takes WHERE idempotency_key = ? AND take = ?"
    return next((path for (path,) in read_rows(home, query, values=(key, take))), None)


class ChangeDetector:
    """Tells in microseconds whether any process has written to the journal since the last call."""

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
        """Close the file."""
        if self._connection is not None:
            self._connection.close()

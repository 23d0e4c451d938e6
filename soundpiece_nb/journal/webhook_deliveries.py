"""Deliveries of webhooks, passed from the Jupyter server to the kernel that awaits one.

Without SQLAlchemy, which the Jupyter server need not load. A delivery names an operation and says
nothing of its status; it only makes the kernel ask the service sooner.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from .quick_reads import BUSY_SECONDS, FILE_NAME, UNREADABLE

KEPT_SECONDS = 900.0
"""Seconds in which a repeated delivery is recognised: longer than its signature is valid."""


class Deliveries:
    """The deliveries of one home folder; methods may be called from any thread."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE_NAME
        self._reading: sqlite3.Connection | None = None
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None

    def note(self, heard: Iterable[tuple[str, str]]) -> None:
        """Write down deliveries, pairs of their own id and their operation's, unless known.

        Those too old to be repeated are deleted. Where there is no journal, no kernel waits, and
        nothing is written. The journal is not kept open, as a rescue of a damaged one requires
        that nobody has it open. Raises one of UNREADABLE.
        """
        if not self._file.exists():
            return
        now = int(time.time() * 1e6)
        with closing(self._open()) as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(
                "DELETE FROM deliveries WHERE heard_at < ?", (now - int(KEPT_SECONDS * 1e6),)
            )
            connection.executemany(
                "INSERT OR IGNORE INTO deliveries (webhook_id, operation_id, heard_at)"
                " VALUES (?, ?, ?)",
                [(*each, now) for each in heard],
            )

    def heard(self) -> list[str]:
        """Return the operation ids of the deliveries since the last call, in order.

        The first call returns nothing. A call takes microseconds while the journal is unchanged.
        """
        with self._lock:
            if self._reading is None:
                self._reading = self._open()
            version = self._reading.execute("PRAGMA data_version").fetchone()[0]
            if self._seen and self._seen[0] == version:
                return []
            since = self._seen[1] if self._seen else None
            last = self._reading.execute("SELECT max(number) FROM deliveries").fetchone()[0] or 0
            self._seen = (version, last)
            if since is None or last == since:
                return []
            rows = self._reading.execute(
                "SELECT operation_id FROM deliveries WHERE number > ? ORDER BY number", (since,)
            )
            return [operation_id for (operation_id,) in rows]

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(*UNREADABLE):
            if self._reading is not None:
                self._reading.close()
                self._reading = None

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._file.as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        connection.execute("PRAGMA synchronous=NORMAL")
        return connection

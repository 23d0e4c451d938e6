"""The journal's SQLite file: opening, reading and writing it, and its errors as sentences."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from soundpiece_nb.api.errors import JournalDamaged, Mistake, StorageFailed

BUSY_SECONDS = 5.0
"""Seconds to wait for another process's write before giving up."""

RETRY_SECONDS = 0.02
"""Seconds between two tries of a statement that SQLite itself does not wait with."""


class Database:
    """One file in WAL mode; every error but IntegrityError is raised as StorageFailed.

    Another process's write is waited for `busy_seconds`.
    """

    def __init__(self, file: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self._file = file
        self._identity: tuple[int, int] | None = None
        self._usual = _open(file, "NORMAL", busy_seconds)
        event.listen(self._usual, "begin", _begin)
        self._synced = _open(file, "FULL", busy_seconds)
        self._writing = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._usual.dispose()
        self._synced.dispose()

    def pin(self) -> None:
        """Insert from now on only while the file at this path is the present one."""
        self._identity = _identity(self._file)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for reading."""
        with _plain_errors(), self._usual.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction; this process's threads take turns, so none waits in SQLite."""
        writing = self._usual.execution_options(soundpiece_begin="IMMEDIATE")
        with _plain_errors(), self._writing, writing.begin() as connection:
            yield connection

    def insert_synced(self, insert: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert all rows or none; they are synced to the disk when this returns.

        Raises IntegrityError for a known key, StorageFailed where the file was moved or deleted:
        its open handle still accepts writes, but they are lost when it is closed.
        """
        if self._identity is not None and _identity(self._file) != self._identity:
            raise StorageFailed(
                f"The journal is no longer at {self._file}, where this kernel opened it.",
                next="Put it back, or restart the kernel; then run it again.",
            )
        with _plain_errors(), self._writing, self._synced.connect() as connection:
            if len(rows) == 1:  # a single statement is a transaction
                connection.execute(insert, rows[0])
                return
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                connection.execute(insert, rows)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")


def _identity(file: Path) -> tuple[int, int] | None:
    """Return the device and inode of a file; None where there is no file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn the database's errors into one sentence, except IntegrityError for a known key."""
    try:
        yield
    except IntegrityError:
        raise
    except UnicodeEncodeError:
        raise Mistake(
            "A text holds half of a surrogate pair, which cannot be stored or searched for."
        ) from None
    except UnicodeDecodeError:
        raise _damaged("a name in it cannot be read as text") from None
    except (SQLAlchemyError, sqlite3.Error) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(reason, sqlite3.Error) and _says_damaged(reason):
            # SQLite may quote content after these words.
            raise _damaged(str(reason).partition(" with text ")[0]) from None
        words = reason if isinstance(reason, sqlite3.Error) else type(reason).__name__
        raise StorageFailed(f"The journal cannot be used ({words}).") from None


def _says_damaged(error: sqlite3.Error) -> bool:
    """Tell whether an error of SQLite means that the file's content is broken."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY
    undecodable = isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)
    return undecodable or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


_PRIMARY = 0xFF
"""Mask of the primary result code in an extended one (https://sqlite.org/rescode.html)."""


def _damaged(how: str) -> JournalDamaged:
    return JournalDamaged(
        f"The journal is damaged ({how}).",
        next="%soundpiece_doctor keeps it aside and goes on with all that can be read.",
    )


def address_of(file: Path) -> URL:
    """Return SQLAlchemy's address of a file, whatever characters its path holds."""
    return URL.create("sqlite", database=str(file))


def _open(file: Path, synchronous: str, busy_seconds: float) -> Engine:
    """Return an engine without implicit transactions: a single statement commits itself."""
    engine = create_engine(
        address_of(file), connect_args={"timeout": busy_seconds}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"synchronous={synchronous}"):
            execute_when_free(connection, f"PRAGMA {pragma}", busy_seconds)

    return engine


def execute_when_free(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Execute a statement, trying again for some seconds while another process is at the file.

    SQLite's own timeout does not cover a change of the journal mode.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(RETRY_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    """Begin a write transaction as one: SQLite does not wait where a read turns into a write."""
    options: Mapping[str, Any] = connection.get_execution_options()
    connection.exec_driver_sql(f"BEGIN {options.get('soundpiece_begin', 'DEFERRED')}")

"""The SQLite file: how it is opened, read and written, and how its complaints become a sentence."""

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
"""How long to wait for another process's write before giving up."""

INSIST_SECONDS = 0.02
"""How long to wait before asking again for what SQLite does not wait with."""


class Database:
    """One file in WAL mode; every error but IntegrityError is raised as StorageFailed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._identity: tuple[int, int] | None = None
        self._usual = _open(file, "NORMAL")
        event.listen(self._usual, "begin", _begin)
        self._synced = _open(file, "FULL")
        self._writing = threading.Lock()

    def close(self) -> None:
        """Close the connections."""
        self._usual.dispose()
        self._synced.dispose()

    def settle(self) -> None:
        """Insert from now on only as long as the file that is there is the one of now."""
        self._identity = _identity(self._file)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for reading."""
        with _said_plainly(), self._usual.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction; one at a time in this process, so that none waits on itself."""
        writing = self._usual.execution_options(soundpiece_begin="IMMEDIATE")
        with _said_plainly(), self._writing, writing.begin() as connection:
            yield connection

    def insert_synced(self, insert: Insert, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, all or none, on the disk when this returns.

        Raises IntegrityError for a known key, StorageFailed where the file was taken away: it can
        still be written to, but only until it is closed.
        """
        if self._identity is not None and _identity(self._file) != self._identity:
            raise StorageFailed(
                f"The journal is no longer at {self._file}, where this kernel opened it: put it "
                "back, or restart the kernel."
            )
        with _said_plainly(), self._writing, self._synced.connect() as connection:
            if len(rows) == 1:  # a statement alone is a transaction
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
    """Return what tells a file from another one at its place; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def says_damaged(error: BaseException) -> bool:
    """Tell whether an error of SQLite means that the file's content is broken."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & _PRIMARY
    undecodable = isinstance(error, sqlite3.OperationalError) and "decode to UTF-8" in str(error)
    return undecodable or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


_PRIMARY = 0xFF
"""The bits of an SQLite error code that say what it is, not what it was about."""


@contextmanager
def _said_plainly() -> Iterator[None]:
    """Turn the database's errors into one sentence, but for a key that is there already.

    What SQLite cannot be handed, half of a surrogate pair, is a person's slip.
    """
    try:
        yield
    except IntegrityError:
        raise
    except UnicodeEncodeError:
        raise Mistake(
            "A text holds half of a surrogate pair, which cannot be kept or looked for. "
            "Nothing was sent."
        ) from None
    except UnicodeDecodeError:
        raise _damaged("a name in it is no text") from None
    except SQLAlchemyError as error:
        reason = error.orig if isinstance(error, DBAPIError) else type(error).__name__
        if isinstance(reason, BaseException) and says_damaged(reason):
            raise _damaged(_short(reason)) from None
        raise StorageFailed(f"The journal cannot be used ({reason}).") from None


def _damaged(how: str) -> JournalDamaged:
    return JournalDamaged(
        f"The journal is damaged ({how}). %soundpiece_doctor keeps it aside and goes on with what "
        "can be read."
    )


def _short(reason: BaseException) -> str:
    """Return an error's words without the content that it may quote."""
    return str(reason).partition(" with text ")[0]


def address_of(file: Path) -> URL:
    """Return a file as SQLAlchemy addresses it, whatever characters its path holds."""
    return URL.create("sqlite", database=str(file))


def _open(file: Path, synchronous: str) -> Engine:
    """Return an engine whose connections leave transactions to us: a statement alone is one."""
    engine = create_engine(
        address_of(file), connect_args={"timeout": BUSY_SECONDS}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"synchronous={synchronous}"):
            _insist(connection, f"PRAGMA {pragma}")

    return engine


def _insist(connection: sqlite3.Connection, statement: str) -> None:
    """Execute a statement that SQLite itself does not wait with: how a file is journaled."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(INSIST_SECONDS)
        else:
            return


def _begin(connection: Connection) -> None:
    """Begin a transaction for writing at once, not at its first write: that could not wait."""
    options: Mapping[str, Any] = connection.get_execution_options()
    connection.exec_driver_sql(f"BEGIN {options.get('soundpiece_begin', 'DEFERRED')}")

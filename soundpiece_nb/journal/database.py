"""The journal's SQLite file: opening, reading and writing it, and its errors as sentences."""

from __future__ import annotations

import ctypes
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Update, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from soundpiece_nb.api.errors import JournalDamaged, Mistake, StorageFailed

from . import file_system

BUSY_SECONDS = 5.0
"""Seconds to wait for another process's write before giving up."""

ANOTHER_HOME = "Let SOUNDPIECE_HOME name a folder on a disk of this machine."

RETRY_SECONDS = 0.02
"""Seconds between two tries of a statement that SQLite itself does not wait with."""


class Database:
    """One file; every error but IntegrityError is raised as StorageFailed.

    It has a write-ahead log where all its users share memory (`shares_memory` says so in place of
    what the file system tells), and a rollback journal elsewhere. Another process's write is waited
    for `busy_seconds`.
    """

    def __init__(
        self,
        file: Path,
        *,
        busy_seconds: float = BUSY_SECONDS,
        shares_memory: bool | None = None,
    ) -> None:
        self._file = file
        self._busy_seconds = busy_seconds
        self._shares_memory = shares_memory
        self._identity: tuple[int, int] | None = None
        self._open()
        _fork_between_writes(self)

    def _open(self) -> None:
        shared, file = self._shares_memory, self._file
        if shared is None:
            shared = file_system.shares_memory(file.parent)
        if not shared and (problem := file_system.lock_problem(file.parent)):
            raise StorageFailed(
                f"The file system of {file.parent} cannot lock files ({problem}), and without "
                "locks two processes overwrite each other's records.",
                next=ANOTHER_HOME,
            )
        mode = _JournalMode(file, write_ahead=shared)
        self._process = os.getpid()
        self._usual = _open(file, mode, synced=False, busy_seconds=self._busy_seconds)
        event.listen(self._usual, "begin", _begin)
        self._synced = _open(file, mode, synced=True, busy_seconds=self._busy_seconds)
        self._writing = threading.Lock()
        self._joined = threading.local()

    def _for_this_process(self) -> None:
        """Open the file anew in a forked child, as SQLite's connections must not be inherited.

        Those are kept, unused: closing them would touch files that the parent has open.
        """
        if self._process != os.getpid():
            never_end((self._usual, self._synced))
            self._open()

    @contextmanager
    def between_writes(self) -> Iterator[None]:
        """Keep this process's threads from writing; waits for one that does."""
        writing = self._writing
        free = writing.acquire(timeout=self._busy_seconds)
        try:
            yield
        finally:
            if free:
                writing.release()

    def close(self) -> None:
        """Close the connections."""
        if self._process == os.getpid():
            self._usual.dispose()
            self._synced.dispose()

    def pin(self) -> None:
        """Insert from now on only while the file at this path is the present one."""
        self._identity = _identity(self._file)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make one transaction of all that this thread reads, writes and updates meanwhile.

        It is synced to the disk when this returns, and undone where anything in it raises.
        """
        self._for_this_process()
        with _plain_errors(), self._writing, self._synced.connect() as connection:
            self._joined.connection = connection
            try:
                with _transaction(connection):
                    yield
            finally:
                del self._joined.connection

    def _connection_of_all(self) -> Connection | None:
        """Return the connection of the transaction that this thread's calls share, if one does."""
        connection: Connection | None = getattr(self._joined, "connection", None)
        return connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection for reading."""
        if (shared := self._connection_of_all()) is not None:
            yield shared
            return
        self._for_this_process()
        with _plain_errors(), self._usual.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a write transaction; this process's threads take turns, so none waits in SQLite."""
        if (shared := self._connection_of_all()) is not None:
            yield shared
            return
        self._for_this_process()
        writing = self._usual.execution_options(soundpiece_begin="IMMEDIATE")
        with _plain_errors(), self._writing, writing.begin() as connection:
            yield connection

    def update_synced(self, update: Update) -> None:
        """Run one UPDATE, which is synced to the disk when this returns, or `together` does."""
        if (shared := self._connection_of_all()) is not None:
            shared.execute(update)
            return
        self._for_this_process()
        with _plain_errors(), self._writing, self._synced.connect() as connection:
            connection.execute(update)

    def insert_synced(
        self,
        insert: Insert,
        rows: Sequence[Mapping[str, Any]],
        *,
        check: Callable[[Connection], object] | None = None,
    ) -> None:
        """Insert all rows or none; they are synced to the disk when this returns.

        `check` may raise to prevent it; nobody else writes between the check and the rows. Raises
        IntegrityError for a known key, StorageFailed where the file was moved or deleted:
        its open handle still accepts writes, but they are lost when it is closed.
        """
        self._for_this_process()
        if self._identity is not None and _identity(self._file) != self._identity:
            raise StorageFailed(
                f"The journal is no longer at {self._file}, where this kernel opened it.",
                next="Put it back, or restart the kernel; then run it again.",
            )
        with _plain_errors(), self._writing, self._synced.connect() as connection:
            if len(rows) == 1 and check is None:  # a single statement is a transaction
                connection.execute(insert, rows[0])
                return
            with _transaction(connection):
                if check is not None:
                    check(connection)
                connection.execute(insert, rows)


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Make a write transaction of what is done meanwhile, on a connection without implicit ones."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with suppress(DBAPIError):  # SQLite undoes some by itself, where the disk is full
            connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def never_end(inherited: object) -> None:
    """Keep an object until the process is gone, also while the interpreter ends.

    Connections that a child has of its parent must not be closed by it, neither on purpose nor as
    garbage (https://sqlite.org/howtocorrupt.html, section 2.6).
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(inherited))


def _fork_between_writes(database: Database) -> None:
    """Let no child be forked within a write, as long as the database exists.

    SQLite remembers the locks of its process. A child inherits that without the thread that would
    give them back, and could never write itself.
    """
    if not hasattr(os, "register_at_fork"):
        return
    found = weakref.ref(database)
    forking = threading.local()

    def pause() -> None:
        if (living := found()) is not None:
            forking.pause = living.between_writes()
            forking.pause.__enter__()

    def go_on() -> None:
        if (pause := forking.__dict__.pop("pause", None)) is not None:
            pause.__exit__(None, None, None)

    os.register_at_fork(before=pause, after_in_parent=go_on, after_in_child=go_on)


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
        raise _unusable(reason) from None


def _unusable(reason: BaseException | None) -> StorageFailed:
    """Return the error for a file that SQLite cannot use, with what the person can do about it."""
    if not isinstance(reason, sqlite3.Error):
        return StorageFailed(f"The journal cannot be used ({type(reason).__name__}).")
    code = getattr(reason, "sqlite_errorcode", sqlite3.SQLITE_OK)
    if code in _NO_SHARED_MEMORY or code & _PRIMARY == sqlite3.SQLITE_PROTOCOL:
        what = "Its file system shares no memory between processes, which the journal's log needs"
    elif code in _NO_LOCKS:
        what = "Its file system cannot lock files, which keep processes apart"
    else:
        return StorageFailed(f"The journal cannot be used ({reason}).")
    return StorageFailed(f"The journal cannot be used. {what} ({reason}).", next=ANOTHER_HOME)


_NO_SHARED_MEMORY = (
    sqlite3.SQLITE_IOERR_SHMOPEN,
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR_SHMLOCK,
    sqlite3.SQLITE_IOERR_SHMMAP,
)
_NO_LOCKS = (
    sqlite3.SQLITE_IOERR_LOCK,
    sqlite3.SQLITE_IOERR_UNLOCK,
    sqlite3.SQLITE_IOERR_RDLOCK,
    sqlite3.SQLITE_IOERR_CHECKRESERVEDLOCK,
)


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


class _JournalMode:
    """SQLite's way to keep a transaction whole, for the connections to one file."""

    def __init__(self, file: Path, *, write_ahead: bool) -> None:
        self._file = file
        self._write_ahead = write_ahead

    def apply(self, connection: sqlite3.Connection, busy_seconds: float, *, synced: bool) -> None:
        """Set it for a new connection; raises StorageFailed where the file must not be used so."""

        def ask(pragma: str) -> Any:
            row = execute_when_free(connection, f"PRAGMA {pragma}", busy_seconds).fetchone()
            return row[0] if row else None

        found = ask("journal_mode")
        if self._write_ahead:
            # A journal without a log was used over a network, and may be again.
            if found != _LOG and not ask("page_count"):
                found = ask("journal_mode=WAL")
        elif found == _LOG:
            with suppress(sqlite3.OperationalError):  # another process has it open
                found = ask("journal_mode=DELETE")
            if found == _LOG:
                raise StorageFailed(
                    f"{self._file.parent} is on a file system that other hosts may use too, and "
                    "the journal in it has a write-ahead log, which would lose what they write.",
                    next="Close every kernel that uses it; the next one to open it changes that.",
                )
        logs = found == _LOG
        ask("foreign_keys=ON")
        # Without a log, EXTRA syncs the folder too: the removal of its journal is what commits.
        ask(f"synchronous={_DURABLE[logs, synced]}")


_LOG = "wal"
_DURABLE = {
    (True, False): "NORMAL",
    (True, True): "FULL",
    (False, False): "FULL",
    (False, True): "EXTRA",
}
"""The values of `synchronous`, by whether there is a log, and whether all is synced at once."""


def _open(file: Path, mode: _JournalMode, *, synced: bool, busy_seconds: float) -> Engine:
    """Return an engine without implicit transactions: a single statement commits itself."""
    engine = create_engine(
        address_of(file), connect_args={"timeout": busy_seconds}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        mode.apply(connection, busy_seconds, synced=synced)

    return engine


def execute_when_free(connection: sqlite3.Connection, statement: str, seconds: float) -> Any:
    """Return the cursor of a statement, tried again for some seconds while the file is in use.

    SQLite's own timeout does not cover a change of the journal mode.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(RETRY_SECONDS)


def _begin(connection: Connection) -> None:
    """Begin a write transaction as one: SQLite does not wait where a read turns into a write."""
    options: Mapping[str, Any] = connection.get_execution_options()
    connection.exec_driver_sql(f"BEGIN {options.get('soundpiece_begin', 'DEFERRED')}")

"""The rescue of a damaged journal: it is kept aside, and its readable rows begin a new one.

Rows are read one by one, so that a broken page costs its own rows and no others; a row counts as
readable only if its body names its key.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Table, create_engine

from soundpiece_nb.api.errors import JournalDamaged, StorageFailed
from soundpiece_nb.files.naming import first_free
from soundpiece_nb.files.writing import written_beside

from .database import ANOTHER_HOME, Database, address_of
from .entry import STATUSES
from .migrations import prepare
from .quick_reads import FILE_NAME, UNREADABLE
from .schema import operations, takes

_SIDE_FILES = ("-wal", "-shm")
"""Endings of the files that SQLite keeps beside a database, with writes that are not in it yet."""

_FOLDER = "journal-rescue-"
"""Beginning of the folder in which a damaged journal is read; a crash may leave one."""

_MOST_MISSING = 10_000
"""Rows in a row that may be missing before the end is assumed, where the last is not known."""


class JournalWasDamaged(UserWarning):
    """A journal was begun anew with what could be read of the old one."""


@dataclass(frozen=True)
class Rescue:
    """The outcome of a rescue: the old file's new place, and the numbers of rows that were read."""

    aside: Path
    operations: int
    takes: int

    def __str__(self) -> str:
        return (
            f"The journal was damaged. {self.operations} operations and {self.takes} takes could "
            f"be read and are in a new one; the old one is kept as {self.aside}. No audio was "
            "touched. %soundpiece_doctor says whether there is audio that the journal lacks."
        )


def rescue(home: Path) -> Rescue | None:
    """Begin the journal of a home folder anew with what can be read of a damaged one.

    None where it is not damaged (any more). No connection of this process may be open. Raises
    StorageFailed where another process has the file open, because its writes would be lost, and
    OSError where there is no room for a copy.
    """
    file = home / FILE_NAME
    with _locked(home):
        if not _is_damaged(file):
            return None
        users = find_users(file)
        if users or is_used_elsewhere(file):
            raise StorageFailed(in_use(users))
        for left in home.glob(f"{_FOLDER}*"):
            shutil.rmtree(left)
        aside = first_free(home / f"journal-damaged-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.sqlite")
        for ending in (*_SIDE_FILES, ""):
            with (
                suppress(FileNotFoundError),
                written_beside(Path(f"{aside}{ending}"), private=True) as copy,
            ):
                shutil.copyfile(f"{file}{ending}", copy)
        with written_beside(file, private=True) as fresh:
            counts = _copy_rows(aside, fresh)
            for ending in _SIDE_FILES:  # their writes do not belong to the new file
                Path(f"{file}{ending}").unlink(missing_ok=True)
        return Rescue(aside, *counts)


@contextmanager
def _locked(home: Path) -> Iterator[None]:
    """Let one process at a time rescue a journal; raises StorageFailed where nothing locks."""
    lock = FileLock(home / f"{FILE_NAME}.lock", mode=0o600)
    try:
        lock.acquire()
    except NotImplementedError:
        what = f"The journal is damaged, and the file system of {home} cannot lock files."
        raise StorageFailed(what, next=ANOTHER_HOME) from None
    try:
        yield
    finally:
        lock.release()


def find_users(file: Path) -> list[int]:
    """Return the ids of other processes that have a file open, as far as this machine tells."""
    import psutil

    path = os.path.realpath(file)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and path in (each.path for each in process.open_files()):
                found.append(process.pid)
    return found


def is_used_elsewhere(file: Path) -> bool:
    """Tell whether a process that cannot be seen from here, in another container, has a file open.

    Every user of a write-ahead log holds a lock on byte 128 of its shared memory (`WAL_SHM_DMS` in
    SQLite's os_unix.c). No connection of this process may be open.
    """
    try:
        import fcntl

        with Path(f"{file}-shm").open("r+b") as shared:
            fcntl.lockf(shared, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _DEAD_MAN_SWITCH)
    except (ImportError, FileNotFoundError):
        return False
    except OSError as error:
        return error.errno in (errno.EACCES, errno.EAGAIN)
    return False


_DEAD_MAN_SWITCH = 128


def in_use(users: Sequence[int]) -> str:
    """Return the sentences that tell why a damaged journal is not rescued now."""
    user = "another kernel" + (f" (process {users[0]})" if users else " in another container")
    return (
        f"The journal is damaged, and in use by {user}. Shut that down; then %soundpiece_doctor "
        "saves all that can be read."
    )


def find_damage(database: Database) -> list[str]:
    """Return the faults of a journal's content; raises JournalDamaged where it cannot be read.

    Reads all of it: about two seconds for 100,000 operations.
    """
    with database.read() as connection:
        read = connection.exec_driver_sql
        found = [str(words) for (words,) in read("PRAGMA quick_check(10)") if words != "ok"]
        found = [words for words in found if "FTS5" not in words]  # no row is in `search_index`
        strays = read("PRAGMA foreign_key_check")
        found.extend(f"A row of {table} belongs to no operation." for table, *_ in strays)
        found.extend(
            f"Operation {row['number']} is not what was written."
            for row in read("SELECT * FROM operations").mappings()
            if not _is_whole(dict(row))
        )
        for _ in read("SELECT * FROM takes"):
            pass  # reading raises JournalDamaged for a text that is not UTF-8
    return found


def _is_damaged(file: Path) -> bool:
    try:
        with closing(Database(file)) as database:
            return bool(find_damage(database))
    except JournalDamaged:
        return True


def _copy_rows(damaged: Path, fresh: Path) -> tuple[int, int]:
    """Write the readable rows into a new file; return the numbers of operations and takes."""
    engine = create_engine(address_of(fresh))
    with closing(Database(fresh)) as empty, empty.read():
        pass  # it gets the journal mode that suits its file system
    with engine.begin() as connection:
        prepare(connection, fresh)
    engine.dispose()
    with tempfile.TemporaryDirectory(prefix=_FOLDER, dir=fresh.parent) as folder:
        # Reading writes beside the file, and what is kept aside must not change.
        readable = Path(folder, FILE_NAME)
        for ending in ("", *_SIDE_FILES):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{damaged}{ending}", f"{readable}{ending}")
        with closing(sqlite3.connect(readable)) as old, closing(sqlite3.connect(fresh)) as new:
            old.row_factory = sqlite3.Row
            kept = _insert(new, operations, filter(_is_whole, _rows(old, operations)))
            known = {key for (key,) in new.execute("SELECT idempotency_key FROM operations")}
            of_known = (row for row in _rows(old, takes) if row.get("idempotency_key") in known)
            return kept, _insert(new, takes, of_known)


def _rows(old: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Yield every readable row of a table, in the order of writing."""
    last = None
    with suppress(*UNREADABLE):
        last = old.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0  # noqa: S608 - a name of our own
    missing = 0
    for number in itertools.count(1):
        if number > last if last is not None else missing > _MOST_MISSING:
            return
        row = None
        with suppress(*UNREADABLE):
            row = old.execute(f"SELECT * FROM {table} WHERE rowid = ?", (number,)).fetchone()  # noqa: S608 - a name of our own
        missing = missing + 1 if row is None else 0
        if row is not None:
            yield dict(row)


def _is_whole(row: Mapping[str, Any]) -> bool:
    """Tell whether an operation's row is what was written: its body names its key."""
    try:
        named = json.loads(row["body"])["idempotency_key"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return False
    return bool(named == row["idempotency_key"] and row["status"] in STATUSES)


def _insert(new: sqlite3.Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Insert rows that contradict no other; return how many the table has then."""
    names = [column.name for column in table.columns if column.computed is None]
    places = ", ".join(f":{name}" for name in names)
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of our own
    new.executemany(statement, ({name: row.get(name) for name in names} for row in rows))
    new.commit()
    return int(new.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a name of our own

"""A damaged journal: it is kept aside as it is, and what can be read of it begins a new one.

Rows are asked for one by one, so that a broken page costs the rows on it and no others; a row
counts as read only if its body still names its own key.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Table, create_engine

from soundpiece_nb.api.errors import JournalDamaged, StorageFailed
from soundpiece_nb.files import numbered, written_beside

from .database import Database, address_of
from .entry import STATUSES
from .migrations import prepare
from .quick_reads import FILE_NAME, UNREADABLE
from .schema import operations, takes

_SIDE_FILES = ("-wal", "-shm")
"""What SQLite keeps beside a file whose latest writes are not in it yet."""

_FOLDER = "journal-rescue-"
"""How the folder begins in which a damaged journal is read; one that is left, a crash left."""

_LOOKED_BEYOND = 10_000
"""Rows that may be missing in a row before the end is assumed, where the last cannot be told."""


class JournalWasDamaged(UserWarning):
    """A journal had to be begun anew, with what could be read of the old one."""


@dataclass(frozen=True)
class Rescue:
    """What became of a damaged journal: where it lies now, and how much of it could be read."""

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
    StorageFailed where another process has the file open, because what that writes would be lost,
    and OSError where there is no room for a copy.
    """
    file = home / FILE_NAME
    with FileLock(home / f"{FILE_NAME}.lock"):
        if not _is_damaged(file):
            return None
        if users := find_users(file):
            raise StorageFailed(in_use(users))
        for left in home.glob(f"{_FOLDER}*"):
            shutil.rmtree(left)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        aside = next(
            p for p in numbered(home / f"journal-damaged-{stamp}.sqlite") if not p.exists()
        )
        for ending in (*_SIDE_FILES, ""):
            with suppress(FileNotFoundError), written_beside(Path(f"{aside}{ending}")) as copy:
                shutil.copyfile(f"{file}{ending}", copy)
        with written_beside(file) as fresh:
            counts = _save(aside, fresh)
            for ending in _SIDE_FILES:  # their writes are no continuation of the new file
                Path(f"{file}{ending}").unlink(missing_ok=True)
        return Rescue(aside, *counts)


def find_users(file: Path) -> list[int]:
    """Return the other processes that have a file open, as far as this machine tells."""
    import psutil

    path = os.path.realpath(file)
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != os.getpid() and path in (each.path for each in process.open_files()):
                found.append(process.pid)
    return found


def in_use(users: Sequence[int]) -> str:
    """Say why a damaged journal is not rescued now."""
    return (
        f"The journal is damaged, and in use by another kernel (process {users[0]}). Shut that "
        "down; then %soundpiece_doctor saves all that can be read."
    )


def find_damage(database: Database) -> list[str]:
    """Return what is wrong with a journal's content; raises JournalDamaged where it is worse.

    Reads all of it: about two seconds for 100,000 operations.
    """
    with database.read() as connection:
        read = connection.exec_driver_sql
        found = [str(words) for (words,) in read("PRAGMA quick_check(10)") if words != "ok"]
        strays = read("PRAGMA foreign_key_check")
        found.extend(f"A row of {table} belongs to no operation." for table, *_ in strays)
        found.extend(
            f"Operation {row['number']} is not what was written."
            for row in read("SELECT * FROM operations").mappings()
            if not _is_whole(dict(row))
        )
        for _ in read("SELECT * FROM takes"):
            pass  # a text that is none any more is met by reading it
    return found


def _is_damaged(file: Path) -> bool:
    database = Database(file)
    try:
        return bool(find_damage(database))
    except JournalDamaged:
        return True
    finally:
        database.close()


def _save(damaged: Path, fresh: Path) -> tuple[int, int]:
    """Write what can be read into a new file; return the numbers of operations and takes."""
    _build(fresh)
    with (
        tempfile.TemporaryDirectory(prefix=_FOLDER, dir=fresh.parent) as folder,
        closing(sqlite3.connect(_copy(damaged, Path(folder)))) as old,
        closing(sqlite3.connect(fresh)) as new,
    ):
        old.row_factory = sqlite3.Row
        kept = _insert(new, operations, filter(_is_whole, _rows(old, operations)))
        known = {key for (key,) in new.execute("SELECT idempotency_key FROM operations")}
        of_known = (row for row in _rows(old, takes) if row.get("idempotency_key") in known)
        return kept, _insert(new, takes, of_known)


def _build(fresh: Path) -> None:
    engine = create_engine(address_of(fresh))
    with engine.begin() as connection:
        prepare(connection, fresh)
    engine.dispose()


def _copy(damaged: Path, folder: Path) -> Path:
    """Copy a file to where reading it, which writes beside it, changes nothing that is kept."""
    for ending in ("", *_SIDE_FILES):
        with suppress(FileNotFoundError):
            shutil.copyfile(f"{damaged}{ending}", folder / f"{FILE_NAME}{ending}")
    return folder / FILE_NAME


def _rows(old: sqlite3.Connection, table: Table) -> Iterator[dict[str, Any]]:
    """Yield every row of a table that can be read, in the order of writing."""
    last = None
    with suppress(*UNREADABLE):
        last = old.execute(f"SELECT max(rowid) FROM {table}").fetchone()[0] or 0  # noqa: S608 - a name of our own
    missing = 0
    for number in itertools.count(1):
        if number > last if last is not None else missing > _LOOKED_BEYOND:
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
    except (KeyError, TypeError, ValueError):
        return False
    return bool(named == row["idempotency_key"] and row["status"] in STATUSES)


def _insert(new: sqlite3.Connection, table: Table, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write rows, but for what contradicts others; return how many there are then."""
    names = [column.name for column in table.columns if column.computed is None]
    places = ", ".join(f":{name}" for name in names)
    statement = f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - names of our own
    new.executemany(statement, ({name: row.get(name) for name in names} for row in rows))
    new.commit()
    return int(new.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - a name of our own

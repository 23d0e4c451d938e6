"""The operations in the journal and the files on the disk, as they are before any repair."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple

from soundpiece_nb.journal.entry import STATUSES
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import is_held
from soundpiece_nb.journal.row_reading import Row
from soundpiece_nb.journal.schema import operations, takes


class KnownTake(NamedTuple):
    """A take as the journal has it.

    `path` is relative to the home folder, `duration` in seconds, `size` in bytes.
    """

    number: int
    path: str | None
    duration: float | None
    size: int | None
    md5: str | None
    pruned_at: int | None


@dataclass(slots=True)
class Known:
    """An operation as the journal has it."""

    key: str
    route: str
    service: str
    status: str
    operation_id: str | None
    outputs: int | None
    error_code: str | None
    account: str | None
    holder: str | None
    held_until: int | None
    takes: list[KnownTake] = field(default_factory=list)
    damaged: bool = False
    """Whether its row or one of a take holds what it cannot mean."""

    @property
    def unfinished(self) -> bool:
        """Whether it has not ended, as far as the journal knows."""
        return self.status in ("submitting", "processing")

    def busy(self, now: int) -> bool:
        """Tell whether a living process holds it; `now` in microseconds."""
        return is_held(self.holder, self.held_until, now)


class StoredFile(NamedTuple):
    """A file on the disk: its size in bytes, and its last change in seconds since 1970."""

    size: int
    written_at: float


StoredFiles = dict[str, dict[str, StoredFile]]
"""Files by folder name, then by file name."""


def read_journal(journal: Journal) -> dict[str, Known]:
    """Return every operation with its takes by key, newest first, reading whole columns."""
    numbers = journal.fitting(Filter())
    of_operations = journal.columns({name: operations.c[name] for name in _KNOWN}, numbers)
    of_takes = journal.columns({name: takes.c[name] for name in _TAKE}, numbers)
    known = {}
    for values in zip(*(each.found for each in of_operations.values()), strict=True):
        each = _read_known(Row(dict(zip(_KNOWN, values, strict=True))))
        known[each.key] = each
    for key, *columns in zip(*(each.found for each in of_takes.values()), strict=True):
        row = Row(dict(zip(KnownTake._fields, columns, strict=True)))
        if key in known:
            known[key].takes.append(_read_take(row))
            known[key].damaged |= bool(row.unreadable)
    return known


def _read_known(row: Row) -> Known:
    status = row.text("status") or ""
    return Known(
        key=row.text("idempotency_key") or "",
        route=row.text("route") or "",
        service=row.text("service") or "",
        status=status,
        operation_id=row.text("operation_id"),
        outputs=row.whole("outputs"),
        error_code=row.text("error_code"),
        account=row.text("account"),
        holder=row.text("holder"),
        held_until=row.whole("held_until"),
        damaged=bool(row.unreadable) or status not in STATUSES,
    )


def _read_take(row: Row) -> KnownTake:
    return KnownTake(
        number=row.whole("number") or 0,
        path=row.stored_path("path"),
        duration=row.figure("duration", least=0),
        size=row.whole("size"),
        md5=row.text("md5"),
        pruned_at=row.whole("pruned_at"),
    )


def read_stored_files(audio: Path, check_stopped: Callable[[], None]) -> StoredFiles:
    """Return the files in each folder of `audio`; `check_stopped` is called before each folder."""
    stored = {}
    for folder in _entries(audio):
        check_stopped()
        if folder.is_dir():
            stored[folder.name] = read_files(Path(folder.path))
    return stored


def read_files(folder: Path) -> dict[str, StoredFile]:
    """Return the files directly in a folder; empty if it does not exist or cannot be read."""
    files = {}
    for entry in _entries(folder):
        with suppress(OSError):  # a link to nowhere, or gone meanwhile
            if entry.is_file():
                stat = entry.stat()
                files[entry.name] = StoredFile(stat.st_size, stat.st_mtime)
    return files


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


_KNOWN = ("idempotency_key", *(each.name for each in fields(Known)[1:-2]))
_TAKE = ("idempotency_key", "take", "path", "duration", "size", "md5", "pruned_at")

"""The operations in the journal and the files on the disk, as they are before any repair."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple

from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import is_held
from soundpiece_nb.journal.schema import operations, takes


class KnownTake(NamedTuple):
    """A take as the journal has it; `path` is relative to the home folder, `size` in bytes."""

    number: int
    path: str | None
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
    holder: str | None
    held_until: int | None
    takes: list[KnownTake] = field(default_factory=list)

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
    of_operations = journal.columns({name: operations.c[name] for name in _KNOWN}, numbers, {})
    of_takes = journal.columns({name: takes.c[name] for name in _TAKE}, numbers, {})
    known = {row[0]: Known(*row) for row in zip(*of_operations.values(), strict=True)}
    for key, *take in zip(*of_takes.values(), strict=True):
        known[key].takes.append(KnownTake(*take))
    return known


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


_KNOWN = ("idempotency_key", *(each.name for each in fields(Known)[1:-1]))
_TAKE = ("idempotency_key", "take", "path", "size", "md5", "pruned_at")

"""Other things in the home folder: unknown folders, broken writes, and copies kept aside."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import partial

from soundpiece_nb.audio.store import KEPT_ASIDE
from soundpiece_nb.shown_text import counted

from .audio_files import is_broken_write
from .inventory import StoredFiles, read_files
from .repairs import Repairs
from .report import LONGEST_REASON, Finding, Group, inert, listed, weight

_KEPT_JOURNAL = re.compile(r"journal(?:-damaged-|\.schema-).*\.sqlite.*")


def unknown_folders(stored: StoredFiles, known: Container[str]) -> Iterator[Finding]:
    """Name the folders of audio that belong to no operation of the journal."""
    unknown = {name: files for name, files in stored.items() if name not in known}
    size = sum(found.size for files in unknown.values() for found in files.values())
    if unknown:
        yield Finding(
            Group.FOR_YOU,
            f"Of no operation in the journal: {counted(len(unknown), 'folder')} of audio, "
            f"{weight(size)} (audio/: {listed(unknown)}). Left alone, yours to keep or delete.",
        )


def broken_writes(repairs: Repairs) -> Iterator[Finding]:
    """Remove the files that broken writes left in the home folder, such as half a journal."""
    home = repairs.session.home
    removed = [
        name
        for name, found in read_files(home).items()
        if is_broken_write(name, found)
        and (repairs.dry_run or repairs.attempt(partial((home / name).unlink, missing_ok=True)))
    ]
    if removed:
        count = counted(len(removed), "file")
        sentence = f"Left by a write that broke off: {count}, {repairs.now} removed."
        yield Finding(Group.REPAIRED, sentence)


def kept_aside(repairs: Repairs, stored: StoredFiles) -> Iterator[Finding]:
    """Name the old journals and damaged takes that are kept, with their size."""
    home = read_files(repairs.session.home)
    journals = {name: file.size for name, file in home.items() if _KEPT_JOURNAL.fullmatch(name)}
    takes = [
        file.size
        for files in stored.values()
        for name, file in files.items()
        if KEPT_ASIDE.fullmatch(name) and not name.endswith(".mp3")  # a preview of one
    ]
    kept = []
    if journals:
        size = weight(sum(journals.values()))
        kept.append(f"{counted(len(journals), 'file')} of journals, {size} ({listed(journals)})")
    if takes:
        kept.append(f"{counted(len(takes), 'damaged take')}, {weight(sum(takes))}")
    if kept:
        yield Finding(Group.IN_ORDER, f"Kept aside, and yours to delete: {'; '.join(kept)}.")


def refusals(repairs: Repairs) -> Iterator[Finding]:
    """Name the files that the disk did not let the doctor change."""
    if refused := repairs.refusals:
        more = f", and {len(refused) - 1:,} more" if len(refused) > 1 else ""
        reason = inert(refused[0], LONGEST_REASON)
        yield Finding(Group.FOR_YOU, f"The disk refused, and that is as it was: {reason}{more}.")

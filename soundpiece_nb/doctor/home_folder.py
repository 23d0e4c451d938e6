"""What found in the home folder beside the operations: strangers, broken writes, old copies."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import partial

from soundpiece_nb.text import counted

from .audio_files import is_broken_write
from .inventory import StoredFiles, read_files
from .repairs import Repairs
from .report import LONGEST_REASON, Finding, Group, inert, listed, weight

_KEPT_JOURNAL = re.compile(r"journal(?:-damaged-|\.schema-).*\.sqlite.*")
_KEPT_TAKE = re.compile(r"[1-9]\d*\.damaged(?:-\d+)?\.flac")


def strangers(stored: StoredFiles, known: Container[str]) -> list[Finding]:
    """Name the folders of audio that belong to no operation of the journal."""
    strange = {name: files for name, files in stored.items() if name not in known}
    if not strange:
        return []
    size = sum(found.size for files in strange.values() for found in files.values())
    return [
        Finding(
            Group.FOR_YOU,
            f"Of no operation in the journal: {counted(len(strange), 'folder')} of audio, "
            f"{weight(size)} (audio/: {listed(strange)}). Left alone, yours to keep or delete.",
        )
    ]


def broken_writes(repairs: Repairs) -> list[Finding]:
    """Remove what a broken write left right in the home folder, the copy of a journal say."""
    home = repairs.session.home
    broken = [name for name, found in read_files(home).items() if is_broken_write(name, found)]
    if not repairs.dry_run:
        broken = [
            name
            for name in broken
            if repairs.attempt(partial((home / name).unlink, missing_ok=True))
        ]
    if not broken:
        return []
    count = counted(len(broken), "file")
    return [
        Finding(Group.REPAIRED, f"Left by a write that broke off: {count}, {repairs.now} removed.")
    ]


def kept_aside(repairs: Repairs, stored: StoredFiles) -> list[Finding]:
    """Mention what is kept for safety's sake, with its size."""
    home = repairs.session.home
    journals = {
        name: found.size
        for name, found in read_files(home).items()
        if _KEPT_JOURNAL.fullmatch(name)
    }
    takes = [
        found.size
        for files in stored.values()
        for name, found in files.items()
        if _KEPT_TAKE.fullmatch(name)
    ]
    kept = []
    if journals:
        size = weight(sum(journals.values()))
        kept.append(f"{counted(len(journals), 'file')} of journals, {size} ({listed(journals)})")
    if takes:
        kept.append(f"{counted(len(takes), 'damaged take')}, {weight(sum(takes))}")
    if not kept:
        return []
    return [Finding(Group.IN_ORDER, f"Kept aside, and yours to delete: {'; '.join(kept)}.")]


def refused(repairs: Repairs) -> list[Finding]:
    """Say what the disk did not allow."""
    if not repairs.refusals:
        return []
    more = f", and {len(repairs.refusals) - 1:,} more" if len(repairs.refusals) > 1 else ""
    reason = inert(repairs.refusals[0], LONGEST_REASON)
    return [Finding(Group.FOR_YOU, f"The disk refused, and that is as it was: {reason}{more}.")]

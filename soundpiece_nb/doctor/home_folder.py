"""What lies in the home folder beside the operations: strangers, broken writes, old copies."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import partial

from soundpiece_nb.text import counted

from .audio_files import is_broken_write
from .inventory import Shelves, read_files
from .repairs import Care
from .report import LONGEST_REASON, Finding, Group, inert, listed, weight

_KEPT_JOURNAL = re.compile(r"journal(?:-damaged-|\.schema-).*\.sqlite.*")
_KEPT_TAKE = re.compile(r"[1-9]\d*\.damaged(?:-\d+)?\.flac")


def strangers(shelves: Shelves, known: Container[str]) -> list[Finding]:
    """Name the folders of audio that belong to no operation of the journal."""
    strange = {name: files for name, files in shelves.items() if name not in known}
    if not strange:
        return []
    size = sum(lies.size for files in strange.values() for lies in files.values())
    return [
        Finding(
            Group.FOR_YOU,
            f"Of no operation in the journal: {counted(len(strange), 'folder')} of audio, "
            f"{weight(size)} (audio/: {listed(strange)}). Left alone, yours to keep or delete.",
        )
    ]


def broken_writes(care: Care) -> list[Finding]:
    """Remove what a broken write left right in the home folder, the copy of a journal say."""
    home = care.session.home
    broken = [name for name, lies in read_files(home).items() if is_broken_write(name, lies)]
    if not care.dry_run:
        broken = [
            name for name in broken if care.attempt(partial((home / name).unlink, missing_ok=True))
        ]
    if not broken:
        return []
    count = counted(len(broken), "file")
    return [
        Finding(Group.REPAIRED, f"Left by a write that broke off: {count}, {care.now} removed.")
    ]


def kept_aside(care: Care, shelves: Shelves) -> list[Finding]:
    """Mention what is kept for safety's sake, with its size."""
    home = care.session.home
    journals = {
        name: lies.size for name, lies in read_files(home).items() if _KEPT_JOURNAL.fullmatch(name)
    }
    takes = [
        lies.size
        for files in shelves.values()
        for name, lies in files.items()
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


def refused(care: Care) -> list[Finding]:
    """Say what the disk did not allow."""
    if not care.refusals:
        return []
    more = f", and {len(care.refusals) - 1:,} more" if len(care.refusals) > 1 else ""
    reason = inert(care.refusals[0], LONGEST_REASON)
    return [Finding(Group.FOR_YOU, f"The disk refused, and that is as it was: {reason}{more}.")]

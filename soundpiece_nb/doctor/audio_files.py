"""Stored audio compared with the journal: missing, damaged and leftover files, and their repair.

Audio is never removed. A file that differs from its row in the journal is moved aside, and
%soundpiece_resume fetches the take again.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from soundpiece_nb.audio.verification import NotIntact, Take, verify
from soundpiece_nb.shown_text import counted

from .inventory import Known, KnownTake, StoredFile, StoredFiles
from .repairs import Repairs
from .report import Finding, Group, named

BROKEN_AFTER = 3600.0
"""Seconds without a write after which an unfinished file counts as abandoned."""

Names = Callable[[Path], Iterator[Path]]
"""Returns a path, then others that may be free if it is not."""

_UNFINISHED = re.compile(r"[1-9]\d*\.(?:\w+\.)?(?:part|etag)")
_BROKEN = re.compile(r"\.[0-9a-f]{32}\.part")


class AudioFiles:
    """The check of the audio of operations that no living process holds.

    After `examine`, `without_rows` holds the keys of those whose takes the journal does not know.
    """

    def __init__(
        self, repairs: Repairs, stored: StoredFiles, *, verifies: bool, names: Names
    ) -> None:
        """Prepare it; `verifies` decodes files, damaged ones get the first free of `names`."""
        self.without_rows: set[str] = set()
        self._repairs = repairs
        self._stored = stored
        self._verifies = verifies
        self._names = names
        self._journal = repairs.session.journal
        self._store = repairs.session.engine.store
        self._found: dict[str, list[str]] = defaultdict(list)
        self._missing: set[tuple[str, int]] = set()

    @property
    def without_audio(self) -> set[str]:
        """The keys of the operations whose audio is wanted and is missing or damaged here."""
        return {key for key, _ in self._missing}

    def examine(self, operations: Iterable[Known]) -> None:
        """Check operations, and repair what can be repaired."""
        for known in operations:
            self._repairs.check_stopped()
            files = self._stored.get(known.key, {})
            for take in known.takes:
                self._repairs.attempt(partial(self._examine_take, known, take, files))
            if known.status == "ready" and len(known.takes) < (known.outputs or 0):
                self.without_rows.add(known.key)
            self._repairs.attempt(partial(self._remove_leftovers, known, files))

    def findings(self) -> list[Finding]:
        """Return what was found, a sentence for each kind of it."""
        now = self._repairs.now
        return [
            Finding(group, sentence.format(counted(len(keys), noun), keys=named(keys), now=now))
            for kind, (group, noun, sentence) in _KINDS.items()
            if (keys := self._found[kind])
        ]

    def _examine_take(self, known: Known, take: KnownTake, files: Mapping[str, StoredFile]) -> None:
        file = self._store.path(known.key, take.number)
        if take.pruned_at is not None:
            self._finish_pruning(known, take, file, files)
        elif take.path is None:
            if known.status == "ready":
                self._missing.add((known.key, take.number))
                if file.name in files:
                    self._record(known, take, file)
        elif file.name not in files:
            if _is_gone(self._journal.home / take.path):
                self._missing.add((known.key, take.number))
                self._mend("gone", known, partial(self._journal.check_files, known.key))
        elif self._is_damaged(take, file):
            self._missing.add((known.key, take.number))
            self._mend("damaged", known, partial(self._put_aside_if_damaged, known, take, file))

    def _finish_pruning(
        self, known: Known, take: KnownTake, file: Path, files: Mapping[str, StoredFile]
    ) -> None:
        """Finish a pruning that a crash cut short; the audio itself is never removed here."""
        if file.name in files:
            self._found["lingering"].append(known.key)
            return
        if take.path is not None and _is_gone(file):
            self._mend("pruned", known, partial(self._journal.check_files, known.key))
        # Of a take that is still wanted, a preview may be the only sound that is left.
        preview = file.with_suffix(".mp3")
        if preview.name in files:
            self._mend("pruned", known, partial(preview.unlink, missing_ok=True))

    def _record(self, known: Known, take: KnownTake, file: Path) -> None:
        """Write a file that was completed just before a crash into the journal, if it is whole."""
        found = _read(file, take)
        if found is None:
            self._mend("damaged", known, partial(self._put_aside, known, file))
            return
        note = partial(self._journal.stored, known.key, take.number, found, file)
        if self._mend("unnoted", known, note):
            self._missing.discard((known.key, take.number))

    def _is_damaged(self, take: KnownTake, file: Path) -> bool:
        """Tell whether a file's size or, if it is verified, its sound is not the journal's."""
        if take.size not in (None, file.stat().st_size):
            return True
        if not self._verifies:
            return False
        found = _read(file, take)
        return found is None or take.md5 not in (None, found.md5)

    def _put_aside_if_damaged(self, known: Known, take: KnownTake, file: Path) -> None:
        if self._is_damaged(take, file):  # checked again, now that the lease keeps others away
            self._put_aside(known, file)

    def _put_aside(self, known: Known, file: Path) -> None:
        for each in (file.with_suffix(".mp3"), file):  # the preview was made from the damaged file
            if each.exists():
                aside = each.with_suffix(f".damaged{each.suffix}")
                each.rename(next(path for path in self._names(aside) if not path.exists()))
        self._journal.check_files(known.key)

    def _remove_leftovers(self, known: Known, files: Mapping[str, StoredFile]) -> None:
        """Remove what broken writes left, and partial downloads that nothing needs any more."""
        awaited = any((known.key, take.number) in self._missing for take in known.takes)
        ended = not (known.unfinished or awaited or known.key in self.without_rows)
        for name, found in files.items():
            if (ended and _UNFINISHED.fullmatch(name)) or is_broken_write(name, found):
                file = self._store.folder / known.key / name
                self._mend("leftovers", known, partial(file.unlink, missing_ok=True))

    def _mend(self, kind: str, known: Known, repair: Callable[[], object]) -> bool:
        done = self._repairs.mend(known.key, repair)
        if done:
            self._found[kind].append(known.key)
        return done


def is_broken_write(name: str, found: StoredFile) -> bool:
    """Tell whether a file is the temporary one of a write that was never completed."""
    return _BROKEN.fullmatch(name) is not None and time.time() - found.written_at > BROKEN_AFTER


def _is_gone(file: Path) -> bool:
    """Tell whether a file is not there; raises OSError where that cannot be told."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def _read(file: Path, take: KnownTake) -> Take | None:
    """Return the take that a file holds; None if the file is damaged."""
    try:
        return verify(file, take.duration)
    except NotIntact:
        return None


_KINDS = {
    "gone": (Group.REPAIRED, "take", "Without a file any more: {} ({keys}), {now} forgotten."),
    "damaged": (
        Group.REPAIRED,
        "take",
        "Not as noted: {} ({keys}), {now} moved aside as N.damaged.flac in the same folder.",
    ),
    "unnoted": (Group.REPAIRED, "take", "Here, whole and not noted: {} ({keys}), {now} noted."),
    "pruned": (Group.REPAIRED, "file", "Pruning was cut short: {} ({keys}), {now} let go."),
    "leftovers": (
        Group.REPAIRED,
        "file",
        "Left by downloads and writes that broke off: {} ({keys}), {now} removed.",
    ),
    "lingering": (
        Group.FOR_YOU,
        "pruned take",
        (
            "Still here: {} ({keys}). %soundpiece_prune KEY --yes removes that, "
            "%soundpiece_resume KEY keeps it."
        ),
    ),
}
"""Of each kind of finding: its group, the noun that is counted, and its sentence."""

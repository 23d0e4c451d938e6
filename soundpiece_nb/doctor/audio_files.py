"""The journal against the files: what is gone, damaged, unknown or left over, and its repair.

Audio is never removed. What is not as it was noted is moved aside, and fetched again by whoever
resumes it.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from soundpiece_nb.audio.verification import NotIntact, Take, verify
from soundpiece_nb.files import numbered
from soundpiece_nb.text import counted

from .inventory import Known, KnownTake, StoredFile, StoredFiles
from .repairs import Repairs
from .report import Finding, Group, named

BROKEN_AFTER = 3600.0
"""Seconds after which a file that was being written is one that nobody writes any more."""

_UNFINISHED = re.compile(r"[1-9]\d*\.(?:part|etag)")
_BROKEN = re.compile(r"\.[0-9a-f]{32}\.part")


class Files:
    """One look at the audio of operations that no living process holds.

    `untold` are afterwards the keys of those whose takes the journal does not know.
    """

    def __init__(
        self,
        repairs: Repairs,
        stored: StoredFiles,
        *,
        verifies: bool,
        names: Callable[[Path], Iterator[Path]] = numbered,
    ) -> None:
        """Be ready to look; `verifies` decodes every file, which takes as long as that takes."""
        self.untold: set[str] = set()
        self._repairs = repairs
        self._stored = stored
        self._verifies = verifies
        self._names = names
        self._journal = repairs.session.journal
        self._store = repairs.session.engine.store
        self._met: dict[str, list[str]] = defaultdict(list)
        self._missing: set[tuple[str, int]] = set()

    @property
    def lacking(self) -> set[str]:
        """The keys of the operations whose audio is wanted here and is not, or not whole."""
        return {key for key, _ in self._missing}

    def examine(self, operations: Iterable[Known]) -> None:
        """Look at operations, and mend what can be mended."""
        for known in operations:
            self._repairs.check_stopped()
            files = self._stored.get(known.key, {})
            for take in known.takes:
                self._repairs.attempt(partial(self._look_at, known, take, files))
            if known.status == "ready" and len(known.takes) < (known.outputs or 0):
                self.untold.add(known.key)
            self._repairs.attempt(partial(self._clear, known, files))

    def findings(self) -> list[Finding]:
        """Return what was met, a sentence for each kind of it."""
        return [
            Finding(group, _SENTENCES[what].format(count, keys=named(keys), now=self._repairs.now))
            for what, (group, noun) in _KINDS.items()
            if (keys := self._met[what]) and (count := counted(len(keys), noun))
        ]

    # ------------------------------------------------------------------ one take

    def _look_at(self, known: Known, take: KnownTake, files: Mapping[str, StoredFile]) -> None:
        file = self._store.path(known.key, take.number)
        if take.pruned_at is not None:
            self._finish_pruning(known, take, file, files)
        elif take.path is None:
            if known.status == "ready":
                self._missing.add((known.key, take.number))
                if file.name in files:
                    self._take_in(known, take, file)
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
        """Bring to its end what a crash cut short, but for the removal of the audio itself."""
        if file.name in files:
            self._met["lingering"].append(known.key)
            return
        if take.path is not None and _is_gone(file):
            self._mend("pruned", known, partial(self._journal.check_files, known.key))
        # Only here: of a take that is still wanted, a preview may be all the sound that is left.
        preview = file.with_suffix(".mp3")
        if preview.name in files:
            self._mend("pruned", known, partial(preview.unlink, missing_ok=True))

    def _take_in(self, known: Known, take: KnownTake, file: Path) -> None:
        """Note a file that got its name just before a crash, if it is whole."""
        found = _read(file)
        if found is None:
            self._mend("damaged", known, partial(self._put_aside, known, file))
            return
        note = partial(self._journal.stored, known.key, take.number, found, file)
        if self._mend("unnoted", known, note):
            self._missing.discard((known.key, take.number))

    def _is_damaged(self, take: KnownTake, file: Path) -> bool:
        """Tell whether a file has another size than was noted or, where asked for, sound."""
        if take.size not in (None, file.stat().st_size):
            return True
        if not self._verifies:
            return False
        found = _read(file)
        return found is None or take.md5 not in (None, found.md5)

    def _put_aside_if_damaged(self, known: Known, take: KnownTake, file: Path) -> None:
        if self._is_damaged(take, file):  # still, now that nobody else is at it
            self._put_aside(known, file)

    def _put_aside(self, known: Known, file: Path) -> None:
        for each in (file.with_suffix(".mp3"), file):  # a preview of it tells no better
            if each.exists():
                aside = each.with_suffix(f".damaged{each.suffix}")
                each.rename(next(path for path in self._names(aside) if not path.exists()))
        self._journal.check_files(known.key)

    # ------------------------------------------------------------------ what was left over

    def _clear(self, known: Known, files: Mapping[str, StoredFile]) -> None:
        """Remove what broken writes left, and downloads once there is nothing to download."""
        awaited = any((known.key, take.number) in self._missing for take in known.takes)
        ended = not (known.unfinished or awaited or known.key in self.untold)
        for name, found in files.items():
            if (ended and _UNFINISHED.fullmatch(name)) or is_broken_write(name, found):
                file = self._store.folder / known.key / name
                self._mend("leftovers", known, partial(file.unlink, missing_ok=True))

    def _mend(self, what: str, known: Known, deed: Callable[[], object]) -> bool:
        done = self._repairs.mend(known.key, deed)
        if done:
            self._met[what].append(known.key)
        return done


def is_broken_write(name: str, found: StoredFile) -> bool:
    """Tell whether a file was to get its name once it was whole, and never was."""
    return _BROKEN.fullmatch(name) is not None and time.time() - found.written_at > BROKEN_AFTER


def _is_gone(file: Path) -> bool:
    """Tell whether a file is not there; raises OSError where that cannot be told."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    return False


def _read(file: Path) -> Take | None:
    """Return what a whole file holds; None for one that is not whole."""
    try:
        return verify(file)
    except NotIntact:
        return None


_KINDS = {
    "gone": (Group.REPAIRED, "take"),
    "damaged": (Group.REPAIRED, "take"),
    "unnoted": (Group.REPAIRED, "take"),
    "pruned": (Group.REPAIRED, "file"),
    "leftovers": (Group.REPAIRED, "file"),
    "lingering": (Group.FOR_YOU, "pruned take"),
}
_SENTENCES = {
    "gone": "Without a file any more: {} ({keys}), {now} forgotten.",
    "damaged": "Not as noted: {} ({keys}), {now} moved aside as N.damaged.flac in the same folder.",
    "unnoted": "Here, whole and not noted: {} ({keys}), {now} noted.",
    "pruned": "Pruning was cut short: {} ({keys}), {now} let go.",
    "leftovers": "Left by downloads and writes that broke off: {} ({keys}), {now} removed.",
    "lingering": (
        "Still here: {} ({keys}). %soundpiece_prune KEY --yes removes that, "
        "%soundpiece_resume KEY keeps it."
    ),
}

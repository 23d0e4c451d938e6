"""The store of audio files: a folder an operation, a file a take, complete or not there."""

from __future__ import annotations

import filecmp
import os
import re
import shutil
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from soundpiece_nb.api.entity_tag import strong_etag
from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.files.naming import first_free
from soundpiece_nb.files.private_files import private_folder

from .verification import NotIntact, Take, Verification

KEPT_ASIDE = re.compile(r"[1-9]\d*\.(?:damaged|unverified)(?:-\d+)?\.\w+")
"""Names of files that are no verified takes and may be the only copy: they are never removed."""

_PLAIN = re.compile(r"[\w-]{1,64}", re.ASCII)
_NO_UUID = uuid.uuid5(uuid.NAMESPACE_URL, "https://soundpiece.co/no-uuid")


class AudioStore:
    """The verified takes below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str, take: int) -> Path:
        """Return the path of a take (counted from 1) of an operation, stored or not yet."""
        return self._folder_of(key) / f"{take}.flac"

    def is_new(self, key: str) -> bool:
        """Tell whether an operation has no folder yet: nobody left anything of its takes."""
        return not self._folder_of(key).exists()

    def partial(self, key: str, take: int, owner: str) -> PartialFile:
        """Return the partial file of a take that belongs to `owner`, with what others left of it.

        That is copied: call it off the event loop, unless the operation `is_new`. Raises
        StorageFailed, or OSError.
        """
        return PartialFile(self.path(key, take), owner)

    def files(self, key: str, takes: Collection[int] = ()) -> list[Path]:
        """Return every file of an operation, or of these takes of it: sound, previews, parts."""
        numbers = set(map(str, takes))
        there = (path for path in self._folder_of(key).glob("*") if path.is_file())
        return sorted(p for p in there if not numbers or p.name.partition(".")[0] in numbers)

    def free(self, key: str, takes: Collection[int] = ()) -> None:
        """Delete the files of an operation, or of these takes of it. Raises OSError.

        What is kept aside remains, and hard links elsewhere.
        """
        for file in self.files(key, takes):
            if not KEPT_ASIDE.fullmatch(file.name):
                file.unlink(missing_ok=True)
        with suppress(OSError):  # a person's own file may be in it too
            self._folder_of(key).rmdir()

    def _folder_of(self, key: str) -> Path:
        """Return the folder of an operation: its key, or one derived from a key that is no UUID.

        A damaged journal may have any text there, and what names a folder may lead out of this one.
        """
        return self.folder / (key if _PLAIN.fullmatch(key) else str(uuid.uuid5(_NO_UUID, key)))


class PartialFile:
    """A download in progress; the take's own path appears only with verified content.

    Its name has its owner in it, so that nobody else writes to it. The server's ETag is kept beside
    it, so that a later try continues the same file only. It is open between `begin` and `stop`.
    """

    def __init__(self, target: Path, owner: str) -> None:
        private_folder(target.parent.parent)
        private_folder(target.parent)
        self._target = target
        self._path = target.with_suffix(f".{owner}.part")
        self._etag_path = target.with_suffix(f".{owner}.etag")
        self._file: BinaryIO | None = None
        self._total: int | None = None
        self._next_look = 0
        self._verification: Verification | None = None
        self._continue_others()

    @property
    def size(self) -> int:
        """Bytes downloaded so far."""
        if self._file is not None:
            return self._file.tell()
        with suppress(OSError):
            return self._path.stat().st_size
        return 0

    @property
    def etag(self) -> str | None:
        """The server's ETag of the file that these bytes belong to; None if it is not usable."""
        return _read_etag(self._etag_path)

    def begin(self, offset: int, total: int | None, etag: str | None) -> None:
        """Open it for bytes from `offset` on, of `total` in all; 0 discards all earlier ones.

        Raises StorageFailed where the disk has no room for them, or OSError.
        """
        self.stop()
        require_room(self._target.parent, (total or offset) - offset)
        self._file = open(self._path, "ab", opener=_open_privately)  # noqa: SIM115 - see `stop`
        if offset != self.size:
            self._file.truncate(offset)
            self._file.seek(offset)
            self._verification = None
        self._total, self._next_look = total, offset + LOOK_EVERY
        if etag:
            self._etag_path.write_text(etag, encoding="ascii")
        else:
            self._etag_path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append bytes; raises StorageFailed where the disk gets full, or OSError."""
        if self._file is None:
            raise ValueError("a partial file is open between begin and stop")
        self._file.write(chunk)
        if self._file.tell() >= self._next_look:
            self._next_look = self._file.tell() + LOOK_EVERY
            require_room(self._target.parent, 0)

    def stop(self) -> None:
        """Close it and keep the bytes for a later try."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def verification(self, claimed_seconds: float | None = None) -> Verification:
        """Return the verification of what has come, to go on with off the event loop.

        What it has done already, `finish` need not do.
        """
        begun = self._verification
        if begun is None or begun.claimed_seconds != claimed_seconds:
            begun = self._verification = Verification(self._path, claimed_seconds)
        return begun

    def finish(self, claimed_seconds: float | None = None) -> Take:
        """Verify the file and rename it to the take's path; raises NotIntact, and keeps it.

        `claimed_seconds` is how long the service says that it is. Decodes what has not been: call
        it off the event loop.
        """
        self.stop()
        with self._path.open("rb") as written:
            os.fsync(written.fileno())
        if self._total is not None and self.size != self._total:
            raise NotIntact(f"The file has {self.size} of {self._total} bytes.")
        take = self.verification(claimed_seconds).finish()
        self._path.replace(self._target)
        self._etag_path.unlink(missing_ok=True)
        return take

    def drop(self) -> None:
        """Discard the bytes, so that the next try starts over."""
        self.stop()
        for path in (self._etag_path, self._path):
            path.unlink(missing_ok=True)
        self._verification = None

    def keep_aside(self) -> Path | None:
        """Keep the bytes that are no intact take, as `1.unverified.flac`; return their path.

        They may be the only copy there is. None where they are no sound at all, or the very same
        are kept already: then they are discarded.
        """
        self.stop()
        ending = _sound_ending(self._path)
        if ending is None:
            self.drop()
            return None
        usual = self._target.with_suffix(f".unverified{ending}")
        for kept in self._target.parent.glob(f"{self._target.stem}.unverified*"):
            if kept.is_file() and filecmp.cmp(kept, self._path, shallow=False):
                self.drop()
                return kept
        aside = first_free(usual)
        self._path.rename(aside)
        self._etag_path.unlink(missing_ok=True)
        return aside

    def _continue_others(self) -> None:
        """Go on with the longest partial file that another left, who follows it no longer.

        It is copied: whoever wrote it may not know yet that it is followed by somebody else.
        """
        pattern = re.compile(rf"{self._target.stem}\.(?:\w+\.)?(?:part|etag)")
        own = (self._path, self._etag_path)
        others = [
            path
            for path in self._target.parent.iterdir()
            if pattern.fullmatch(path.name) and path not in own and path.is_file()
        ]
        parts = [path for path in others if path.suffix == ".part"]
        for path in sorted(parts, key=lambda each: -each.stat().st_size):
            etag = _read_etag(path.with_suffix(".etag"))
            if etag and not self._path.exists():
                require_room(self._target.parent, path.stat().st_size)
                with open(self._path, "wb", opener=_open_privately) as copy, path.open("rb") as old:
                    shutil.copyfileobj(old, copy)
                self._etag_path.write_text(etag, encoding="ascii")
        for path in others:
            path.unlink(missing_ok=True)


def require_room(folder: Path, size: int) -> None:
    """Raise StorageFailed unless `size` more bytes leave the disk of a folder some room."""
    disk = shutil.disk_usage(folder)
    floor = min(LEAST_FREE, disk.total // LEAST_SHARE)
    if disk.free - size < floor:
        raise StorageFailed(
            f"The disk of {folder} has {disk.free / 1e6:,.0f} MB left, too little for "
            f"{size / 1e6:,.0f} MB more.",
            next="Make room on it, then resume.",
        )


LEAST_FREE, LEAST_SHARE = 256 * 1024 * 1024, 50
"""Bytes of a disk that downloads leave free, or of a small disk this fraction."""

LOOK_EVERY = 8 * 1024 * 1024
"""Bytes after which the room on the disk is looked at again."""

_BEGINNINGS = {
    ".flac": re.compile(rb"fLaC|ID3.{7}.{0,4000}?fLaC", re.DOTALL),
    ".wav": re.compile(rb"RIFF....WAVE", re.DOTALL),
    ".ogg": re.compile(rb"OggS"),
    ".mp3": re.compile(rb"ID3|\xff[\xe0-\xff]"),
    ".m4a": re.compile(rb"....ftyp", re.DOTALL),
    ".aiff": re.compile(rb"FORM....AIF", re.DOTALL),
}


def _sound_ending(file: Path) -> str | None:
    """Return the ending for what a file seems to be by its first bytes; None for no sound."""
    with suppress(OSError):
        with file.open("rb") as opened:
            beginning = opened.read(4096)
        for ending, pattern in _BEGINNINGS.items():
            if pattern.match(beginning):
                return ending
    return None


def _read_etag(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            text = opened.read(1024).decode("ascii")
    except (OSError, UnicodeDecodeError):
        return None
    return strong_etag(text)


def _open_privately(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)

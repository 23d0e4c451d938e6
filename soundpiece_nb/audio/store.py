"""The store of audio files: a folder an operation, a file a take, complete or not there."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .verification import NotIntact, Take, verify


class AudioStore:
    """The verified takes below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str, take: int) -> Path:
        """Return the path of a take (counted from 1) of an operation, stored or not yet."""
        return self.folder / key / f"{take}.flac"

    def partial(self, key: str, take: int) -> PartialFile:
        """Open the partial file of a take, with the bytes of an earlier try."""
        return PartialFile(self.path(key, take))

    def files(self, key: str) -> list[Path]:
        """Return every file of an operation: takes, their previews, partial files."""
        return sorted(path for path in (self.folder / key).glob("*") if path.is_file())

    def free(self, key: str) -> None:
        """Delete every file of an operation; hard links elsewhere remain. Raises OSError."""
        for file in self.files(key):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # a person's own file may be in it too
            (self.folder / key).rmdir()


class PartialFile:
    """A download in progress; the take's own path appears only with verified content.

    The server's ETag is kept beside it, so that a later try continues the same file only.
    """

    def __init__(self, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._path = target.with_suffix(".part")
        self._etag_path = target.with_suffix(".etag")
        self._file: BinaryIO = self._path.open("ab")
        self._total: int | None = None

    @property
    def size(self) -> int:
        """Bytes downloaded so far."""
        return self._file.tell()

    @property
    def etag(self) -> str | None:
        """The server's ETag of the file that these bytes belong to."""
        return self._etag_path.read_text() if self._etag_path.exists() else None

    def begin(self, offset: int, total: int | None, etag: str | None) -> None:
        """Prepare for bytes from `offset` on, of `total` in all; 0 discards all earlier ones."""
        if offset != self.size:
            self._file.truncate(offset)
            self._file.seek(offset)
        self._total = total
        if etag:
            self._etag_path.write_text(etag)
        else:
            self._etag_path.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._file.write(chunk)

    def finish(self) -> Take:
        """Verify the file and rename it to the take's path; raises NotIntact and empties it.

        Decodes the whole file: call it off the event loop.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        size = self.size
        try:
            if self._total is not None and size != self._total:
                raise NotIntact(f"The file has {size} of {self._total} bytes.")
            take = verify(self._path)
        except NotIntact:
            self.drop()
            raise
        self._file.close()
        self._path.replace(self._target)
        self._etag_path.unlink(missing_ok=True)
        return take

    def drop(self) -> None:
        """Discard the bytes, so that the next try starts over."""
        self.begin(0, None, None)

    def close(self) -> None:
        """Keep the bytes for a later try."""
        self._file.close()

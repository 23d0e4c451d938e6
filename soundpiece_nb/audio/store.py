"""Where audio lies: one folder an operation, a file a take, whole or not there at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .verification import NotIntact, Take, verify


class AudioStore:
    """The store of finished takes below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str, take: int) -> Path:
        """Return where a take (counted from 1) of an operation lies, or will."""
        return self.folder / key / f"{take}.flac"

    def partial(self, key: str, take: int) -> PartialFile:
        """Open the unfinished file of a take, with what an earlier try left in it."""
        return PartialFile(self.path(key, take))

    def files(self, key: str) -> list[Path]:
        """Return every file of an operation: takes, their previews, what an unfinished try left."""
        return sorted(path for path in (self.folder / key).glob("*") if path.is_file())

    def free(self, key: str) -> None:
        """Remove every file of an operation; links elsewhere stay. Raises OSError."""
        for file in self.files(key):
            file.unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's file may lie there too
            (self.folder / key).rmdir()


class PartialFile:
    """A download that has not ended; the finished name appears only with verified content.

    The server's ETag lies beside it, so that a later try goes on only with the same file.
    """

    def __init__(self, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._path = target.with_suffix(".part")
        self._mark = target.with_suffix(".etag")
        self._file: BinaryIO = self._path.open("ab")
        self._total: int | None = None

    @property
    def size(self) -> int:
        """How many bytes are there."""
        return self._file.tell()

    @property
    def etag(self) -> str | None:
        """What the server called the file that these bytes are of."""
        return self._mark.read_text() if self._mark.exists() else None

    def begin(self, offset: int, total: int | None, etag: str | None) -> None:
        """Prepare for bytes from `offset` on, of `total` in all; 0 forgets what was there."""
        if offset != self.size:
            self._file.truncate(offset)
            self._file.seek(offset)
        self._total = total
        if etag:
            self._mark.write_text(etag)
        else:
            self._mark.unlink(missing_ok=True)

    def write(self, chunk: bytes) -> None:
        """Append bytes."""
        self._file.write(chunk)

    def finish(self) -> Take:
        """Verify what is there and give it its name; raises NotIntact and drops it if it is not.

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
        self._mark.unlink(missing_ok=True)
        return take

    def drop(self) -> None:
        """Forget the bytes, so that the next try starts over."""
        self.begin(0, None, None)

    def close(self) -> None:
        """Leave the bytes for a later try."""
        self._file.close()

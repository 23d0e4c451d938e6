"""Files that a person has opened, or a library for them: whether they take bytes, and copying."""

from __future__ import annotations

import errno
import io
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path, PurePath
from typing import Protocol, runtime_checkable

from soundpiece_nb.api.errors import Mistake, StorageFailed
from soundpiece_nb.shown_text import quoted

BLOCK = 1 << 20
"""Bytes that are read and written at a time."""


@runtime_checkable
class OpenFile(Protocol):
    """An object that takes bytes: an open file, `io.BytesIO`, a member of a `ZipFile`."""

    def write(self, data: bytes, /) -> object:
        """Take bytes."""


@runtime_checkable
class Openable(Protocol):
    """A path of another kind than this machine's, such as `zipfile.Path`: it opens itself."""

    def open(self, mode: str, /) -> AbstractContextManager[OpenFile]:
        """Return it as an open file."""


def ending_of(file: OpenFile | Openable, endings: tuple[str, ...]) -> str:
    """Return the ending of an open file's name; the first of these where it has another or none."""
    name = getattr(file, "name", None)
    ending = PurePath(name).suffix.lower() if isinstance(name, str) else ""
    return ending if ending in endings else endings[0]


def require_binary(file: OpenFile | Openable) -> None:
    """Raise Mistake for a file that is closed, or is open for reading or for text."""
    if getattr(file, "closed", False) is True:
        raise Mistake(f"{quoted(file)} is closed.", next="Save while it is open.")
    if isinstance(file, io.TextIOBase):
        raise Mistake(f"{quoted(file)} is open for text.", next="Open it with mode 'wb'.")
    if isinstance(file, io.IOBase) and not file.writable():
        raise Mistake(f"{quoted(file)} is open for reading.", next="Open it with mode 'wb'.")


def copy_to_open_file(source: Path, file: OpenFile | Openable) -> None:
    """Write what a file holds into an open one, where that is now; raises Mistake, StorageFailed.

    It stays open.
    """
    try:
        opened = nullcontext(file) if isinstance(file, OpenFile) else file.open("wb")
        with source.open("rb") as taken, opened as target:
            _copy(taken, target)
    except (TypeError, ValueError, NotImplementedError) as error:
        what = f"{quoted(file)} takes no bytes: {str(error).rstrip('.')}."
        raise Mistake(what, next="Open it with mode 'wb'.") from None
    except OSError as error:
        why = str(error.strerror or error).rstrip(".")
        raise StorageFailed(f"{quoted(file)} cannot be written: {why}.") from error


def _copy(taken: io.BufferedReader, target: OpenFile) -> None:
    while block := taken.read(BLOCK):
        while block:
            written = target.write(block)
            if not isinstance(target, io.RawIOBase):
                break
            if not isinstance(written, int):
                raise BlockingIOError(errno.EAGAIN, "It takes nothing now")
            block = block[written:]  # a raw file may take a part only
    if hasattr(target, "flush"):
        target.flush()  # a full disk says so now

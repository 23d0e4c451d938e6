"""Atomic writes, whereby a file appears whole or not at all.

Every file that is written for a person comes by one of these functions. It may lie in a folder that
others write to, so its temporary name cannot be guessed, nobody else can read it before it is
whole, and a link that was planted under its name is replaced, never followed.
"""

from __future__ import annotations

import errno
import functools
import os
import shutil
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .naming import numbered
from .reading import AS_IT_IS, READ_AS_IT_IS

LINK_FOLDER = "soundpiece-audio"
"""Folder beside a notebook; Jupyter serves no hidden folders and no links out of its root."""

HEAD = 1 << 16
"""Bytes by which two files of one size are told apart: FLAC begins with the MD5 of its samples."""

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)

_asking_umask = threading.Lock()


@contextmanager
def written_beside(target: Path, *, private: bool = False) -> Iterator[Path]:
    """Lend the path of a new file beside `target`, which replaces it once it is written whole.

    It is on the disk before it is renamed. A link at `target` is replaced, whatever it leads to.
    A `private` one can be read by its owner alone; any other takes the place of no file that was
    made read-only. Raises OSError.
    """
    if not private:
        _require_writable(target)
    with _unfinished(target.parent, private=private) as (path, settle):
        yield path
        settle()
        path.replace(target)
        _sync_folder(target.parent)


def _require_writable(target: Path) -> None:
    """Raise PermissionError for a file that nobody may write, which renaming would replace."""
    with suppress(FileNotFoundError):
        found = target.lstat()
        if stat.S_ISREG(found.st_mode) and not found.st_mode & 0o222:
            raise PermissionError(errno.EACCES, "The file there is read-only", str(target))


def write_new(
    target: Path,
    write: Callable[[Path], object],
    is_same: Callable[[Path], bool] = lambda _: False,
) -> Path:
    """Write a file like `written_beside`, under the first of the `numbered` names that is free.

    Returns its path. The name is taken in the moment in which the file appears, so that two
    processes never take one. A file of which `is_same(path)` is true is replaced.
    """
    with _unfinished(target.parent) as (path, settle):
        write(path)
        settle()
        names = numbered(target)
        while True:
            chosen = next(names)
            try:
                _rename_new(path, chosen)
            except FileExistsError:
                if not is_same(chosen):
                    continue
                path.replace(chosen)
            _sync_folder(target.parent)
            return chosen


@contextmanager
def _unfinished(
    folder: Path, *, private: bool = False
) -> Iterator[tuple[Path, Callable[[], None]]]:
    """Lend a new file that only its owner can read, and what syncs it and gives it its mode."""
    path = folder / f".{uuid.uuid4().hex}.part"
    with os.fdopen(os.open(path, _NEW, 0o600), "wb") as file:
        made = os.fstat(file.fileno())

    def settle() -> None:
        with os.fdopen(os.open(path, os.O_RDWR | AS_IT_IS), "rb") as file:
            if not os.path.samestat(made, os.fstat(file.fileno())):
                raise FileExistsError(errno.EEXIST, "Another file was put in its place", str(path))
            if hasattr(os, "fchmod") and not private:
                os.fchmod(file.fileno(), 0o666 & ~_umask())
            os.fsync(file.fileno())

    try:
        yield path, settle
    finally:
        path.unlink(missing_ok=True)


def _umask() -> int:
    """Return the process's umask, which can only be read by setting it."""
    with _asking_umask:
        mask = os.umask(0o077)  # for an instant, other threads' files are too private
        os.umask(mask)
    return mask


def _rename_new(path: Path, target: Path) -> None:
    """Give a file a name that nothing has; raises FileExistsError where something does."""
    try:
        target.hardlink_to(path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: the name is claimed, then taken
        os.close(os.open(target, _NEW, 0o600))
        path.replace(target)


def _sync_folder(folder: Path) -> None:
    """Make a new name last, where a folder can be synced."""
    with suppress(OSError):  # not on Windows, nor on some network drives
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def place_beside(
    source: Path,
    folder: Path,
    name: str,
    *,
    copies: bool = True,
    link: Callable[[Path, Path], None] = Path.hardlink_to,
) -> Path:
    """Put a finished file into `folder` under `name`, as a hard link or else a copy.

    Returns its path, which is numbered where another file has that name; one that is there already
    is left as it is. `link(new, source)` makes the link. Raises OSError where that fails, would
    take a copy and `copies` forbids it, or the folder is a link to another.
    """
    folder.mkdir(exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "It is a link to another folder", str(folder))
    is_same = functools.partial(_is_copy, source)
    names = numbered(folder / name)
    while True:
        target = next(names)
        if is_same(target):
            return target
        try:
            link(target, source)
        except FileExistsError:
            if is_same(target):  # another process was faster
                return target
        except OSError:
            if not copies:
                raise
            return write_new(target, functools.partial(shutil.copyfile, source), is_same)
        else:
            return target


def _is_copy(source: Path, path: Path) -> bool:
    """Tell whether a path is a regular file, no link, with the size and head of another."""
    known = source.stat()
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_size != known.st_size:
            return False
        return os.path.samestat(found, known) or _head(path) == _head(source)
    except OSError:
        return False


def _head(path: Path) -> bytes:
    with os.fdopen(os.open(path, READ_AS_IT_IS), "rb") as file:
        return file.read(HEAD)

"""The data folder: private to its owner, and of one sandbox at a time."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_OWN = {
    *("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.sqlite3-journal"),
    *("signing-secret", "sounds", "fetched", "sandbox.lock"),
    *("sandbox.log", "starting.lock", "address.json"),  # those of the notebook that starts it
}


class FolderUnusableError(Exception):
    """A folder cannot be the data folder; the message says why, as the end of a sentence."""


@contextmanager
def lock_data_folder(folder: Path) -> Iterator[None]:
    """Make a data folder and its files private, and hold it until the end of the block.

    The lock ends with the process, however it ends; its children do not have it. Raises
    FolderUnusableError for a folder that another sandbox holds, or that cannot be written.
    """
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise FolderUnusableError("it is not writable")
        lock = FileLock(folder / "sandbox.lock", timeout=0, mode=0o600)
        lock.acquire()
    except Timeout:
        raise FolderUnusableError("another sandbox is using it") from None
    except NotImplementedError:
        raise FolderUnusableError("its disk knows no locks") from None
    except OSError as error:
        raise FolderUnusableError(error.strerror or str(error)) from None
    try:
        _make_private(folder)
        yield
    finally:
        lock.release()


def _make_private(folder: Path) -> None:
    """Close the folder and the sandbox's files in it to others, as an earlier version did not.

    A folder that holds other things too stays as open as it is: it is not only the sandbox's.
    """
    if os.name != "posix":
        return
    entries = list(folder.iterdir())
    own = [entry for entry in entries if entry.name in _OWN or entry.suffix == ".part"]
    if len(own) == len(entries):
        _close_to_others(folder)
    for entry in own:
        _close_to_others(entry)
        if entry.is_dir() and not entry.is_symlink():
            for inner in entry.rglob("*"):
                _close_to_others(inner)


def _close_to_others(path: Path) -> None:
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        return
    if found.st_mode & 0o077:
        path.chmod(stat.S_IMODE(found.st_mode) & 0o700)

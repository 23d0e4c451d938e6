"""Folders and files that only their owner may read."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from pathlib import Path


def private_folder(path: Path, holding: re.Pattern[str] | None = None) -> Path:
    """Return a folder that only its owner may enter, made with its parents if need be.

    One of ours that others may enter is closed to them; with `holding`, only if the name of
    everything in it fits, since a person may have named a folder of other things. Raises OSError.
    """
    if not path.is_dir():
        if not path.parent.exists():
            private_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
    if os.name == "posix":
        found = path.stat()
        ours = holding is None or all(holding.fullmatch(each.name) for each in path.iterdir())
        if ours and found.st_uid == os.geteuid() and found.st_mode & 0o077:
            path.chmod(stat.S_IMODE(found.st_mode) & 0o700)  # as read-only as it is
    return path


def private_file(path: Path) -> Path:
    """Make an empty file that its owner alone can read, if it does not exist; raises OSError.

    One that exists is not opened: that would end this process's locks on it.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return path

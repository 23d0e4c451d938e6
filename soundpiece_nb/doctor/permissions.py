"""The permissions of the home folder: what is in it is its owner's alone."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from .repairs import Repairs
from .report import Finding, Group

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
"""The permissions of everybody but the owner."""


def permissions(repairs: Repairs) -> Iterator[Finding]:
    """Close a home folder that other users of the machine can enter, and all that is in it.

    Only what belongs to the person; nothing on systems without such permissions.
    """
    home = repairs.session.home
    if os.name != "posix" or not home.stat().st_mode & _OTHERS:
        return
    mended = 0
    for path in _open_to_others(home):
        repairs.check_stopped()
        change = partial(_close, path)
        mended += repairs.dry_run or repairs.attempt(change)
    if mended:
        count = "1 file or folder" if mended == 1 else f"{mended:,} files and folders"
        sentence = f"Open to other users of this machine: {count}, {repairs.now} yours alone."
        yield Finding(Group.REPAIRED, sentence)


def _open_to_others(home: Path) -> list[Path]:
    found = []
    for folder, _, names in os.walk(home):  # it follows no links
        for path in (Path(folder), *(Path(folder, name) for name in names)):
            try:
                state = path.lstat()
            except OSError:  # gone meanwhile
                continue
            mine = state.st_uid == os.getuid() and not stat.S_ISLNK(state.st_mode)
            if mine and state.st_mode & _OTHERS:
                found.append(path)
    return found


def _close(path: Path) -> None:
    path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~_OTHERS)

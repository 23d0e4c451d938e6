"""The home folder, as a person named it: what can only be a slip is said, and makes no folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import quoted

_SLIPS = (
    (
        r"""^\\?["'`\u2018-\u201f\xab]|"$|[\\/](["']).*\1([\\/]|$)""",
        "with quotes that no shell has taken away",
    ),
    (r"\$[{(]|\$[A-Z_]{2}|(^|[\\/])\$\w|%\w+%", "with a variable in it that nobody has replaced"),
    (r"^\w[\w+.-]+:/", "which is an address and no folder"),
    (r"[\x00-\x1f\x7f]", "with a character in it that cannot be seen"),
)
"""Patterns of slips in the name of a folder, and the words for each."""
_SIGNS = frozenset("\\\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\xab$%:")
"""Characters without which there is no slip, so that most names need no patterns compiled."""

_OF_WINDOWS = r"^[A-Za-z]:[\\/]|^\\\\"
"""A path with a drive or host of Windows; elsewhere it would be a file name with backslashes."""


def read_home_folder(chosen: str, name: str) -> Path:
    """Return the folder that is meant, as an absolute path; raises Mistake, which calls it `name`.

    It need not exist. A relative one is below the present folder.
    """
    if _SIGNS.isdisjoint(chosen) and chosen.isprintable():
        return _absolute(chosen, name)
    slips = [*_SLIPS, (_OF_WINDOWS, "which is a path of Windows")] if os.name == "posix" else _SLIPS
    for slip, words in slips:
        if re.search(slip, chosen):
            raise _no_folder(name, chosen, words)
    return _absolute(chosen, name)


def _absolute(chosen: str, name: str) -> Path:
    try:
        return Path(chosen).expanduser().absolute()
    except RuntimeError:
        raise _no_folder(name, chosen, "and there is no such user's home here") from None
    except (OSError, ValueError):
        words = "which is below the folder that Python works in, and that is gone or closed to you"
        raise _no_folder(name, chosen, words) from None


def _no_folder(name: str, chosen: str, words: str) -> Mistake:
    return Mistake(
        f"{name} is {quoted(chosen)}, {words}.",
        next="Set it to a folder's whole path, such as /data/soundpiece.",
    )


def usual_home_folder() -> Path:
    """Return the folder in which this machine keeps a user's data; raises Mistake without one."""
    import platformdirs

    try:
        folder = platformdirs.user_data_path("soundpiece", appauthor=False)
    except (RuntimeError, OSError, LookupError):
        folder = Path()
    # Without a home folder it begins with ~ still, and would be made wherever the kernel stands.
    if not folder.is_absolute():
        raise Mistake(
            "This user has no home folder to keep the journal and audio in: HOME or XDG_DATA_HOME "
            "is missing, or no absolute path.",
            next="Set SOUNDPIECE_HOME to a folder of yours, where Jupyter is started.",
        )
    return folder

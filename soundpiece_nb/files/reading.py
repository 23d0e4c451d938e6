"""Reading a file of a folder that others may have arranged."""

from __future__ import annotations

import os
import stat
from pathlib import Path

AS_IT_IS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Flags that open no link and wait for no pipe."""
READ_AS_IT_IS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | AS_IT_IS


def read_inside(folder: Path, name: str, most: int) -> bytes | None:
    """Return the content of a file that is really in a folder or below it, of at most `most` bytes.

    None where it is missing, larger, no regular file, hidden (Jupyter shows no such file either),
    or reached by a link that leads out of the folder.
    """
    try:
        root = folder.resolve(strict=True)
        real = (root / name).resolve(strict=True)
        if any(part.startswith(".") for part in real.relative_to(root).parts):
            return None
        with os.fdopen(os.open(real, READ_AS_IT_IS), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > most:
                return None
            content = file.read(most + 1)
    except (OSError, RuntimeError, ValueError):  # links in a circle; NUL; not relative to it
        return None
    return content if len(content) <= most else None

"""Files that appear whole or not at all, and the names that people recognise them by."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from soundpiece_nb.api.errors import Mistake

LINK_FOLDER = "soundpiece-audio"
"""Folder beside a notebook; Jupyter serves no hidden folders and no links out of its root."""


def readable_name(title: str, take: int | str, key: str, ending: str = ".flac") -> str:
    """Return a file name that a person recognises: title, take, the key's first eight.

    `take` is its number, or what it is called: `vocals`.
    """
    words = _plain(title)[:48] or "take"
    return f"{words}-{_plain(str(take))[:24]}-{key[:8]}{ending}"


def _plain(text: str) -> str:
    return re.sub(r"[^\w-]+", "-", text).strip("-")


def numbered(path: Path) -> Iterator[Path]:
    """Yield a path, then the same with -2, -3 and so on before its ending."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Lend the path of a new file beside `target`, which takes that name once it is whole."""
    partial = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def place_beside(source: Path, folder: Path, name: str, *, copies: bool = True) -> Path:
    """Put a finished file into `folder` under `name`, as a hard link or else a copy.

    Returns its path. A file of that name and size is left as it is. Raises OSError where that
    does not go, or would take a copy and `copies` forbids it.
    """
    folder.mkdir(exist_ok=True)
    target = folder / name
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return target
    with written_beside(target) as partial:
        try:
            partial.hardlink_to(source)
        except OSError:
            if not copies:
                raise
            shutil.copyfile(source, partial)
    return target


def read_path(path: str | Path) -> Path:
    """Return a path of this machine, `~` included; raises Mistake for one that cannot be."""
    try:
        whole = Path(path).expanduser()
        possible = b"\0" not in os.fsencode(whole)
    except (RuntimeError, UnicodeEncodeError):  # nobody's home, or half of a surrogate pair
        possible = False
    if not possible:
        raise Mistake(f"{str(path)!r} cannot be a path on this machine.")
    return whole

"""Atomic writes, whereby a file appears whole or not at all, and readable file names."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from soundpiece_nb.api.errors import Mistake

LINK_FOLDER = "soundpiece-audio"
"""Folder beside a notebook; Jupyter serves no hidden folders and no links out of its root."""


def readable_name(title: str, take: int | str, key: str, ending: str = ".flac") -> str:
    """Return a file name that a person recognises: title, take, the key's first 8 characters.

    `take` is its number or its kind, such as `vocals`.
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


def first_free(path: Path) -> Path:
    """Return the first of the `numbered` paths at which nothing exists."""
    return next(each for each in numbered(path) if not each.exists())


@contextmanager
def written_beside(target: Path) -> Iterator[Path]:
    """Lend the path of a new file beside `target`, which replaces it once it is written whole."""
    partial = target.with_name(f".{uuid.uuid4().hex}.part")
    try:
        yield partial
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def place_beside(
    source: Path,
    folder: Path,
    name: str,
    *,
    copies: bool = True,
    link: Callable[[Path, Path], None] = Path.hardlink_to,
) -> Path:
    """Put a finished file into `folder` under `name`, as a hard link or else a copy.

    Returns its path. A file of that name and size is left as it is. `link(new, source)` makes the
    link. Raises OSError where that fails, or would take a copy and `copies` forbids it.
    """
    folder.mkdir(exist_ok=True)
    target = folder / name
    if target.exists() and target.stat().st_size == source.stat().st_size:
        return target
    with written_beside(target) as partial:
        try:
            link(partial, source)
        except OSError:
            if not copies:
                raise
            shutil.copyfile(source, partial)
    return target


def read_path(path: str | Path) -> Path:
    """Return a path of this machine, with `~` expanded; raises Mistake for an impossible one."""
    try:
        whole = Path(path).expanduser()
        possible = b"\0" not in os.fsencode(whole)
    except (RuntimeError, UnicodeEncodeError):  # an unknown user's ~, or half of a surrogate pair
        possible = False
    if not possible:
        raise Mistake(f"{str(path)!r} cannot be a path on this machine.")
    return whole

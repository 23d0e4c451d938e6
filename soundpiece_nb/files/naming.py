"""Readable file names, and the first of them that is free."""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from soundpiece_nb.inputs.spelling import composed

MOST_IN_A_NAME = 100
"""Characters of a name that a pattern makes."""
_SIGNS = frozenset(" _.,'()[]&+#@!=-")
"""Signs in names that neither Windows, macOS nor a shell's quotes take for something else."""
_AROUND = " .-,"
"""Signs cut off at both ends: left of separators between empty fields, or a point that hides."""


def readable_name(title: str, take: int | str, key: str, ending: str = ".flac") -> str:
    """Return a file name that a person recognises: title, take, the key's first 8 characters.

    `take` is its number or its kind, such as `vocals`. A name has at most 255 bytes, as file
    systems count, and room for the `-2` of another file.
    """
    words = _plain(title, 48) or "take"
    return f"{words}-{_plain(str(take), 24)}-{_plain(key, 8)}{ending}"


def _plain(text: str, most: int) -> str:
    """Return a text without what file systems refuse, of `most` characters or three times bytes.

    Only rare scripts have characters of four bytes.
    """
    words = re.sub(r"[^\w-]+", "-", text[: 64 * most]).strip("-")[:most]
    return words.encode()[: 3 * most].decode(errors="ignore")


def safe_name(text: str) -> str:
    """Return a text as the name of a file or folder, without an ending, on any system.

    It is empty where nothing is left. At most 100 characters and 200 bytes: file systems count 255,
    and an ending and a number come to it.
    """
    from .path_text import is_reserved  # which compiles patterns that loading has no use for

    words = " ".join(composed(text[: 64 * MOST_IN_A_NAME]).split())
    words = "".join(each if _may_be_in_name(each) else "-" for each in words)
    words = re.sub(r"-(?: *-)+", "-", words).strip(_AROUND)[:MOST_IN_A_NAME]
    name = words.encode()[: 2 * MOST_IN_A_NAME].decode(errors="ignore").strip(_AROUND)
    return f"_{name}" if is_reserved(name) else name


def _may_be_in_name(character: str) -> bool:
    """Tell whether it is a letter, a number, a mark that belongs to a letter, or a safe sign."""
    if character.isalnum() or character in _SIGNS:
        return True
    return unicodedata.category(character).startswith("M")


def numbered(path: Path) -> Iterator[Path]:
    """Yield a path, then the same with -2, -3 and so on before its ending."""
    yield path
    for number in itertools.count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def first_free(path: Path) -> Path:
    """Return the first of the `numbered` paths at which nothing is, not even a broken link.

    Another process may take it meanwhile: where that matters, `write_new` chooses the name.
    """
    return next(each for each in numbered(path) if not os.path.lexists(each))

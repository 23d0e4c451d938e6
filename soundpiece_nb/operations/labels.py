"""Labels that a person gives operations, to find them again: a NAME, tags, a note."""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import require_whole
from soundpiece_nb.shown_text import quoted

NO_STARS = 0
"""The number of stars that takes a rating away."""


@dataclass(frozen=True)
class Labels:
    """The NAME, tags and note of one operation."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None


def read_labels(name: Any = None, tags: Any = (), note: Any = None) -> Labels:
    """Return checked labels; raises Mistake."""
    name = None if name is None else read_name(name)
    return Labels(name, read_tags(tags), None if note is None else read_note(note))


def read_name(name: Any) -> str:
    """Return a NAME; raises Mistake unless it is an identifier."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        rule = "it must be a Python identifier such as night_drive"
        raise Mistake(f"{quoted(name)} cannot be a NAME: {rule}.")
    return name


def read_tags(tags: Any) -> tuple[str, ...]:
    """Return tags; raises Mistake unless they are a list of texts."""
    listed = isinstance(tags, Iterable) and not isinstance(tags, str | bytes | dict)
    texts = tuple(tags) if listed else ()
    if not listed or not all(isinstance(tag, str) for tag in texts):
        raise Mistake(f"Tags must be a list of texts, not {quoted(tags)}.")
    return tuple(require_whole(tag, "tag") for tag in texts)


def read_note(note: Any) -> str:
    """Return a note; raises Mistake unless it is text."""
    if not isinstance(note, str):
        raise Mistake(f"A note must be text, not {quoted(note)}.")
    return require_whole(note, "note")

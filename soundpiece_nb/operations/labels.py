"""What a person gives to operations and takes, to find them again: a NAME, tags, a note, stars."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from numbers import Real

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import require_whole

NO_STARS = 0
_STARS = range(1, 6)


def require_name(name: str) -> str:
    """Return a NAME; raises Mistake unless it is an identifier."""
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
        raise Mistake(
            f"{name!r} cannot be a NAME: it must be a Python identifier such as night_drive. "
            "Nothing was sent."
        )
    return name


def require_labels(tags: Sequence[str], note: str | None) -> None:
    """Raise Mistake unless `tags` is a list of texts and `note` is text or nothing."""
    require_tags(tags)
    if note is not None:
        require_note(note)


def require_stars(stars: float) -> int:
    """Return a number of stars, numpy's too, as frames hold them; raises Mistake for what is none.

    4.0 is one: a column with absent ratings holds such.
    """
    if isinstance(stars, bool) or not isinstance(stars, Real) or stars not in _STARS:
        raise Mistake(f"A take has 1 to 5 stars; {stars!r} is none of them.")
    return int(stars)


def require_tags(tags: Sequence[str]) -> Sequence[str]:
    """Return tags; raises Mistake unless they are a list of texts."""
    listed = isinstance(tags, list | tuple) and all(isinstance(tag, str) for tag in tags)
    if not listed:
        raise Mistake(f"Tags are a list of texts; {tags!r} is none.")
    return [require_whole(tag, "tag") for tag in tags]


def require_note(note: str) -> str:
    """Return a note; raises Mistake unless it is text."""
    if not isinstance(note, str):
        raise Mistake(f"A note is text; {note!r} is none.")
    return require_whole(note, "note")

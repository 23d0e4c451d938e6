"""Texts that can be written down: Python's may hold half of a surrogate pair, UTF-8 cannot."""

from __future__ import annotations

from .errors import Mistake


def require_whole(text: str, what: str) -> str:
    """Return a text that can be written down; raises Mistake for half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Mistake(
            f"Character {error.start + 1} of the {what} is half of a surrogate pair "
            f"and cannot be sent."
        ) from None
    return text

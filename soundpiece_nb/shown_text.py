"""Words as they may be shown, whoever wrote them."""

from __future__ import annotations

import re

KEY_SHOWN = 8
"""Characters of a key that are shown where it is only to be recognised."""


def visible(text: str) -> str:
    """Return text without the control characters that no page can show and a terminal obeys."""
    return _CONTROLS.sub("", text)


def counted(number: int, noun: str) -> str:
    """Return `1 take` or `2,000 takes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(key: str) -> str:
    """Return the beginning of a key: enough to recognise it, and to type it."""
    return key[:KEY_SHOWN]


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

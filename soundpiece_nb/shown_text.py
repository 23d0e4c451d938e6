"""Words as they may be shown, whoever wrote them."""

from __future__ import annotations

import re
from reprlib import Repr
from typing import Any

KEY_SHOWN = 8
"""Characters of a key that are shown where it is only to be recognised."""


def visible(text: str) -> str:
    """Return text without the control characters that no page can show and a terminal obeys."""
    return _CONTROLS.sub("", text)


def quoted(value: Any) -> str:
    """Return a value as an error names it: as Python writes it, shortened."""
    try:
        return _WRITER.repr(value)
    except ValueError:  # a number of more digits than Python writes down
        return "a number of very many digits"


def counted(number: int, noun: str) -> str:
    """Return `1 take` or `2,000 takes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def short(key: str) -> str:
    """Return the beginning of a key: enough to recognise it, and to type it."""
    return key[:KEY_SHOWN]


_WRITER = Repr()
_WRITER.maxstring = _WRITER.maxother = 80
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

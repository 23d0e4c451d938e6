"""Words as they may be shown, whoever wrote them."""

from __future__ import annotations

import re


def visible(text: str) -> str:
    """Return text without the control characters that no page can show and a terminal obeys."""
    return _CONTROLS.sub("", text)


def counted(number: int, noun: str) -> str:
    """Return `1 take` or `2,000 takes`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

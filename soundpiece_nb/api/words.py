"""Words as they may be shown, whoever wrote them."""

from __future__ import annotations

import re


def visible(text: str) -> str:
    """Return text without the control characters that no page can show and a terminal obeys."""
    return _CONTROLS.sub("", text)


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

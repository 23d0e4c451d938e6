"""Environment variables as a person meant them, whoever wrote them into the environment."""

from __future__ import annotations

import os

_QUOTES = ("'", '"')


def read_variable(name: str) -> str:
    """Return a variable without the space around it and one pair of quotes; "" where it is not set.

    A shell takes quotes away; Docker's `--env-file` and a kernel's `kernel.json` keep them, and a
    secret that is mounted as a file ends in a line feed.
    """
    text = os.environ.get(name, "").strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES:
        return text[1:-1].strip()
    return text

"""Readers of numbers, as people, magics and data frames give them; each with one wording."""

from __future__ import annotations

import math
from contextlib import suppress
from datetime import timedelta
from numbers import Real
from typing import Any

from soundpiece_nb.shown_text import quoted

from .errors import Mistake

MOST_STARS = 5


def read_whole(value: Any, what: str, *, least: int = 1, most: float = math.inf) -> int:
    """Return a whole number between two bounds; raises Mistake, which calls it `what`.

    4.0 is one, and so are the numbers of numpy: columns with gaps hold such.
    """
    number = _finite(value)
    if number is None or not number.is_integer() or not least <= number <= most:
        bounds = f"from {least} to {most}" if math.isfinite(most) else f"from {least}"
        raise Mistake(f"{what} must be a whole number {bounds}, not {quoted(value)}.")
    return int(number)


def read_seconds(value: Any, what: str, *, least: float = 0.0) -> float:
    """Return a number of seconds above the least, or a timedelta as one; raises Mistake."""
    seconds = _finite(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds is None:
        raise Mistake(f"{what} must be a number of seconds, not {quoted(value)}.")
    if seconds <= least:
        raise Mistake(f"{what} must be more than {least:g} seconds, not {quoted(value)}.")
    return seconds


def read_stars(value: Any, *, least: int = 1) -> int:
    """Return how many stars a take gets, 1 to 5; with `least` 0 it may get none."""
    return read_whole(value, "Stars", least=least, most=MOST_STARS)


def as_number(text: Any) -> Any:
    """Return what was typed as the number that it spells; anything else as it is."""
    if not isinstance(text, str):
        return text
    for kind in (int, float):
        with suppress(ValueError):
            return kind(text)
    return text


def _finite(value: Any) -> float | None:
    """Return a finite number; None for anything else, truth values too."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None

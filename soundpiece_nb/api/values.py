"""Readers of numbers, as people, magics and data frames give them; each with one rated_words."""

from __future__ import annotations

import math
from datetime import timedelta
from numbers import Real
from reprlib import repr as shortened
from typing import Any

from .errors import Mistake

MOST_STARS = 5


def read_whole(value: Any, what: str, *, least: int = 1, most: float = math.inf) -> int:
    """Return a whole number between two bounds; raises Mistake, which calls it `what`.

    Digits as text are one, and so are 4.0 and the numbers of numpy: columns with gaps hold such.
    """
    number = _number(value)
    if number is None or not number.is_integer() or not least <= number <= most:
        bounds = f"from {least} to {most:,}" if math.isfinite(most) else f"from {least}"
        raise Mistake(f"{what} must be a whole number {bounds}, not {shortened(value)}.")
    return int(number)


def read_seconds(value: Any, what: str, *, least: float = 0.0, above: bool = True) -> float:
    """Return a number of seconds, or a timedelta as one; raises Mistake, which calls it `what`.

    It has to be finite and `above` the least, or may be equal to it.
    """
    seconds = _number(value.total_seconds() if isinstance(value, timedelta) else value)
    if seconds is None or seconds < least or (above and seconds == least):
        bound = f" {'above' if above else 'from'} {least:g}" if seconds is not None else ""
        raise Mistake(f"{what} must be a number of seconds{bound}, not {shortened(value)}.")
    return seconds


def read_stars(value: Any, *, least: int = 1) -> int:
    """Return how many stars a take gets, 1 to 5; with `least` 0, none is a number too."""
    return read_whole(value, "Stars", least=least, most=MOST_STARS)


def _number(value: Any) -> float | None:
    """Return a finite number; None for anything else, truth values too."""
    if isinstance(value, bool) or not isinstance(value, Real | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None

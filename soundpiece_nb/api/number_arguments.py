"""Readers of numbers, as people, magics and data frames give them; each with one wording."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from datetime import timedelta
from numbers import Real
from typing import Any

from soundpiece_nb.inputs.plain_values import unwrap
from soundpiece_nb.shown_text import quoted

from .errors import Mistake

MOST_STARS = 5


def read_whole(value: Any, what: str, *, least: float = 1, most: float = math.inf) -> int:
    """Return a whole number between two bounds; raises Mistake, which calls it `what`.

    4.0 is one, and so are the numbers of numpy: columns with gaps hold such.
    """
    number = finite_number(value)
    if number is None or not number.is_integer() or not least <= number <= most:
        bounds = f" from {least}" if math.isfinite(least) else ""
        bounds += f" to {most}" if math.isfinite(most) else ""
        raise Mistake(f"{what} must be a whole number{bounds}, not {quoted(value)}.")
    return int(number)


def read_seconds(value: Any, what: str, *, least: float = 0.0) -> float:
    """Return a number of seconds above the least; raises Mistake.

    A timedelta is one, and so is a text that says its unit: `30s`, `1m30`, `0:30`.
    """
    length = unwrap(value)
    if isinstance(length, str):
        length = _spelled_seconds(length)
    seconds = finite_number(length.total_seconds() if isinstance(length, timedelta) else length)
    if seconds is None:
        meant = _with_a_point(value)
        raise Mistake(f"{what} must be a number of seconds, not {quoted(value)}{meant}.")
    if seconds <= least:
        raise Mistake(f"{what} must be more than {least:g} seconds, not {quoted(value)}.")
    return seconds


def _spelled_seconds(text: str) -> float | str:
    """Return the seconds that a text says with a unit, or as a player's clock; else the text."""
    plain = text.strip().lower()
    if clock := re.fullmatch(r"(\d+):([0-5]\d(?:\.\d+)?)", plain):
        return 60 * int(clock[1]) + float(clock[2])
    units = re.fullmatch(_UNITS, plain)
    if units is None or not (units["h"] or units["m"] or units["unit"]):
        return text
    hours, minutes, seconds = (float(units[name] or 0) for name in "hms")
    return 3600 * hours + 60 * minutes + seconds


def _with_a_point(value: Any) -> str:
    """Return ` (did you mean `2.5`?)` for 2,5; three digits behind a comma may be thousands."""
    match = re.fullmatch(r"\s*(\d+),(\d{1,2})\s*", value) if isinstance(value, str) else None
    return f" (did you mean `{match[1]}.{match[2]}`?)" if match else ""


_UNITS = (
    r"(?:(?P<h>\d+(?:\.\d+)?) ?(?:h|hrs?|hours?) ?)?"
    r"(?:(?P<m>\d+(?:\.\d+)?) ?(?:m|mins?|minutes?) ?)?"
    r"(?:(?P<s>\d+(?:\.\d+)?) ?(?P<unit>s|secs?|seconds?)?)?"
)


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


def finite_number(value: Any) -> float | None:
    """Return a finite number of whatever library; None for anything else, truth values too."""
    value = unwrap(value)
    is_decimal = hasattr(value, "is_nan")  # decimal takes a while to import, and is no Real
    if isinstance(value, bool) or not (is_decimal or isinstance(value, Real)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):  # the latter of a signalling NaN
        return None
    return number if math.isfinite(number) else None

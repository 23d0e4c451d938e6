"""Values of numpy, pandas, pyarrow and the like as the plain Python values that they are.

None of those libraries is imported for it: their values are known by what they have, so that
loading stays instant and a library that is not installed is not missed.
"""

from __future__ import annotations

import math
from enum import Enum
from typing import Any

_PLAIN = (str, int, float, bool, type(None), list, dict)
_MISSING = {"NAType", "NaTType"}
"""The classes of `pandas.NA` and `pandas.NaT`."""


def unwrap(value: Any) -> Any:
    """Return a single value of another library as Python's own; anything else as it is.

    Those are scalars of numpy and pyarrow, arrays without dimensions, members of an Enum and
    subclasses of str. A masked value of numpy is None.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, Enum):
        return unwrap(value.value)
    if isinstance(value, str):
        return str.__str__(value)
    if hasattr(kind, "as_py"):
        return unwrap(value.as_py())
    try:
        without_dimensions = hasattr(kind, "item") and value.shape == ()
        return _item(value) if without_dimensions else value
    except Exception:  # noqa: BLE001 - a person's own class may raise anything
        return value


def _item(value: Any) -> Any:
    """Return the one element of an array without dimensions."""
    if type(value).__name__ == "MaskedConstant":  # its item is 0.0
        return None
    match getattr(value.dtype, "kind", ""):
        case "m":  # in nanoseconds, its item is a bare number
            return value.astype("timedelta64[us]").item()
        case "M":  # a moment of no time zone, which Python's own would be given
            return None if str(value) == "NaT" else value
    return value.item()


def is_missing(value: Any) -> bool:
    """Tell whether a value stands for none: None, NaN, NaT, pandas.NA, a null, a masked value."""
    value = unwrap(value)
    if hasattr(value, "is_nan"):  # of a Decimal, whose module takes a while to import
        return bool(value.is_nan())
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or type(value).__name__ in _MISSING


def plain(value: Any) -> Any:
    """Return a value as `unwrap` does, and None for one that is missing."""
    return None if is_missing(value) else unwrap(value)

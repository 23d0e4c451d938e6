"""`--sweep name=a,b,c`: one operation for each combination, all of one cell."""

from __future__ import annotations

import re
import uuid
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import Route

from .expansion import expand

MOST_IN_A_SWEEP = 100
"""Combinations one cell may make: more than this is a batch, or a slip."""

_SWEEP = re.compile(r"(?P<name>[^\W\d]\w*)\s*=\s*(?P<values>.*)", re.DOTALL)
_VARIABLE = re.compile(r"\{\{\s*([^\W\d]\w*)\s*\}\}")


def read_sweeps(texts: Sequence[str], namespace: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values to try of each name; `mood={{moods}}` takes them from a list variable.

    Raises Mistake for what is no sweep, or makes more than MOST_IN_A_SWEEP combinations.
    """
    sweeps: dict[str, list[str]] = {}
    for text in texts:
        match = _SWEEP.fullmatch(text.strip())
        if match is None or match["name"] in sweeps:
            raise Mistake(
                f"--sweep takes name=a,b,c, each name once; {text!r} is none. Nothing was sent."
            )
        sweeps[match["name"]] = _values(match["values"], namespace)
    number = prod(map(len, sweeps.values()))
    if number > MOST_IN_A_SWEEP:
        raise Mistake(
            f"That would be {number} operations; a sweep makes at most {MOST_IN_A_SWEEP}. "
            "Nothing was sent."
        )
    return sweeps


def combinations(sweeps: Mapping[str, Sequence[str]]) -> Iterator[dict[str, str]]:
    """Give every combination of the swept values, the last name changing fastest."""
    for values in product(*sweeps.values()):
        yield dict(zip(sweeps, values, strict=True))


def require_use(
    sweeps: Mapping[str, Sequence[str]], route: Route, options: Namespace, body: str | None
) -> None:
    """Raise Mistake for a swept name that is neither a field nor stands in any text."""
    texts = [body or "", *(text for text in vars(options).values() if isinstance(text, str))]
    used = {match[1] for text in texts for match in _VARIABLE.finditer(text)}
    fields = {field.option or field.name for field in route.all_fields}
    for name in sweeps:
        if name not in used | fields:
            raise Mistake(
                f"Nothing here uses {{{{{name}}}}}, and {name} is no option of this magic: all "
                "combinations would be alike. Nothing was sent."
            )


def label(sweeps: Mapping[str, Sequence[str]]) -> str:
    """Return the id that the operations of one sweep share."""
    return f"{'-'.join(sweeps)}-{uuid.uuid4().hex[:8]}"


def _values(text: str, namespace: Mapping[str, Any]) -> list[str]:
    variable = _VARIABLE.fullmatch(text.strip())
    held = namespace.get(variable[1]) if variable else None
    if isinstance(held, list | tuple):
        values = [str(value) for value in held]
    else:
        values = [value.strip() for value in expand(text, namespace).split(",")]
    if not values or not all(values):
        raise Mistake(
            f"--sweep needs values; {text!r} has none, or an empty one. Nothing was sent."
        )
    return values

"""The option `--sweep name=a,b,c`: a name and the values that it varies over.

Commas part the values. A value that begins with a quote goes to the quote that closes it, in which
`""` is a quote, as in a CSV file; a backslash keeps a comma, quote or blank behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import as_python
from soundpiece_nb.operations.sweep import values_of
from soundpiece_nb.operations.templates import fill, name_alone

_SWEEP = re.compile(r"(?P<name>[^\s=]+)\s*=\s*(?P<values>.*)", re.DOTALL)
_VALUE = re.compile(
    r"""\s*(?:(?P<quote>["'])(?P<quoted>(?:\\.|(?P=quote){2}|(?!(?P=quote)).)*)(?P=quote)\s*(?=,|\Z)
    |(?P<bare>(?:\\.|[^,\\]|\\\Z)*))(?P<end>,|\Z)""",
    re.DOTALL | re.VERBOSE,
)
_KEPT = re.compile(r"""\\([,"'\\\s])""")


def read_sweeps(texts: Sequence[str], namespace: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the values of each name; `mood={{moods}}` takes a variable's list. Raises Mistake."""
    sweeps: dict[str, list[Any]] = {}
    for text in texts:
        match = _SWEEP.fullmatch(text.strip())
        name = as_python(match["name"]) if match else ""
        if match is None or not name.isidentifier() or name in sweeps:
            raise Mistake(f"--sweep must be name=a,b,c, each name once, not {text!r}.")
        sweeps[name] = _values(match["values"].strip(), namespace)
    return sweeps


def split_values(text: str) -> list[str | None]:
    """Return the values that commas part; None for an empty one without quotes."""
    values: list[str | None] = []
    for found in _VALUE.finditer(text):
        if found["quote"]:
            twice = found["quote"] * 2
            values.append(_KEPT.sub(r"\1", found["quoted"].replace(twice, found["quote"])))
        else:
            values.append(_KEPT.sub(r"\1", found["bare"].strip()) or None)
        if not found["end"]:
            break
    return values


def _values(text: str, namespace: Mapping[str, Any]) -> list[Any]:
    name = name_alone(text)
    held = None if name is None else namespace.get(name)
    parts = split_values(held.strip() if isinstance(held, str) else text)
    if isinstance(held, str):  # what it holds is not expanded again
        values: list[Any] = list(parts)
    else:
        values = [each for part in parts for each in _values_of(part, namespace)]
    if None in parts or not values:
        raise Mistake(f"--sweep must give each name values, none of them empty, not {text!r}.")
    return values


def _values_of(part: str | None, namespace: Mapping[str, Any]) -> list[Any]:
    """Return the value that is written in one part, or those of the list that it names alone."""
    if part is None:
        return []
    held, name = fill(part, namespace), name_alone(part)
    if name is not None and isinstance(held, set | frozenset | Mapping):
        kind = type(held).__name__
        raise Mistake(f"--sweep takes values in an order, such as a list; {name} is a {kind}.")
    listed = None if name is None else values_of(held)
    return [held] if listed is None else listed

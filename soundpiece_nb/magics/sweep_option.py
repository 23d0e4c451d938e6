"""The option `--sweep name=a,b,c`: a name and the values that it varies over."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations.sweep import texts_of
from soundpiece_nb.operations.templates import as_python, expand, name_alone

_SWEEP = re.compile(r"(?P<name>[^\s=]+)\s*=\s*(?P<values>.*)", re.DOTALL)


def read_sweeps(texts: Sequence[str], namespace: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values of each name; `mood={{moods}}` takes a variable's list. Raises Mistake."""
    sweeps: dict[str, list[str]] = {}
    for text in texts:
        match = _SWEEP.fullmatch(text.strip())
        name = as_python(match["name"]) if match else ""
        if match is None or not name.isidentifier() or name in sweeps:
            raise Mistake(f"--sweep must be name=a,b,c, each name once, not {text!r}.")
        sweeps[name] = _values(match["values"].strip(), namespace)
    return sweeps


def _values(text: str, namespace: Mapping[str, Any]) -> list[str]:
    name = name_alone(text)
    held = None if name is None else namespace.get(name)
    if isinstance(held, set | frozenset | Mapping):
        kind = type(held).__name__
        raise Mistake(f"--sweep takes values in an order, such as a list; {name} is a {kind}.")
    values = texts_of(held)
    if values is None:
        values = [value.strip() for value in expand(text, namespace).split(",")]
    if not values or not all(values):
        raise Mistake(f"--sweep must give each name values, none of them empty, not {text!r}.")
    return values

"""`{{name}}` in a text is replaced by the text of a notebook variable; nothing else is changed.

A text that is one `{{name}}` and nothing else may stand for the variable's value, see `fill`.

Lyrics hold braces, dollars and quotes, so neither IPython's expansion nor a template language may
be applied to them. One pass replaces; what it put in is not expanded again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from numbers import Real
from typing import Any

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.inputs.plain_values import is_missing, unwrap
from soundpiece_nb.inputs.spelling import as_python, did_you_mean
from soundpiece_nb.shown_text import quoted

_NAME = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")

_ALIKE = 0.75
"""The likeness from which a variable counts as meant: of a notebook's many, one is like any."""


def names_in(value: Any) -> list[str]:
    """Return the names in `{{name}}` of a text or a list of texts, in order."""
    if isinstance(value, list | tuple):
        return [name for each in value for name in names_in(each)]
    words = _NAME.findall(value) if isinstance(value, str) else []
    return [as_python(word) for word in words if word.isidentifier()]


def name_alone(text: str) -> str | None:
    """Return the name of a text that is one `{{name}}` and nothing else."""
    match = _NAME.fullmatch(text.strip())
    return as_python(match[1]) if match and match[1].isidentifier() else None


def expand(value: Any, namespace: Mapping[str, Any]) -> Any:
    """Replace each `{{name}}` in a text or list of texts; other values stay. Raises Mistake."""
    if isinstance(value, list | tuple):
        return [expand(each, namespace) for each in value]
    return _expand_text(value, namespace) if isinstance(value, str) else value


def fill(text: Any, namespace: Mapping[str, Any]) -> Any:
    """Return the value that one `{{name}}` alone stands for, else as `expand`; raises Mistake."""
    name = name_alone(text) if isinstance(text, str) else None
    return expand(text, namespace) if name is None else _look_up(name, text.strip(), namespace)


def as_text(value: Any, name: str) -> str:
    """Return the text of a variable's value, of whatever library; raises Mistake."""
    plainly = unwrap(value)
    if isinstance(plainly, float) and isinstance(value, Real):
        plainly = value  # which knows best how many of its digits mean anything
    try:
        return str(plainly)
    except SoundpieceError:
        raise
    except Exception as error:  # a person's own class may raise anything
        words = f"The variable {name!r} cannot be made into text ({type(error).__name__})."
        raise Mistake(words) from error


def _expand_text(text: str, namespace: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        if not match[1].isidentifier():
            return match[0]
        name = as_python(match[1])
        held = _look_up(name, match[0], namespace)
        if is_missing(held):
            raise Mistake(
                f"{name} has no value here, it is {quoted(held)}, and {match[0]} stands in a text.",
                next="Give it a value, or leave it out of what varies.",
            )
        return as_text(held, name)

    return _NAME.sub(value, text)


def _look_up(name: str, written: str, namespace: Mapping[str, Any]) -> Any:
    if name not in namespace:
        meant = did_you_mean(name, (each for each in namespace if each[:1] != "_"), least=_ALIKE)
        raise Mistake(f"There is no variable {name!r} for {written}{meant}.")
    return namespace[name]

"""`{{name}}` in a text is the notebook variable's text, replaced once; all else is left alone.

Lyrics hold braces, dollars and quotes, so neither IPython's expansion nor a template language may
touch them: one pass, one form.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from soundpiece_nb.api.errors import Mistake

_NAME = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


def names_in(text: str) -> list[str]:
    """Return the names that stand in `{{name}}` in a text, in order."""
    return [as_python(word) for word in _NAME.findall(text) if word.isidentifier()]


def name_alone(text: str) -> str | None:
    """Return the name of a text that is one `{{name}}` and nothing else."""
    match = _NAME.fullmatch(text.strip())
    return as_python(match[1]) if match and match[1].isidentifier() else None


def as_python(name: str) -> str:
    """Return a name as Python spells it: NFKC (Language Reference, 2.3), however it was typed."""
    return unicodedata.normalize("NFKC", name)


def expand(text: str, namespace: Mapping[str, Any]) -> str:
    """Return text with each `{{name}}` replaced; raises Mistake for a name that is not there."""

    def value(match: re.Match[str]) -> str:
        if not match[1].isidentifier():
            return match[0]
        name = as_python(match[1])
        if name not in namespace:
            raise Mistake(f"There is no variable {name!r} for {match[0]}. Nothing was sent.")
        try:
            return str(namespace[name])
        except Exception as error:  # noqa: BLE001 - a person's own class may raise anything
            raise Mistake(
                f"The variable {name!r} has no text ({type(error).__name__}). Nothing was sent."
            ) from None

    return _NAME.sub(value, text)


def expand_all(value: Any, namespace: Mapping[str, Any]) -> Any:
    """Return an option's value, a text or a list of them, expanded; anything else as it is."""
    if isinstance(value, list | tuple):
        return [expand_all(each, namespace) for each in value]
    return expand(value, namespace) if isinstance(value, str) else value

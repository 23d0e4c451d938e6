"""`{{name}}` in a text is replaced by the text of a notebook variable; nothing else is changed.

Lyrics hold braces, dollars and quotes, so neither IPython's expansion nor a template language may
be applied to them. One pass replaces; what it put in is not expanded again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from soundpiece_nb.api.errors import Mistake

_NAME = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")


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


def as_python(name: str) -> str:
    """Return a name as Python spells it: NFKC (Language Reference, 2.3), however it was typed."""
    return unicodedata.normalize("NFKC", name)


def expand(value: Any, namespace: Mapping[str, Any]) -> Any:
    """Replace each `{{name}}` in a text or list of texts; other values stay. Raises Mistake."""
    if isinstance(value, list | tuple):
        return [expand(each, namespace) for each in value]
    return _expand_text(value, namespace) if isinstance(value, str) else value


def _expand_text(text: str, namespace: Mapping[str, Any]) -> str:
    def value(match: re.Match[str]) -> str:
        if not match[1].isidentifier():
            return match[0]
        name = as_python(match[1])
        if name not in namespace:
            raise Mistake(f"There is no variable {name!r} for {match[0]}.")
        try:
            return str(namespace[name])
        except Exception as error:  # a person's own class may raise anything
            words = f"The variable {name!r} cannot be made into text ({type(error).__name__})."
            raise Mistake(words) from error

    return _NAME.sub(value, text)

"""The values of extra fields, as Python has them or as they are typed on a magic's line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.plain_values import plain
from soundpiece_nb.shown_text import quoted

from .templates import expand, fill, name_alone, names_in


@dataclass(frozen=True)
class Typed:
    """A value as it was typed: JSON where it is JSON, else text."""

    text: str


def read_typed(texts: Sequence[str]) -> dict[str, Typed]:
    """Return the extra fields of texts such as `seed=42`, each name once; raises Mistake."""
    extra: dict[str, Typed] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals) or name in extra:
            raise Mistake(f"--extra must be NAME=VALUE, each name once, not {quoted(text)}.")
        extra[name] = Typed(value)
    return extra


def read_extra(extra: Any) -> dict[str, Any]:
    """Return extra fields by name from a dictionary, or a JSON object as text; raises Mistake."""
    given = plain(extra)
    if isinstance(given, str):
        given = read_json_or_text(given) if given.strip() else None
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise Mistake(
            f"Extra fields are a dictionary by their names, {{'seed': 42}}, not {quoted(extra)}."
        )
    return dict(given)


def fill_extra(extra: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Return extra fields with `{{name}}` replaced; alone, it is the variable's value."""
    try:
        return {name: _filled(value, words) for name, value in extra.items()}
    except RecursionError:
        raise Mistake(_TOO_DEEP) from None


def as_sent(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return extra fields with what was typed read."""
    return {
        name: read_json_or_text(v.text) if isinstance(v, Typed) else v for name, v in extra.items()
    }


def vary_extra(extra: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return extra fields with the values of a sweep for those that it varies."""
    return {name: _like(value, values.get(name, value)) for name, value in extra.items()}


def names_in_extra(extra: Mapping[str, Any]) -> list[str]:
    """Return the names in `{{name}}` of the texts of extra fields; raises Mistake."""
    try:
        return _names_within(extra)
    except RecursionError:
        raise Mistake(_TOO_DEEP) from None


def _names_within(value: Any) -> list[str]:
    match value:
        case Typed():
            return names_in(value.text)
        case Mapping():
            return [name for each in value.values() for name in _names_within(each)]
        case list() | tuple():
            return [name for each in value for name in _names_within(each)]
    return names_in(value)


_TOO_DEEP = "An extra field is nested too deep."


def _like(former: Any, value: Any) -> Any:
    return Typed(value) if isinstance(former, Typed) and isinstance(value, str) else value


def _filled(value: Any, words: Mapping[str, Any]) -> Any:
    match value:
        case Typed():
            return _filled_typed(value.text, words)
        case str():
            return fill(value, words)
        case list() | tuple():
            return [_filled(each, words) for each in value]
        case Mapping():
            return {name: _filled(each, words) for name, each in value.items()}
    return value


def _filled_typed(text: str, words: Mapping[str, Any]) -> Any:
    """Fill in what was typed: within JSON its texts, so that no quote in a text can end it."""
    if name_alone(text) is not None:
        held = plain(fill(text, words))
        return Typed(held) if isinstance(held, str) else held
    read = read_json_or_text(text)
    if isinstance(read, str) and read == text:
        return Typed(expand(text, words))
    return _expanded(read, words)


def _expanded(value: Any, words: Mapping[str, Any]) -> Any:
    match value:
        case dict():
            return {name: _expanded(each, words) for name, each in value.items()}
        case list():
            return [_expanded(each, words) for each in value]
    return expand(value, words)


def read_json_or_text(text: str) -> Any:
    """Return what a text is as JSON; the text itself where it is none, as NaN is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError:
        raise Mistake(_TOO_DEEP) from None
    except ValueError:
        return text


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)

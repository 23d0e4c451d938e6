"""An operation as the cell that makes its request again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from soundpiece_nb.api.earlier import read_earlier
from soundpiece_nb.api.routes import Field, Kind, find_route
from soundpiece_nb.journal.entry import Entry


def as_cell(entry: Entry) -> str:
    """Return the magic, with its body, that makes an operation's request again."""
    return make_cell(entry.route, entry.name, entry.fields)


def make_cell(path: str, name: str | None, asked: Mapping[str, Any]) -> str:
    """Return the magic, with its body, that asks a route for these fields."""
    route, fields = find_route(path), dict(asked)
    body = fields.pop(route.body, None) if route.body else None
    words = [f"{'%%' if body is not None else '%'}soundpiece_{route.noun}"]
    words += [name] if name else []
    for field in route.all_fields:
        if fields.get(field.name) is not None:
            words += _option(field, fields[field.name])
    first = " ".join(words)
    return first if body is None else f"{first}\n{body}"


def _option(field: Field, value: Any) -> list[str]:
    name = f"--{field.option or field.name}"
    if field.kind is Kind.FLAG:
        return [name] if value else []
    earlier = read_earlier(value)
    if earlier is not None:
        return [name, f"{earlier.key}:{earlier.take}"]
    if isinstance(value, int | float):
        return [name, str(int(value) if value == int(value) else value)]
    return [name, _quoted(str(value))]


def _quoted(text: str) -> str:
    return shlex.quote(text) if set(text) & set('"\\') else f'"{text}"'

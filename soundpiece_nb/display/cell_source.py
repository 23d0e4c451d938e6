"""An operation as the cell that makes its request again.

That is its magic, as a person would type it. Not every text reaches a magic unchanged: `{{name}}`
is replaced, empty lines around the body are dropped, IPython takes prompts out. Such a request is
written in Python instead, where any text has a spelling.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from typing import Any, NamedTuple

from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.api.request import needs_unchecked
from soundpiece_nb.api.routes import ROUTES, Field, Route, find_route
from soundpiece_nb.journal.entry import Entry, extra_names, without_secrets
from soundpiece_nb.operations.extra_values import read_json_or_text
from soundpiece_nb.operations.labels import may_be_variable
from soundpiece_nb.operations.templates import names_in
from soundpiece_nb.shown_text import scrub, visible

MOST_IN_A_CELL = 40_000
"""Bytes of a request that is shown as a cell; no route's has so many."""


def as_cell(entry: Entry) -> str:
    """Return the cell that makes an operation's request again, or a comment why there is none.

    Addresses in it are as they are shown, without what may be a secret.
    """
    if entry.route not in ROUTES:
        return "# Its route is not known to this version, so there is no cell for it."
    if len(entry.body) > MOST_IN_A_CELL:
        return f"# Its request of {len(entry.body):,} bytes is too long for a cell."
    if not entry.fields:
        return "# Its request cannot be read from the journal, so there is no cell for it."
    name = entry.name if entry.name and entry.name.isidentifier() else None
    return make_cell(entry.route, name, entry.fields)


def make_cell(path: str, name: str | None, asked: Mapping[str, Any]) -> str:
    """Return the cell that sends a route just these fields: its magic, or else its function."""
    route, known = find_route(path), {k: v for k, v in asked.items() if v is not None}
    given = {
        k: scrub(str(v)) if isinstance(v, OutputRef | str) else without_secrets(v)
        for k, v in known.items()
    }
    extra = {each: given.pop(each) for each in extra_names(path, [*given])}
    own = {k: v for k, v in known.items() if k not in extra}
    unchecked = needs_unchecked(route, own, {k: known[k] for k in extra})
    asks = _Asked(route, name, given, extra, unchecked)
    bound = name is None or may_be_variable(name)
    return (bound and _magic(asks)) or _function(asks)


class _Asked(NamedTuple):
    """A request that is to be spelled: its fields, its extra ones, and whether they go beyond."""

    route: Route
    name: str | None
    given: Mapping[str, Any]
    extra: Mapping[str, Any]
    unchecked: bool


def _magic(asks: _Asked) -> str | None:
    """Return the magic with its body; None where that would send something else."""
    route, name, options = asks.route, asks.name, dict(asks.given)
    extra = [f"{key}={_typed(value)}" for key, value in asks.extra.items()]
    if not all(map(_has_spelling, options.values())) or any(map(_is_changed, extra)):
        return None
    body = options.pop(route.body, None) if route.body else None
    asked = (each for each in route.all_fields if each.name in options)
    words = [word for each in asked for word in _option(each, options[each.name])]
    words += [word for each in extra for word in ("--extra", shlex.quote(each))]
    words += ["--unchecked"] if asks.unchecked else []
    line = " ".join([name, *words] if name else words)
    magic = f"soundpiece_{route.noun}"
    if body is None:
        cell = f"%{magic} {line}"
        same = _is_read_as(cell, "run_line_magic", magic, line)
    else:
        cell = f"{f'%%{magic} {line}'.rstrip()}\n{body}"
        same = _is_read_as(cell, "run_cell_magic", magic, line, f"{body}\n")
    return cell if same else None


def _has_spelling(value: object) -> bool:
    """Tell whether a magic's line or body can say a value; a damaged journal may have others."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, bool):
        return value  # a switch can be left out, and not be said to be off
    return isinstance(value, str | int) and not _is_changed(str(value))


def _is_changed(text: str) -> bool:
    """Tell whether a magic changes a text, or the page that it is copied from."""
    return bool(names_in(text)) or text != text.strip("\n") or text != visible(text)


def _is_read_as(cell: str, call: str, magic: str, line: str, *body: str) -> bool:
    """Tell whether IPython hands a magic just this: it takes prompts out, and blank lines' blanks.

    Other ends of a line, such as U+2028, end it for IPython too.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    if len(line.splitlines()) > 1:
        return False
    given = ", ".join(map(repr, (magic, line, *body)))
    return TransformerManager().transform_cell(cell) == f"get_ipython().{call}({given})\n"


def _option(field: Field, value: Any) -> list[str]:
    name = f"--{field.option or field.name}"
    if value is True:
        return [name]
    earlier = parse_output_ref(value)
    if earlier is not None:
        return [name, f"{earlier.key}:{earlier.take}"]
    if not isinstance(value, str):
        return [name, str(int(value) if value == int(value) else value)]
    quoted = shlex.quote(value) if set(value) & set('"\\') else f'"{value}"'
    if value.startswith("-"):  # or it would be taken for an option
        return [f"{name}={quoted}"]
    return [name, quoted]


def _typed(value: Any) -> str:
    """Return an extra field's value as it is typed: a text as it is unless it would be JSON."""
    if isinstance(value, str) and value == value.strip() and read_json_or_text(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _function(asks: _Asked) -> str:
    named = dict(asks.given)
    named |= {"extra": dict(asks.extra)} if asks.extra else {}
    named |= {"unchecked": True} if asks.unchecked else {}
    name = asks.name
    named |= {"name": name} if name else {}
    words = ", ".join(f"{field}={value!r}" for field, value in named.items())
    call = f"sp.{asks.route.noun}({words})"
    shown = [f"{name} = {call}", name] if name and may_be_variable(name) else [call]
    return "\n".join(["import soundpiece_nb as sp", *shown])

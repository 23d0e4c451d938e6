"""An operation as the cell that makes its request again.

That is its magic, as a person would type it. Not every text reaches a magic unchanged: `{{name}}`
is replaced, empty lines around the body are dropped, IPython takes prompts out. Such a request is
written in Python instead, where any text has a spelling.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.api.routes import Field, Kind, Route, find_route
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.templates import names_in
from soundpiece_nb.shown_text import visible


def as_cell(entry: Entry) -> str:
    """Return the cell that makes an operation's request again."""
    return make_cell(entry.route, entry.name, entry.fields)


def make_cell(path: str, name: str | None, asked: Mapping[str, Any]) -> str:
    """Return the cell that sends a route just these fields: its magic, or else its function."""
    route, known = find_route(path), {k: v for k, v in asked.items() if v is not None}
    given = {k: str(v) if isinstance(v, OutputRef) else v for k, v in known.items()}
    return _magic(route, name, given) or _function(route, name, given)


def _magic(route: Route, name: str | None, given: dict[str, Any]) -> str | None:
    """Return the magic with its body; None where that would send something else."""
    if False in given.values() or any(_is_changed(str(value)) for value in given.values()):
        return None
    options = dict(given)
    body = options.pop(route.body, None) if route.body else None
    asked = (each for each in route.all_fields if each.name in options)
    words = [word for each in asked for word in _option(each, options[each.name])]
    line = " ".join([name, *words] if name else words)
    magic = f"soundpiece_{route.noun}"
    if body is None:
        cell = f"%{magic} {line}"
        same = _is_read_as(cell, "run_line_magic", magic, line)
    else:
        cell = f"{f'%%{magic} {line}'.rstrip()}\n{body}"
        same = _is_read_as(cell, "run_cell_magic", magic, line, f"{body}\n")
    return cell if same else None


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
    if field.kind is Kind.FLAG:
        return [name]
    earlier = parse_output_ref(value)
    if earlier is not None:
        return [name, f"{earlier.key}:{earlier.take}"]
    if isinstance(value, int | float):
        return [name, str(int(value) if value == int(value) else value)]
    quoted = shlex.quote(value) if set(value) & set('"\\') else f'"{value}"'
    if value.startswith("-"):  # or it would be taken for an option
        return [f"{name}={quoted}"]
    return [name, quoted]


def _function(route: Route, name: str | None, given: Mapping[str, Any]) -> str:
    named = {**given, "name": name} if name else given
    words = ", ".join(f"{field}={value!r}" for field, value in named.items())
    call = f"sp.{route.noun}({words})"
    shown = [f"{name} = {call}", name] if name else [call]
    return "\n".join(["import soundpiece_nb as sp", *shown])

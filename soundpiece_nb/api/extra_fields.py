"""Fields of a request that the service has and this version does not know, sent on purpose.

Within v1 the service may add optional fields any day. Their values are the caller's own; what is
checked is that JSON can say them, that they are of a sensible size, and that they are not fields
which this version knows, whose own checks they would go round.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from soundpiece_nb.inputs.plain_values import plain
from soundpiece_nb.inputs.spelling import letters
from soundpiece_nb.shown_text import quoted

from .errors import Mistake
from .number_arguments import finite_number
from .routes import Route
from .whole_text import require_whole

MOST_BYTES = 65_536
"""Bytes of all extra fields of a request together, as JSON: far more than the known ones have."""
DEEPEST = 20
"""Levels of lists and dictionaries in the value of one."""
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,63}", re.ASCII)


def read_extra_fields(route: Route, extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return extra fields as JSON has them, without those that are None; raises Mistake."""
    known = {letters(word): word for word in ("idempotency_key", *_known_names(route))}
    read: dict[str, Any] = {}
    for name, value in extra.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise Mistake(
                f"{quoted(name)} cannot be the name of an extra field: it is made of letters, "
                "digits, _, . and -, at most 64."
            )
        same = known.get(letters(name))
        if same is not None:
            raise Mistake(f"{_told(name, same)} is no extra field: {_own_way(same)}.")
        told = _as_json(value, name, DEEPEST)
        if told is not None:
            read[str.__str__(name)] = told
    _require_size(read)
    return read


def _known_names(route: Route) -> list[str]:
    return [name for each in route.all_fields for name in (each.option or each.name, each.name)]


def _told(name: str, same: str) -> str:
    return quoted(name) if name == same else f"{quoted(name)}, which is {same} otherwise spelled,"


def _own_way(name: str) -> str:
    if name == "idempotency_key":
        return "each request has its key; --key (key=…) gives one of your own"
    return "it is a field of its own, so give it as one"


def _as_json(value: Any, name: str, levels: int) -> Any:
    """Return a value as JSON has it, with numbers and lists of other libraries as Python's."""
    value = plain(value)
    number = finite_number(value.total_seconds() if isinstance(value, timedelta) else value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return require_whole(value, f"extra field {name}")
    if number is not None:
        return number
    return _listed(value, name, levels)


def _listed(value: Any, name: str, levels: int) -> Any:
    """Return a list or dictionary as JSON has it; raises Mistake for anything else."""
    for as_list in ("tolist", "to_list"):  # of an array, or of a column
        if hasattr(type(value), as_list):
            value = getattr(value, as_list)()
    listed = isinstance(value, Sequence) and not isinstance(value, bytes | bytearray | memoryview)
    if levels and listed:
        return [_as_json(each, name, levels - 1) for each in value]
    if levels and isinstance(value, Mapping) and all(isinstance(each, str) for each in value):
        return {
            require_whole(str.__str__(each), f"extra field {name}"): _as_json(
                value[each], name, levels - 1
            )
            for each in value
        }
    if not levels:
        raise Mistake(f"The extra field {name} is nested deeper than {DEEPEST} levels.")
    raise Mistake(f"The extra field {name} holds {quoted(value)}, which JSON cannot say.")


def _require_size(fields: Mapping[str, Any]) -> None:
    try:
        size = len(json.dumps(fields, ensure_ascii=False).encode())
    except ValueError:  # a number of more digits than Python writes down
        raise Mistake("An extra field holds a number of very many digits.") from None
    if size > MOST_BYTES:
        raise Mistake(
            f"The extra fields are {size:,} bytes as JSON; at most {MOST_BYTES:,} are sent."
        )

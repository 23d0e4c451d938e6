"""Requests that are known to be good: checked fields, an idempotency key, the exact bytes to send.

The bytes are made once. They are what the journal keeps and what every repetition sends, so that
one key never travels with two bodies.
"""

from __future__ import annotations

import dataclasses
import json
import math
import uuid
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from soundpiece_nb.shown_text import quoted

from .errors import Mistake
from .number_arguments import as_number, read_seconds, read_whole
from .output_ref import OutputRef, parse_output_ref
from .routes import Field, Kind, Route, find_route


@dataclasses.dataclass(frozen=True)
class Request:
    """A validated request; `fields` holds what was asked, `body` the JSON bytes to send."""

    route: Route
    key: str
    fields: Mapping[str, Any]
    body: bytes = dataclasses.field(repr=False)

    @property
    def output_refs(self) -> set[OutputRef]:
        """The earlier outputs that it is made from."""
        return {value for value in self.fields.values() if isinstance(value, OutputRef)}

    def with_addresses(self, urls: Mapping[OutputRef, str]) -> Request:
        """Return the request to send, with the current addresses of its earlier outputs."""
        wire = json.loads(self.body)  # with fields that a later version may have written
        for name, value in self.fields.items():
            if isinstance(value, OutputRef):
                wire[name] = {**wire[name], "url": urls[value]}
        return dataclasses.replace(self, body=_encode(wire))


def restore_request(path: str, key: str, fields: Mapping[str, Any], body: bytes) -> Request:
    """Return a request as the journal keeps it; `fields` hold references as they are written."""
    read = {name: parse_output_ref(value) or value for name, value in fields.items()}
    return Request(find_route(path), key, read, body)


def new_request(route: Route, fields: Mapping[str, Any], key: str | None = None) -> Request:
    """Check `fields` against the route and write the body; `key` is a UUID or made here.

    Fields that are None count as not given. Raises Mistake with one sentence for the first
    thing that is wrong.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    known = {field.name for field in route.all_fields}
    for name in given:
        if name not in known:
            raise Mistake(
                f"{route.one} has no field {name!r}; it takes {', '.join(sorted(known))}."
            )
    checked = {
        field.name: _READERS[field.kind](field, given[field.name])
        for field in route.all_fields
        if field.name in given
    }
    _require(route, checked)
    key = read_key(key) if key is not None else str(uuid.uuid4())
    return Request(route, key, checked, _write_body(route, key, checked))


def with_derived_key(request: Request, service: str, take: int = 1) -> Request:
    """Return the request under the key that follows from what it asks and where it goes.

    The same request has the same key on any day, a UUIDv5 (RFC 9562, 5.5), so that it is made
    once; `take` 2 asks for another one on purpose. Raises Mistake for a take below 1.
    """
    said = [service, request.route.path, dict(request.fields), read_whole(take, "--take")]
    key = str(uuid.uuid5(_ONCE, json.dumps(said, sort_keys=True, default=str)))
    return Request(
        request.route, key, request.fields, _write_body(request.route, key, request.fields)
    )


def has_derived_key(key: str) -> bool:
    """Tell whether a key was derived from its request."""
    return uuid.UUID(key).version == _DERIVED


_ONCE = uuid.uuid5(uuid.NAMESPACE_URL, "https://soundpiece.co/once")
_DERIVED = 5


def read_key(key: str) -> str:
    """Return the canonical text of an idempotency key; raises Mistake unless it is a UUID."""
    try:
        return str(uuid.UUID(str(key)))
    except ValueError:
        raise Mistake(f"The idempotency key must be a UUID, not {quoted(key)}.") from None


def require_whole(text: str, what: str) -> str:
    """Return a text that can be written down; raises Mistake for half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Mistake(
            f"Character {error.start + 1} of the {what} is half of a surrogate pair "
            f"and cannot be sent."
        ) from None
    return text


def _require(route: Route, checked: Mapping[str, Any]) -> None:
    if route.either:
        chosen = [name for name in route.either if name in checked]
        names = " or ".join(f"--{name}" for name in route.either)
        if not chosen:
            raise Mistake(f"{route.one} needs {names}.")
        if len(chosen) > 1:
            raise Mistake(f"{route.one} takes {names}, not both.")
    for field in route.fields:
        if field.required and field.name not in checked:
            option = f" (--{field.option})" if field.option else ""
            raise Mistake(f"{route.one} needs {field.name}{option}.")


def _read_text(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise Mistake(f"{field.name.capitalize()} must be text, not {quoted(value)}.")
    if not value.strip():
        raise Mistake(f"{_label(field)} must not be empty.")
    if field.most is not None and len(value) > field.most:
        raise Mistake(
            f"The {field.name} may have at most {field.most:.0f} characters; here are {len(value)}."
        )
    return require_whole(value, field.name)


def _read_link(field: Field, value: Any) -> str | OutputRef:
    if isinstance(value, OutputRef):
        return value
    return parse_output_ref(value) or _read_address(field, value)


def _read_address(field: Field, value: Any) -> str:
    address = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or any(character.isspace() for character in address):
        raise Mistake(f"{_label(field)} must be an https URL that the service can reach.")
    if field.most is not None and len(address) > field.most:
        raise Mistake(f"{_label(field)} has more than {field.most:.0f} characters.")
    return require_whole(address, field.name)


def _read_seconds(field: Field, value: Any) -> float:
    return read_seconds(as_number(value), _label(field))


def _read_count(field: Field, value: Any) -> int:
    return read_whole(
        as_number(value), _label(field), most=math.inf if field.most is None else field.most
    )


def _read_flag(field: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise Mistake(f"{_label(field)} must be True or False, not {quoted(value)}.")
    return value


def _label(field: Field) -> str:
    return field.name.removeprefix("n_").replace("_", " ").capitalize()


_READERS: dict[Kind, Callable[[Field, Any], Any]] = {
    Kind.TEXT: _read_text,
    Kind.LINK: _read_link,
    Kind.ADDRESS: _read_address,
    Kind.SECONDS: _read_seconds,
    Kind.COUNT: _read_count,
    Kind.FLAG: _read_flag,
}


def _write_body(route: Route, key: str, fields: Mapping[str, Any]) -> bytes:
    wire: dict[str, Any] = {"idempotency_key": key}
    for field in route.all_fields:
        if field.name in fields:
            value = fields[field.name]
            wire[field.name] = {"url": str(value)} if field.kind is Kind.LINK else value
    return _encode(wire)


def _encode(wire: Mapping[str, Any]) -> bytes:
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()

"""Requests that are known to be good: checked fields, an idempotency key, the exact bytes to send.

The bytes are made once. They are what the journal keeps and what every repetition sends, so that
one key never travels with two bodies.
"""

from __future__ import annotations

import dataclasses
import json
import math
import uuid
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from soundpiece_nb.inputs.plain_values import unwrap
from soundpiece_nb.shown_text import quoted

from .errors import Mistake
from .extra_fields import read_extra_fields
from .field_names import refuse_other_words, require_known
from .file_ref import FileRef, parse_file_ref
from .number_arguments import as_number, read_seconds, read_whole
from .output_ref import OutputRef, parse_output_ref, ref_within
from .routes import Field, Kind, Route, find_route
from .sound_address import require_sound_address
from .whole_text import require_whole


@dataclasses.dataclass(frozen=True)
class Request:
    """A validated request; `fields` holds what was asked, `body` the JSON bytes to send.

    Among the fields are extra ones, which this version does not know, as JSON has them.
    """

    route: Route
    key: str
    fields: Mapping[str, Any]
    body: bytes = dataclasses.field(repr=False)

    @property
    def output_refs(self) -> set[OutputRef]:
        """The earlier outputs that it is made from."""
        return {value for value in self.fields.values() if isinstance(value, OutputRef)}

    @property
    def file_refs(self) -> set[FileRef]:
        """The person's own files that it is made from."""
        return {value for value in self.fields.values() if isinstance(value, FileRef)}

    @property
    def sounds_to_address(self) -> set[OutputRef | FileRef]:
        """All that it is made from and has its address only at the moment of sending."""
        return {*self.output_refs, *self.file_refs}

    def with_addresses(self, urls: Mapping[OutputRef | FileRef, str]) -> Request:
        """Return the request to send, with the current addresses of the sound it is made from."""
        wire = json.loads(self.body)  # with fields that a later version may have written
        for name, value in self.fields.items():
            if isinstance(value, OutputRef | FileRef):
                wire[name] = {**wire[name], "url": urls[value]}
        return dataclasses.replace(self, body=_encode(wire))


def restore_request(path: str, key: str, fields: Mapping[str, Any], body: bytes) -> Request:
    """Return a request as the journal keeps it; `fields` hold references as they are written."""
    route = find_route(path)
    links = {each.name for each in route.all_fields if each.kind is Kind.LINK}
    read = {
        name: ref_within(value) or parse_file_ref(value) or value
        if name in links or isinstance(value, dict)
        else value
        for name, value in fields.items()
    }
    return Request(route, key, read, body)


def new_request(
    route: Route,
    fields: Mapping[str, Any],
    key: str | None = None,
    *,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
) -> Request:
    """Check `fields` against the route and write the body; `key` is a UUID or made here.

    Values of numpy, pandas and the like count as the plain ones that they are, None as not given.
    `extra` are fields that this version does not know; `unchecked` leaves the lengths and ranges
    that it knows to the service, and whether an extra field is another word for one that it knows.
    Raises Mistake with one sentence for the first thing that is wrong.
    """
    plainly = {name: unwrap(value) for name, value in fields.items()}
    given = {name: value for name, value in plainly.items() if value is not None}
    require_known(route, given)
    checked = {
        field.name: _read(field, given[field.name], unchecked=unchecked)
        for field in route.all_fields
        if field.name in given
    }
    _require(route, checked)
    beyond = read_extra_fields(route, extra or {})
    if not unchecked:
        refuse_other_words(route, beyond, checked)
    checked |= beyond
    key = str(uuid.uuid4()) if key is None else read_key(key)
    return Request(route, key, checked, _write_body(route, key, checked))


def needs_unchecked(
    route: Route, fields: Mapping[str, Any], extra: Mapping[str, Any] | None = None
) -> bool:
    """Tell whether a request goes beyond what this version knows, and so was sent unchecked."""
    try:
        new_request(route, fields, extra=extra, unchecked=True)
    except Mistake:
        return False
    try:
        new_request(route, fields, extra=extra)
    except Mistake:
        return True
    return False


def with_key(request: Request, key: str) -> Request:
    """Return the request under another key."""
    return dataclasses.replace(
        request, key=key, body=_write_body(request.route, key, request.fields)
    )


def derive_key(route: Route, fields: Mapping[str, Any], service: str, take: Any) -> str:
    """Return the key that follows from these very texts, and from where they go.

    The same request has the same key on any day, a UUIDv5 (RFC 9562, 5.5), so that it is made
    once; `take` 2 asks for another one on purpose. Raises Mistake for a take below 1.
    """
    said = [service, route.path, dict(fields), read_whole(take, "--take")]
    return str(uuid.uuid5(_ONCE, json.dumps(said, sort_keys=True, default=str)))


def has_derived_key(key: str) -> bool:
    """Tell whether a key was derived from its request."""
    try:
        return uuid.UUID(key).version == _DERIVED
    except ValueError:  # of a damaged row
        return False


_ONCE = uuid.uuid5(uuid.NAMESPACE_URL, "https://soundpiece.co/once")
_DERIVED = 5


def read_key(key: str) -> str:
    """Return the canonical text of an idempotency key; raises Mistake unless it is a UUID."""
    try:
        return str(uuid.UUID(str(key)))
    except ValueError:
        raise Mistake(f"The idempotency key must be a UUID, not {quoted(key)}.") from None


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
            names = f"--{field.name} night_drive names an earlier operation; an https URL does too."
            way_out = names if field.kind is Kind.LINK else ""
            raise Mistake(f"{route.one} needs {field.name}{option}.", next=way_out)


def _read(field: Field, value: Any, *, unchecked: bool) -> Any:
    """Return the checked value of a field; raises Mistake.

    One that is only beyond a limit may be sent all the same, since the service may have raised it.
    """
    reader = _READERS[field.kind]
    try:
        return reader(field, value, limited=True)
    except Mistake as mistake:
        try:
            read = reader(field, value, limited=False)
        except Mistake:
            raise mistake from None
        if unchecked:
            return read
        mistake.next = mistake.next or _UNCHECKED
        raise


_UNCHECKED = "If the service takes it by now, --unchecked (unchecked=True) leaves that to it."


def _read_text(field: Field, value: Any, *, limited: bool) -> str:
    if not isinstance(value, str):
        raise Mistake(f"{field.name.capitalize()} must be text, not {quoted(value)}.")
    if not value.strip():
        raise Mistake(f"{_label(field)} must not be empty.")
    if limited and field.most is not None and len(value) > field.most:
        raise Mistake(
            f"The {field.name} may have at most {field.most:.0f} characters; here are {len(value)}."
        )
    return require_whole(value, field.name)


def _read_link(field: Field, value: Any, *, limited: bool) -> str | OutputRef | FileRef:
    if isinstance(value, OutputRef | FileRef):
        return value
    earlier = parse_output_ref(value) or parse_file_ref(value)
    if earlier is not None:
        return earlier
    require_sound_address(value, _label(field), limited=limited)
    return _read_address(field, value, limited=limited)


def _read_address(field: Field, value: Any, *, limited: bool) -> str:
    address = value.strip() if isinstance(value, str) else ""
    try:
        parts = urlsplit(address)
        good = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        good = False
    if "://…@" in address or address.endswith("?…"):
        raise Mistake(
            f"{_label(field)} is an address as it is shown, without its secrets.",
            next="Give the whole address.",
        )
    if not good or any(character.isspace() for character in address):
        raise Mistake(f"{_label(field)} must be an https URL that the service can reach.")
    if limited and field.most is not None and len(address) > field.most:
        raise Mistake(f"{_label(field)} has more than {field.most:.0f} characters.")
    return require_whole(address, field.name)


def _read_seconds(field: Field, value: Any, *, limited: bool) -> float:
    least = 0.0 if limited else -math.inf
    return read_seconds(as_number(value), _label(field), least=least)


def _read_count(field: Field, value: Any, *, limited: bool) -> int:
    if not limited:
        return read_whole(as_number(value), _label(field), least=-math.inf)
    most = math.inf if field.most is None else field.most
    return read_whole(as_number(value), _label(field), most=most)


def _read_flag(field: Field, value: Any, **_: bool) -> bool:
    said = _FLAGS.get(value.strip().casefold()) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise Mistake(f"{_label(field)} must be True or False, not {quoted(value)}.")
    return said


_FLAGS = {"true": True, "false": False}
"""Truth as it is typed, or written in a CSV file."""


def _label(field: Field) -> str:
    return field.name.removeprefix("n_").replace("_", " ").capitalize()


class _Reader(Protocol):
    """Returns the checked value of a field, within its limits if `limited`; raises Mistake."""

    def __call__(self, field: Field, value: Any, *, limited: bool) -> Any: ...


_READERS: dict[Kind, _Reader] = {
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
    extra = {name: value for name, value in fields.items() if name not in wire}
    return _encode({**wire, **extra})


def _encode(wire: Mapping[str, Any]) -> bytes:
    return json.dumps(wire, ensure_ascii=False, separators=(",", ":")).encode()

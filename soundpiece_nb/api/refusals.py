"""Refusals: HTTP errors as the service words them, in a few sentences at most."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from itertools import islice

import httpx

from .bounded_body import parse_json, read_body
from .errors import Refusal, Unreadable
from .redaction import MOST_SAID, said
from .retry_policy import read_date, read_retry_after

NO_REASON = "The service gave no reason."


async def read_refusal(response: httpx.Response, now: datetime) -> Refusal:
    """Read a streamed HTTP error; its status counts, also where the body makes no sense."""
    try:
        body = await read_body(response)
    except Unreadable:
        body = b""
    return refusal(response, now, body)


def refusal(response: httpx.Response, now: datetime, body: bytes = b"") -> Refusal:
    """Return the refusal that an HTTP error means."""
    # The service's dates are of the service's clock: this machine's may be years away.
    now = read_date(response.headers.get("Date")) or now
    named = read_retry_after(response.headers.get("Retry-After"), now)
    words = _elsewhere(response) or _words(body)
    return Refusal(response.status_code, said(words), retry_after=named)


def _elsewhere(response: httpx.Response) -> str:
    """Say where a redirect leads, which a key must not follow; empty for any other answer."""
    if not response.has_redirect_location:
        return ""
    with suppress(httpx.InvalidURL, ValueError):
        host = response.url.join(response.headers["Location"]).host
        if host != response.url.host:
            return (
                f"It leads elsewhere, to {host}: sign in to this network if that is its login "
                "page, or check SOUNDPIECE_BASE_URL."
            )
    return "It leads to another address; check SOUNDPIECE_BASE_URL."


def _words(body: bytes) -> str:
    """Put `{"detail": …}`, text or a list of `loc` and `msg`, into words."""
    try:
        detail = parse_json(body)["detail"]
    except (ValueError, KeyError, TypeError):
        return NO_REASON
    if isinstance(detail, list):
        return _joined(_field_words(entry) for entry in detail) or "A field is wrong."
    return _text(detail)


def _joined(sentences: Iterable[str]) -> str:
    """Join sentences, as many as are kept, and one more so that it is seen that they go on."""
    told: list[str] = []
    length = 0
    for sentence in sentences:
        told.append(sentence)
        length += len(sentence) + len("; ")
        if length > MOST_SAID + len("; "):
            break
    return "; ".join(told)


def _field_words(entry: object) -> str:
    if not isinstance(entry, dict):
        return _text(entry)
    location = entry.get("loc")
    parts = location[:_MOST_PARTS] if isinstance(location, list) else []
    where = ".".join(_text(part) for part in parts if part != "body")
    words = _text(entry.get("msg"))
    return f"{where}: {words}" if where else words


def _text(value: object) -> str:
    """Return a text as it is, an object by its first names and values, a single value as it is."""
    match value:
        case str():
            return value
        case dict():
            return ", ".join(
                f"{name}: {_brief(value[name])}" for name in islice(value, _MOST_PARTS)
            )
        case _:
            return _brief(value)


def _brief(value: object) -> str:
    return "…" if isinstance(value, list | dict) else str(value)


_MOST_PARTS = 32

"""A download under way: the part of a file that comes, how fast it must come, and how much may."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from http import HTTPStatus

import httpx

from .bounded_body import in_turns
from .entity_tag import strong_etag
from .errors import Unreachable, Unreadable
from .refusals import refusal
from .wire_errors import translated

LEAST_RATE = 1024
"""Bytes a second; a take of ten seconds is a megabyte, and at this rate would take a quarter of an
hour. The slowest mobile networks have ten times as much."""

_LONGEST_NUMBER = 18


class Part(Enum):
    """The part of a file that a download's answer holds."""

    COMING = "the bytes from the offset on"
    COMPLETE = "nothing: all of them are there already"
    STALE = "nothing: what is there is not of this file"


@dataclass(frozen=True)
class Download:
    """A download under way: `offset` is where its first byte belongs, `total` the whole length.

    `offset` is 0 where the server started over instead of going on. `total` is None where the
    server does not say. `chunks` raises WireFailure where they break off, come too slowly, or
    become more than was to be.
    """

    chunks: AsyncIterator[bytes]
    offset: int
    total: int | None
    etag: str | None
    part: Part = Part.COMING


def read_download(
    response: httpx.Response,
    offset: int,
    *,
    now: datetime,
    patience: float,
    most: int | None = None,
) -> Download:
    """Read the beginning of a download's answer; raises WireFailure.

    `patience` is how many seconds the bytes of so many seconds at the least rate may take; the
    file may have `most` bytes.
    """
    etag = strong_etag(response.headers.get("ETag"))
    part = Part.COMING
    match response.status_code:
        case HTTPStatus.OK:
            offset, total = 0, _number(response.headers.get("Content-Length"))
        case HTTPStatus.PARTIAL_CONTENT:
            first, total = _content_range(response.headers.get("Content-Range", ""))
            if first != offset:
                raise Unreadable("The download server sent another part than was asked for.")
        case HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            _, total = _content_range(response.headers.get("Content-Range", ""))
            part = Part.COMPLETE if total == offset else Part.STALE
        case _:
            raise refusal(response, now)
    if most is not None and total is not None and total > most and part is not Part.STALE:
        raise _too_much(most)
    left = None if most is None else most - offset
    chunks = _bounded(_steady(in_turns(response.aiter_raw()), patience), left, most)
    return Download(chunks, offset, total, etag, part)


async def _steady(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """Pass chunks on while those of each so many seconds come at the least rate.

    The caller's own time between two chunks does not count.
    """
    loop = asyncio.get_running_loop()
    came, left = 0, seconds
    while True:
        began = loop.time()
        try:
            with translated():
                async with asyncio.timeout(left):
                    chunk = await anext(chunks, None)
        except Unreachable:
            if came and loop.time() - began >= left:
                raise Unreachable("The download comes too slowly.") from None
            raise
        if chunk is None:
            return
        came, left = came + len(chunk), left - (loop.time() - began)
        if came >= LEAST_RATE * seconds:
            came, left = 0, seconds
        yield chunk


async def _bounded(
    chunks: AsyncIterator[bytes], left: int | None, most: int | None
) -> AsyncIterator[bytes]:
    """Pass chunks on until there would be more bytes than are left."""
    async for chunk in chunks:
        if left is not None and most is not None:
            left -= len(chunk)
            if left < 0:
                raise _too_much(most)
        yield chunk


def _too_much(most: int) -> Unreachable:
    what = f"The download is larger than the {most / 1e6:,.0f} MB that it may have."
    return Unreachable(what, never=True)  # another time, it would be as large


def _content_range(value: str) -> tuple[int | None, int | None]:
    """Read `bytes 5-9/10` and `bytes */10` as (first byte, total)."""
    span, _, total = value.removeprefix("bytes ").partition("/")
    return _number(span.partition("-")[0]), _number(total)


def _number(text: str | None) -> int | None:
    if text is None or not text.isdecimal() or len(text) > _LONGEST_NUMBER:
        return None
    return int(text)

"""The body of an answer: read raw, unpacked and parsed, each of these within a bound.

httpx would unpack as many layers as an answer names, without a limit: 3.4 KB in two layers of
gzip became 4 GB.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator
from typing import Any

import httpx

from .errors import Unreadable

LARGEST_ANSWER = 1024 * 1024
"""Bytes, packed and unpacked: an answer with 256 outputs of 2 KB each is half of it, and JSON of
this size is parsed in about 30 ms, in which the event loop does nothing else."""

MOST_PIECES = 4_096
"""Pieces that an answer may come in; a megabyte of single bytes took 30 seconds of a core."""

MOST_VALUES = 150_000
"""Commas, lists and objects in an answer; half a million of them took 100 ms to make."""

TURN = 0.01
"""Seconds for which what has come already may be read on while others wait."""


async def read_body(response: httpx.Response) -> bytes:
    """Read and unpack a streamed answer; raises Unreadable where it is too long or packed oddly."""
    body, pieces = bytearray(), 0
    async for chunk in in_turns(response.aiter_raw()):
        body += chunk
        pieces += 1
        _require_short(body)
        if pieces > MOST_PIECES:
            raise Unreadable("The service's answer comes in too many pieces.")
    return _unpack(bytes(body), response.headers.get("Content-Encoding", ""))


async def in_turns(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Pass chunks on, and let others have their turn where thousands have come at once."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    async for chunk in chunks:
        if loop.time() - since > TURN:
            await asyncio.sleep(0)
            since = loop.time()
        yield chunk


def parse_json(body: bytes) -> Any:
    """Parse JSON; raises ValueError for other text, too many values or too many levels."""
    if sum(body.count(sign) for sign in (b",", b"[", b"{")) > MOST_VALUES:
        raise ValueError("too many values")
    try:
        return json.loads(body)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _unpack(body: bytes, encoding: str) -> bytes:
    """Undo the one layer of compression that a proxy may have put on without being asked."""
    layers = [name.strip().lower() for name in encoding.split(",")]
    match [name for name in layers if name not in ("", "identity")]:
        case []:
            return body
        case ["gzip" | "x-gzip"]:
            return _inflate(body, zlib.MAX_WBITS + 16)
        case ["deflate"]:  # with zlib's frame, or as some servers send it, without
            framed = body[:1] == b"\x78" and int.from_bytes(body[:2]) % 31 == 0  # RFC 1950, 2.2
            return _inflate(body, zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)
        case _:
            raise Unreadable("The service's answer is packed in a way that was not asked for.")


def _inflate(body: bytes, window: int) -> bytes:
    unpacker = zlib.decompressobj(window)
    try:
        unpacked = unpacker.decompress(body, LARGEST_ANSWER + 1)
    except zlib.error:
        raise Unreadable("The service's answer cannot be unpacked.") from None
    _require_short(unpacked)
    if not unpacker.eof:
        raise Unreadable("The service's answer was cut off.")
    return unpacked


def _require_short(body: bytes | bytearray) -> None:
    if len(body) > LARGEST_ANSWER:
        raise Unreadable("The service's answer is too long to be one.")

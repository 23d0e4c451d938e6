"""Places for downloads that others wait for: who gets on slowly makes way, and goes on later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from .errors import Unreachable
from .request_limit import RequestLimit

LOOK_SECONDS = 3.0
"""Seconds in which a download has to get on while others wait."""

BUSY_RATE = 64 * 1024
"""Bytes a second that keep a place which others wait for: 0.5 Mbit/s. A server that sends less
holds up nobody else by that; what has come of the file stays, and is gone on with by Range."""


class Place:
    """A place that a download has as long as nobody waits for it, or bytes come."""

    def __init__(self, downloads: RequestLimit, limit: asyncio.Timeout) -> None:
        self._downloads = downloads
        self._limit = limit
        self._came = self._seen = 0
        self._loop = asyncio.get_running_loop()
        self._next_look = self._loop.call_later(LOOK_SECONDS, self._look)

    async def counted(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Pass chunks on, and count their bytes."""
        async for chunk in chunks:
            self._came += len(chunk)
            yield chunk

    def leave(self) -> None:
        """Look no more whether others wait."""
        self._next_look.cancel()

    def _look(self) -> None:
        if self._downloads.waiting and self._came - self._seen < BUSY_RATE * LOOK_SECONDS:
            self._limit.reschedule(self._loop.time())
            return
        self._seen = self._came
        self._next_look = self._loop.call_later(LOOK_SECONDS, self._look)


@asynccontextmanager
async def making_way(downloads: RequestLimit) -> AsyncIterator[Place]:
    """Lend a place that was taken; raises Unreachable where it has to make way."""
    try:
        async with asyncio.timeout(None) as limit:
            place = Place(downloads, limit)
            try:
                yield place
            finally:
                place.leave()
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unreachable("The download comes slowly, and others wait for its place.") from None

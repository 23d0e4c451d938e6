"""Room for so many requests at a time, for which others wait in the order in which they came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class NoRoom(Exception):
    """A place was not free in time."""


class RequestLimit:
    """Up to `most` requests at a time; belongs to one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._room = asyncio.Semaphore(most)
        self.waiting = 0
        """Requests that wait for a place."""

    @asynccontextmanager
    async def place(self, *, within: float | None = None) -> AsyncIterator[None]:
        """Take a place for one request; waits while all are taken, for `within` seconds if said.

        Raises NoRoom after that, and at once where there is no place at all.
        """
        await self._enter(within)
        try:
            yield
        finally:
            self._room.release()

    async def _enter(self, within: float | None) -> None:
        if within is not None and not self._most:
            raise NoRoom
        self.waiting += 1
        try:
            async with asyncio.timeout(within if self._room.locked() else None):
                await self._room.acquire()
        except TimeoutError:
            raise NoRoom from None
        finally:
            self.waiting -= 1

"""Clients of one connection each, because httpx's pool walks all that it holds at every request.

Measured with httpx 0.28: at 1,000 operations that walk took 44 % of the engine's thread, in shards
of 32 connections. Of one connection there is nothing to search, and a borrowed client's is free, so
that a PoolTimeout is a bug and never a mode. A client takes 0.2 ms to make, and 9 KiB.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

KEEP_SECONDS = 60.0
"""Seconds for which a connection that nobody uses is kept."""

ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEEP_SECONDS)


class Pool:
    """Up to `most` requests at a time; belongs to one event loop."""

    def __init__(self, make_client: Callable[[httpx.Limits], httpx.AsyncClient], most: int) -> None:
        self._make_client = make_client
        self._room = asyncio.Semaphore(most)
        self.waiting = 0
        """Requests that wait for a place."""
        self._idle: deque[tuple[float, httpx.AsyncClient]] = deque()
        self._closing: asyncio.Task[None] | None = None

    @property
    def full(self) -> bool:
        """Whether a request would have to wait for a place."""
        return self._room.locked()

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[httpx.AsyncClient]:
        """Lend a client for one request; waits while all places are taken."""
        self.waiting += 1
        try:
            await self._room.acquire()
        finally:
            self.waiting -= 1
        try:
            client = self._idle.pop()[1] if self._idle else self._make_client(ONE)
            try:
                yield client
            finally:
                self._give_back(client)
        finally:
            self._room.release()

    async def close(self) -> None:
        """Close every connection that is not lent."""
        if self._closing is not None:
            self._closing.cancel()
        while self._idle:
            await self._idle.popleft()[1].aclose()

    def _give_back(self, client: httpx.AsyncClient) -> None:
        loop = asyncio.get_running_loop()
        self._idle.append((loop.time(), client))
        if self._closing is None or self._closing.done():
            self._closing = loop.create_task(self._close_idle())

    async def _close_idle(self) -> None:
        """Close what nobody has used for long, until nothing is left."""
        while self._idle:
            since, client = self._idle[0]
            rest = since + KEEP_SECONDS - asyncio.get_running_loop().time()
            if rest > 0:
                await asyncio.sleep(rest)
                continue
            self._idle.popleft()
            await client.aclose()

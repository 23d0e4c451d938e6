"""Requests held until an operation ends, without a thread each."""

import asyncio
from weakref import WeakValueDictionary

from starlette.requests import Request
from starlette.types import Receive


class LongPolls:
    """Where requests wait for operations to end."""

    def __init__(self, longest: float) -> None:
        """Hold each request for at most ``longest`` seconds."""
        self.held = 0
        self._longest = longest
        self._closed = False
        # An ending lives for as long as somebody waits for it.
        self._endings: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    async def hold(self, operation_id: str, request: Request) -> None:
        """Wait until the operation ends, the time is up, the caller leaves or the service stops."""
        if self._closed:
            return
        ending = self._endings.setdefault(operation_id, asyncio.Event())
        waits = [
            asyncio.ensure_future(ending.wait()),
            asyncio.ensure_future(departure(request.receive)),
        ]
        self.held += 1
        try:
            await asyncio.wait(waits, timeout=self._longest, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.held -= 1
            for wait in waits:
                wait.cancel()

    def announce(self, operation_id: str) -> None:
        """Let go of all who wait for this operation."""
        ending = self._endings.get(operation_id)
        if ending is not None:
            ending.set()

    def close(self) -> None:
        """Let go of everybody and hold nobody any more."""
        self._closed = True
        for ending in list(self._endings.values()):
            ending.set()


async def departure(receive: Receive) -> None:
    """Wait until the caller of a request, whose body was read, has left."""
    while (await receive())["type"] != "http.disconnect":
        pass

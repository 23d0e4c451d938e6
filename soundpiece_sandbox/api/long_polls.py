"""Long polls: requests that are held until an operation ends, without a thread for each."""

import asyncio
from contextlib import suppress
from weakref import WeakValueDictionary

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Receive


class LongPolls:
    """Holds requests until the operations that they ask for end."""

    def __init__(self, max_seconds: float) -> None:
        """Hold each request for at most ``max_seconds``."""
        self.held = 0
        self._max_seconds = max_seconds
        self._closed = False
        # The event of an operation lives for as long as a request waits for it.
        self._endings: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()

    async def hold(self, operation_id: str, request: Request) -> None:
        """Wait for the operation's end, the time limit, a disconnect or the service's stop."""
        if self._closed:
            return
        ending = self._endings.setdefault(operation_id, asyncio.Event())
        waits = [
            asyncio.ensure_future(ending.wait()),
            asyncio.ensure_future(client_disconnected(request.receive)),
        ]
        self.held += 1
        try:
            await asyncio.wait(
                waits, timeout=self._max_seconds, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self.held -= 1
            for wait in waits:
                wait.cancel()

    def release(self, operation_id: str) -> None:
        """Answer all requests that wait for this operation."""
        ending = self._endings.get(operation_id)
        if ending is not None:
            ending.set()

    def close(self) -> None:
        """Answer all held requests, and hold none from now on."""
        self._closed = True
        for ending in list(self._endings.values()):
            ending.set()


async def client_disconnected(receive: Receive) -> None:
    """Wait until the client of a request has disconnected, or sent a body beyond the limits."""
    with suppress(HTTPException):
        while (await receive())["type"] != "http.disconnect":
            pass

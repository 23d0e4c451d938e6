"""The limits of request bodies, with and without a declared length: 1 MiB, and a total time."""

import asyncio
import time

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MAX_BYTES = 2**20


def with_bounded_bodies(service: ASGIApp, seconds: float) -> ASGIApp:
    """Return a service that refuses a body over 1 MiB (413), or later than ``seconds`` (408).

    It refuses where the body is read, so that what is checked before is refused first.
    """

    async def bounded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            receive = _BoundedBody(scope, receive, seconds)
        await service(scope, receive, send)

    return bounded


class _BoundedBody:
    """The messages of one request; raises HTTPException once its body goes beyond the limits."""

    def __init__(self, scope: Scope, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._deadline = time.monotonic() + seconds
        # h11 has checked that it is a number.
        self._declared = int(Headers(scope=scope).get("Content-Length", "0"))
        self._arrived = 0
        self._complete = False

    async def __call__(self) -> Message:
        if self._complete:  # a held request waits here for its client to leave
            return await self._receive()
        self._refuse_over_limit(self._declared)
        try:
            async with asyncio.timeout(self._deadline - time.monotonic()):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(
                408, f"The body did not arrive within {self._seconds:g} seconds."
            ) from None
        self._complete = not message.get("more_body", False)
        self._arrived += len(message.get("body", b""))
        self._refuse_over_limit(self._arrived)
        return message

    @staticmethod
    def _refuse_over_limit(length: int) -> None:
        if length > _MAX_BYTES:
            raise HTTPException(413, "The body is over 1 MiB.")

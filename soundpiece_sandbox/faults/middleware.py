"""The ASGI middleware that makes faults happen to requests and responses."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundpiece_sandbox.api.long_polls import client_disconnected
from soundpiece_sandbox.faults.fault import Fault, Faults

_UNPROCESSABLE = 422
_GARBAGE = "<!doctype html><title>502</title><h1>Bad gateway</h1>"


class CloseConnection(Protocol):
    """A function that closes the connection of a request."""

    def __call__(self, scope: Scope, *, after_flush: bool) -> None:
        """Close it at once, or after what was written has been sent."""


class FaultMiddleware:
    """Wraps a service and disturbs the requests that a fault strikes."""

    def __init__(
        self,
        service: ASGIApp,
        faults: Faults,
        verb_and_route: Callable[[Scope], tuple[str, str]],
        close_connection: CloseConnection,
    ) -> None:
        """Apply ``faults``; ``verb_and_route`` returns those of a request."""
        self._service = service
        self._faults = faults
        self._verb_and_route = verb_and_route
        self._close_connection = close_connection
        self._stopping = asyncio.Event()

    def release(self) -> None:
        """End all delays and stalls at once, because the service is about to stop."""
        self._stopping.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, with the fault that strikes it, if any."""
        fault = (
            self._faults.striking(*self._verb_and_route(scope)) if scope["type"] == "http" else None
        )
        if fault is None:
            await self._service(scope, receive, send)
        elif fault.trouble in ("truncate", "corrupt", "stall"):
            await self._with_broken_body(fault, scope, receive, send)
        else:
            await self._delay_or_replace(fault, scope, receive, send)

    async def _delay_or_replace(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Delay or replace the response, before the request is handled or after."""
        if fault.after:
            response = _BufferedResponse()
            await self._service(scope, receive, response)
        if fault.trouble == "delay":
            await self._wait(fault)
            if fault.after:
                await response.send_all(send)
            else:
                await self._service(scope, receive, send)
        elif fault.trouble == "drop":
            self._close_connection(scope, after_flush=False)
            await client_disconnected(receive)
        else:
            await _replacement(fault)(scope, receive, send)

    async def _with_broken_body(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Handle the request, and damage the second half of the response's body."""
        response = _BufferedResponse()
        await self._service(scope, receive, response)
        if fault.trouble == "corrupt":
            _corrupt(response.body)
            await response.send_all(send)
            return
        half = len(response.body) // 2
        await response.begin(send)
        first_half = bytes(response.body[:half])
        await send({"type": "http.response.body", "body": first_half, "more_body": True})
        if fault.trouble == "stall":
            await self._wait(fault)
            await send({"type": "http.response.body", "body": bytes(response.body[half:])})
        else:
            self._close_connection(scope, after_flush=True)
            await client_disconnected(receive)

    async def _wait(self, fault: Fault) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), fault.value)


class _BufferedResponse:
    """A response that is not sent yet: its start and its whole body."""

    def __init__(self) -> None:
        self.body = bytearray()
        self._start: Message = {}

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
        else:
            self.body += message.get("body", b"")

    async def begin(self, send: Send) -> None:
        if self._start:
            await send(self._start)

    async def send_all(self, send: Send) -> None:
        await self.begin(send)
        await send({"type": "http.response.body", "body": bytes(self.body)})


def _corrupt(body: bytearray) -> None:
    """Change one byte in every 4096, from the middle on; the length stays the same."""
    for place in range(len(body) // 2, len(body), 4096):
        body[place] ^= 0x5A


def _replacement(fault: Fault) -> Response:
    if fault.trouble == "garbage":
        return HTMLResponse(_GARBAGE)
    if fault.trouble == "expire":
        return JSONResponse({"detail": "The address has expired or was changed."}, 403)
    status = int(fault.value or 500)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    detail: object = f"A fault on demand: {status}."
    if status == _UNPROCESSABLE:
        detail = [{"loc": ["body"], "msg": detail, "type": "fault"}]
    return JSONResponse({"detail": detail}, status, headers)

"""The gate before the service where faults strike."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from soundpiece_sandbox.api.long_polls import departure
from soundpiece_sandbox.faults.fault import Fault, Faults

_INVALID = 422
_GARBAGE = "<!doctype html><title>502</title><h1>Bad gateway</h1>"


class HangUp(Protocol):
    """Ends the connection that a request came by."""

    def __call__(self, scope: Scope, *, politely: bool) -> None:
        """End it at once or, politely, after what was written has left."""


class FaultGate:
    """Stands before a service and makes trouble for the requests that its faults meet."""

    def __init__(
        self,
        service: ASGIApp,
        faults: Faults,
        name: Callable[[Scope], tuple[str, str]],
        hang_up: HangUp,
    ) -> None:
        """Strike by ``faults``; ``name`` gives a request's verb and route."""
        self._service = service
        self._faults = faults
        self._name = name
        self._hang_up = hang_up
        self._closing = asyncio.Event()

    def release(self) -> None:
        """Let everything that is delayed go on at once, because the service is about to stop."""
        self._closing.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with or without trouble."""
        fault = self._faults.meeting(*self._name(scope)) if scope["type"] == "http" else None
        if fault is None:
            await self._service(scope, receive, send)
        elif fault.trouble in ("truncate", "corrupt", "stall"):
            await self._with_broken_body(fault, scope, receive, send)
        else:
            await self._instead(fault, scope, receive, send)

    async def _instead(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Delay, or answer otherwise, before the work is made or after it."""
        if fault.after:
            answer = _Kept()
            await self._service(scope, receive, answer)
        if fault.trouble == "delay":
            await self._pause(fault)
            if fault.after:
                await answer.pass_on(send)
            else:
                await self._service(scope, receive, send)
        elif fault.trouble == "drop":
            self._hang_up(scope, politely=False)
            await departure(receive)
        else:
            await _other_answer(fault)(scope, receive, send)

    async def _with_broken_body(
        self, fault: Fault, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let the work be made, and break the answer's body half-way."""
        answer = _Kept()
        await self._service(scope, receive, answer)
        if fault.trouble == "corrupt":
            _corrupt(answer.body)
            await answer.pass_on(send)
            return
        half = len(answer.body) // 2
        await answer.begin(send)
        begun = bytes(answer.body[:half])
        await send({"type": "http.response.body", "body": begun, "more_body": True})
        if fault.trouble == "stall":
            await self._pause(fault)
            await send({"type": "http.response.body", "body": bytes(answer.body[half:])})
        else:
            self._hang_up(scope, politely=True)
            await departure(receive)

    async def _pause(self, fault: Fault) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), fault.value)


class _Kept:
    """An answer kept back: its start and its whole body."""

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

    async def pass_on(self, send: Send) -> None:
        await self.begin(send)
        await send({"type": "http.response.body", "body": bytes(self.body)})


def _corrupt(body: bytearray) -> None:
    """Change one byte in every 4096, from the middle on; the length stays."""
    for place in range(len(body) // 2, len(body), 4096):
        body[place] ^= 0x5A


def _other_answer(fault: Fault) -> Response:
    if fault.trouble == "garbage":
        return HTMLResponse(_GARBAGE)
    if fault.trouble == "expire":
        return JSONResponse({"detail": "The address has expired or was changed."}, 403)
    status = int(fault.value or 500)
    headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    detail: object = f"A fault on demand: {status}."
    if status == _INVALID:
        detail = [{"loc": ["body"], "msg": detail, "type": "fault"}]
    return JSONResponse({"detail": detail}, status, headers)

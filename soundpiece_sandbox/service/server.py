"""The server: says when it listens, stops when it is told to or nobody needs it."""

import asyncio
import time
from socket import socket

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from soundpiece_sandbox.service.app import Sandbox

_FAREWELL_SECONDS = 0.4


class SandboxServer(uvicorn.Server):
    """Serves one sandbox until a signal, or until it has been idle for long enough."""

    def __init__(self, sandbox: Sandbox, announcement: str, idle_exit: float | None) -> None:
        """Print ``announcement`` once it listens; stop after ``idle_exit`` seconds of quiet."""
        super().__init__(
            uvicorn.Config(
                sandbox.application(self._hang_up),
                log_level="warning",
                access_log=False,
                server_header=False,
                proxy_headers=False,  # a connection is known by its own address
                http="h11",
                ws="none",
                lifespan="on",
                backlog=2048,
                timeout_graceful_shutdown=1,
            )
        )
        self._sandbox = sandbox
        self._announcement = announcement
        self._idle_exit = idle_exit
        self._answered = 0
        self._quiet_since = time.monotonic()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Begin to serve, and say so on stdout."""
        await super().startup(sockets)
        print(self._announcement, flush=True)

    async def on_tick(self, counter: int) -> bool:
        """Decide, ten times a second, whether to stop."""
        return await super().on_tick(counter) or self._idle_for_long_enough()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Stop: answer what is held, give what is being sent a moment to arrive, then close."""
        self._sandbox.release()
        asyncio.get_running_loop().call_later(_FAREWELL_SECONDS, self._hang_up_on_all)
        await super().shutdown(sockets)

    def _hang_up(self, scope: Scope, *, politely: bool) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                transport = connection.transport
                transport.close() if politely else transport.abort()

    def _hang_up_on_all(self) -> None:
        # Nobody may be reading: a download that stands still must not keep the service.
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def _idle_for_long_enough(self) -> bool:
        answered = self.server_state.total_requests
        if answered != self._answered or self.server_state.tasks or self._sandbox.busy:
            self._answered = answered
            self._quiet_since = time.monotonic()
        return (
            self._idle_exit is not None and time.monotonic() - self._quiet_since > self._idle_exit
        )

"""The HTTP server: it prints its address, and stops on a signal or after idle time."""

import asyncio
import time
from socket import socket

import uvicorn
from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from soundpiece_sandbox.service.app import Sandbox
from soundpiece_sandbox.service.bounded_connection import bounded_connection
from soundpiece_sandbox.standard_streams import say

_GRACE_SECONDS = 0.4


class SandboxServer(uvicorn.Server):
    """Serves one sandbox until a signal, or until it has been idle for long enough."""

    def __init__(
        self,
        sandbox: Sandbox,
        announcement: str,
        *,
        idle_exit: float | None,
        request_timeout: float,
    ) -> None:
        """Print ``announcement`` once it listens; stop after ``idle_exit`` idle seconds.

        A request has ``request_timeout`` seconds to arrive.
        """
        super().__init__(
            uvicorn.Config(
                sandbox.application(self._close_connection),
                log_level="error",  # a client's mistakes could fill the disk
                use_colors=False,  # or it would ask a stdout that may be closed
                access_log=False,
                server_header=False,
                proxy_headers=False,  # connections are told apart by the address of the client
                http=bounded_connection(request_timeout),
                ws="none",
                lifespan="on",
                backlog=2048,
                timeout_graceful_shutdown=1,
            )
        )
        self._sandbox = sandbox
        self._announcement = announcement
        self._idle_exit = idle_exit
        self._request_count = 0
        self._idle_since = time.monotonic()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Start to serve, and print the announcement on stdout, whether or not anybody reads it."""
        await super().startup(sockets)
        say(self._announcement)

    async def on_tick(self, counter: int) -> bool:
        """Return whether to stop; uvicorn asks ten times a second."""
        return await super().on_tick(counter) or self._idle_for_long_enough()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Answer held requests, let responses finish for a moment, then close all connections."""
        self._sandbox.release()
        asyncio.get_running_loop().call_later(_GRACE_SECONDS, self._abort_connections)
        await super().shutdown(sockets)

    def _close_connection(self, scope: Scope, *, after_flush: bool) -> None:
        for connection in list(self.server_state.connections):
            if isinstance(connection, H11Protocol) and connection.client == scope["client"]:
                transport = connection.transport
                transport.close() if after_flush else transport.abort()

    def _abort_connections(self) -> None:
        # A download that its client does not read would keep the service from stopping.
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def _idle_for_long_enough(self) -> bool:
        request_count = self.server_state.total_requests
        if request_count != self._request_count or self.server_state.tasks or self._sandbox.busy:
            self._request_count = request_count
            self._idle_since = time.monotonic()
        return self._idle_exit is not None and time.monotonic() - self._idle_since > self._idle_exit

"""A request's steps on its way, as httpcore tells them, where they need watching."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

Stream = Any
"""A connection of httpcore's."""
PeerCheck = Callable[[Stream], Awaitable[None]]
"""Raises where the other end of a new connection must not be spoken to."""


class ConnectionTrace:
    """Has a new connection checked, and closes one whose TLS handshake was cut off.

    httpcore leaves such a connection open when the request is cancelled meanwhile: a service that
    never answers the first words of TLS would use up the process's descriptors.

    `sent` tells whether anything of the request itself has left, and `when_sent` is called then;
    `tunnelled` tells whether a proxy has made the connection that it was asked for.
    """

    def __init__(self, url: httpx.URL, check: PeerCheck | None = None) -> None:
        """Watch a request of this URL; `check` may refuse its host's end of a new connection.

        A proxy's end is not shown to it.
        """
        self.sent = self.tunnelled = False
        self.when_sent: Callable[[], None] = lambda: None
        self._host = url.raw_host.decode("ascii")
        self._check = check
        self._connecting_to = ""
        self._stream: Stream = None

    async def __call__(self, step: str, told: dict[str, Any]) -> None:
        """Hear of a step; httpcore's contract."""
        if step.endswith(".connect_tcp.started"):
            self._connecting_to = str(told["host"])
        elif step.endswith(".connect_tcp.complete"):
            self._stream = told["return_value"]
            if self._check is not None and self._connecting_to == self._host:
                await self._checked(self._check)
        elif step.endswith(".start_tls.failed") and self._stream is not None:
            await self._stream.aclose()
        elif step in {"proxy.start_tls.started", "socks.start_tls.started"}:
            self.tunnelled = True
        elif step == "http11.send_request_headers.started":
            self.sent = told["request"].method != b"CONNECT"
            if self.sent:
                self.when_sent()

    async def _checked(self, check: PeerCheck) -> None:
        try:
            await check(self._stream)
        except BaseException:
            await self._stream.aclose()
            raise

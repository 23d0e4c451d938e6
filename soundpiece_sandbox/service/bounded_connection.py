"""The connections of the server: each request has a total time to arrive, read or unread."""

import asyncio
import json

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


def bounded_connection(seconds: float) -> type[H11Protocol]:
    """Return uvicorn's protocol, with ``seconds`` for the headers, and for a body nobody reads.

    Headers that come later get 408. Once a request was answered, what is left of its body and the
    headers of the next have as long: an endless body would be thrown away for ever. A body that is
    read has the limits of `request_bodies`; h11 limits headers to 16 KiB.
    """

    class BoundedConnection(H11Protocol):
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            self._begin_waiting()

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            if self._deadline is not None:
                self._deadline.cancel()

        def on_response_complete(self) -> None:
            self._begin_waiting()  # first: the next call may begin with the next request
            super().on_response_complete()

        def _begin_waiting(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
            self._deadline = self.loop.call_later(seconds, self._close_unless_busy)

        def _close_unless_busy(self) -> None:
            if self.transport.is_closing() or not (
                self.cycle is None or self.cycle.response_complete
            ):
                return
            half_a_head = self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]
            if half_a_head:
                self.transport.write(_too_late(seconds))
            self.transport.close()

    return BoundedConnection


def _too_late(seconds: float) -> bytes:
    detail = {"detail": f"The request did not arrive within {seconds:g} seconds."}
    body = json.dumps(detail).encode()
    head = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

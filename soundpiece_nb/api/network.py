"""Sockets of asyncio's own beneath httpcore, whose usual ones make several times as many steps.

Measured at 400 operations at once: of the time that the engine's thread took, a third went by in
anyio, half of that in asking each socket for its addresses whenever it was to be used again.
"""

from __future__ import annotations

import asyncio
import errno
import re
import select
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore

HAPPY_EYEBALLS_DELAY = 0.25
"""Seconds after which a host's next address is tried beside the one that does not answer (RFC 8305
names them)."""

MOST_UNREAD = 256 * 1024
"""Bytes that have come and were not read yet, above which no more are taken from the system."""


class Network(httpcore.AsyncNetworkBackend):
    """Makes connections on the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's contract
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection; raises httpcore.ConnectError or ConnectTimeout."""
        loop = asyncio.get_running_loop()
        with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
            async with asyncio.timeout(timeout):
                try:
                    transport, received = await loop.create_connection(
                        _Received,
                        host,
                        port,
                        local_addr=(local_address, 0) if local_address else None,
                        happy_eyeballs_delay=HAPPY_EYEBALLS_DELAY,
                    )
                except OSError as error:
                    _raise_one(error)
                    raise
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return _Stream(received)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class _Received(asyncio.Protocol):
    """The bytes of a connection that have come, and whether more may come or be written."""

    def __init__(self) -> None:
        self.transport: Any = None
        self._chunks: deque[bytes] = deque()
        self._unread = 0
        self._ended = False
        self._error: Exception | None = None
        self._came = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()

    @property
    def readable(self) -> bool:
        """Whether a read would return at once, be it because the other end has closed."""
        return self._came.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._chunks.append(data)
        self._unread += len(data)
        self._came.set()
        if self._unread > MOST_UNREAD:
            self.transport.pause_reading()

    def eof_received(self) -> None:
        self._ended = True
        self._came.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended, self._error = True, exc
        self._came.set()
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def read(self, most: int) -> bytes:
        """Return bytes that have come, none at the end; raises OSError."""
        await self._came.wait()
        if not self._chunks:
            if self._error is not None:
                raise self._error
            return b""
        chunk = self._chunks.popleft()
        if len(chunk) > most:
            self._chunks.appendleft(chunk[most:])
            chunk = chunk[:most]
        self._unread -= len(chunk)
        if self._unread <= MOST_UNREAD and not self._ended:
            self.transport.resume_reading()  # does nothing where it was not paused
        if not self._chunks and not self._ended:
            self._came.clear()
        return chunk

    async def write(self, data: bytes) -> None:
        """Write bytes, and wait until there is room for more; raises OSError."""
        if self._ended:
            raise self._error or ConnectionResetError("The other end has closed the connection.")
        self.transport.write(data)
        if not self._may_write.is_set():
            await self._may_write.wait()
            if self._error is not None:
                raise self._error


class _Stream(httpcore.AsyncNetworkStream):
    """A connection, as httpcore uses it."""

    def __init__(self, received: _Received) -> None:
        self._received = received

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """Return bytes that have come, none at the end."""
        with _translated(httpcore.ReadTimeout, httpcore.ReadError):
            if self._received.readable:
                return await self._received.read(max_bytes)
            async with asyncio.timeout(timeout):
                return await self._received.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Write bytes, and wait until there is room for more."""
        if buffer:
            with _translated(httpcore.WriteTimeout, httpcore.WriteError):
                async with asyncio.timeout(timeout):
                    await self._received.write(buffer)

    async def aclose(self) -> None:
        """Close it at once; of TLS, without waiting for the other end's word."""
        self._received.transport.abort()
        await asyncio.sleep(0)  # in which the socket is closed

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        """Return the same connection, encrypted; raises httpcore.ConnectError or ConnectTimeout."""
        received, loop = self._received, asyncio.get_running_loop()
        with _translated(httpcore.ConnectTimeout, httpcore.ConnectError):
            try:
                async with asyncio.timeout(timeout):
                    received.transport = await loop.start_tls(
                        received.transport,
                        received,
                        ssl_context,
                        server_hostname=server_hostname,
                        ssl_handshake_timeout=timeout,
                    )
            except BaseException:
                await self.aclose()
                raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what httpcore asks of a connection by these names."""
        if info == "is_readable":  # a busy loop may not have heard yet that the other end closed
            return self._received.readable or _is_readable(self._received.transport)
        names = {"server_addr": "peername", "client_addr": "sockname"}
        return self._received.transport.get_extra_info(names.get(info, info))


def _is_readable(transport: asyncio.BaseTransport) -> bool:
    """Tell whether the system has something to read of a connection, if only that it has ended."""
    number = transport.get_extra_info("socket").fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows, whose select knows no largest number
        return bool(select.select([number], [], [], 0)[0])
    looked = select.poll()
    looked.register(number, select.POLLIN)
    return bool(looked.poll(0))


@contextmanager
def _translated(too_late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    """Raise what the system raises as httpcore's errors, which name it as their cause."""
    try:
        yield
    except TimeoutError as error:
        raise (too_late if error.errno is None else failed)(str(error)) from error
    except OSError as error:
        raise failed(str(error)) from error


def _raise_one(error: OSError) -> None:
    """Raise the error of one address where asyncio tells of several in one text."""
    numbers = [int(each) for each in re.findall(r"\[Errno (-?\d+)\]", str(error))]
    if error.errno is None and numbers:
        refused = errno.ECONNREFUSED in numbers
        raise OSError(errno.ECONNREFUSED if refused else numbers[0], str(error)) from error

"""Connections: each carries one request at a time, and is kept for a while for the next one.

httpx's own pool walks all that it holds at every request: at 1,000 operations, that took 44 % of
the engine's thread. Here, one is found by where it leads to, and nothing is searched.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import httpcore
import httpx

from .certificates import nobody_trusted
from .network import Network
from .proxies import Proxy

KEEP_SECONDS = 60.0
"""Seconds for which a connection that nobody uses is kept."""


class Way(NamedTuple):
    """The way of a connection: through a proxy or none, by the certificates that are trusted."""

    proxy: Proxy | None
    trust: ssl.SSLContext | None


class _Place(NamedTuple):
    """The end of a connection; httpcore's own Origin cannot be a key."""

    way: Way
    scheme: bytes
    host: bytes
    port: int


class Connections:
    """Up to `most` connections at a time, of which the caller uses as many; of one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: set[_Connection] = set()
        self._makers: dict[Way, httpcore.AsyncConnectionPool] = {}
        self._idle: dict[_Place, deque[_Connection]] = {}
        self._sweeping: asyncio.Task[None] | None = None

    async def send(self, request: httpx.Request, way: Way) -> httpx.Response:
        """Return the answer to a request, its body still to come; raises httpx.TransportError."""
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        place = _Place(way, url.raw_scheme, url.raw_host, asked.url.origin.port)
        connection = await self._free_one(place) or await self._new_one(place)
        try:
            with _errors_of_httpx():
                answer = await connection.handle_async_request(asked)
        except BaseException:
            await self._end(connection)
            raise
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer, self, place, connection),
            extensions=answer.extensions,
            request=request,
        )

    async def give_back(self, place: _Place, connection: _Connection) -> None:
        """Keep a connection whose answer was read to its end; close any other."""
        if not connection.is_available() or connection not in self._open:
            await self._end(connection)
            return
        self._idle.setdefault(place, deque()).append(connection)
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.get_running_loop().create_task(self._sweep())

    async def close(self) -> None:
        """Close every connection; what is under way on one breaks off."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._idle.clear()
        while self._open:
            await self._open.pop().aclose()

    async def _free_one(self, place: _Place) -> _Connection | None:
        """Return the idle connection that was used last, if the other end has not closed it."""
        while idle := self._idle.get(place):
            connection = idle.pop()
            if not idle:
                del self._idle[place]
            if not connection.has_expired():
                return connection
            await self._end(connection)
        return None

    async def _new_one(self, place: _Place) -> _Connection:
        while len(self._open) >= self._most and self._idle:  # those that lead elsewhere
            await self._end_oldest()
        if place.way not in self._makers:
            self._makers[place.way] = _maker(place.way)
        origin = httpcore.Origin(place.scheme, place.host, place.port)
        connection = self._makers[place.way].create_connection(origin)
        self._open.add(connection)
        return connection

    async def _end_oldest(self) -> None:
        place, idle = next(iter(self._idle.items()))
        connection = idle.popleft()
        if not idle:
            del self._idle[place]
        await self._end(connection)

    async def _end(self, connection: _Connection) -> None:
        self._open.discard(connection)
        await connection.aclose()

    async def _sweep(self) -> None:
        """Close what has been idle for long, until nothing is idle."""
        while self._idle:
            await asyncio.sleep(KEEP_SECONDS / 2)
            expired: list[_Connection] = []
            for place in list(self._idle):
                for connection in [each for each in self._idle[place] if each.has_expired()]:
                    self._idle[place].remove(connection)
                    expired.append(connection)
                if not self._idle[place]:
                    del self._idle[place]
            for connection in expired:
                await self._end(connection)


class _Body(httpx.AsyncByteStream):
    """The body of an answer, whose connection is given back when it is closed."""

    def __init__(
        self,
        answer: httpcore.Response,
        connections: Connections,
        place: _Place,
        connection: _Connection,
    ) -> None:
        self._answer = answer
        self._connections = connections
        self._place = place
        self._connection = connection
        self._closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors_of_httpx():
            async for part in self._answer.aiter_stream():
                yield part

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._answer.aclose()
        finally:
            await self._connections.give_back(self._place, self._connection)


_Connection = httpcore.AsyncConnectionInterface


def _maker(way: Way) -> httpcore.AsyncConnectionPool:
    """Return what makes connections of a way; nothing is pooled in it."""
    trust = way.trust or nobody_trusted()
    if way.proxy is None:
        return httpcore.AsyncConnectionPool(
            ssl_context=trust, keepalive_expiry=KEEP_SECONDS, network_backend=Network()
        )
    own_tls = way.trust if way.proxy.address.scheme == "https" else None
    proxy = httpx.Proxy(way.proxy.address, ssl_context=own_tls)
    address = httpcore.URL(
        scheme=proxy.url.raw_scheme,
        host=proxy.url.raw_host,
        port=proxy.url.port,
        target=proxy.url.raw_path,
    )
    if proxy.url.scheme in ("socks5", "socks5h"):
        return httpcore.AsyncSOCKSProxy(
            proxy_url=address,
            proxy_auth=proxy.raw_auth,
            ssl_context=trust,
            keepalive_expiry=KEEP_SECONDS,
            network_backend=Network(),
        )
    return httpcore.AsyncHTTPProxy(
        proxy_url=address,
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        ssl_context=trust,
        proxy_ssl_context=proxy.ssl_context,
        keepalive_expiry=KEEP_SECONDS,
        network_backend=Network(),
    )


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Raise httpcore's errors as those of httpx, which have the same names."""
    try:
        yield
    except _ERRORS as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from error


_ERRORS = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)

"""The transport: each request goes directly, or through the proxy that the environment names."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import partial
from http import HTTPStatus

import httpx

from .certificates import nobody_trusted, trusted_certificates
from .connection_failures import Attempt, connection_failure, refused_by_tls, speaks_tls
from .connections import Connections, Way
from .errors import SoundpieceError, Unreachable
from .proxies import find_proxy

_PROBE_SECONDS = 1.0
_TLS_RECORDS = {b"\x15", b"\x16"}
"""The first byte of an alert and of a handshake, RFC 8446, 5.1."""


class Transport:
    """Carries requests, whose extensions hold their ConnectionTrace, by the present environment.

    At most `most` are under way at a time. Raises Unreachable where nothing could be sent, and says
    why. Plain http, which stays on this machine, loads no certificates.
    """

    def __init__(self, most: int) -> None:
        self._connections = Connections(most)
        self.known: set[str] = set()
        """The hosts and proxies that have led to an answer."""

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Return the answer to a request, its body still to come."""
        url, trace = request.url, request.extensions["trace"]
        proxy = find_proxy(url)
        way = Way(proxy, trusted_certificates() if url.scheme == "https" else None)
        names = {url.netloc.decode("ascii"), *([proxy.origin] if proxy else [])}
        attempt = Attempt(url, proxy, names <= self.known, trace)
        try:
            async with asyncio.timeout(request.extensions["timeout"]["connect"]) as limit:
                trace.when_sent = partial(_lift, limit)
                response = await self._connections.send(request, way)
        except Exception as error:
            failure = await _not_sent(error, attempt)
            if failure is None:
                raise
            raise failure from None
        if response.status_code == HTTPStatus.BAD_REQUEST:  # as nginx and Go answer plain http
            failure = await _plain_http(attempt)
            if failure is not None:
                await response.aclose()
                raise failure
        self.known.update(names)
        return response

    async def close(self) -> None:
        """Close all connections."""
        await self._connections.close()


def check_environment(address: str) -> None:
    """Raise Unreachable where the environment lets no request to an address leave; sends none."""
    url = httpx.URL(address)
    find_proxy(url)
    if url.scheme == "https":
        trusted_certificates()


def _lift(limit: asyncio.Timeout) -> None:
    """Let what has been sent take as long as the client's own limits allow."""
    if not limit.expired():
        limit.reschedule(None)


async def _not_sent(error: Exception, attempt: Attempt) -> Unreachable | None:
    """Return the failure that means that nothing was sent; None for any other error."""
    if isinstance(error, SoundpieceError | httpx.LocalProtocolError):
        return None
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        failure = await _plain_http(attempt)
        if failure is not None:
            return failure
    if attempt.trace.sent:
        return refused_by_tls(error, attempt)
    by_socks = attempt.proxy is not None and attempt.proxy.address.scheme.startswith("socks")
    if by_socks or isinstance(error, _OF_CONNECTIONS):  # socksio's own are none of httpx's
        return connection_failure(error, attempt)
    return None


_OF_CONNECTIONS = (httpx.TransportError, OSError, UnicodeError, ExceptionGroup)


async def _plain_http(attempt: Attempt) -> Unreachable | None:
    """Return the failure of plain http, in vain so far, at a port that speaks TLS; else None."""
    if attempt.known or attempt.trace.tunnelled:
        return None
    if attempt.proxy is not None and attempt.proxy.address.scheme == "http":
        if await _answers_tls(attempt.proxy.address):
            remedy = f"Write it as https:// in {attempt.proxy.named_by}."
            return speaks_tls(f"The proxy {attempt.proxy}", remedy)
    elif attempt.url.scheme == "http" and await _answers_tls(attempt.url):
        return speaks_tls(attempt.host, "Its address must begin with https://.")
    return None


async def _answers_tls(address: httpx.URL) -> bool:
    """Tell whether a server answers the first words of TLS in kind."""
    words = ssl.MemoryBIO()
    session = nobody_trusted().wrap_bio(ssl.MemoryBIO(), words, server_hostname=address.host)
    with suppress(ssl.SSLWantReadError):
        session.do_handshake()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_PROBE_SECONDS):
            reader, writer = await asyncio.open_connection(address.host, address.port or 80)
            try:
                writer.write(words.read())
                return await reader.read(1) in _TLS_RECORDS
            finally:
                writer.close()
                await writer.wait_closed()
    return False

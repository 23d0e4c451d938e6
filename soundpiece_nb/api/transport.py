"""The transport: each request goes directly, or through the proxy that the environment names."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from functools import partial
from http import HTTPStatus

import httpx

from .certificates import nobody_trusted, trusted_certificates
from .connection_failures import Way, connection_failure, refused_by_tls, speaks_tls
from .errors import SoundpieceError, Unreachable
from .proxies import Proxy, find_proxy

_PROBE_SECONDS = 1.0
_TLS_RECORDS = {b"\x15", b"\x16"}
"""The first byte of an alert and of a handshake, RFC 8446, 5.1."""


class Transport(httpx.AsyncBaseTransport):
    """Carries requests, whose extensions hold their ConnectionTrace, by the present environment.

    `known` are the hosts and proxies that have led to an answer; several transports share it.
    Raises Unreachable where nothing could be sent, and says why. Plain http, which stays on this
    machine, loads no certificates.
    """

    def __init__(self, limits: httpx.Limits, known: set[str]) -> None:
        self._limits = limits
        self._known = known
        self._transports: dict[tuple[Proxy | None, ssl.SSLContext | None], _Pool] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; httpx's contract."""
        url, trace = request.url, request.extensions["trace"]
        proxy = find_proxy(url)
        pool = self._pool(proxy, trusted_certificates() if url.scheme == "https" else None)
        names = {url.netloc.decode("ascii"), *([proxy.origin] if proxy else [])}
        way = Way(url, proxy, names <= self._known, trace)
        try:
            async with asyncio.timeout(request.extensions["timeout"]["connect"]) as limit:
                trace.when_sent = partial(_lift, limit)
                response = await pool.handle_async_request(request)
        except Exception as error:
            failure = await _not_sent(error, way)
            if failure is None:
                raise
            raise failure from None
        if response.status_code == HTTPStatus.BAD_REQUEST:  # as nginx and Go answer plain http
            failure = await _plain_http(way)
            if failure is not None:
                await response.aclose()
                raise failure
        self._known.update(names)
        return response

    async def aclose(self) -> None:
        """Close all connections."""
        for pool in self._transports.values():
            await pool.aclose()

    def _pool(self, proxy: Proxy | None, trust: ssl.SSLContext | None) -> _Pool:
        way = (proxy, trust)
        if way not in self._transports:
            self._transports[way] = _Pool(
                verify=trust or nobody_trusted(),
                trust_env=False,
                limits=self._limits,
                proxy=None if proxy is None else _of_httpx(proxy, trust),
            )
        return self._transports[way]


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


_Pool = httpx.AsyncHTTPTransport


def _of_httpx(proxy: Proxy, trust: ssl.SSLContext | None) -> httpx.Proxy:
    own_tls = trust if proxy.address.scheme == "https" else None
    return httpx.Proxy(proxy.address, ssl_context=own_tls)


async def _not_sent(error: Exception, way: Way) -> Unreachable | None:
    """Return the failure that means that nothing was sent; None for any other error."""
    if isinstance(error, SoundpieceError | httpx.PoolTimeout | httpx.LocalProtocolError):
        return None
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.WriteError):
        failure = await _plain_http(way)
        if failure is not None:
            return failure
    if way.trace.sent:
        return refused_by_tls(error, way)
    by_socks = way.proxy is not None and way.proxy.address.scheme.startswith("socks")
    if by_socks or isinstance(error, _OF_CONNECTIONS):  # socksio's own are none of httpx's
        return connection_failure(error, way)
    return None


_OF_CONNECTIONS = (httpx.TransportError, OSError, UnicodeError, ExceptionGroup)


async def _plain_http(way: Way) -> Unreachable | None:
    """Return the failure of plain http, in vain so far, at a port that speaks TLS; else None."""
    if way.known or way.trace.tunnelled:
        return None
    if way.proxy is not None and way.proxy.address.scheme == "http":
        if await _answers_tls(way.proxy.address):
            remedy = f"Write it as https:// in {way.proxy.named_by}."
            return speaks_tls(f"The proxy {way.proxy}", remedy)
    elif way.url.scheme == "http" and await _answers_tls(way.url):
        return speaks_tls(way.host, "Its address must begin with https://.")
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

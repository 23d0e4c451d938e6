"""Connections to public internet addresses only, for webhooks to servers that were not named."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

import httpcore

_IPV6_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")

NETWORK_ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.TimeoutException,
    TimeoutError,
)
"""The errors that a request to another server may raise."""

Resolver: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]
"""Finds the IP addresses of a host and port; raises OSError for an unknown host."""


class NotPublicError(httpcore.ConnectError):
    """A host has an address that is not public."""


async def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses that the system's resolver knows for a host."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class PublicNetwork(httpcore.AsyncNetworkBackend):
    """A network backend for httpcore that refuses hosts with any address that is not public.

    It connects to an address that it has checked, so that a DNS name cannot change its address
    between the check and the connection.
    """

    def __init__(self, resolver: Resolver = resolve) -> None:
        self._resolve = resolver
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a public host; raise NotPublicError for any other."""
        try:
            addresses = await self._resolve(host, port)
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        if not all(is_public_address(address) for address in addresses):
            raise NotPublicError(f"{host} has an address that is not public")
        return await self._network.connect_tcp(
            addresses[0], port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait for this many seconds."""
        await self._network.sleep(seconds)


def is_public_address(address: str) -> bool:
    """Return whether an IP address is public; ValueError if it is not an IP address."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        # A tunnelled or mapped address may stand for a private one.
        tunnelled = parsed.sixtofour or parsed.teredo
        return parsed in _IPV6_GLOBAL_UNICAST and parsed.is_global and not tunnelled
    return parsed.is_global and not parsed.is_multicast

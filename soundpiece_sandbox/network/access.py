"""What the sandbox may reach by itself: named servers, and for webhooks the public internet."""

import asyncio
import ipaddress
import socket
from collections.abc import Iterable
from urllib.parse import urlsplit

import httpcore

_PORTS = {"http": 80, "https": 443}
_PRIVATE_NAMES = ("localhost", "local", "internal", "lan", "home", "intranet", "test", "invalid")

_UNICAST = ipaddress.ip_network("2000::/3")

NETWORK_TROUBLE = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    httpcore.TimeoutException,
    TimeoutError,
)
"""All that may happen when another server is spoken to."""


class NotPublicError(httpcore.ConnectError):
    """A name stands for an address that is not public."""


class Reach:
    """The servers of this machine or network that somebody named when the sandbox was started."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        """Allow these origins, such as ``http://127.0.0.1:9000``. ValueError if one is none."""
        self._origins = {origin_of(origin) for origin in origins}

    def names(self, address: str) -> bool:
        """Tell whether an address lies at a named server."""
        return origin_of(address) in self._origins

    def admits_callback(self, address: str) -> bool:
        """Tell whether a webhook may go there: to a named server, or by https to a public one.

        What a name stands for is looked up when it is delivered, by `PublicInternet`.
        """
        scheme, host, _ = origin_of(address)
        return self.names(address) or (scheme == "https" and _may_be_public(host))


class PublicInternet(httpcore.AsyncNetworkBackend):
    """A network that connects to public addresses only, whatever a name pretends to be.

    The address that was judged is the one that is connected to, so that a name cannot change its
    meaning in between.
    """

    def __init__(self) -> None:
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's own signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a public host; raises NotPublicError for any other."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM
            )
        except OSError as error:
            raise httpcore.ConnectError(str(error)) from None
        addresses = [str(entry[4][0]) for entry in found]
        if not all(_is_public(address) for address in addresses):
            raise NotPublicError(f"{host} is not a public address")
        return await self._network.connect_tcp(
            addresses[0], port, timeout, local_address, socket_options
        )

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._network.sleep(seconds)


def origin_of(address: str) -> tuple[str, str, int]:
    """Give the scheme, host and port of a web address. ValueError if it is none."""
    parts = urlsplit(address)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{address!r} is no web address")
    return parts.scheme, parts.hostname.lower(), parts.port or _PORTS[parts.scheme]


def _may_be_public(host: str) -> bool:
    try:
        return _is_public(host)
    except ValueError:
        # No literal address. Shorthands such as 127.1 and 0x7f000001 are no names either.
        last = host.rstrip(".").rpartition(".")[2].lower()
        return "." in host and last not in _PRIVATE_NAMES and not last[:1].isdigit()


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        # Outside these, and in tunnels, an address may stand for another one, and a private one.
        tunnelled = parsed.sixtofour or parsed.teredo
        return parsed in _UNICAST and parsed.is_global and not tunnelled
    return parsed.is_global and not parsed.is_multicast

"""Download addresses: which may be asked, by how they are spelled, looked up and connected to."""

from __future__ import annotations

from collections.abc import Container
from urllib.parse import urlsplit

import httpx

from .address import may_download
from .connection_failures import name_failure
from .connection_trace import Stream
from .errors import Unreachable
from .inside_addresses import Inside, inside, literal, look_up
from .proxies import is_proxied


class DownloadAddresses:
    """The rules for the download addresses of one service.

    They are https, or http where the service is on this machine; and they lead inside only where
    the service is inside in the same way. Where a proxy connects for us, only what an address
    spells can be checked.
    """

    def __init__(self, service: str, *, local: bool, known: Container[str] = ()) -> None:
        """Take the API root of a service; `known` are the hosts that have answered before."""
        self._local = local
        self._known = known
        self._host = urlsplit(service).hostname or ""
        self._services_own: set[Inside | None] = set()

    def answered(self, response: httpx.Response) -> None:
        """Note from where the service answered: unlike its name's entries, nobody can forge it."""
        stream = response.extensions.get("network_stream")
        if stream is not None and not is_proxied(self._host):
            peer = _peer(stream)
            if peer is not None:
                self._services_own.add(peer[0])

    async def check(self, url: httpx.URL) -> None:
        """Raise Unreachable where an address may not be asked; looks its name up."""
        if not may_download(str(url), from_loopback=self._local):
            raise Unreachable("The service named a download address that is not https.", never=True)
        if literal(url.host) is None and is_proxied(url.host):
            return
        try:
            found = await look_up(url.host)
        except OSError as error:
            known = url.netloc.decode("ascii") in self._known
            raise name_failure(error, url.host, _NOT_FOUND, known=known) from None
        except UnicodeError:
            raise Unreachable("The service named an unusable address.", never=True) from None
        for address in found:
            await self._check_inside(inside(address))

    async def check_peer(self, stream: Stream) -> None:
        """Raise Unreachable where a new connection has led where it may not.

        A name may lead elsewhere when it is looked up once more to connect.
        """
        peer = _peer(stream)
        if peer is None:
            raise Unreachable("The connection broke off.")
        await self._check_inside(peer[0])

    async def _check_inside(self, kind: Inside | None) -> None:
        if kind is not None and kind not in await self._own():
            raise Unreachable(
                "The service named a download address inside this machine or network, "
                "where the service itself is not.",
                never=True,
            )

    async def _own(self) -> set[Inside | None]:
        """Return where the service is; its name is looked up if it has not answered yet."""
        if self._services_own:
            return self._services_own
        if literal(self._host) is None and is_proxied(self._host):
            return set()
        try:
            return {inside(address) for address in await look_up(self._host)}
        except (OSError, UnicodeError):
            return set()


_NOT_FOUND = "The download's server cannot be found"


def _peer(stream: Stream) -> tuple[Inside | None] | None:
    """Return in which way the other end of a connection is inside; None where there is no end."""
    address = stream.get_extra_info("server_addr")
    spelled = literal(str(address[0])) if address else None
    return None if spelled is None else (inside(spelled),)

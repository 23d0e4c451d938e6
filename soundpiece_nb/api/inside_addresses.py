"""Addresses that lead inside: to this machine, its network, or what the internet does not reach.

A service that named such an address would have this machine ask its owner's router, cloud or
neighbours. It may be named where the service itself is inside in the same way.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from contextlib import suppress
from enum import Enum

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class Inside(Enum):
    """The ways in which an address is not one of the internet."""

    LOOPBACK = "this machine"
    PRIVATE = "a private network"
    LINK_LOCAL = "this link, with the metadata of a cloud's machines"
    SHARED = "a provider's own network, RFC 6598"
    RESERVED = "any other that is not global"
    MULTICAST = "many at a time"


def inside(address: IPAddress) -> Inside | None:
    """Return in which way an address is inside, also one that is wrapped into IPv6; else None."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None:
            return inside(wrapped)
    if address.is_loopback or address.is_unspecified:  # to connect to 0.0.0.0 is to connect here
        return Inside.LOOPBACK
    if address.is_link_local:
        return Inside.LINK_LOCAL
    for network, kind in _NETWORKS.items():
        if address in network:
            return kind
    if address.is_multicast:
        return Inside.MULTICAST
    return None if address.is_global else Inside.RESERVED


def literal(host: str) -> IPAddress | None:
    """Return the address that a host spells, however oddly; None for a name to be looked up.

    The system's resolver takes `127.1`, `0x7f000001` and `2130706433` for addresses too.
    """
    name = host.strip("[]").partition("%")[0].rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761, 6.3
        return ipaddress.IPv4Address("127.0.0.1")
    with suppress(ValueError):
        return ipaddress.ip_address(name)
    with suppress(OSError, UnicodeError, ValueError):
        return ipaddress.IPv4Address(socket.inet_aton(name))
    return None


async def look_up(host: str) -> list[IPAddress]:
    """Return the addresses of a host, an address or a name; raises OSError or UnicodeError."""
    spelled = literal(host)
    if spelled is not None:
        return [spelled]
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [address for entry in found if (address := literal(str(entry[4][0]))) is not None]


_NETWORKS = {
    ipaddress.ip_network(network): kind
    for network, kind in {
        "10.0.0.0/8": Inside.PRIVATE,
        "172.16.0.0/12": Inside.PRIVATE,
        "192.168.0.0/16": Inside.PRIVATE,
        "fc00::/7": Inside.PRIVATE,
        "fec0::/10": Inside.PRIVATE,
        "100.64.0.0/10": Inside.SHARED,
        "192.0.0.0/24": Inside.RESERVED,
    }.items()
}
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: mapped, NAT64, 6to4, Teredo."""
    last = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if any(address in network for network in _NAT64):
        return last
    if address in _COMPATIBLE and int(address) > 1:  # `::` and `::1` are themselves
        return last
    if address.teredo is not None:
        return address.teredo[1]
    return address.ipv4_mapped or address.sixtofour

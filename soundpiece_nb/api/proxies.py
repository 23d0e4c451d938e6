"""Proxies that the environment names: HTTPS_PROXY, ALL_PROXY and NO_PROXY, in either case.

They are read anew for each request, so that what a person mends in a cell is used at the next try.
httpx reads them once for a client, cannot be made at all where any of them is malformed, and does
not say which one it was.
"""

from __future__ import annotations

import functools
import importlib.util
import ipaddress
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.request import getproxies

import httpx

from .address import is_loopback
from .errors import Unreachable

_KINDS = ("http", "https", "socks5", "socks5h")
_SOCKS_LIBRARY = "socksio"
_NAMES = {"https": "HTTPS_PROXY", "all": "ALL_PROXY"}
_VARIABLES = [case(name) for name in (*_NAMES.values(), "NO_PROXY") for case in (str, str.lower)]
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{0,15}")
_HOST = re.compile(r"[\w.:-]+")
_LARGEST_PORT = 65_535


@dataclass(frozen=True)
class Proxy:
    """A proxy; its address may hold a user and password, which are shown nowhere."""

    address: httpx.URL = field(repr=False)
    named_by: str
    """The environment's variable, or the system's settings."""

    @property
    def origin(self) -> str:
        """Its kind, host and port, as it may be shown."""
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        port = "" if self.address.port is None else f":{self.address.port}"
        return f"{self.address.scheme}://{host}{port}"

    def __str__(self) -> str:
        return f"{self.origin} ({self.named_by})"


def find_proxy(url: httpx.URL) -> Proxy | None:
    """Return the proxy for a request; None where it is to be sent directly.

    Plain http is spoken to this machine alone, and asks for none. Raises Unreachable where the
    proxy that is named cannot be one.
    """
    named = _setting(url.host, url.port, _environment()) if url.scheme == "https" else None
    return None if named is None else _read_proxy(*named)


def is_proxied(host: str) -> bool:
    """Tell whether the environment names a proxy that connects to a host for us."""
    return _setting(host, None, _environment()) is not None


def _environment() -> tuple[str | None, ...]:
    return tuple(os.environ.get(name) for name in _VARIABLES)


@functools.lru_cache(maxsize=64)
def _setting(host: str, port: int | None, _same: tuple[str | None, ...]) -> tuple[str, str] | None:
    """Return the value of the proxy for a host, and the variable that has it.

    Kept while the environment is the `_same`: to go through all of it takes half a millisecond.
    """
    if is_loopback(host):
        return None
    settings = getproxies()  # of the system, where the environment has none
    kind = next((kind for kind in _NAMES if settings.get(kind, "").strip()), None)
    if kind is None or _is_spared(host, port, settings.get("no", "")):
        return None
    name = _NAMES[kind]
    variable = next((each for each in (name.lower(), name) if os.environ.get(each)), None)
    return settings[kind].strip(), variable or "the system's settings"


def _is_spared(host: str, port: int | None, names: str) -> bool:
    """Tell whether NO_PROXY spares a host; an entry that makes no sense spares none."""
    return any(
        entry == "*" or _covers(entry, host, port or 443) for entry in re.split(r"[\s,]+", names)
    )


def _covers(entry: str, host: str, port: int) -> bool:
    """Tell whether an entry names a host: a name, `.domain`, an address, a network; or with :port.

    As curl has it, which httpx follows in part.
    """
    name = entry.rpartition("://")[2].strip("/'\"").lower()
    with suppress(ValueError):
        bare = re.sub(r"^\[(.+)\](/\d+)?$", r"\1\2", name)
        network = ipaddress.ip_network(bare, strict=False)
        with suppress(ValueError):
            return ipaddress.ip_address(host) in network
        return False
    with_port = re.fullmatch(r"(.+):(\d+)", name)
    if with_port is not None:
        return int(with_port[2]) == port and _covers(with_port[1], host, port)
    domain = name.lstrip("*.").rstrip(".")
    return bool(domain) and f".{host.rstrip('.').lower()}".endswith(f".{domain}")


def _read_proxy(value: str, variable: str) -> Proxy:
    """Read a proxy's address, http where it names no kind; raises Unreachable."""
    text = value if "://" in value else f"http://{value}"
    if "://" not in value and "/" in value:
        raise _unusable(variable, "is no address of a proxy (// is missing before its host)")
    kind = text.partition("://")[0].lower()
    if not _SCHEME.fullmatch(kind):
        raise _unusable(variable, "is no address of a proxy (quotation marks do not belong to it)")
    if kind not in _KINDS:
        raise _unusable(variable, f"names a proxy of a kind that is not known here: {kind}://")
    server, *path = re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)
    if "@" in "".join(path):  # what was taken for the host may be half a password
        raise _unusable(variable, _ENCODE)
    try:
        address = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        user, _, place = server.rpartition("@")
        encode = user and place.rpartition(":")[2].isdecimal()
        problem = _ENCODE if encode else "is no HOST:PORT, of which PORT is a number"
        raise _unusable(variable, problem) from None
    if not _HOST.fullmatch(address.host):
        raise _unusable(variable, "is an address without the host of a proxy")
    if address.port is not None and not 0 < address.port <= _LARGEST_PORT:
        raise _unusable(variable, f"must have a port from 1 to {_LARGEST_PORT}, not {address.port}")
    if kind.startswith("socks") and importlib.util.find_spec(_SOCKS_LIBRARY) is None:
        what = f"{variable} names a SOCKS proxy ({kind}://), for which a library is not installed."
        remedy = f"Install it with: pip install {_SOCKS_LIBRARY}; or name an http:// proxy."
        raise Unreachable(what, next=remedy, never=True, undelivered=True)
    return Proxy(address, variable)


_ENCODE = "has a password with characters that must be encoded: # as %23, / as %2F, ? as %3F"


def _unusable(variable: str, words: str) -> Unreachable:
    remedy = (
        f"Write {variable} as http://HOST:PORT (or https://, socks5://, socks5h://), or unset it; "
        "NO_PROXY names the hosts that need none."
    )
    return Unreachable(f"{variable} {words}.", next=remedy, never=True, undelivered=True)

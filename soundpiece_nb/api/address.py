"""Base URLs, keys and download addresses, checked before anything is sent to or with them."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from .errors import Mistake

_KEY = re.compile(r"spk_[!-~]+")


def read_base_url(text: str, what: str = "SOUNDPIECE_BASE_URL") -> str:
    """Return an API root without its trailing slash; raises Mistake unless https or loopback.

    `what` names it in the message, which never repeats what was given.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        host = ""
        parts = urlsplit("")
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    more = "@" in parts.netloc or parts.query or parts.fragment  # may be a secret, and is shown
    if not host or more or not safe:
        raise Mistake(
            f"{what} must be an https address of host and path alone "
            "(http only for this machine, such as http://127.0.0.1:8765/v1)."
        )
    return address


def read_api_key(text: str) -> str:
    """Return an API key without surrounding space; raises Mistake for what cannot be one.

    The message never repeats what was given.
    """
    key = text.strip()
    if not _KEY.fullmatch(key):
        raise Mistake(
            "The API key must begin with spk_ and hold no spaces; what was given does not."
        )
    return key


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(host: str) -> bool:
    """Tell whether a host may be one that the internet reaches; a name is not looked up."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        domain, _, last = host.rstrip(".").lower().rpartition(".")
        return bool(domain) and last not in _PRIVATE and not last[:1].isdigit()


_PRIVATE = {"localhost", "local", "internal", "lan", "home", "intranet", "test", "invalid"}
"""Top-level names that are nobody's on the internet, by RFC 6761 and by habit."""


def may_download(url: str, *, from_loopback: bool) -> bool:
    """Tell whether a signed URL may be fetched: https, or http between processes here."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host)
    return parts.scheme == "http" and from_loopback and is_loopback(host)

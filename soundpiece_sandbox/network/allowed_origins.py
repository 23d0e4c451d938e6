"""The other servers that the sandbox may speak to: those that were named when it was started."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from soundpiece_sandbox.network.public_network import is_public_address

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PRIVATE_TOP_LEVEL_NAMES = (
    *("localhost", "local", "internal", "lan", "home", "intranet", "test", "invalid"),
)


class AllowedOrigins:
    """The origins on this machine or network that were named with `--reach`."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        """Allow these, such as ``http://127.0.0.1:9000``; ValueError for a malformed one."""
        self._origins = {origin_of(origin) for origin in origins}

    def includes(self, url: str) -> bool:
        """Return whether a URL lies at an allowed origin."""
        return origin_of(url) in self._origins

    def allows_callback(self, url: str) -> bool:
        """Return whether a webhook may go to a URL: at an allowed origin, or public and https.

        `PublicNetwork` resolves a public host's name and checks its addresses on delivery.
        """
        scheme, host, _ = origin_of(url)
        return self.includes(url) or (scheme == "https" and _may_be_public(host))


def origin_of(url: str) -> tuple[str, str, int]:
    """Return the scheme, host and port of an http or https URL; ValueError for anything else."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} must be an http:// or https:// URL with a host")
    return parts.scheme, parts.hostname.lower(), parts.port or _DEFAULT_PORTS[parts.scheme]


def _may_be_public(host: str) -> bool:
    try:
        return is_public_address(host)
    except ValueError:
        # A name. Shorthand addresses such as 127.1 and 0x7f000001 do not count as names.
        last = host.rstrip(".").rpartition(".")[2].lower()
        return "." in host and last not in _PRIVATE_TOP_LEVEL_NAMES and not last[:1].isdigit()

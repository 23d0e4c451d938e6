"""Addresses of sound that cannot work, refused with what would: the service fetches them itself.

It reaches neither files nor servers of this machine or network, and from a page about a file it
gets the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult, urlsplit

from soundpiece_nb.shown_text import quoted

from .address import is_public
from .errors import Mistake

GUIDE = "docs/your-own-audio.md"
"""The page that shows three ways from a file to an address, none of which needs a server."""

WAY_OUT = (
    f"Put it where an https address reaches it ({GUIDE} shows three ways), or name an earlier "
    "operation."
)

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")
_STORES = ("s3", "s3a", "gs", "az", "abfs", "abfss", "r2", "b2", "oss")


def require_sound_address(value: Any, label: str, *, limited: bool = True) -> None:
    """Raise Mistake for an address at which the service cannot find sound, and say what helps.

    Unless `limited`, what may be reached where the service stands, or read by it, is let through.
    """
    if not isinstance(value, str):
        way = WAY_OUT if _is_short(value) else f"Save it as a file first. {WAY_OUT}"
        raise Mistake(f"{label} must be an https URL, not {_described(value)}.", next=way)
    address = value.strip()
    scheme = _SCHEME.match(address)
    kind = scheme[1].lower() if scheme else ""
    if kind == "file":
        raise Mistake(f"{label} is a file of this machine, {quoted(address)}.", next=WAY_OUT)
    if kind == "data":
        raise Mistake(f"{label} is the sound itself as a data: address.", next=WAY_OUT)
    if kind in _STORES:
        raise Mistake(
            f"{label} {quoted(address)} is an address for those who have the store's keys.",
            next=f"Presign it, which makes an https address ({GUIDE} shows how).",
        )
    if kind in {"http", "https"}:
        try:
            parts = urlsplit(address)
            host = parts.hostname or ""
        except ValueError:
            return
        _require_public(parts, host, label, secure=kind == "https", limited=limited)


def _require_public(
    parts: SplitResult, host: str, label: str, *, secure: bool, limited: bool
) -> None:
    if host and not is_public(host) and (limited or not secure):
        what = (
            f"{label} is an address of this machine or network ({host}), which is not fetched from."
        )
        raise Mistake(what, next=_with_escape(WAY_OUT, secure=secure))
    if not secure:
        raise Mistake(
            f"{label} must be an https URL that the service can reach, not http.",
            next=f"Try it with https://; else {WAY_OUT[0].lower()}{WAY_OUT[1:]}",
        )
    page = next((way for hosts, path, way in _PAGES if _is_page(parts, host, hosts, path)), None)
    if page is not None and limited:
        what = f"{label} is a page about a file ({host}), and the service needs the file itself."
        raise Mistake(what, next=_with_escape(page(parts), secure=True))


def _with_escape(way: str, *, secure: bool) -> str:
    return f"{way} --unchecked (unchecked=True) sends it all the same." if secure else way


def _is_page(parts: SplitResult, host: str, hosts: str, path: str) -> bool:
    name = host.rstrip(".").removeprefix("www.")
    whole = f"{parts.path}?{parts.query}"
    return re.fullmatch(hosts, name) is not None and re.match(path, whole) is not None


def _direct_dropbox(_: SplitResult) -> str:
    return "Dropbox gives the file itself where the address ends in dl=1 instead of dl=0."


def _raw_of_a_repository(parts: SplitResult) -> str:
    return f"Its raw address has /raw/ where {parts.hostname} has /blob/."


def _elsewhere(_: SplitResult) -> str:
    return f"Put the file where an address is the file ({GUIDE} shows three ways)."


_Way = Callable[[SplitResult], str]
_PAGES: tuple[tuple[str, str, _Way], ...] = (
    (r"dropbox\.com", r"/(s|scl|sh)/(?!.*[?&](dl|raw)=1\b)", _direct_dropbox),
    (r"(github|gitlab)\.com", r"/.+/blob/(?!.*[?&]raw=(1|true)\b)", _raw_of_a_repository),
    (r"(drive|docs)\.google\.com", r"/(file/|drive/|open\b|folderview\b)", _elsewhere),
    (
        r"1drv\.ms|onedrive\.live\.com|[\w-]+\.sharepoint\.com",
        r"(?!.*[?&]download=1\b)",
        _elsewhere,
    ),
    (r"icloud\.com|we\.tl|wetransfer\.com|mega\.nz|mediafire\.com", r"", _elsewhere),
    (r"(m\.|music\.)?youtube\.com|youtu\.be", r"", _elsewhere),
    (r"(m\.|on\.)?soundcloud\.com|open\.spotify\.com|spotify\.link", r"", _elsewhere),
    (
        r"[\w-]+\.bandcamp\.com|music\.apple\.com|tiktok\.com|suno\.com",
        r"/(?!.*\.mp3$)",
        _elsewhere,
    ),
    (r"gist\.github\.com", r"(?!.*/raw\b)", _elsewhere),
)
"""Hosts whose addresses of such paths are pages, and the way from there to the file."""


def _is_short(value: Any) -> bool:
    """Tell whether what was given is a word or a number in the wrong place, and no sound."""
    return isinstance(value, bool | int | float | list | tuple | dict)


def _described(value: Any) -> str:
    """Return what was given instead of an address: of sound in memory only its size."""
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value):,} bytes"
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return f"an array of {' x '.join(map(str, shape))}"
    if hasattr(value, "read"):
        return "an open file"
    return quoted(value)

"""Files beside a notebook inside its page: only pictures and sounds, and only from its folder.

A notebook is input: it may name any file of this machine as its picture. So whoever makes a page
to be shared reads files here alone, by `NotebookFolder`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files.reading import read_inside
from soundpiece_nb.files.sound_formats import FORMATS, OGG, begins, mp4, riff

MOST_FILE_BYTES = 50_000_000
"""Of one picture or sound that is put into a page as it is."""

MOST_INSIDE = 500_000_000
"""Characters of all that is put into one copy; a browser opens no page that is larger."""

_REFERENCE = re.compile(
    r"""(<(?P<tag>img|audio|source)\b[^<>]*?\ssrc=)(["'])(?P<to>[^"'<>]{1,1000})\3""", re.IGNORECASE
)
"""A tag and the address it shows; stops at the next tag, so that the search stays linear."""

_COMMENTS = r"(?:<!--(?:(?!-->).)*-->\s*)*"
_SVG = re.compile(
    rf"\ufeff?\s*(?:<\?xml[^>]*>\s*)?{_COMMENTS}(?:<!DOCTYPE\s[^>\[]*>\s*{_COMMENTS})?<svg[\s>]",
    re.DOTALL,
)
"""The beginning of an SVG file, without a DOCTYPE that declares entities."""

_IMPOSSIBLE = re.compile(r"[\x00-\x1f\x7f\\:]")
"""Not in a path of any system, or with a meaning of its own on one."""


def _is_svg(head: bytes) -> bool:
    return _SVG.match(head.decode("utf-8", "ignore")) is not None


_jpeg = ("image/jpeg", begins(b"\xff\xd8\xff"))

_KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    ".png": ("image/png", begins(b"\x89PNG\r\n\x1a\n")),
    ".jpg": _jpeg,
    ".jpeg": _jpeg,
    ".gif": ("image/gif", begins(b"GIF87a", b"GIF89a")),
    ".webp": ("image/webp", riff(b"WEBP")),
    ".avif": ("image/avif", mp4(b"avif", b"avis")),
    ".svg": ("image/svg+xml", _is_svg),  # an <img> runs no script of it
    ".opus": OGG[1:],
    **{each.ending: each[1:] for each in FORMATS},
}
"""The media type of each ending that is embedded, and the check of what is inside."""

HEAD = 4096
"""Bytes in which an SVG file must have begun; the others are known by their first 12."""


class Room:
    """Counts what is put into a copy, which has an end."""

    def __init__(self, most: int = MOST_INSIDE) -> None:
        self._most = self._left = most

    def take(self, address: str) -> str:
        """Return an address that still fits; raises Mistake for the one that does not."""
        self._left -= len(address)
        if self._left < 0:
            size = f"{self._most / 1e6:.0f} MB"
            raise Mistake(
                f"The copy would have more than {size} of sound and pictures inside.",
                money="Nothing was written.",
                next="Bundle a notebook with fewer of them.",
            )
        return address


class NotebookFolder:
    """The folder of a notebook, of which only what a page shows is read."""

    def __init__(self, folder: Path, room: Room) -> None:
        self._folder = folder
        self._room = room
        self._found: dict[str, str | None] = {}

    def embed(self, page: str) -> str:
        """Return a page with pictures and sounds of the folder inside; other addresses stay."""
        return _REFERENCE.sub(self._put_in, page)

    def _put_in(self, reference: re.Match[str]) -> str:
        to = reference["to"]
        if to not in self._found:
            self._found[to] = self.address(unescape(to))
        address = self._found[to]
        wanted = "data:image/" if reference["tag"].lower() == "img" else "data:audio/"
        if address is None or not address.startswith(wanted):
            return reference[0]
        return f"{reference[1]}{reference[3]}{self._room.take(address)}{reference[3]}"

    def address(self, reference: str) -> str | None:
        """Return the data address of a file that a page names, or None if it is not for a page."""
        name = _file_name(reference)
        media_type, is_of_kind = _KINDS.get(PurePosixPath(name).suffix.lower(), ("", None))
        if is_of_kind is None:
            return None
        content = read_inside(self._folder, name, MOST_FILE_BYTES)
        if content is None or not is_of_kind(content[:HEAD]):
            return None
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


def _file_name(reference: str) -> str:
    """Return the path below the folder that an address means; empty where it means none."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return ""
    name = unquote(parts.path)
    strange = parts.scheme or parts.netloc or _IMPOSSIBLE.search(reference + name)
    if strange or any(part == ".." for part in name.split("/")) or name.startswith("/"):
        return ""
    return name

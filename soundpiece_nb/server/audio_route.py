"""Takes for the browser: lossless, with seeking, for people who are signed in to Jupyter.

An address names an operation and a take, never a path: the file that is sent is one that the
journal names and that is in the home folder's `audio`.
"""

from __future__ import annotations

import asyncio
import os
import re
import uuid
from contextlib import suppress
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from tornado.web import HTTPError, StaticFileHandler, authenticated

from soundpiece_nb.audio.preview import make_preview, usable_preview
from soundpiece_nb.journal.quick_reads import find_take

_TYPES = {"flac": "audio/flac", "mp3": "audio/mpeg"}
_ADDRESS = re.compile(r"(?P<key>[0-9a-fA-F-]{36})/(?P<take>[0-9]{1,5})")


class SoundHandler(JupyterHandler, StaticFileHandler):
    """`GET|HEAD /soundpiece/audio/<idempotency key>/<take>[?format=mp3]`.

    Answers 200, 206, 304 or 416 by RFC 9110's rules of ranges and validators, 403 to whoever is
    not signed in, 404 for a take that is missing.
    """

    auth_resource = "contents"

    def initialize(self, home: Path) -> None:  # type: ignore[override]
        """Serve the takes of this home folder."""
        self._home = home
        super().initialize(path=os.path.realpath(home / "audio"))  # also of a link to itself

    @authenticated
    @authorized
    async def get(self, wanted: str) -> None:  # type: ignore[override]
        """Send a take, or the part of it that was asked for."""
        await self._send(wanted, include_body=True)

    @authenticated
    @authorized
    async def head(self, wanted: str) -> None:  # type: ignore[override]
        """Send the headers of GET."""
        await self._send(wanted, include_body=False)

    async def _send(self, wanted: str, *, include_body: bool) -> None:
        file = await asyncio.to_thread(self._find, wanted)
        try:
            etag = _etag(file)
        except OSError:  # it has just been pruned
            raise HTTPError(404) from None
        headers = self.request.headers
        if "Range" in headers and headers.get("If-Range", etag).strip() != etag:
            del headers["Range"]  # a part of an earlier file (RFC 9110, section 13.1.5)
        path = file.relative_to(self.root).as_posix()
        await StaticFileHandler.get(self, path, include_body)

    def _find(self, wanted: str) -> Path:
        """Return the file of a `<key>/<take>`; raises HTTPError where it is missing."""
        named, form = _ADDRESS.fullmatch(wanted), self.get_query_argument("format", "flac")
        with suppress(ValueError, OSError, RuntimeError):  # a damaged file, a link to itself
            if named and form in _TYPES:
                found = find_take(self._home, str(uuid.UUID(named["key"])), int(named["take"]))
                file = found and (self._home / found).resolve()
                if file and file.is_relative_to(self.root) and file.is_file():
                    return file if form == "flac" else _preview(file)
        raise HTTPError(404)

    def get_login_url(self) -> str:
        """Refuse whoever is not signed in: a player cannot fill in a form."""
        raise HTTPError(403)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:  # noqa: ARG002 - tornado's own name
        """Read an address that is no UTF-8 as one of no take, where tornado would answer 400."""
        return value.decode(errors="replace")

    def get_content_type(self) -> str:
        """Return the type of the file."""
        return _TYPES[Path(str(self.absolute_path)).suffix.lstrip(".")]

    def compute_etag(self) -> str:
        """Return a validator that changes whenever the file does."""
        return _etag(Path(str(self.absolute_path)))

    def set_extra_headers(self, path: str) -> None:  # noqa: ARG002 - tornado's own name
        """Let a browser keep a file, and ask each time whether it has changed."""
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")


def _preview(file: Path) -> Path:
    """Return the MP3 of a take, which is encoded the first time."""
    preview = file.with_suffix(".mp3")
    return preview if usable_preview(preview) else make_preview(file, preview)


def _etag(file: Path) -> str:
    found = file.stat()
    return f'"{found.st_mtime_ns:x}-{found.st_size:x}"'

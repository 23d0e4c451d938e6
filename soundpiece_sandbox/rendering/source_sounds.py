"""The sounds that requests name as source or reference: own outputs, and files of other servers."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore

from soundpiece_sandbox.network.allowed_origins import AllowedOrigins
from soundpiece_sandbox.network.public_network import NETWORK_ERRORS
from soundpiece_sandbox.rendering.take_request import SourceFile, TakeRequest
from soundpiece_sandbox.store.download_links import DownloadLinks
from soundpiece_sandbox.store.operation import Operation, operation_and_variation_of
from soundpiece_sandbox.store.operation_store import OperationStore

_FIELDS = ("source", "reference")
_MAX_BYTES = 128 * 2**20
_TIMEOUTS = {"connect": 20.0, "read": 20.0}
"""Seconds that another server may stay silent."""
_MAX_DOWNLOAD_SECONDS = 60.0
_MAX_DEPTH = 32
"""The most operations that are followed from an output back to the sounds it was made from."""


class SourceUnreachableError(Exception):
    """A source or reference cannot be downloaded; the message says why, in whole sentences."""


class SourceSounds:
    """Finds or downloads the sounds that requests name, and finds how each was made."""

    def __init__(
        self,
        store: OperationStore,
        download_links: DownloadLinks,
        data: Path,
        allowed_origins: AllowedOrigins,
    ) -> None:
        """Find own outputs in ``data/sounds``; keep downloaded files in ``data/fetched``."""
        self._store = store
        self._download_links = download_links
        self._sounds = data / "sounds"
        self._fetched = data / "fetched"
        self._allowed_origins = allowed_origins
        self._fetched.mkdir(exist_ok=True)
        for leftover in self._fetched.glob("*.part"):
            leftover.unlink()

    def without_signatures(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request with signed URLs of own outputs replaced by their file names."""
        unsigned = dict(request)
        for field in _FIELDS:
            url = request.get(field, {}).get("url", "")
            if self._download_links.is_genuine(*_signed_parts(url)):
                unsigned[field] = {"url": _file_name(url)}
        return unsigned

    async def collect(self, operation: Operation) -> dict[str, SourceFile]:
        """Return an operation's `source` and `reference` as files on this disk.

        Raises SourceUnreachableError for one that cannot be found or downloaded.
        """
        for field in _FIELDS:
            url = _url(operation, field)
            if not url or self._is_own(url, field, operation.created_at):
                continue
            file = self._fetched_file(operation, field)
            if not file.is_file():  # it exists already after a restart
                await self._download(url, field, file)
        return self._source_files(operation, _MAX_DEPTH)

    def _is_own(self, url: str, field: str, moment: datetime) -> bool:
        if not self._download_links.is_genuine(*_signed_parts(url)):
            return False
        if not self._download_links.is_valid_at(*_signed_parts(url), moment=moment):
            raise SourceUnreachableError(
                f"The provided {field} could not be downloaded: its address has expired. Read its"
                " operation again for a fresh one."
            )
        return True

    def _source_files(self, operation: Operation, depth: int) -> dict[str, SourceFile]:
        """Return the files that an operation is made from, even if their URLs have expired."""
        return {
            field: self._source_file(operation, field, url, depth)
            for field in _FIELDS
            if (url := _url(operation, field))
        }

    def _source_file(self, operation: Operation, field: str, url: str, depth: int) -> SourceFile:
        fetched = self._fetched_file(operation, field)
        if fetched.is_file():
            return SourceFile(fetched, identity=url.partition("?")[0])
        name = _file_name(url)
        made_in = operation_and_variation_of(name)
        maker = made_in and self._store.find(made_in[0])
        if not made_in or maker is None or not (self._sounds / name).is_file():
            raise SourceUnreachableError(f"The provided {field} is gone.")
        take = self._take_request(maker, made_in[1], depth - 1)
        return SourceFile(self._sounds / name, identity=name, made_by=take)

    def _take_request(self, operation: Operation, variation: int, depth: int) -> TakeRequest | None:
        """Return the take request of an output; None if its own sources are gone or too deep."""
        if not depth:
            return None
        try:
            files = self._source_files(operation, depth)
        except SourceUnreachableError:
            return None
        return TakeRequest(operation.route, operation.request, variation, **files)

    def _fetched_file(self, operation: Operation, field: str) -> Path:
        return self._fetched / f"{operation.id}-{field}"

    async def _download(self, url: str, field: str, file: Path) -> None:
        problem = f"The provided {field} could not be downloaded"
        if not self._allowed_origins.includes(url):
            raise SourceUnreachableError(
                f"{problem}: the sandbox is offline. It takes addresses of its own outputs, and of"
                " servers named with --reach."
            )
        unfinished = file.with_suffix(".part")
        try:
            async with (
                asyncio.timeout(_MAX_DOWNLOAD_SECONDS),
                httpcore.AsyncConnectionPool() as network,
                network.stream("GET", url, extensions={"timeout": _TIMEOUTS}) as response,
            ):
                if response.status != HTTPStatus.OK:
                    raise SourceUnreachableError(f"{problem}: status {response.status}.")
                with unfinished.open("wb") as written:
                    async for piece in response.aiter_stream():
                        if written.tell() + len(piece) > _MAX_BYTES:
                            raise SourceUnreachableError(f"{problem}: it is over 128 MiB.")
                        written.write(piece)
            unfinished.replace(file)
        except NETWORK_ERRORS:
            raise SourceUnreachableError(f"{problem}: its server did not answer.") from None
        finally:
            unfinished.unlink(missing_ok=True)


def _url(operation: Operation, field: str) -> str:
    return str(operation.request.get(field, {}).get("url", ""))


def _file_name(url: str) -> str:
    return urlsplit(url).path.removeprefix("/files/")


def _signed_parts(url: str) -> tuple[str, str, str]:
    """Return a signed URL's file name, expiry and signature; empty where a URL has none."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return _file_name(url), query.get("expires", ""), query.get("signature", "")

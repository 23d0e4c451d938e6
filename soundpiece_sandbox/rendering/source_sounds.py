"""Where requests' sources and references come from: its own outputs, and servers it was told of."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpcore

from soundpiece_sandbox.network.access import NETWORK_TROUBLE, Reach
from soundpiece_sandbox.rendering.take_request import Commission, Sound
from soundpiece_sandbox.store.download_links import DownloadLinks
from soundpiece_sandbox.store.operation import Operation, maker_of
from soundpiece_sandbox.store.operation_store import Ledger

_ROLES = ("source", "reference")
_MOST_BYTES = 128 * 2**20
_PATIENCE = {"connect": 20.0, "read": 20.0}
"""Seconds a foreign server may say nothing."""
_LONGEST_FETCH = 60.0
_LONGEST_CHAIN = 32
"""How many operations back an output's making is followed."""


class SourceUnreachableError(Exception):
    """A source or reference cannot be had; the message says why, as whole sentences."""


class Sources:
    """Finds the sounds that requests name, and what each was made from."""

    def __init__(self, ledger: Ledger, links: DownloadLinks, data: Path, reach: Reach) -> None:
        """Find its own outputs in ``data/sounds``; keep those of others in ``data/fetched``."""
        self._ledger = ledger
        self._links = links
        self._sounds = data / "sounds"
        self._fetched = data / "fetched"
        self._reach = reach
        self._fetched.mkdir(exist_ok=True)
        for leftover in self._fetched.glob("*.part"):
            leftover.unlink()

    def meaning(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Give what a request asks for: its own outputs are meant, however they are signed."""
        meant = dict(request)
        for role in _ROLES:
            url = request.get(role, {}).get("url", "")
            if self._links.genuine(*_signature(url)):
                meant[role] = {"url": _file_at(url)}
        return meant

    async def gather(self, operation: Operation) -> dict[str, Sound]:
        """Bring the sounds an operation is made from to this disk: `source` and `reference`.

        Raises SourceUnreachableError if one cannot be had.
        """
        for role in _ROLES:
            url = _address(operation, role)
            if not url or self._is_own(url, role, operation.created_at):
                continue
            file = self._fetched_file(operation, role)
            if not file.is_file():  # it may be, from before a restart
                await self._fetch(url, role, file)
        return self._ingredients(operation, _LONGEST_CHAIN)

    def _is_own(self, url: str, role: str, moment: datetime) -> bool:
        if not self._links.genuine(*_signature(url)):
            return False
        if not self._links.admit(*_signature(url), moment=moment):
            raise SourceUnreachableError(
                f"The provided {role} could not be downloaded: its address has expired. Read its"
                " operation again for a fresh one."
            )
        return True

    def _ingredients(self, operation: Operation, chain: int) -> dict[str, Sound]:
        """Find what an operation was or will be made from, however old its addresses are."""
        return {
            role: self._ingredient(operation, role, url, chain)
            for role in _ROLES
            if (url := _address(operation, role))
        }

    def _ingredient(self, operation: Operation, role: str, url: str, chain: int) -> Sound:
        fetched = self._fetched_file(operation, role)
        if fetched.is_file():
            return Sound(fetched, identity=url.partition("?")[0])
        file = _file_at(url)
        maker = maker_of(file)
        made_by = maker and self._ledger.find(maker[0])
        if not maker or made_by is None or not (self._sounds / file).is_file():
            raise SourceUnreachableError(f"The provided {role} is gone.")
        commission = self._commission(made_by, maker[1], chain - 1)
        return Sound(self._sounds / file, identity=file, made_by=commission)

    def _commission(self, operation: Operation, variation: int, chain: int) -> Commission | None:
        """Find how an output was made; None where that is too long ago, or lost."""
        if not chain:
            return None
        try:
            ingredients = self._ingredients(operation, chain)
        except SourceUnreachableError:
            return None
        return Commission(operation.route, operation.request, variation, **ingredients)

    def _fetched_file(self, operation: Operation, role: str) -> Path:
        return self._fetched / f"{operation.id}-{role}"

    async def _fetch(self, url: str, role: str, file: Path) -> None:
        trouble = f"The provided {role} could not be downloaded"
        if not self._reach.names(url):
            raise SourceUnreachableError(
                f"{trouble}: the sandbox is offline. It takes addresses of its own outputs, and of"
                " servers named with --reach."
            )
        unfinished = file.with_suffix(".part")
        try:
            async with (
                asyncio.timeout(_LONGEST_FETCH),
                httpcore.AsyncConnectionPool() as network,
                network.stream("GET", url, extensions={"timeout": _PATIENCE}) as response,
            ):
                if response.status != HTTPStatus.OK:
                    raise SourceUnreachableError(f"{trouble}: status {response.status}.")
                with unfinished.open("wb") as kept:
                    async for piece in response.aiter_stream():
                        if kept.tell() + len(piece) > _MOST_BYTES:
                            raise SourceUnreachableError(f"{trouble}: it is over 128 MiB.")
                        kept.write(piece)
            unfinished.replace(file)
        except NETWORK_TROUBLE:
            raise SourceUnreachableError(f"{trouble}: its server did not answer.") from None
        finally:
            unfinished.unlink(missing_ok=True)


def _address(operation: Operation, role: str) -> str:
    return str(operation.request.get(role, {}).get("url", ""))


def _file_at(url: str) -> str:
    return urlsplit(url).path.removeprefix("/files/")


def _signature(url: str) -> tuple[str, str, str]:
    """Read an address as if it were signed: its file, when it expires, and the signature."""
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    return _file_at(url), query.get("expires", ""), query.get("signature", "")

"""Clients: one for each service and key, with the pace of the account there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.pacing import AccountPace


@dataclass(frozen=True)
class Connection:
    """The address of a service and the key for it."""

    base_url: str
    api_key: str
    account: str | None = None
    """The mark of the key's account, see `credentials.account_mark`; None at the sandbox."""

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r})"


Connect = Callable[[str], Connection]
"""Returns the connection of a service named in the journal; may block; raises SoundpieceError."""


class Clients:
    """The clients of an engine, each made at its first use; belongs to one event loop."""

    def __init__(self, connect: Connect, make: Callable[[Connection], Client]) -> None:
        self._connect = connect
        self._make = make
        self._made: dict[Connection, tuple[Client, AccountPace]] = {}
        self._asking: dict[str, asyncio.Future[Connection]] = {}

    async def of(self, service: str) -> tuple[str | None, Client, AccountPace]:
        """Return the mark of a service's account, its client, and the account's pace.

        What asks while an answer is awaited shares it. Raises SoundpieceError.
        """
        asking = self._asking.get(service)
        if asking is None:
            asking = asyncio.ensure_future(asyncio.to_thread(self._connect, service))
            self._asking[service] = asking
            asking.add_done_callback(lambda asked: self._answered(service, asked))
        connection = await asyncio.shield(asking)
        if connection not in self._made:
            self._made[connection] = (self._make(connection), AccountPace())
        return connection.account, *self._made[connection]

    def _answered(self, service: str, asked: asyncio.Future[Connection]) -> None:
        del self._asking[service]
        if not asked.cancelled():
            asked.exception()  # whoever asked may have been cancelled meanwhile

    async def close(self) -> None:
        """Close all clients."""
        for client, _ in self._made.values():
            await client.close()
        self._made.clear()

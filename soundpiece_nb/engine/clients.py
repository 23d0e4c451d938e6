"""Clients: one for each service and key, with the pace of the account there."""

from __future__ import annotations

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


class Clients:
    """The clients of an engine, each made at its first use."""

    def __init__(self, make: Callable[[Connection], Client]) -> None:
        self._make = make
        self._made: dict[Connection, tuple[Client, AccountPace]] = {}

    def of(self, connection: Connection) -> tuple[Client, AccountPace]:
        """Return the client of a connection, and the pace of its account."""
        if connection not in self._made:
            self._made[connection] = (self._make(connection), AccountPace())
        return self._made[connection]

    async def close(self) -> None:
        """Close all clients."""
        for client, _ in self._made.values():
            await client.close()
        self._made.clear()

"""Departures: the journal says of each request that it may have left, before its first byte does.

So whatever dies, what is left says which requests the service cannot have: those may be dropped.
"""

from __future__ import annotations

import asyncio

from soundpiece_nb.journal.journal import Journal

from .workers import Workers


class Departures:
    """Notes requests that are about to leave; those that come during a write share the next one."""

    def __init__(self, journal: Journal, workers: Workers) -> None:
        self._journal = journal
        self._workers = workers
        self._coming: dict[str, asyncio.Future[bool]] = {}
        self._writing: asyncio.Task[None] | None = None

    async def note(self, key: str) -> bool:
        """Note on the disk that a request may have left; False where it was discarded meanwhile."""
        loop = asyncio.get_running_loop()
        noted = self._coming[key] = loop.create_future()
        if self._writing is None or self._writing.done():
            self._writing = loop.create_task(self._write())
        return await asyncio.shield(noted)

    async def take_back(self, key: str) -> None:
        """Note that a request has not left; that is written also where the caller is cancelled."""
        self._coming.pop(key, None)  # else its note would be written after this
        await asyncio.shield(self._workers.journal(self._journal.not_departed, key))

    async def _write(self) -> None:
        while self._coming:
            coming, self._coming = self._coming, {}
            try:
                leaving = await self._workers.journal(self._journal.departing, list(coming))
            except asyncio.CancelledError:
                for noted in coming.values():
                    noted.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - each of them ends with it
                for noted in coming.values():
                    noted.set_exception(error)
            else:
                for key, noted in coming.items():
                    noted.set_result(key in leaving)

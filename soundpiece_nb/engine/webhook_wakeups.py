"""Wake-ups by webhook: an operation that waits is told once the Jupyter server heard one for it.

A wake-up says only that it is time to ask: forged, late or repeated ones cost a request at most.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from soundpiece_nb.journal.quick_reads import UNREADABLE
from soundpiece_nb.journal.webhook_deliveries import Deliveries

from .workers import Workers

LOOK_SECONDS = 0.1

MOST_REMEMBERED = 1_000
"""Operations that are kept whose webhook came before anybody waited for it."""


class WebhookWakeups:
    """Looks into the journal for deliveries while an operation waits for one."""

    def __init__(
        self, home: Path, workers: Workers, *, most_remembered: int = MOST_REMEMBERED
    ) -> None:
        self._deliveries = Deliveries(home)
        self._workers = workers
        self._most_remembered = most_remembered
        self._waiting: dict[str, asyncio.Event] = {}
        self._early: dict[str, None] = {}
        self._looking: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Count what is delivered from now on."""
        await self._look()

    async def wait(self, operation_id: str, seconds: float) -> bool:
        """Wait until an operation's webhook has come; False where it has not after so long."""
        if operation_id in self._early:
            del self._early[operation_id]
            return True
        came = self._waiting[operation_id] = asyncio.Event()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._keep_looking())
        try:
            await asyncio.wait_for(came.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            del self._waiting[operation_id]
        return True

    def close(self) -> None:
        """Look no more."""
        self._deliveries.close()

    async def _keep_looking(self) -> None:
        while self._waiting:
            await self._look()
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        with suppress(*UNREADABLE):  # then polling tells
            for operation_id in await self._workers.journal(self._deliveries.heard):
                if operation_id in self._waiting:
                    self._waiting[operation_id].set()
                    continue
                self._early[operation_id] = None
                if len(self._early) > self._most_remembered:
                    del self._early[next(iter(self._early))]

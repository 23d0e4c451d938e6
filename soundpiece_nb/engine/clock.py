"""Time, pauses and chance, as the engine is handed them."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime


class Clock:
    """The machine's own clock and chance; tests hand the engine another."""

    def monotonic(self) -> float:
        """Return the seconds of a clock that only goes forward."""
        return time.monotonic()

    def now(self) -> datetime:
        """Return the time of day, in UTC."""
        return datetime.now(UTC)

    def chance(self) -> float:
        """Return a random number in [0, 1)."""
        return random.random()

    async def sleep(self, seconds: float) -> None:
        """Pause."""
        await asyncio.sleep(seconds)

"""Gathering: runs begin when a loop of submissions pauses; beside it, work would slow it down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .run_state import Run

QUIET_BEFORE_BEGINNING, LATEST_BEGINNING = 0.010, 1.0
"""Seconds: work begins when nothing was handed over for the first, or after the second."""


class Gathering:
    """Runs that have not begun yet; all of it happens on the engine's thread."""

    def __init__(self, begin: Callable[[Run], None]) -> None:
        """Gather; `begin` is then called with each run."""
        self._begin = begin
        self._runs: list[Run] = []
        self._timer: asyncio.TimerHandle | None = None
        self._begin_by = 0.0

    def add(self, run: Run) -> None:
        """Let a run begin soon."""
        loop = asyncio.get_running_loop()
        if self._timer is None:
            self._begin_by = loop.time() + LATEST_BEGINNING
        else:
            self._timer.cancel()
        self._runs.append(run)
        quiet_at = min(loop.time() + QUIET_BEFORE_BEGINNING, self._begin_by)
        self._timer = loop.call_at(quiet_at, self.begin)

    def begin(self) -> None:
        """Let all begin now."""
        for run in self.stop():
            self._begin(run)

    def stop(self) -> list[Run]:
        """Let none begin any more, and return those that have not."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        left, self._runs = self._runs, []
        return left

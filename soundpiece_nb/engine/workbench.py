"""Threads for what blocks: one that writes the journal, a few that decode and encode."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")

HANDS = 2


class Workbench:
    """Keeps blocking work off both the kernel's main thread and the engine's event loop."""

    def __init__(self) -> None:
        self._scribe = ThreadPoolExecutor(1, "soundpiece-journal")
        self._hands = ThreadPoolExecutor(HANDS, "soundpiece-audio")

    async def note(self, write: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call on the journal; calls follow each other in order."""
        return await asyncio.wrap_future(self._scribe.submit(write, *a, **k))

    async def work(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call that takes processor time."""
        return await asyncio.wrap_future(self._hands.submit(job, *a, **k))

    def start(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        """Start such a call from any thread."""
        return self._hands.submit(job, *a, **k)

    def close(self) -> None:
        """Take no more work; what runs is finished, what waits is dropped."""
        self._scribe.shutdown(wait=True, cancel_futures=False)
        self._hands.shutdown(wait=False, cancel_futures=True)

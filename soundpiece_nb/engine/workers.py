"""Threads for blocking work: one that writes the journal, a few that decode and encode."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

Given = ParamSpec("Given")
Made = TypeVar("Made")

AUDIO_THREADS = 2
CLOSE_SECONDS = 1.0
"""Seconds that closing waits for journal writes: a locked journal holds no process up."""


class Workers:
    """Keeps blocking work off both the kernel's main thread and the engine's event loop."""

    def __init__(self) -> None:
        self._journal = _ThreadPool(1, "soundpiece-journal")
        self._audio = _ThreadPool(AUDIO_THREADS, "soundpiece-audio")

    async def journal(self, call: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call on the journal; calls follow each other in order."""
        return await asyncio.wrap_future(self._journal.submit(call, *a, **k))

    async def compute(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call that takes processor time."""
        return await asyncio.wrap_future(self._audio.submit(job, *a, **k))

    def start(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        """Start a call that takes processor time, from any thread."""
        return self._audio.submit(job, *a, **k)

    def close(self) -> None:
        """Take no more work; calls on the journal still run, other waiting work is dropped."""
        self._audio.close(drop=True)
        self._journal.close(drop=False)


class _ThreadPool:
    """Threads that take one job after the other.

    No executor of the standard library: as soon as the main thread has ended, those refuse all
    further jobs, so that nothing could be wound up, yet keep the process until every job is done.
    """

    def __init__(self, number: int, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._idle = [
            threading.Thread(target=self._work, name=name, daemon=True) for _ in range(number)
        ]
        self._at_work: list[threading.Thread] = []
        self._closed = False
        self._lock = threading.Lock()

    def submit(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        future: Future[Made] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("The workers are closed.")
            self._jobs.put((future, partial(job, *a, **k)))
            if self._idle:
                self._at_work.append(self._idle.pop())
                self._at_work[-1].start()
        return future

    def close(self, *, drop: bool) -> None:
        """Take no more jobs; wait for those that are there, or drop all that have not begun."""
        with self._lock:
            self._closed = True
        if drop:
            with suppress(Empty):
                while (waiting := self._jobs.get_nowait()) is not None:
                    waiting[0].cancel()
        for _ in self._at_work:
            self._jobs.put(None)
        if not drop:
            for thread in self._at_work:
                thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        while (taken := self._jobs.get()) is not None:
            future, job = taken
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(job())
                except BaseException as error:  # noqa: BLE001 - it belongs to who waits for it
                    future.set_exception(error)
            del taken, future, job  # until the next one comes

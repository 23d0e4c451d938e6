"""Threads for blocking work: one writes the journal, two verify, two draw, and one prints."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from soundpiece_nb.api.errors import MachineLimit

from .threads import start_thread

Given = ParamSpec("Given")
Made = TypeVar("Made")

AUDIO_THREADS, DRAWING_THREADS = 2, 2
MOST_TOGETHER = 64
"""Calls on the journal in one transaction: some 10 ms of work, for which a submission may wait."""
GATHER_SECONDS = 0.004
"""Seconds for which calls are gathered while many come: each transaction costs as much as ten calls
in it, and takes turns with the engine's thread."""
CLOSE_SECONDS = 1.0
"""Seconds that closing waits for journal writes and lines: neither a locked journal nor a paused
terminal holds a process up."""


class Workers:
    """Keeps blocking work off both the kernel's main thread and the engine's event loop.

    Calls on the journal that wait for their turn are made `together`, in one transaction.
    """

    def __init__(self, together: Callable[[], AbstractContextManager[None]] = nullcontext) -> None:
        self._journal = JournalThread(together)
        self._audio = ThreadPool(AUDIO_THREADS, "soundpiece-audio")
        self._drawing = ThreadPool(DRAWING_THREADS, "soundpiece-drawing")
        self._lines = ThreadPool(1, "soundpiece-lines")

    async def journal(self, call: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call on the journal, and return once it is committed; calls keep their order."""
        return await asyncio.wrap_future(self._journal.submit(call, *a, **k))

    def begin(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        """Start a call as `compute` does, without waiting for its end."""
        return self._audio.submit(job, *a, **k)

    async def compute(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Made:
        """Run a call that takes processor time and that an operation needs."""
        return await asyncio.wrap_future(self.begin(job, *a, **k))

    def start(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        """Start a call that takes processor time, draws or writes for a person; from any thread.

        A front end that takes nothing holds up such calls, and no operation.
        """
        return self._drawing.submit(job, *a, **k)

    def print(self, job: Callable[[], None]) -> Future[None]:
        """Start a call that prints, in order with other such calls, from any thread.

        A terminal may be paused for as long as a person likes, which holds nothing else up.
        """
        return self._lines.submit(job)

    def ensure_running(self) -> None:
        """Start the threads that carry operations; raises MachineLimit where that is refused."""
        self._journal.ensure_running()
        self._audio.ensure_running()

    def close(self) -> None:
        """Take no more work; what writes or prints still runs, other waiting work is dropped."""
        self._audio.close(drop=True)
        self._drawing.close(drop=True)
        self._journal.close(drop=False)
        self._lines.close(drop=False)


class ThreadPool:
    """Threads that take one job after the other.

    No executor of the standard library: as soon as the main thread has ended, those refuse all
    further jobs, so that nothing could be wound up, yet keep the process until every job is done.
    """

    def __init__(self, number: int, name: str) -> None:
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._most, self._name = number, name
        self._at_work: list[threading.Thread] = []
        self._closed = False
        self._lock = threading.Lock()

    def ensure_running(self) -> None:
        """Start a thread unless one is there; raises MachineLimit where that is refused."""
        with self._lock:
            if not (self._at_work or self._closed):
                self._at_work.append(start_thread(self._work, self._name))

    def submit(self, job: Callable[Given, Made], *a: Given.args, **k: Given.kwargs) -> Future[Made]:
        """Start a call, or have it wait for a thread; raises RuntimeError, MachineLimit."""
        future: Future[Made] = Future()
        with self._lock:
            if self._closed:
                raise RuntimeError("The workers are closed.")
            self._at_work = [each for each in self._at_work if each.is_alive()]  # none in a fork
            if len(self._at_work) < self._most:
                try:
                    self._at_work.append(start_thread(self._work, self._name))
                except MachineLimit:
                    if not self._at_work:  # otherwise those that are there do it
                        raise
            self._jobs.put((future, partial(job, *a, **k)))
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
            self._do(*taken)
            del taken  # until the next one comes

    def _do(self, future: Future[Any], job: Callable[[], Any]) -> None:
        if future.set_running_or_notify_cancel():
            _finish(future, job)


class JournalThread(ThreadPool):
    """One thread, which makes one transaction of all the calls that wait when it comes round.

    Where one of them fails, each is made alone, so that every other one is done.
    """

    def __init__(self, together: Callable[[], AbstractContextManager[None]]) -> None:
        super().__init__(1, "soundpiece-journal")
        self._together = together
        self._many = False

    def _do(self, future: Future[Any], job: Callable[[], Any]) -> None:
        if self._many:
            time.sleep(GATHER_SECONDS)
        taken = [(future, job), *self._waiting()]
        self._many = len(taken) > 1
        wanted = [each for each in taken if each[0].set_running_or_notify_cancel()]
        made = self._make_together([call for _, call in wanted]) if len(wanted) > 1 else None
        if made is None:
            for waiter, call in wanted:
                _finish(waiter, call)
        else:
            for (waiter, _), result in zip(wanted, made, strict=True):
                waiter.set_result(result)

    def _make_together(self, calls: list[Callable[[], Any]]) -> list[Any] | None:
        """Return what calls return, all in one transaction; None where nothing came of it."""
        try:
            with self._together():
                return [call() for call in calls]
        except BaseException:  # noqa: BLE001 - whose it is shows where each is made alone
            return None

    def _waiting(self) -> list[tuple[Future[Any], Callable[[], Any]]]:
        found: list[tuple[Future[Any], Callable[[], Any]]] = []
        with suppress(Empty):
            while len(found) < MOST_TOGETHER - 1:
                if (taken := self._jobs.get_nowait()) is None:
                    self._jobs.put(None)  # the end, once these are done
                    break
                found.append(taken)
        return found


def _finish(future: Future[Any], job: Callable[[], Any]) -> None:
    try:
        future.set_result(job())
    except BaseException as error:  # noqa: BLE001 - it belongs to who waits for it
        future.set_exception(error)

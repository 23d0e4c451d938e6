"""The engine: a background thread with an event loop of its own, which carries every operation.

The kernel's main thread only hands keys over. All that the engine knows is in the journal; changes
go to the listeners of a run, and each changed key to whoever made the engine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import SoundpieceError, WatchingStopped
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import RENEWAL_SECONDS

from .clock import Clock
from .interrupts import defer_interrupts
from .operation_context import OperationContext
from .retrying import Limits
from .run_state import Phase, Run
from .runner import run_operation
from .stop_reasons import detached, stop_reason
from .webhook_wakeups import WebhookWakeups
from .workers import Workers

QUIET_BEFORE_BEGINNING, LATEST_BEGINNING = 0.010, 0.5
"""Seconds: work begins when nothing was handed over for the first, or after the second."""


_AS_FAR = {"processing": Phase.PROCESSING, "ready": Phase.DOWNLOADING}
"""The phase of an operation that another process carries, by its status in the journal."""


@dataclass(frozen=True)
class Connection:
    """The address of a service and the key for it."""

    base_url: str
    api_key: str

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r})"


Connect = Callable[[str], Connection]
"""Returns the connection of a service named in the journal; may block; raises SoundpieceError."""


@dataclass(frozen=True)
class Waits:
    """Seconds that the engine waits for others."""

    stop: float = 1.0
    """For its own thread to end."""
    watch: float = 0.5
    """Between looks whether another process has finished an operation that it holds."""


class Engine:
    """Carries operations; all methods may be called from any thread."""

    def __init__(
        self,
        journal: Journal,
        store: AudioStore,
        connect: Connect,
        *,
        limits: Callable[[], Limits] = Limits,
        paused: dict[str, Run] | None = None,
        on_change: Callable[[str], None] = lambda _: None,
        clock: Clock | None = None,
        make_client: Callable[..., Client] = Client,
        waits: Waits = Waits(),
    ) -> None:
        """Begin with nothing to do; `paused` runs of an earlier engine go on once asked for.

        `on_change` is told the key of an operation at every change of its run, on whatever thread.
        """
        self.journal = journal
        self.store = store
        self.workers = Workers()
        self._limits = limits
        self._on_change = on_change
        self._clock = clock or Clock()
        self._make_client = make_client
        self._waits = waits
        self._wakeups = WebhookWakeups(journal.home, self.workers)
        self._connect = connect
        self._runs: dict[str, Run] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._clients: dict[Connection, tuple[Client, AccountPace]] = {}
        self._gathered: list[Run] = []
        self._gathering: asyncio.TimerHandle | None = None
        self._begin_by = 0.0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._pausing = False
        self._paused = {} if paused is None else paused

    def start(self, key: str, *, unsent: bool = False) -> Run:
        """Take an operation on, or return the run that has it already; returns at once.

        `unsent` says that the service cannot have it: it is new, or was refused.
        """
        with defer_interrupts(), self._lock:
            run = self._runs.get(key)
            if run is not None:
                return run
            paused = self._paused.pop(key, None)
            run = paused or Run(key, unsent=unsent)
            if self._stopped:
                self._part(run, detached(key))
            else:
                loop = self._loop or self._start_thread()
                self._runs[key] = run
                # In a context of its own: changes of it belong to no cell that ran once.
                loop.call_soon_threadsafe(self._gather, run, context=Context())
        if paused is None:
            run.subscribe(lambda changed: self._on_change(changed.key))
        return run

    def run(self, key: str) -> Run | None:
        """Return the run of an operation that is on its way here."""
        return self._runs.get(key)

    def in_flight(self) -> list[str]:
        """Return the keys of what is on its way here."""
        return list(self._runs)

    def detach(self, key: str) -> None:
        """Stop following an operation in this process; it goes on at the service."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel, key)

    def pause(self) -> None:
        """Stop, but end no run: they are kept for the next engine, which goes on with them."""
        self._pausing = True
        self.stop()

    def stop(self) -> None:
        """End the thread within about a second; what is unfinished stays so in the journal."""
        with self._lock:
            self._stopped = True
            loop, thread = self._loop, self._thread
        if loop is not None and thread is not None and thread.is_alive():
            with suppress(RuntimeError, TimeoutError):
                asyncio.run_coroutine_threadsafe(self._wind_up(), loop).result(self._waits.stop)
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(loop.stop)
            thread.join(self._waits.stop)
        self.workers.close()
        self._wakeups.close()

    # ------------------------------------------------------------------ on the engine's thread

    def _start_thread(self) -> asyncio.AbstractEventLoop:
        loop = asyncio.new_event_loop()
        self._loop = loop
        self._thread = threading.Thread(
            target=self._run_loop, args=(loop,), name="soundpiece-engine", daemon=True
        )
        self._thread.start()
        return loop

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        renewal = loop.create_task(self._renew_leases())
        loop.run_forever()
        # What could not be wound up in time ends here all the same, and quietly: a task that is
        # cancelled before its first step would leave a coroutine that was never awaited.
        loop.run_until_complete(asyncio.sleep(0))
        if self._gathering is not None:
            self._gathering.cancel()  # nothing begins any more
        left = {renewal, *asyncio.all_tasks(loop)}
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(self._close_clients())  # last: cancelled, it would leave sockets
        loop.close()

    def _gather(self, run: Run) -> None:
        """Let a loop of submissions finish first: working beside it would only slow it down."""
        loop = asyncio.get_running_loop()
        if self._gathering is None:
            self._begin_by = loop.time() + LATEST_BEGINNING
        else:
            self._gathering.cancel()
        self._gathered.append(run)
        quiet_at = min(loop.time() + QUIET_BEFORE_BEGINNING, self._begin_by)
        self._gathering = loop.call_at(quiet_at, self._begin_gathered)

    def _begin_gathered(self) -> None:
        self._gathering = None
        while self._gathered:
            run = self._gathered.pop(0)
            self._tasks[run.key] = asyncio.get_running_loop().create_task(self._carry(run))

    def _cancel(self, key: str) -> None:
        if any(run.key == key for run in self._gathered):
            self._begin_gathered()
        asyncio.get_running_loop().call_soon(self._cancel_task, key)  # after its first step

    def _cancel_task(self, key: str) -> None:
        """Cancel an operation's task, unless it is settling, which nothing may cut off."""
        task = self._tasks.get(key)
        if task is not None:
            task.cancel()

    async def _carry(self, run: Run) -> None:
        """Carry one operation; whatever happens ends on its run."""
        error: BaseException | None = None
        run.change(Phase.SENDING)  # it may have been paused
        try:
            await self._run_operation(run)
        except asyncio.CancelledError:
            run.may_have_arrived = True  # what was being sent is not waited for
            error = detached(run.key)
        except BaseException as caught:  # noqa: BLE001 - the thread must survive anything
            error = await self._reason(run, caught)
        self._tasks.pop(run.key, None)  # from here on there is nothing left to cancel
        await self._settle(run)
        self._runs.pop(run.key, None)
        self._part(run, error)

    def _part(self, run: Run, error: BaseException | None) -> None:
        """End a run; while this engine pauses, one that was only detached is kept for the next."""
        if self._pausing and isinstance(error, WatchingStopped):
            self._paused[run.key] = run
            run.change(Phase.PAUSED)
        else:
            run.end(error)

    async def _run_operation(self, run: Run) -> None:
        if not await self._claim(run):
            return
        entry = await self.workers.journal(self.journal.entry, run.key)
        asked_again = entry.status == "rejected" and not run.may_have_arrived
        if entry.complete and not asked_again:
            return  # another process was quicker
        if asked_again:
            await self.workers.journal(self.journal.sent_again, run.key)
        connection = await asyncio.to_thread(self._connect, entry.service)
        if connection not in self._clients:
            client = self._make_client(
                connection.base_url,
                connection.api_key,
                request_timeout=lambda: self._limits().request_timeout,
                now=self._clock.now,
            )
            self._clients[connection] = (client, AccountPace())
        client, pace = self._clients[connection]
        context = OperationContext(
            run=run,
            entry=entry,
            journal=self.journal,
            store=self.store,
            client=client,
            pace=pace,
            limits=self._limits(),
            workers=self.workers,
            wakeups=self._wakeups,
            clock=self._clock,
        )
        await run_operation(context)

    async def _claim(self, run: Run) -> bool:
        """Take the operation over; False where another process has brought it to its end.

        As long as a living process holds it, that one works and this one waits and tells.
        """
        while not await self.workers.journal(self.journal.claim, run.key):
            entry = await self.workers.journal(self.journal.entry, run.key)
            if entry.complete and entry.status != "rejected":  # it may be sending that again
                return False
            run.change(_AS_FAR.get(entry.status, run.phase))
            await self._clock.sleep(self._waits.watch)
        return True

    async def _reason(self, run: Run, error: BaseException) -> SoundpieceError:
        """Keep in the journal why following stopped, and return it as the error to raise."""
        entry: Entry | None = None
        with logging_unforeseen("engine"), suppress(KeyError):
            entry = await self.workers.journal(self.journal.entry, run.key)
        reason = stop_reason(error, run.key, entry, self.journal.home)
        if entry is not None and not entry.complete:
            with logging_unforeseen("engine"):
                code, words = reason.code, reason.words
                await self.workers.journal(self.journal.mark_stuck, run.key, code, words)
        return reason.error

    async def _settle(self, run: Run) -> None:
        """Write the counts down and let the operation go."""
        with logging_unforeseen("engine"):
            await self.workers.journal(
                self.journal.counted, run.key, polls=run.polls, retries=run.retries
            )
            run.polls = run.retries = 0  # they are counted
            await self.workers.journal(self.journal.release, [run.key])

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(RENEWAL_SECONDS)
            with logging_unforeseen("engine"):
                await self.workers.journal(self.journal.renew, self.in_flight())

    async def _wind_up(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in list(self._runs.values()):  # what had not begun yet
            await self._settle(run)
            self._runs.pop(run.key, None)
            self._part(run, detached(run.key))

    async def _close_clients(self) -> None:
        for client, _ in self._clients.values():
            await client.close()

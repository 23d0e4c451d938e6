"""The engine: a background thread with an event loop of its own, which carries every operation.

The kernel's main thread only hands keys over. All that the engine knows is in the journal; changes
go to the listeners of a run, and each changed key to whoever made the engine.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass, replace
from functools import partial

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.error_logging import log_unforeseen, logging_unforeseen
from soundpiece_nb.api.errors import MachineLimit, NotSent, SoundpieceError, WatchingStopped
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.files.own_files import OwnFiles
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import RENEWAL_SECONDS

from .clients import Clients, Connect
from .clock import Clock
from .departures import Departures
from .explanations import NOT_SENT, never_sent, not_sent
from .gathering import Gathering
from .interrupts import defer_interrupts
from .operation_context import OperationContext
from .retrying import Limits
from .run_state import AS_FAR, Phase, Run
from .runner import run_operation
from .stop_reasons import detached, stop_reason
from .threads import start_thread
from .webhook_wakeups import WebhookWakeups
from .workers import Workers


@dataclass(frozen=True)
class Waits:
    """Seconds that the engine waits for others."""

    stop: float = 1.0
    """For its own thread to end."""
    watch: float = 0.5
    """Between looks whether another process has finished an operation that it holds."""
    renew: float = RENEWAL_SECONDS
    """Between two renewals of its leases."""


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
        self.workers = Workers(journal.together)
        self._limits = limits
        self._on_change = on_change
        self._clock = clock or Clock()
        self._waits = waits
        self._wakeups = WebhookWakeups(journal.home, self.workers)
        self._departures = Departures(journal, self.workers)
        self._own_files = OwnFiles(journal.home)
        self._runs: dict[str, Run] = {}
        self._held: set[str] = set()
        self._lost: set[str] = set()
        self._queued: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._clients = Clients(
            connect,
            lambda connection: make_client(
                connection.base_url,
                connection.api_key,
                request_timeout=lambda: self._limits().request_timeout,
                now=self._clock.now,
            ),
        )
        self._gathering = Gathering(self._begin)
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._pausing = False
        self._paused = {} if paused is None else paused

    def ensure_running(self) -> None:
        """Have the threads running that carry operations; raises MachineLimit where it cannot."""
        with self._lock:
            if not self._stopped:
                self._running_loop()

    def start(self, key: str, *, unsent: bool = False, sends: bool = True) -> Run:
        """Take an operation on, or return the run that has it already; returns at once.

        `unsent` says that the service cannot have it: it is new, or was refused. Unless it `sends`,
        one that the service has not acknowledged ends with NotSent, unless it is queued. Raises
        MachineLimit where there is no thread to carry it.
        """
        with defer_interrupts(), self._lock:
            run = self._runs.get(key)
            sends |= key in self._queued
            self._queued.discard(key)
            if run is not None:
                run.sends |= sends
                return run
            loop = None if self._stopped else self._running_loop()
            paused = self._paused.pop(key, None)
            run = paused or Run(key, unsent=unsent, sends=sends, begun=self._clock.monotonic())
            run.sends |= sends
            if loop is None:
                self._part(run, detached(key, unsent=run.unsent))
            else:
                self._runs[key] = run
                # In a context of its own: changes of it belong to no cell that ran once.
                loop.call_soon_threadsafe(self._gathering.add, run, context=Context())
        if paused is None:
            run.subscribe(lambda changed: self._on_change(changed.key))
        return run

    def queue(self, keys: Iterable[str], *, sends: bool = True) -> None:
        """Note what will be started here by and by; or, unless it `sends`, will not any more."""
        with self._lock:
            change = self._queued.update if sends else self._queued.difference_update
            change(keys)

    def run(self, key: str) -> Run | None:
        """Return the run of an operation that is on its way here."""
        return self._runs.get(key)

    def will_send(self, key: str) -> bool:
        """Tell whether what was never sent goes out from here, now or by and by."""
        run = self._runs.get(key)
        return key in self._queued or (run is not None and run.sends)

    def in_flight(self, *, queued: bool = False) -> list[str]:
        """Return the keys of what is on its way here, and of what is `queued` for it."""
        with self._lock:
            return [*self._runs, *(self._queued if queued else ())]

    def detach(self, key: str) -> None:
        """Stop following an operation in this process; it goes on at the service."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel, key)

    def hold_back(self, keys: Iterable[str]) -> None:
        """Send none of these again, nor follow those of which the service can have nothing."""
        if self._loop is not None:
            for key in keys:
                self._loop.call_soon_threadsafe(self._hold_back, key)

    def drop(self, key: str) -> None:
        """End the run of an operation that was discarded."""
        if (run := self._runs.get(key)) is not None:
            run.dropped = True
            self.detach(key)

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
        if thread is not None:
            thread.join(self._waits.stop)
        self.workers.close()
        self._wakeups.close()

    # ------------------------------------------------------------------ on the engine's thread

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """Return the loop, on a thread that was started now if none is running."""
        if self._loop is not None and self._thread is not None and self._thread.is_alive():
            return self._loop
        if self._thread is not None:
            self._thread.join(self._waits.stop)  # it may have died a moment ago
        self.workers.ensure_running()
        loop = asyncio.new_event_loop()
        try:
            self._thread = start_thread(partial(self._run_loop, loop), "soundpiece-engine")
        except MachineLimit:
            loop.close()
            raise
        self._loop = loop
        return loop

    def _run_loop(self, loop: asyncio.AbstractEventLoop) -> None:
        asyncio.set_event_loop(loop)
        renewal = loop.create_task(self._renew_leases())
        try:
            loop.run_forever()
        except BaseException as error:  # noqa: BLE001 - the next start makes another
            log_unforeseen("engine", error)
            with self._lock:
                self._loop = None
        # What could not be wound up in time ends here all the same, and quietly: a task that is
        # cancelled before its first step would leave a coroutine that was never awaited.
        loop.run_until_complete(asyncio.sleep(0))
        unbegun = self._gathering.stop()  # nothing begins any more
        left = {renewal, *asyncio.all_tasks(loop)}
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        for run in unbegun:
            if self._runs.pop(run.key, None):
                self._part(run, detached(run.key, unsent=run.unsent))
        loop.run_until_complete(self._clients.close())  # last: cancelled, it would leave sockets
        loop.close()

    def _begin(self, run: Run) -> None:
        self._tasks[run.key] = asyncio.get_running_loop().create_task(self._carry(run))

    def _cancel(self, key: str, *, sent: bool = True) -> None:
        self._gathering.begin()
        cancel = partial(self._cancel_task, key, sent=sent)
        asyncio.get_running_loop().call_soon(cancel)  # after its first step

    def _hold_back(self, key: str) -> None:
        run = self._runs.get(key)
        if run is not None and run.phase is Phase.SENDING:
            run.sends = False
            self._cancel(key, sent=False)

    def _cancel_task(self, key: str, *, sent: bool = True) -> None:
        """Cancel an operation's task, also a `sent` one's, but not while it settles."""
        task = self._tasks.get(key)
        if task is not None and (sent or self._runs[key].unsent):
            task.cancel()

    async def _carry(self, run: Run) -> None:
        """Carry one operation; whatever happens ends on its run."""
        error: BaseException | None = None
        run.change(Phase.SENDING)  # it may have been paused
        try:
            await self._run_while_held(run)
        except asyncio.CancelledError:
            error = None if run.dropped else detached(run.key, unsent=run.unsent)
        except NotSent as nobody_asked:
            error = nobody_asked
        except BaseException as caught:  # noqa: BLE001 - the thread must survive anything
            error = await self._reason(run, caught)
        self._tasks.pop(run.key, None)  # from here on there is nothing left to cancel
        await self._settle(run)
        with self._lock:
            asked_meanwhile = isinstance(error, NotSent) and run.sends and not self._stopped
            if not asked_meanwhile:
                self._runs.pop(run.key, None)
        if asked_meanwhile:
            self._gathering.add(run)
        else:
            self._part(run, error)

    def _part(self, run: Run, error: BaseException | None) -> None:
        """End a run; while this engine pauses, one that was only detached is kept for the next."""
        if self._pausing and isinstance(error, WatchingStopped):
            self._paused[run.key] = run
            run.change(Phase.PAUSED)
        else:
            run.end(error)

    async def _run_while_held(self, run: Run) -> None:
        """Run an operation; where another took its lease, wait for what that one makes of it."""
        while True:
            try:
                await self._run_operation(run)
            except asyncio.CancelledError:
                run.may_have_arrived |= run.departed  # what was being sent is not waited for
                task = asyncio.current_task()
                if task is None or run.key not in self._lost:
                    raise
                task.uncancel()
            else:
                return
            finally:
                self._lost.discard(run.key)

    async def _run_operation(self, run: Run) -> None:
        entry = await self._claim(run)
        if entry is None:
            return
        self._held.add(run.key)
        unsent = never_sent(entry) and not run.may_have_arrived
        if entry.complete and not (unsent and run.sends):
            return  # another process was quicker
        if entry.operation_id is None and not run.sends:
            raise not_sent(entry)
        if unsent and entry.error_code is not None:
            await self.workers.journal(self.journal.sent_again, run.key)
        account, client, pace = await self._clients.of(entry.service)
        if unsent and entry.account != account:
            await self.workers.journal(self.journal.move_to_account, run.key, account)
            entry = replace(entry, account=account)
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
            departures=self._departures,
            clock=self._clock,
            own_files=self._own_files,
            account=account,
        )
        await run_operation(context)

    async def _claim(self, run: Run) -> Entry | None:
        """Take the operation over; None where another process has brought it to its end.

        As long as a living process holds it, that one works and this one waits and tells.
        """
        while (entry := await self.workers.journal(self.journal.claimed, run.key)) is None:
            held = await self.workers.journal(self.journal.entry, run.key)
            if held.complete and not never_sent(held):  # it may be sending a refused one again
                return None
            run.change(AS_FAR.get(held.status, run.phase))
            await self._clock.sleep(self._waits.watch)
        return entry

    async def _reason(self, run: Run, error: BaseException) -> SoundpieceError:
        """Keep in the journal why following stopped, and return it as the error to raise."""
        entry: Entry | None = None
        with logging_unforeseen("engine"), suppress(KeyError):
            entry = await self.workers.journal(self.journal.entry, run.key)
        unsent = entry is not None and entry.status == "submitting" and run.unsent
        reason = stop_reason(error, run.key, entry, self.journal.home, unsent=unsent)
        if entry is not None and not entry.complete:
            with logging_unforeseen("engine"):
                code, words, unsent = reason.code, reason.words, reason.code == NOT_SENT
                await self.workers.journal(
                    self.journal.mark_stuck, run.key, code, words, unsent=unsent
                )
        return reason.error

    async def _settle(self, run: Run) -> None:
        """Write the counts down and let the operation go."""
        with logging_unforeseen("engine"):
            self._held.discard(run.key)
            counts = {"polls": run.polls, "retries": run.retries}
            await self.workers.journal(self.journal.settle, run.key, **counts)
            run.polls = run.retries = 0  # they are counted

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self._waits.renew)
            with logging_unforeseen("engine"):
                held = list(self._held)
                for key in await self.workers.journal(self.journal.renew, held):
                    if key in self._held and key in self._tasks:
                        self._held.discard(key)
                        self._lost.add(key)
                        self._cancel_task(key)

    async def _wind_up(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for run in list(self._runs.values()):  # what had not begun yet
            await self._settle(run)
            self._runs.pop(run.key, None)
            self._part(run, detached(run.key, unsent=run.unsent))

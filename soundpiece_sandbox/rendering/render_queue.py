"""The studio: it makes every accepted operation, a few takes at a time, in worker processes."""

import asyncio
import hashlib
import logging
import os
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TypeAlias

from soundpiece_sandbox.api.routes import Route
from soundpiece_sandbox.rendering.requested_failures import FAILURES, foretold_failure
from soundpiece_sandbox.rendering.source_sounds import Sources, SourceUnreachableError
from soundpiece_sandbox.rendering.take_request import Commission, UnreadableSoundError
from soundpiece_sandbox.rendering.worker import Job, prepare_worker, record
from soundpiece_sandbox.store.operation import Failure, Operation, Output
from soundpiece_sandbox.store.operation_store import Ledger

_log = logging.getLogger(__name__)

_MOST_WORKERS = 2
Result: TypeAlias = tuple[Output, ...] | Failure

_BEFORE_NOTING_AGAIN = 2.0
_SHORTEST_SECONDS, _LONGEST_SECONDS = 6.0, 14.0


class Studio:
    """Takes operations in and brings each to its end: outputs on disk, or a failure.

    An operation ends when its sound is made and its plausible time (6 to 14 seconds, fixed by its
    key, times the pace) has passed. A burst queues.
    """

    def __init__(
        self,
        routes: Mapping[str, Route],
        ledger: Ledger,
        sources: Sources,
        ended: Callable[[Operation, Result], None],
        *,
        sounds: Path,
        pace: float,
    ) -> None:
        """Keep sound files in the folder ``sounds``; scale all plausible times by ``pace``.

        ``ended`` is told of each operation's end, once.
        """
        self._routes = routes
        self._ledger = ledger
        self._sources = sources
        self._ended = ended
        self._sounds = sounds
        self._pace = pace
        self._workers = min(_MOST_WORKERS, os.cpu_count() or 1)
        self._places = asyncio.Semaphore(self._workers)
        self._pool = self._new_pool()
        self._work: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether any operation has not ended."""
        return bool(self._work)

    def begin(self, operation: Operation) -> None:
        """Take an operation in. It goes on by itself to its end."""
        task = asyncio.create_task(self._carry(operation))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def resume(self) -> None:
        """Begin everything again that an earlier process accepted and did not end."""
        for leftover in self._sounds.glob("*.part"):
            leftover.unlink(missing_ok=True)
        for operation in self._ledger.unfinished():
            self.begin(operation)

    def close(self) -> None:
        """Drop all work at once; what has not ended stays in the ledger for the next time."""
        for task in self._work:
            task.cancel()
        # A pool waits for the work it has; its processes are stopped first, so that there is none.
        for worker in active_children():
            worker.kill()
        self._pool.shutdown()

    async def _carry(self, operation: Operation) -> None:
        result: Result
        try:
            result = foretold_failure(operation.request) or await self._make(operation)
        except (SourceUnreachableError, UnreadableSoundError) as error:
            result = Failure("source_unreachable", str(error))
        except Exception:  # noqa: BLE001 - whatever goes wrong is the operation's own failure
            _log.exception("Operation %s could not be made.", operation.id)
            result = FAILURES["internal_error"]
        await asyncio.sleep(self._time_left(operation))
        while not self._noted(operation, result):  # noqa: ASYNC110 - a full disk gives no sign
            await asyncio.sleep(_BEFORE_NOTING_AGAIN)

    def _noted(self, operation: Operation, result: Result) -> bool:
        """Tell of the end; False while the disk does not take it, which may pass."""
        try:
            self._ended(operation, result)
        except sqlite3.Error:
            _log.exception("The end of operation %s cannot be written down.", operation.id)
            return False
        return True

    async def _make(self, operation: Operation) -> tuple[Output, ...]:
        route = self._routes[operation.route]
        sounds = await self._sources.gather(operation)
        takes = await asyncio.gather(
            *(
                self._take(
                    Job(
                        operation.id,
                        Commission(route.name, operation.request, variation, **sounds),
                        route.perform,
                        self._sounds,
                    )
                )
                for variation in range(route.takes_of(operation.request))
            )
        )
        return tuple(output for outputs in takes for output in outputs)

    async def _take(self, job: Job) -> list[Output]:
        async with self._places:
            try:
                return await self._record(job)
            except BrokenProcessPool:
                # A worker was killed (short memory, a person): it may not be this take's doing.
                return await self._record(job)

    async def _record(self, job: Job) -> list[Output]:
        pool = self._pool
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, record, job)
        except BrokenProcessPool:
            if pool is self._pool:
                self._pool = self._new_pool()
            raise

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, get_context("spawn"), prepare_worker)

    def _time_left(self, operation: Operation) -> float:
        chance = hashlib.sha256(operation.idempotency_key.encode()).digest()[0] / 255
        seconds = _SHORTEST_SECONDS + chance * (_LONGEST_SECONDS - _SHORTEST_SECONDS)
        due = operation.created_at + timedelta(seconds=seconds * self._pace)
        return (due - datetime.now(UTC)).total_seconds()

"""The render queue: accepted operations are rendered in worker processes, two takes at a time."""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TypeAlias

from soundpiece_sandbox.rendering.requested_failures import FAILURES, requested_failure
from soundpiece_sandbox.rendering.route_sounds import number_of_takes
from soundpiece_sandbox.rendering.source_sounds import SourceSounds, SourceUnreachableError
from soundpiece_sandbox.rendering.take_request import TakeRequest, UnreadableSoundError
from soundpiece_sandbox.rendering.timing import seconds_left
from soundpiece_sandbox.rendering.worker import RenderJob, prepare_worker, render_take
from soundpiece_sandbox.store.operation import Failure, Operation, Output
from soundpiece_sandbox.store.operation_store import OperationStore

_log = logging.getLogger(__name__)

_MAX_WORKERS = 2
_SECONDS_BETWEEN_WRITES = 2.0
_SECONDS_BETWEEN_LOOKS = 1.0

Result: TypeAlias = tuple[Output, ...] | Failure


class RenderQueue:
    """Takes in accepted operations and finishes each with outputs on disk or with a failure.

    An operation ends when its sound is rendered and its time, which `timing` decides, has passed.
    """

    def __init__(
        self,
        store: OperationStore,
        sources: SourceSounds,
        finish: Callable[[Operation, Result], None],
        *,
        sounds: Path,
        pace: float,
    ) -> None:
        """Write sound files to the folder ``sounds``; scale every operation's time by ``pace``.

        ``finish`` is called when an operation ends, and again if it raised sqlite3.Error.
        """
        self._store = store
        self._sources = sources
        self._finish = finish
        self._sounds = sounds
        self._pace = pace
        self._workers = min(_MAX_WORKERS, os.cpu_count() or 1)
        self._free_workers = asyncio.Semaphore(self._workers)
        self._pool = self._new_pool()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def busy(self) -> bool:
        """Whether any operation has not ended."""
        return bool(self._tasks)

    def add(self, operation: Operation) -> None:
        """Start an operation in the background."""
        task = asyncio.create_task(self._process(operation))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Start again every operation that an earlier process accepted and did not finish."""
        for leftover in self._sounds.glob("*.part"):
            leftover.unlink(missing_ok=True)
        for operation in self._store.unfinished():
            self.add(operation)

    def close(self) -> None:
        """Drop all work at once; unfinished operations stay in the store for the next start."""
        for task in self._tasks:
            task.cancel()
        # A pool's shutdown waits for running work, so its processes are killed first.
        for worker in active_children():
            worker.kill()
        self._pool.shutdown()

    async def _process(self, operation: Operation) -> None:
        result: Result
        try:
            result = requested_failure(operation.request) or await self._render(operation)
        except (SourceUnreachableError, UnreadableSoundError) as error:
            result = Failure("source_unreachable", str(error))
        except Exception:  # noqa: BLE001 - whatever goes wrong is the operation's own failure
            _log.exception("Operation %s could not be rendered.", operation.id)
            result = FAILURES["internal_error"]
        await asyncio.sleep(seconds_left(operation, self._pace))
        while not self._is_finished(operation, result):  # noqa: ASYNC110 - a full disk gives no sign
            await asyncio.sleep(_SECONDS_BETWEEN_WRITES)

    def _is_finished(self, operation: Operation, result: Result) -> bool:
        """Write an operation's end; return False if the disk refused, which may pass."""
        try:
            self._finish(operation, result)
        except sqlite3.Error:
            _log.exception("The end of operation %s cannot be written to disk.", operation.id)
            return False
        return True

    async def _render(self, operation: Operation) -> tuple[Output, ...]:
        files = await self._sources.collect(operation)
        route, request = operation.route, operation.request
        takes = [
            TakeRequest(route, request, variation, **files)
            for variation in range(number_of_takes(route, request))
        ]
        jobs = [RenderJob(operation.id, take, self._sounds) for take in takes]
        rendered = await asyncio.gather(*(self._render_take(job) for job in jobs))
        return tuple(output for outputs in rendered for output in outputs)

    async def _render_take(self, job: RenderJob) -> list[Output]:
        async with self._free_workers:
            try:
                return await self._run_in_pool(job)
            except BrokenProcessPool:
                # A worker was killed, by a person or for lack of memory, or could not be started,
                # for lack of room for processes and threads: try once more.
                return await self._run_in_pool(job)

    async def _run_in_pool(self, job: RenderJob) -> list[Output]:
        pool = self._pool
        try:
            return await _result(pool, job)
        except BrokenProcessPool:
            if pool is self._pool:
                for worker in active_children():  # a pool whose thread is gone leaves its own
                    worker.kill()
                self._pool = self._new_pool()
            raise

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, get_context("spawn"), prepare_worker)


async def _result(pool: ProcessPoolExecutor, job: RenderJob) -> list[Output]:
    """Run a job; raises BrokenProcessPool also for a pool that could not start what it needs."""
    try:
        running = asyncio.wrap_future(pool.submit(render_take, job))
    except (RuntimeError, OSError) as error:
        # Its thread or a process: it does not try to start them again.
        raise BrokenProcessPool(str(error)) from error
    # The pool's thread ends without a word if it cannot start one more, which feeds the workers.
    thread = getattr(pool, "_executor_manager_thread", None)
    try:
        while not running.done():
            await asyncio.wait([running], timeout=_SECONDS_BETWEEN_LOOKS)
            if not (running.done() or thread is None or thread.is_alive()):
                raise BrokenProcessPool("The thread of the pool is gone.")
        return running.result()
    finally:
        running.cancel()

"""Waiting for a future in a kernel, a script or any event loop, without ever cancelling it."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
import warnings
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from soundpiece_nb.api.errors import WaitInterrupted, WaitTimeout
from soundpiece_nb.api.number_arguments import read_seconds
from soundpiece_nb.shown_text import short

from .event_loops import nestable_loop, running_library, sleep_in_asyncio, sleep_until_done

Made = TypeVar("Made")

WAKE_SECONDS = 0.5
"""Seconds an awaiting event loop sleeps at most, after which it notices an interrupt."""

LISTEN_SECONDS = 0.1
"""Seconds a waiting thread sleeps at most. An interrupt wakes it only if the system gives the
signal to this very thread, and not just before it falls asleep."""

_STOPPED = "Waiting stopped; the operation goes on under the key {}."


def wait_seconds(timeout: float | timedelta | None) -> float:
    """Return a timeout in seconds, infinity for None; raises Mistake."""
    if timeout is None or (isinstance(timeout, float) and timeout == math.inf):
        return math.inf
    return read_seconds(timeout, "A timeout", least=-math.inf)


def wait(future: Future[Any], timeout: float, key: str) -> None:
    """Block until a future is done; raises its error, WaitTimeout or WaitInterrupted."""
    again = f"%soundpiece_wait {short(key)} waits again."
    _warn_of_standstill(future)
    try:
        _wait_for(future, timeout)
    except KeyboardInterrupt:
        raise WaitInterrupted(_STOPPED.format(key), next=again, key=key) from None
    if not future.done():
        what = f"It is not done after {timeout:.3g} s and goes on."
        raise WaitTimeout(what, next=again, key=key)
    future.result()


async def wait_in_loop(future: Future[Any], key: str, stopped: str = "") -> None:
    """Wait in any event loop; raises the future's error. Cancelling it cancels only the waiting.

    Who interrupts or cancels it is told what was `stopped`. Raises Mistake where no loop runs.
    """
    again = f"%soundpiece_wait {short(key)} waits again."
    try:
        await sleep_until_done(future, WAKE_SECONDS)
    except asyncio.CancelledError as cancelled:  # as a kernel interrupts a cell that awaits
        words = stopped or f"{_STOPPED.format(key)} {again}"
        cancelled.args = (words,)
        # IPython shows this instead of a traceback.
        cancelled._render_traceback_ = lambda: [f"CancelledError: {words}"]  # type: ignore[attr-defined]
        raise
    except KeyboardInterrupt:  # as trio and curio interrupt the task that waits
        if stopped:
            raise WaitInterrupted(stopped, key=key) from None
        raise WaitInterrupted(_STOPPED.format(key), next=again, key=key) from None
    future.result()


def attend(job: Future[Made]) -> Made:
    """Return the result of work on this machine; in a kernel, its event loop keeps running."""
    _wait_for(job, math.inf)
    return job.result()


def _wait_for(future: Future[Any], seconds: float) -> None:
    """Wait until a future is done, with whatever result, or the time is over."""
    end = time.monotonic() + seconds
    if _pump_loop_until(future, end):
        return
    while (left := end - time.monotonic()) > 0 and not future.done():
        futures.wait((future,), min(left, LISTEN_SECONDS))


def _pump_loop_until(future: Future[Any], end: float) -> bool:
    """Run this thread's event loop until then; returns False if there is none to run."""
    loop = nestable_loop()
    if loop is None:
        return False
    import nest_asyncio2

    nest_asyncio2.apply(loop)
    with _interrupted_at_once():
        loop.run_until_complete(sleep_in_asyncio(future, LISTEN_SECONDS, end))
    return True


def _warn_of_standstill(future: Future[Any]) -> None:
    """Warn where an event loop stands still while one waits, since it cannot be nested."""
    library = None if future.done() or nestable_loop() else running_library()
    if library is not None:
        words = (
            f"This event loop, of {library}, stands still while .result() waits. `await` the "
            "handle instead, or call .result() in a thread."
        )
        warnings.warn(words, RuntimeWarning, stacklevel=4)  # where .result() was called


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Let an interrupt raise KeyboardInterrupt at once.

    In a cell that awaits, the kernel's handler would cancel the cell's task instead, which takes
    effect only when it awaits again.
    """
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)

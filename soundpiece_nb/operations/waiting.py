"""Waiting for a future, in a kernel, a script or any event loop; it never cancels anything."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from soundpiece_nb.api.errors import WaitInterrupted, WaitTimeout
from soundpiece_nb.api.values import read_seconds
from soundpiece_nb.text import short

Made = TypeVar("Made")

WAKE_SECONDS = 0.5
"""How long a loop that awaits an operation may sleep: an interrupt is heard after that."""

LISTEN_SECONDS = 0.1
"""How long a thread that waits may sleep. An interrupt wakes it only where the system hands it to
just this thread, and not in the moment before it falls asleep."""


def wait_seconds(timeout: float | timedelta | None) -> float:
    """Return how many seconds to wait, infinitely many for None; raises Mistake."""
    if timeout is None or timeout == math.inf:
        return math.inf
    return read_seconds(timeout, "A timeout", least=-math.inf)


def wait(future: Future[Any], timeout: float, key: str) -> None:
    """Block until a future is done; in a kernel, its event loop goes on meanwhile.

    Raises what the future raises, WaitTimeout or WaitInterrupted. Cancels nothing.
    """
    try:
        _wait_for(future, timeout)
    except KeyboardInterrupt:
        what, then = _goes_on(key)
        raise WaitInterrupted(what, next=then, key=key) from None
    if not future.done():
        raise WaitTimeout(
            f"It is not done after {timeout:.3g} s and goes on.",
            next=f"%soundpiece_wait {short(key)} waits again.",
            key=key,
        )
    future.result()


def _goes_on(key: str) -> tuple[str, str]:
    return (
        f"Waiting stopped; the operation goes on under the key {key}.",
        f"%soundpiece_wait {short(key)} waits again.",
    )


async def wait_in_loop(future: Future[Any], key: str) -> None:
    """Wait in any event loop; raises what the future raises. Cancelling cancels the waiting."""
    ending = _in_this_loop(future)
    try:
        while not ending.done():
            await asyncio.wait([ending], timeout=WAKE_SECONDS)
    except asyncio.CancelledError as cancelled:  # as a kernel interrupts a cell that awaits
        _explain(cancelled, " ".join(_goes_on(key)))
        raise
    ending.result()


def _explain(error: BaseException, words: str) -> None:
    """Have an error that is not ours say these words, and show them alone."""
    error.args = (words,)
    error._render_traceback_ = lambda: [f"{type(error).__name__}: {words}"]  # type: ignore[attr-defined]


def attend(job: Future[Made]) -> Made:
    """Wait for work on this machine; in a kernel, its event loop goes on meanwhile."""
    _wait_for(job, math.inf)
    return job.result()


def _in_this_loop(future: Future[Any]) -> asyncio.Future[Any]:
    """Return a copy for the running loop, which does not complain if nobody looks at its error."""
    copy = asyncio.wrap_future(future)
    copy.add_done_callback(lambda done: done.cancelled() or done.exception())
    return copy


def _wait_for(future: Future[Any], seconds: float) -> None:
    """Wait until a future is done, whatever its end, or the time is over."""
    end = time.monotonic() + seconds
    if _pump_loop_until(future, end):
        return
    while (left := end - time.monotonic()) > 0 and not future.done():
        futures.wait((future,), min(left, LISTEN_SECONDS))


def _pump_loop_until(future: Future[Any], end: float) -> bool:
    """Run this thread's event loop meanwhile; False where there is none to run."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return False
    import nest_asyncio2

    try:
        nest_asyncio2.apply(loop)
    except ValueError:  # a loop that cannot be nested, uvloop say: it has to stand still
        return False
    with _interrupted_at_once():
        loop.run_until_complete(_sleep_until_done(future, end))
    return True


async def _sleep_until_done(future: Future[Any], end: float) -> None:
    ending = _in_this_loop(future)
    while (left := end - time.monotonic()) > 0 and not ending.done():
        await asyncio.wait([ending], timeout=min(left, LISTEN_SECONDS))


@contextmanager
def _interrupted_at_once() -> Iterator[None]:
    """Let an interrupt raise KeyboardInterrupt right here.

    Where a cell awaits something, the kernel would cancel the cell instead, which takes effect
    only once it awaits again.
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

"""Event loops of any library: which one runs a coroutine, and how to sleep in it.

Trio and curio are found where the program has imported them itself; nothing is imported for them.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from soundpiece_nb.api.errors import Mistake

CURIO_SECONDS = 0.1
"""Seconds between two looks at a future in curio, whose own waiting for it would cancel it."""


def running_library() -> str | None:
    """Return the library whose event loop runs this code, such as `asyncio`; None without one.

    In a kernel, the loop of `%autoawait trio` or `curio` runs within a task of asyncio's.
    """
    curio = sys.modules.get("curio.meta")
    if curio is not None and curio.curio_running():
        return "curio"
    sniffio = sys.modules.get("sniffio")  # trio has it, and says in it where its tasks run
    if sniffio is not None:
        with suppress(sniffio.AsyncLibraryNotFoundError):
            return str(sniffio.current_async_library())
    return None if _running_loop() is None else "asyncio"


def nestable_loop() -> asyncio.BaseEventLoop | None:
    """Return this thread's running loop, if it can be run further from inside; uvloop's cannot."""
    loop = _running_loop()
    return loop if isinstance(loop, asyncio.BaseEventLoop) else None


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def sleep_until_done(future: Future[Any], wake_seconds: float) -> None:
    """Sleep until a future is done, in the event loop that runs this; raises Mistake without one.

    An asyncio loop wakes up in between, to notice an interrupt. Cancelling it leaves the future.
    """
    match running_library():
        case "asyncio":
            await sleep_in_asyncio(future, wake_seconds)
        case "trio":
            await _sleep_in_trio(future)
        case "curio":
            await _sleep_in_curio(future)
        case None:
            raise Mistake(
                "`await` needs an event loop, and none runs here.",
                next="Call .result(), which waits without one.",
            )
        case library:
            raise Mistake(
                f"`await` works in asyncio, trio and curio, not in {library}.",
                next="Call .result() in a thread there.",
            )


async def sleep_in_asyncio(
    future: Future[Any], wake_seconds: float, end: float | None = None
) -> None:
    """Sleep until a future is done, or till `end` by the monotonic clock."""
    loop = asyncio.get_running_loop()
    ending: asyncio.Future[None] = loop.create_future()
    _tell_when_done(future, loop.call_soon_threadsafe, _resolve, ending)
    while not future.done():
        left = wake_seconds if end is None else min(wake_seconds, end - time.monotonic())
        if left <= 0:
            return
        await asyncio.wait([ending], timeout=left)


async def _sleep_in_trio(future: Future[Any]) -> None:
    trio = sys.modules["trio"]
    ending = trio.Event()
    _tell_when_done(future, trio.lowlevel.current_trio_token().run_sync_soon, ending.set)
    await ending.wait()


async def _sleep_in_curio(future: Future[Any]) -> None:
    curio = sys.modules["curio"]
    while not future.done():
        await curio.sleep(CURIO_SECONDS)


def _tell_when_done(future: Future[Any], tell: Callable[..., object], *what: object) -> None:
    """Have a loop told from whichever thread ends the future; a loop that is closed is not."""

    def pass_on(_: Future[Any]) -> None:
        with suppress(RuntimeError):  # asyncio's and trio's word for a loop that has ended
            tell(*what)

    future.add_done_callback(pass_on)


def _resolve(ending: asyncio.Future[None]) -> None:
    if not ending.done():
        ending.set_result(None)

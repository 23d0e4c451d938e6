"""Outputs that change are looked after on threads of their own, which rest with the extension."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

Look = Callable[[], float | None]
"""Draws what is new; returns after how many seconds to look again, None where never."""

AGAIN_SECONDS = 1.0
"""When to look again where that went wrong: a closed front end is no trouble of what it shows."""

REST_SECONDS = 1.0
"""How long resting waits for threads that are drawing."""


@dataclass
class _Follower:
    name: str
    asked: int = 0
    thread: threading.Thread | None = None


_followed: dict[Look, _Follower] = {}
_rest = threading.Event()
_lock = threading.Lock()


def follow(look: Look, name: str) -> None:
    """Have `look` called, on a thread of this name, until it says that nothing more will come.

    To ask for it again is to have it called once more at least. While all rest, it waits.
    """
    with _lock:
        follower = _followed.setdefault(look, _Follower(name))
        follower.asked += 1
        if follower.thread is None and not _rest.is_set():
            _start(look, follower)


def rest() -> None:
    """End all threads, until `go_on`."""
    _rest.set()
    until = time.monotonic() + REST_SECONDS
    for follower in list(_followed.values()):
        if follower.thread is not None:
            follower.thread.join(max(0.0, until - time.monotonic()))
            follower.thread = None


def go_on() -> None:
    """Look again after what was being followed when all went to rest."""
    global _rest  # noqa: PLW0603 - a thread that has not ended yet keeps to its own
    if not _rest.is_set():
        return
    with _lock:
        _rest = threading.Event()
        for look, follower in _followed.items():
            _start(look, follower)


def _start(look: Look, follower: _Follower) -> None:
    follower.thread = threading.Thread(
        target=_keep_looking, args=(look, follower, _rest), name=follower.name, daemon=True
    )
    follower.thread.start()


def _keep_looking(look: Look, follower: _Follower, resting: threading.Event) -> None:
    while not resting.is_set():
        asked = follower.asked
        pause: float | None = AGAIN_SECONDS
        with suppress(Exception):
            pause = look()
        if pause is not None:
            resting.wait(pause)
            continue
        with _lock:
            if follower.asked == asked:
                del _followed[look]
                return

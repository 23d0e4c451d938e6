"""Which process follows an operation, so that two kernels do not both.

A holder is a process on a host: its death is seen at once on the same host; on another host a
lease ends when it is not renewed.
"""

from __future__ import annotations

import os
import socket

LEASE_SECONDS = 60.0
RENEWAL_SECONDS = 20.0


def this_holder() -> str:
    """Return the name of the calling process: host, process id and start time."""
    import psutil

    return f"{socket.gethostname()}/{os.getpid()}/{psutil.Process().create_time():.2f}"


def is_held(holder: str | None, held_until: int | None, now: int) -> bool:
    """Tell whether a lease (times in microseconds) still binds.

    Here its holder has to live, however long it slept; elsewhere it has to be unexpired.
    """
    if holder is None or held_until is None:
        return False
    host, _, process = holder.partition("/")
    return _runs(process) if host == socket.gethostname() else held_until >= now


def _runs(process: str) -> bool:
    """Tell whether that very process still runs; one that died unburied does not."""
    import psutil

    number, _, started = process.partition("/")
    try:
        found = psutil.Process(int(number))
        same = f"{found.create_time():.2f}" == started
        return same and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False

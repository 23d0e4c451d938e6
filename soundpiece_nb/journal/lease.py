"""The lease of a process on an operation, so that no two kernels work on one operation.

The holder of a lease is a process on a host. On the same host a lease ends when its process dies;
on any other host it ends when it was not renewed in time.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

LEASE_SECONDS = 60.0
RENEWAL_SECONDS = 20.0


def this_holder() -> str:
    """Return the name of the calling process as a holder."""
    return holder_name(os.getpid())


def holder_name(process: int) -> str:
    """Return a process of this host as `host/process id/start time`.

    Raises psutil.NoSuchProcess.
    """
    import psutil

    return f"{socket.gethostname()}/{process}/{_start_time(psutil.Process(process))}"


def lease_end(now: int) -> int:
    """Return the end of a lease that begins now, both in microseconds."""
    return now + int(LEASE_SECONDS * 1e6)


def is_held(holder: str | None, held_until: int | None, now: int) -> bool:
    """Tell whether a lease (times in microseconds) is in force.

    A holder on this host has to be alive, even if it slept past the end of its lease; any other
    lease must not have expired.
    """
    if holder is None or held_until is None:
        return False
    host, _, process = holder.partition("/")
    return _is_alive(process) if host == socket.gethostname() else held_until >= now


def _is_alive(process: str) -> bool:
    """Tell whether exactly this process is running; a zombie is not."""
    import psutil

    number, _, started = process.partition("/")
    try:
        found = psutil.Process(int(number))
        return _start_time(found) == started and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def _start_time(process: psutil.Process) -> str:
    """Return the start of a process in seconds, the same after the clock is set.

    Linux counts a start from the boot, and psutil adds the boot time by the present clock.
    """
    import psutil

    booted = psutil.boot_time() if psutil.LINUX else 0.0
    return f"{process.create_time() - booted:.2f}"

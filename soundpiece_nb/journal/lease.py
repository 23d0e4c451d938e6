"""Which process follows an operation, so that two kernels do not both.

A holder is a process on a host: its death is seen at once on the same host; on another host a
lease ends when it is not renewed.
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
    """Return what a process of this host is called: host, process id and when it started.

    Raises psutil.NoSuchProcess.
    """
    import psutil

    return f"{socket.gethostname()}/{process}/{_started(psutil.Process(process))}"


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
        same = _started(found) == started
        return same and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False


def _started(process: psutil.Process) -> str:
    """Return when a process began, in a form that stays when the clock is set.

    Linux counts from the boot; psutil adds when that was, by the clock of now.
    """
    import psutil

    booted = psutil.boot_time() if psutil.LINUX else 0.0  # first, because psutil remembers it
    return f"{process.create_time() - booted:.2f}"

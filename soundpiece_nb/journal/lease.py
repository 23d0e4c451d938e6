"""The lease of a session on an operation, so that no two work on one operation.

A holder is one session of one process. Where its process can be seen from here, its lease ends when
the process dies; where it cannot (another host, another container, an earlier version's name for
it), the lease ends when it was not renewed in time.
"""

from __future__ import annotations

import functools
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

LEASE_SECONDS = 60.0
RENEWAL_SECONDS = 20.0

CLOCKS_APART_SECONDS = 30.0
"""Seconds that two hosts' clocks may differ; a lease that ends later than that does not count."""


class Holder:
    """One session of this process, by a name that no other session has, on whatever host.

    The name is `place/process id/start/random`, where the place is a boot of a machine and a
    process namespace in it: containers share host names and process ids. A forked child has another
    name.
    """

    def __init__(self) -> None:
        self._process = 0
        self._name = ""

    @property
    def name(self) -> str:
        """The holder's name in the journal."""
        if self._process != os.getpid():
            self._process = os.getpid()
            self._name = holder_name(self._process)
            _SESSIONS_HERE.add(self._name)
        return self._name

    @property
    def part(self) -> str:
        """The random part of the name, for the names of files that belong to this holder alone."""
        return self.name.rpartition("/")[2]

    def end(self) -> None:
        """Hold nothing more: a lease that could not be given back is in force no longer."""
        _SESSIONS_HERE.discard(self._name)
        self._process = 0  # whoever uses it again is another


_SESSIONS_HERE: set[str] = set()
"""The holders of this process that have not ended; whether others live is the system's to say."""


def holder_name(process: int) -> str:
    """Return a new name for a session of a process of this place; raises psutil.NoSuchProcess."""
    import psutil

    try:
        started = _start_time(psutil.Process(process))
    except psutil.Error:
        if _sees_processes():
            raise
        started = "unseen"
    return f"{_place()}/{process}/{started}/{os.urandom(8).hex()}"


def lease_end(now: int) -> int:
    """Return the end of a lease that begins now, both in microseconds."""
    return now + int(LEASE_SECONDS * 1e6)


def is_held(holder: str | None, held_until: int | None, now: int) -> bool:
    """Tell whether a lease (times in microseconds) is in force.

    A holder that can be seen from here has to be alive, even if it slept past the end of its lease;
    any other lease must not have expired, nor end later than a lease can.
    """
    if not isinstance(holder, str) or not isinstance(held_until, int):  # nobody, or a damaged row
        return False
    place, _, process = holder.partition("/")
    if place == _place() and process.count("/") == _PARTS and _sees_processes():
        return _is_alive(holder, process)
    return now <= held_until <= lease_end(now) + int(CLOCKS_APART_SECONDS * 1e6)


_PARTS = 2
"""Separators in a holder's name after the place."""


def _is_alive(holder: str, process: str) -> bool:
    """Tell whether exactly this process is running, and the session has not ended in it.

    A zombie is not running.
    """
    import psutil

    number, started, _ = process.split("/")
    try:
        if int(number) == os.getpid():
            return holder in _SESSIONS_HERE
        found = psutil.Process(int(number))
        return _start_time(found) == started and found.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError, OverflowError):
        return False


@functools.cache
def _place() -> str:
    """Return a name of this boot of this machine and of the process namespace in it.

    Where the system tells neither, it is random, so that other processes go by time.
    """
    with suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"
    if Path("/proc").exists():
        return os.urandom(16).hex()
    import uuid

    return f"{uuid.getnode():012x}"


def _sees_processes() -> bool:
    """Tell whether processes can be looked up by the ids that they have in this namespace.

    Linux only: in a new namespace, `/proc` may still be that of the one around it.
    """
    try:
        return Path("/proc/self").readlink().name == str(os.getpid())
    except OSError:
        return not Path("/proc").exists()


def _start_time(process: psutil.Process) -> str:
    """Return the start of a process in seconds, the same after the clock is set.

    Linux counts a start from the boot, and psutil adds the boot time by the present clock.
    """
    import psutil

    booted = psutil.boot_time() if psutil.LINUX else 0.0
    return f"{process.create_time() - booted:.2f}"

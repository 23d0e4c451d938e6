"""The process's limit of open files and sockets, and how many connections fit below it.

What is open belongs to the person's own code too: a notebook that opens a file must not fail
because two hundred operations are under way.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

WANTED = 1024
"""Descriptors: `select()` bears no number beyond it, and macOS allows 256 unless asked."""

LEAST_LEFT = 32
"""Descriptors that a person's own code is left at least, else a third of what is free."""

OURS = 12
"""Descriptors that the journal, its lease and look-ups of names take at a time."""


@dataclass(frozen=True)
class Places:
    """Connections of one client at a time."""

    control: int = 32
    polls: int = 512
    downloads: int = 8


def make_places() -> Places:
    """Raise the process's limit to 1,024 if it is lower, and return the places that fit below.

    Where the system knows no such limit, all are returned.
    """
    free = _free_descriptors()
    return Places() if free is None else places_for(free)


def places_for(free: int) -> Places:
    """Return the places for so many free descriptors; a download takes two, one for its file."""
    share = free - max(LEAST_LEFT, free // 3) - OURS
    downloads = _between(1, share // 8, Places.downloads)
    control = _between(1, (share - 2 * downloads) // 4, Places.control)
    polls = _between(0, share - 2 * downloads - control, Places.polls)
    return Places(control, polls, downloads)


def _between(least: int, number: int, most: int) -> int:
    return max(least, min(number, most))


def _free_descriptors() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    unlimited = resource.RLIM_INFINITY
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != unlimited and soft < WANTED:
        raised = WANTED if hard == unlimited else min(hard, WANTED)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == unlimited else soft - _open_descriptors(soft)


def _open_descriptors(limit: int) -> int:
    """Count what is open; where it cannot be told, half of the limit."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return sum(1 for _ in Path(folder).iterdir())
    return limit // 2

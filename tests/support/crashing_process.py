"""What a process does until it is killed: go on with what others left, then make something new."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import soundpiece_nb as sp
from soundpiece_nb.api import client  # noqa: F401 - to have it
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio import verification as flac  # noqa: F401 - to have it
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.journal import journal  # noqa: F401 - to have them
from soundpiece_nb.operations.current_session import current
from support.crash_points import Step, Steps

PATIENCE = 60.0
"""Seconds within which everything that is unfinished must have ended."""


def prepare() -> None:
    """Import and build what every process needs, once."""
    import mutagen.flac  # noqa: F401
    import numpy as np  # noqa: F401
    import psutil  # noqa: F401
    import soundfile  # noqa: F401

    find_route("fx")
    Limits()


def work(
    report: str,
    *,
    making: int,
    chained: bool = False,
    last: tuple[str, int] | None = None,
    life: float | None = None,
    resuming: bool = True,
    patience: float = PATIENCE,
) -> None:
    """Resume everything, make so many effects anew (and cut the first one); write a report.

    With `last`, die at that step of making; what is resumed is not counted. With `life`, die after
    so many seconds.
    """
    if life is not None:  # by a signal that nobody handles, which ends it like any other
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, life)
    steps = Steps(current().home, Step(*last) if last else None, Path(f"{report}.died"))
    for operation in sp.resume() if resuming else ():
        operation.result(patience)
    steps.begin()
    made = [sp.fx(f"Hit {number}", 2) for number in range(making)]
    for operation in made:
        operation.result(patience)
    if chained:
        sp.cut(f"{made[0].key}:1", 1).result(PATIENCE)
    current.close()
    Path(report).write_text(json.dumps([[step.name, step.time] for step in steps.reached]))

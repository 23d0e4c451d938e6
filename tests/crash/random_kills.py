"""Processes that are killed at random instants, two at a time on one journal."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from .nursery import Nursery

SIDE_BY_SIDE = 2
BEYOND = 1.2
"""The longest life, in lives of a process that nobody disturbs."""


def kill_at_random(nursery: Nursery, folder: Path, *, kills: int, seed: int) -> Counter[int]:
    """Start processes and kill each after a random life, then let one bring all to its end.

    Returns how they ended: exit codes, negative for the signal that killed them.
    """
    chance = random.Random(seed)
    report = str(folder / "report.json")
    longest = BEYOND * _undisturbed_life(nursery, report)
    ends = Counter[int]()
    while ends[-signal.SIGKILL] < kills:
        doomed = [nursery.start(report=report, making=1) for _ in range(SIDE_BY_SIDE)]
        began = time.monotonic()
        for life, process in sorted((chance.uniform(0, longest), each) for each in doomed):
            time.sleep(max(0.0, began + life - time.monotonic()))
            os.kill(process, signal.SIGKILL)
        ends.update(nursery.end_of(process) for process in doomed)
    assert nursery.end_of(nursery.start(report=report, making=0)) == 0, f"seed {seed}"
    return ends


def _undisturbed_life(nursery: Nursery, report: str) -> float:
    took = []
    for _ in range(3):
        began = time.monotonic()
        assert nursery.end_of(nursery.start(report=report, making=1)) == 0
        took.append(time.monotonic() - began)
    return min(took)

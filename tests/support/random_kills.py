"""Processes that are killed at random instants, four at a time on one journal."""

from __future__ import annotations

import heapq
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

from support.process_forker import Nursery

SIDE_BY_SIDE = 4
LONGEST_LIFE = 0.35
"""Seconds, on a machine that has so much else to do that an defer_interrupts life is longer."""


def kill_at_random(nursery: Nursery, folder: Path, *, kills: int, seed: int) -> Counter[int]:
    """Start processes and kill each after a random life, then let one bring all to its end.

    Returns how they ended: exit codes, negative for the signal that killed them.
    """
    chance = random.Random(seed)
    report = str(folder / "report.json")
    longest = min(_undisturbed_life(nursery, report), LONGEST_LIFE)
    ends = Counter[int]()
    alive: list[tuple[float, int]] = []
    while ends[-signal.SIGKILL] < kills:
        while len(alive) < SIDE_BY_SIDE:
            process = nursery.start(report=report, making=1)
            heapq.heappush(alive, (time.monotonic() + chance.uniform(0, longest), process))
        end, process = heapq.heappop(alive)
        time.sleep(max(0.0, end - time.monotonic()))
        os.kill(process, signal.SIGKILL)
        ends[nursery.end_of(process)] += 1
    for _, process in alive:
        os.kill(process, signal.SIGKILL)
        ends[nursery.end_of(process)] += 1
    assert nursery.end_of(nursery.start(report=report, making=0)) == 0, f"seed {seed}"
    return ends


def _undisturbed_life(nursery: Nursery, report: str) -> float:
    """Return the seconds that as many processes side by side need where nobody kills them."""
    took = []
    for _ in range(3):
        began = time.monotonic()
        processes = [nursery.start(report=report, making=1) for _ in range(SIDE_BY_SIDE)]
        assert not any(nursery.end_of(process) for process in processes)
        took.append(time.monotonic() - began)
    return min(took)

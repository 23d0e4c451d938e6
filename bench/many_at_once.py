"""Many operations at once: this project beside the few lines that a person would write instead.

    python -m bench.many_at_once                      # 200, by each client, three times in turn
    python -m bench.many_at_once 1000 --rounds 1
    python -m bench.many_at_once 5000 --clients this

Each operation takes 6 s at the service (`timed_service.py`, a process of its own), and has one
take of one second. Each client runs in a process of its own, in turn with the others. This project
writes its journal and verifies each file; the others do neither. Everybody's files end on the disk.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil

from bench.timed_service import TimedService

ROOT = Path(__file__).parents[1]

SECONDS = 6.0
"""What an operation takes at the service."""

LONGEST = 300.0
"""Seconds after which a client is ended; most need a tenth of that."""

CLIENTS = {
    "this": "this project",
    "requests": "`requests`, a thread an operation",
    "httpx": "`httpx`, gather, one pool",
    "aiohttp": "`aiohttp`, gather",
}
_NEEDS = {"this": "soundpiece_nb"}
"""The module of each client that is called otherwise."""


@dataclass(frozen=True)
class Run:
    """One client's work; `ended` says why it did not come to its end, and is empty if it did.

    `seconds` go from the first submission to the last file on the disk, `submitting` of them until
    all were submitted; `lag` is how late the main thread woke from a sleep of 1 ms meanwhile, in ms
    (p99); `growth` is the highest resident memory, the client's libraries included, in MiB.
    """

    client: str
    ended: str = ""
    seconds: float = 0.0
    submitting: float = 0.0
    lag: float = 0.0
    growth: float = 0.0
    descriptors: int = 0
    files: int = 0
    puts: int = 0
    polls: int = 0
    connections: int = 0


def measure(
    number: int,
    seconds: float = SECONDS,
    clients: Sequence[str] = tuple(CLIENTS),
    rounds: int = 1,
) -> list[Run]:
    """Run each client so many times, in turn; returns the median of each by its seconds."""
    runs = [_run(client, number, seconds) for _ in range(rounds) for client in clients]
    return [_median([run for run in runs if run.client == client]) for client in clients]


def _median(runs: list[Run]) -> Run:
    """Return the run in the middle; one that did not come to its end is later than any that did."""
    by_seconds = sorted(runs, key=lambda run: (bool(run.ended), run.seconds))
    return by_seconds[(len(runs) - 1) // 2]


def _run(client: str, number: int, seconds: float) -> Run:
    if find_spec(_NEEDS.get(client, client)) is None:
        return Run(client, "not installed")
    with TimedService(seconds) as service, tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "bench.many_at_once_clients"]
        command += [client, service.base_url, str(number), folder]
        process = subprocess.Popen(  # noqa: S603 - our own
            command,
            cwd=ROOT,
            env=_environment(folder, service.base_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        with Watch(process) as watch:
            said, complaint = process.communicate()
        counted = service.counters()
    if process.returncode:
        last = (complaint.strip().splitlines() or [f"ended with {process.returncode}"])[-1]
        return Run(client, "took too long" if watch.ended_it else last.partition(":")[0])
    run = Run(client, **json.loads(said))
    return replace(
        run,
        ended="" if run.files == number else f"{run.files:,} of {number:,} files",
        descriptors=watch.most,
        puts=counted.get("PUT", 0),
        polls=counted.get("polls", 0),
        connections=counted["connections"],
    )


def _environment(folder: str, base_url: str) -> dict[str, str]:
    """Return the environment of a client: nothing that a person's shell has set for the service."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SOUNDPIECE_")}
    ours = {"HOME": f"{folder}/home", "BASE_URL": base_url, "API_KEY": "spk_bench_0123456789"}
    return kept | {f"SOUNDPIECE_{name}": value for name, value in ours.items()}


class Watch:
    """Counts a process's descriptors from outside, and ends the process when it takes too long."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.most = 0
        self.ended_it = False
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        until = time.monotonic() + LONGEST
        seen = psutil.Process(self._process.pid)
        while not self._over.wait(0.1):
            try:
                self.most = max(self.most, seen.num_fds())
            except psutil.Error:
                return
            if time.monotonic() > until:
                self.ended_it = True
                self._process.kill()


COLUMNS = ["s", "growth, MiB", "lag p99, ms", "submitting, s", "PUTs", "polls", "descriptors"]


def lines(runs: Sequence[Run], number: int, seconds: float) -> Iterator[str]:
    """Yield the lines of a table, the limit first."""
    yield _line(f"{number:,} at once", *COLUMNS)
    yield _line(*["---"] * (1 + len(COLUMNS)))
    yield _line("the limit", f"{seconds:.1f}", "", "", "", number, number, "")
    for run in runs:
        figures: list[str | int] = [run.ended, *[""] * (len(COLUMNS) - 1)]
        if not run.ended:
            times = f"{run.seconds:.1f}", f"{run.growth:.0f}", f"{run.lag:.1f}"
            figures = [*times, f"{run.submitting:.2f}", run.puts, run.polls, run.descriptors]
        yield _line(CLIENTS[run.client], *figures)


def _line(*cells: str | int) -> str:
    return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else cell for cell in cells)} |"


def main() -> None:
    """Run it and print what was measured."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("number", type=int, nargs="?", default=200)
    options.add_argument("--seconds", type=float, default=SECONDS, help="of each at the service")
    options.add_argument("--clients", nargs="+", choices=CLIENTS, default=tuple(CLIENTS))
    options.add_argument("--rounds", type=int, default=3)
    chosen = options.parse_args()
    runs = measure(chosen.number, chosen.seconds, chosen.clients, chosen.rounds)
    print("\n".join(lines(runs, chosen.number, chosen.seconds)))


if __name__ == "__main__":
    main()

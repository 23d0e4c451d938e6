"""A batch against a service that takes so many requests in a time: how well it keeps to it.

    python bench/batch_at_a_limit.py

Prints for each kind of limit how long 500 rows took at 300 requests a minute, beside the least that
they can take there; how many polls there were beside one for each operation; what was refused, and
what came sooner than a refusal had asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

ROWS, LIMIT, SECONDS = 500, 300, 60.0
KINDS = ("sliding", "fixed", "bucket")


@dataclass(frozen=True)
class Figures:
    """How a batch went; times are seconds."""

    rows: int
    ready: int
    made: int
    took: float
    least: float
    """What the limit alone takes: a PUT and a poll for each row."""
    polls: int
    refused: int
    early: int


def least_seconds(requests: int, limit: int, seconds: float, kind: str) -> float:
    """Return when a service takes the last of so many requests that all come at once.

    A bucket takes what it holds, then one after the other. Of a window, sliding or fixed, as many
    are taken together, and as many a window later: the last ones wait for a whole window more.
    """
    if kind == "bucket":
        return (requests - limit) / limit * seconds
    return (requests - 1) // limit * seconds


def measure(
    rows: int = ROWS,
    limit: int = LIMIT,
    seconds: float = SECONDS,
    kind: str = "sliding",
    kernels: int = 1,
) -> Figures:
    """Run batches of short effects at a limit, with a sandbox and a home of their own.

    Several `kernels` share the home and the limit, and carry as many rows each.
    """
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0", "--pace", "0"]
        command += ["--rate-limit", str(limit), "--rate-seconds", str(seconds)]
        command += ["--rate-window", kind, "--data", str(Path(home) / "sandbox")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: S603 - our own
            root = (sandbox.stdout.readline() if sandbox.stdout else "").split()[-1]
            environment = {
                **os.environ,
                "SOUNDPIECE_HOME": str(Path(home) / "home"),
                "SOUNDPIECE_BASE_URL": root,
                "SOUNDPIECE_API_KEY": "spk_bench",
            }
            batch = [sys.executable, "-c", _BATCH, str(rows // kernels)]
            running = [
                subprocess.Popen(batch, env=environment, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
                for _ in range(kernels)
            ]
            ends = [process.communicate()[0].split() for process in running]
            seen = httpx.get(f"{root.removesuffix('/v1')}/sandbox/counters").json()
            sandbox.terminate()
    return Figures(
        rows=rows,
        ready=sum(int(ready) for ready, _ in ends),
        made=seen["created"],
        took=max(float(took) for _, took in ends),
        least=least_seconds(2 * rows, limit, seconds, kind),
        polls=seen["requests"]["GET create.new_fx"],
        refused=seen["rate"]["refused"],
        early=seen["rate"]["early"],
    )


_BATCH = """
import sys, time
import soundpiece_nb as sp
began = time.monotonic()
rows = [{"prompt": f"Click {number}", "duration": 0.5} for number in range(int(sys.argv[1]))]
frame = sp.batch(rows, route="fx", max_in_flight=50).result()
print((frame["status"] == "ready").sum(), time.monotonic() - began)
"""
"""A process of its own, so that one measurement learns nothing from another."""


def main() -> None:
    """Run it for each kind of limit and print what was measured."""
    for kind in KINDS:
        seen = measure(kind=kind)
        print(f"{kind}: {seen.took:.0f} s, {seen.took / seen.least:.2f} of {seen.least:.0f} s")
        print(f"  {seen.ready} of {seen.rows} ready, {seen.made} made")
        print(
            f"  {seen.polls} polls, {100 * seen.polls / seen.rows - 100:.1f} % more than one each"
        )
        print(f"  {seen.refused} refused, {seen.early} came early", flush=True)


if __name__ == "__main__":
    main()

"""A batch of 500 rows against a service that takes 300 requests a minute: how well it keeps to it.

    python bench/batch_at_a_limit.py

Prints how long it took, how many polls there were beside the least possible (one for each
operation), what was refused, and what came sooner than a refusal had asked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

ROWS, LIMIT = 500, 300


def main() -> None:
    """Run it and print what was measured."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0", "--pace", "0"]
        command += ["--rate-limit", str(LIMIT), "--data", str(Path(home) / "sandbox")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as sandbox:  # noqa: S603 - our own
            root = (sandbox.stdout.readline() if sandbox.stdout else "").split()[-1]
            os.environ |= {
                "SOUNDPIECE_HOME": str(Path(home) / "home"),
                "SOUNDPIECE_BASE_URL": root,
                "SOUNDPIECE_API_KEY": "spk_bench",
            }
            import soundpiece_nb as sp

            began = time.monotonic()
            rows = [{"prompt": f"Click {number}", "duration": 0.5} for number in range(ROWS)]
            frame = sp.batch(rows, route="fx", max_in_flight=50).result()
            took = time.monotonic() - began
            seen = httpx.get(f"{root.removesuffix('/v1')}/sandbox/counters").json()
            sandbox.terminate()
    polls = seen["requests"]["GET create.new_fx"]
    print(f"{(frame['status'] == 'ready').sum()} of {ROWS} ready, {seen['created']} made")
    print(f"{took:.0f} s; the limit alone takes {(2 * ROWS / LIMIT - 1) * 60:.0f} s")
    print(f"{polls} polls, {100 * polls / ROWS - 100:.1f} % more than one each")
    print(f"{seen['rate']['refused']} refused, {seen['rate']['early']} answered early")


if __name__ == "__main__":
    main()

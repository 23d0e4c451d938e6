"""The long tests: the machinery of the suite with larger numbers. It ends badly or says figures.

python bench/soak.py                 # all parts, whole: two minutes or so a storm
python bench/soak.py --minutes 2     # no storm or round of kills begins after two minutes
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1] / "tests"
sys.path.insert(0, str(TESTS))

STORMS, OPERATIONS = 20, 500
ROUNDS, KILLS = 10, 1_000
MEGABYTES = 1_000
DELIVERING_SECONDS = 300


def main() -> None:
    """Run every part and print what it measured."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing later")
    until = time.monotonic() + 60 * options.parse_args().minutes
    os.environ["SOUNDPIECE_API_KEY"] = "spk_soak"
    for part in PARTS:
        if time.monotonic() < until:
            with tempfile.TemporaryDirectory() as folder:
                part(Path(folder), until)


def big_download(folder: Path, _: float) -> None:
    """Fetch a take of a gigabyte, and say by how much the process grew."""
    from support.big_download import fetch  # type: ignore[import-not-found]

    fetched = fetch(MEGABYTES, folder)
    if not fetched.same:
        raise AssertionError("The file that was fetched is not the one that was served.")
    grown, size = fetched.grown / 1e6, fetched.size / 1e6
    print(f"big download: {size:.0f} MB fetched and verified in {fetched.seconds:.1f} s,", end=" ")
    print(f"the process grew by {grown:.1f} MB, bytes right")


def storms(folder: Path, until: float) -> None:
    """Let storms pass, one after the other; raises AssertionError with the seed of a bad one."""
    from support.storms import StormySandbox, weather  # type: ignore[import-not-found]

    sandbox = StormySandbox(folder / "sandbox")
    passed: list[Any] = []
    try:
        for seed in range(STORMS):
            if not passed or time.monotonic() < until:
                passed.append(weather(seed, OPERATIONS, sandbox, folder / f"home-{seed}"))
                print(f"storm {seed}: {passed[-1]}", flush=True)
    finally:
        sandbox.stop()
    operations, requests, failures, resumes, seconds = (
        sum(getattr(each, figure) for each in passed)
        for figure in ("operations", "requests", "failures", "resumes", "seconds")
    )
    print(f"{len(passed)} storms: {operations} operations ready, made once, bytes right;", end=" ")
    print(f"{requests} requests, {failures} of them failed ({failures / requests:.0%}),", end=" ")
    print(f"{resumes} resumed by hand, {seconds:.0f} s")


def kills(folder: Path, until: float) -> None:
    """Kill processes at random on one journal; raises AssertionError where anything is lost."""
    from support.after_crashes import require_nothing_lost_or_twice  # type: ignore[import-not-found]
    from support.process_forker import Nursery  # type: ignore[import-not-found]
    from support.random_kills import kill_at_random  # type: ignore[import-not-found]
    from support.services import RunningSandbox, quiet_environment  # type: ignore[import-not-found]

    sandbox, home = RunningSandbox(folder / "sandbox"), folder / "home"
    address = {"SOUNDPIECE_BASE_URL": sandbox.base_url, "SOUNDPIECE_API_KEY": "spk_soak"}
    nursery = Nursery(quiet_environment(home, **address))
    try:
        for seed in range(ROUNDS):
            if seed == 0 or time.monotonic() < until:
                ends = kill_at_random(nursery, folder, kills=KILLS, seed=seed)
                print(f"kills, seed {seed}: {ends.total()} processes, {ends[-9]} killed;", end=" ")
                require_nothing_lost_or_twice(home, sandbox)
    finally:
        nursery.close()
        sandbox.stop()


def webhooks(folder: Path, _: float) -> None:
    """Deliver a thousand webhooks a minute to a Jupyter server, and say what that weighs."""
    from support.jupyter_servers import JupyterServer  # type: ignore[import-not-found]
    from support.kept_take import KEY, SECRET, keep_take  # type: ignore[import-not-found]
    from support.services import quiet_environment
    from support.steady_webhooks import weigh  # type: ignore[import-not-found]

    keep_take(folder / "home", KEY)
    environment = quiet_environment(folder / "home", SOUNDPIECE_WEBHOOK_SECRET=SECRET)
    with JupyterServer(folder / "notebooks", folder / "mine", environment) as server:
        weight = weigh(server, seconds=DELIVERING_SECONDS, a_minute=1_000)
    print(
        f"webhooks: {weight.delivered} delivered in {DELIVERING_SECONDS} s, answered within",
        end=" ",
    )
    print(f"{weight.answered:.0f} ms (p99), the server's own requests within", end=" ")
    print(f"{weight.others_answered:.0f} ms (p99), it grew by {weight.grown / 2**20:.1f} MiB")


PARTS = (big_download, webhooks, kills, storms)


if __name__ == "__main__":
    main()

"""Storms: operations while about three in ten of all requests fail, in ways that a seed decides."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.plan import Draft
from soundpiece_nb.operations.resuming import resume
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit
from soundpiece_nb.settings import Settings
from support import services
from support.turned_clock import HurriedClock

ADMIN_TOKEN = "the-admins-own"  # noqa: S105 - of a sandbox that lives as long as a test
ROUTE = "create.new_fx"

REQUESTS = (f"PUT {ROUTE}", f"GET {ROUTE}", "download")
ANY_TIME = (
    "delay=0.1",
    "status=408",
    "status=429",
    "status=429 retry_after=0",
    "status=500",
    "status=502",
    "status=503",
    "status=503 retry_after=1",
    "status=401",
    "status=403",
    "status=404",
    "garbage",
    "drop",
)
"""What may strike before the work is made, or after it."""

WHEN_MADE = ("truncate", "corrupt", "stall=0.1")
"""What breaks an answer on its way."""

KINDS_IN_A_STORM = 6
FAILING = 0.3
"""The share of all requests that fail, by one trouble or another."""
CHANCE_TO_SLOW_DOWN = 0.01
"""A service that asks for it more often is obeyed: the account slows down, and the storm lasts."""

LONGEST = 600
"""Seconds after which an operation that is on its way is given up."""
MOST_RESUMES = 60
"""How often %soundpiece_resume may have to be said until the weather lets all pass."""


class StormySandbox(services.RunningSandbox):
    """A sandbox whose faults come and go at run time."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, admin_token=ADMIN_TOKEN)

    def admin(self, method: str, fault: str | None = None) -> Any:
        """List (GET), clear (DELETE) or add (POST) faults."""
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
        body = None if fault is None else json.dumps(fault).encode()
        address = self.base_url.removesuffix("/v1") + "/sandbox/faults"
        request = urllib.request.Request(address, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or "null")

    def sound(self, operation_id: str) -> bytes:
        """Return what the sandbox made, as it made it."""
        name = operation_id.removeprefix("op_")
        return (self.data / "sounds" / f"{name}-1.flac").read_bytes()


@dataclass(frozen=True)
class Weathered:
    """How a storm went."""

    operations: int
    requests: int
    failures: int
    resumes: int
    seconds: float


def troubles(seed: int) -> list[str]:
    """Return the faults of a storm: six kinds for each kind of request."""
    chance = random.Random(seed)
    chosen = []
    for request in REQUESTS:
        possible = [*ANY_TIME, *(f"{trouble} after" for trouble in ANY_TIME), *WHEN_MADE]
        possible += ["expire"] if request == "download" else []
        kinds = chance.sample(possible, KINDS_IN_A_STORM)
        slowing = sum("429" in trouble for trouble in kinds)
        passing = (1 - FAILING) / (1 - CHANCE_TO_SLOW_DOWN) ** slowing
        usual = 1 - passing ** (1 / (KINDS_IN_A_STORM - slowing))
        for trouble in kinds:
            often = CHANCE_TO_SLOW_DOWN if "429" in trouble else usual
            dice = chance.randrange(2**32)
            chosen.append(f"{request} {trouble} chance={often} seed={dice}")
    return chosen


def weather(seed: int, operations: int, sandbox: StormySandbox, home: Path) -> Weathered:
    """Let a storm pass over new operations, and check that nothing was lost or made twice.

    What is refused for good (a 401, say) is resumed as a person would. Raises AssertionError,
    whose message names the seed.
    """
    for trouble in troubles(seed):
        sandbox.admin("POST", trouble)
    before, began = sandbox.counters(), time.monotonic()
    session = Session(Settings(base_url=sandbox.base_url, home=str(home)), clock=HurriedClock())
    try:
        wanted = [{"prompt": f"Click {seed} {n}", "duration": 0.5} for n in range(operations)]
        route = find_route(ROUTE)
        keys = [submit(session, Draft(route=route, fields=fields)) for fields in wanted]
        resumes = _bring_home(session, keys)
        seconds = time.monotonic() - began
        after = sandbox.counters()
        _check(seed, session, keys, sandbox)
        made = after["operations"] - before["operations"]
        assert made == operations, f"seed {seed}: {made} made for {operations} keys"
    finally:
        session.close()
        sandbox.admin("DELETE")
    return Weathered(
        operations,
        _requests(after) - _requests(before),
        after["faults"] - before["faults"],
        resumes,
        seconds,
    )


def _bring_home(session: Session, keys: list[str]) -> int:
    """Wait for all, resuming what stopped short, until everything is ready; return how often."""
    resumes, left = 0, keys
    for _ in range(MOST_RESUMES):
        for key in left:
            run = session.engine.run(key)
            if run is not None:
                run.ended.exception(LONGEST)
        left = [key for key in left if not _ready(session, key)]
        if not left:
            break
        resumes += len(resume(session, left).keys)
    return resumes


def _ready(session: Session, key: str) -> bool:
    entry = session.journal.entry(key)
    return entry.status == "ready" and entry.complete


def _check(seed: int, session: Session, keys: list[str], sandbox: StormySandbox) -> None:
    for key in keys:
        entry = session.journal.entry(key)
        said = f"seed {seed}, {key}: {entry.status} {entry.error_code} {entry.error_message}"
        assert _ready(session, key), said
        [take] = entry.takes
        file = session.home / str(take.path)
        assert file.read_bytes() == sandbox.sound(str(entry.operation_id)), said
    audio = session.home / "audio"
    left = [file.name for file in audio.rglob("*.*") if file.suffix in (".part", ".etag")]
    assert not left, f"seed {seed}: {left}"


def _requests(counters: dict[str, Any]) -> int:
    kinds = counters["requests"]
    return sum(kinds.get(kind, 0) for kind in REQUESTS)

"""Every fault of the sandbox, at each kind of request, early, late and repeated.

Each cell is an operation of its own that meets one fault, in a session that has learnt nothing from
others. All are carried before the first is looked at, the three kinds of request side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.store import KEPT_ASIDE
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.operations.plan import Draft
from soundpiece_nb.operations.resuming import resume
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit
from soundpiece_nb.settings import Settings
from support.storms import ROUTE, StormySandbox
from support.turned_clock import HurriedClock

PUT, GET, DOWNLOAD = f"PUT {ROUTE}", f"GET {ROUTE}", "download"

PASSING = ("status=408", "status=429", "status=500", "status=502", "status=503")
NAMED = ("status=429 retry_after=0", "status=503 retry_after=0")
NAMED_LONGER = ("status=429 retry_after=1", "status=503 retry_after=1")
REFUSING = ("status=401", "status=403", "status=404")
BROKEN = ("drop", "garbage")
BORNE = "delay=0.1"
TOO_SLOW = ("delay=1.2", "stall=1.2")
"""Longer than the request timeout, but for a poll, which the service may hold for 20 seconds."""

REQUEST_TIMEOUT = 0.8
REPEATED = 3


@dataclass(frozen=True)
class Cell:
    """One fault: which requests it meets, what it does, how often; and where that leads."""

    request: str
    trouble: str
    times: int
    leads_to: str = "ready"
    """`ready` by itself, or the code of what has to be resumed."""

    def __str__(self) -> str:
        return f"{self.request} {self.trouble} times={self.times}"


def cells() -> Iterator[Cell]:
    for request in (PUT, GET, DOWNLOAD):
        for trouble, times in troubles(request):
            yield Cell(request, trouble, times, leads_to(request, trouble, times))


def troubles(request: str) -> Iterator[tuple[str, int]]:
    for when in ("", " after"):
        for trouble in (*PASSING, *NAMED, *REFUSING, *BROKEN):
            yield trouble + when, 1
            yield trouble + when, REPEATED
        yield BORNE + when, 1
        yield TOO_SLOW[0] + when, 1
    for trouble in ("truncate", "corrupt", *(["expire"] if request == DOWNLOAD else [])):
        yield trouble, 1
        yield trouble, REPEATED
    yield TOO_SLOW[1], 1
    for trouble in NAMED_LONGER:
        yield trouble, 1


def leads_to(request: str, trouble: str, times: int) -> str:
    """Say what the rules of `api.pacing` make of a fault."""
    word = trouble.split(maxsplit=1)[0]
    if request != DOWNLOAD:
        if word not in REFUSING:
            return "ready"
        return word.removeprefix("status=") if request == PUT else "unreachable"
    refused = word == "status=401"  # no fresh link helps where the key to storage is refused
    refused |= times > 1 and word in ("status=403", "status=404", "expire")
    damaged = times > 1 and word in ("corrupt", "garbage")
    return "download" if refused or damaged else "ready"


@dataclass(frozen=True)
class Ended:
    """The course of a cell's operation: at first, and once it was resumed if need be."""

    key: str
    stopped_with: str | None
    said: str
    struck: int
    status: str
    same_bytes: bool


@pytest.fixture(scope="module")
def lanes(tmp_path_factory) -> Iterator[dict[str, StormySandbox]]:
    """A sandbox for each kind of request."""
    requests = (PUT, GET, DOWNLOAD)
    folders = [tmp_path_factory.mktemp(request.split()[0]) for request in requests]
    with ThreadPoolExecutor() as starting:
        lanes = dict(zip(requests, starting.map(StormySandbox, folders), strict=True))
    yield lanes
    for sandbox in lanes.values():
        sandbox.stop()


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(scope="module")
def ended(lanes, homes) -> dict[Cell, Ended]:
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor() as carriers:
        patch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
        carried = [
            carriers.submit(carry_all, request, sandbox, homes / request.split()[0])
            for request, sandbox in lanes.items()
        ]
        return {cell: end for lane in carried for cell, end in lane.result().items()}


def carry_all(request: str, sandbox: StormySandbox, home: Path) -> dict[Cell, Ended]:
    settings = Settings(sandbox.base_url, str(home), request_timeout=REQUEST_TIMEOUT)
    ended = {}
    for cell in CELLS:
        if cell.request == request:
            with closing(Session(settings, clock=HurriedClock())) as session:
                ended[cell] = carry(cell, session, sandbox)
    return ended


def carry(cell: Cell, session: Session, sandbox: StormySandbox) -> Ended:
    sandbox.admin("POST", f"{cell.request} {cell.trouble} times={cell.times}")
    fields = {"prompt": f"Click: {cell}", "duration": 0.5}
    key = submit(session, Draft(route=find_route(ROUTE), fields=fields))
    stopped = follow(session, key)
    [fault] = sandbox.admin("GET")
    sandbox.admin("DELETE")
    first = session.journal.entry(key)
    if not (first.status == "ready" and first.complete):
        resume(session, [key])
        follow(session, key)
    last = session.journal.entry(key)
    path = last.takes[0].path if last.takes else None
    return Ended(
        key,
        stopped_with=first.error_code,
        said=str(stopped or explain(first) or ""),
        struck=fault["struck"],
        status=last.status,
        same_bytes=bool(path)
        and (session.home / path).read_bytes() == sandbox.sound(str(last.operation_id)),
    )


def follow(session: Session, key: str) -> BaseException | None:
    """Wait until an operation is no longer on its way; return why, if it was cut short."""
    run = session.engine.run(key)
    return run.ended.exception(30) if run else None


CELLS = list(cells())


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_a_fault_is_borne_or_said_and_the_operation_ends_ready_with_the_right_bytes(cell, ended):
    end = ended[cell]
    assert end.stopped_with == (None if cell.leads_to == "ready" else cell.leads_to), end.said
    if cell.leads_to == "404":  # another service has to be named, and has another operation
        assert "Check SOUNDPIECE_BASE_URL; then run the cell again." in end.said
    elif cell.leads_to != "ready":
        assert f"%soundpiece_resume {end.key[:8]}" in end.said
    assert 1 <= end.struck <= cell.times
    assert (end.status, end.same_bytes) == ("ready", True)


def test_every_operation_was_made_once(lanes, ended):
    for request, sandbox in lanes.items():
        assert sandbox.counters()["operations"] == sum(cell.request == request for cell in CELLS)


def test_nothing_unfinished_is_left_lying_about(ended, homes):
    files = list(homes.glob("*/audio/*/*"))
    left = [path for path in files if not KEPT_ASIDE.fullmatch(path.name)]
    assert len(left) == len(CELLS)
    assert {path.suffix for path in left} == {".flac"}

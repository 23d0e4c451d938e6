"""A kernel dies with operations unfinished; the server finishes them, if its owner wants that."""

from __future__ import annotations

import os
import signal
import time
from types import SimpleNamespace

import pytest

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.audio.verification import verify
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.services import Services
from soundpiece_nb.operations.session import Session
from soundpiece_nb.server.resuming import LOOK_SECONDS, Resumer
from soundpiece_nb.settings import Settings
from support.jupyter_servers import JupyterServer
from support.kernels import Kernel
from support.recorded_operations import record
from support.services import RunningSandbox, quiet_environment

NUMBER = 20
SUBMIT = f"""
import soundpiece_nb as sp
made = [sp.fx(f"Impact {{n}}", duration=0.5) for n in range({NUMBER})]
while any(op.status == "submitting" for op in made):
    time.sleep(0.05)
"""


@pytest.fixture
def service(tmp_path):
    running = RunningSandbox(tmp_path / "sandbox", pace=0.6)
    yield running
    running.stop()


@pytest.fixture
def environment(tmp_path, service):
    return quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=service.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )


@pytest.fixture
def journal(tmp_path, environment):
    """The journal of a kernel that was killed with twenty operations open."""
    kernel = Kernel(environment)
    submitted = kernel.run("import time" + SUBMIT)
    assert submitted.status == "ok", submitted.text
    os.kill(kernel.process, signal.SIGKILL)
    kernel.close()
    opened = Journal(tmp_path / "home")
    yield opened
    opened.close()


def states(journal):
    return [(entry.status, entry.complete, entry.polls) for entry in journal.entries(Filter())]


def test_all_are_fetched_and_verified_without_any_kernel(journal, tmp_path, environment):
    options = ("--SoundpieceServer.resume=True",)
    folders = tmp_path / "notebooks", tmp_path / "mine"
    with JupyterServer(*folders, environment, options=options) as server:
        until = time.monotonic() + 60
        while (
            not all(entry.complete for entry in journal.entries(Filter()))
            and time.monotonic() < until
        ):
            time.sleep(0.2)
        assert "soundpiece_nb:" not in server.log.read_text()
        began = time.monotonic()
    assert time.monotonic() - began < 10
    entries = journal.entries(Filter())
    assert [entry.status for entry in entries] == ["ready"] * NUMBER
    for entry in entries:
        assert verify(journal.home / entry.takes[0].path).duration == pytest.approx(0.5, abs=0.01)
    assert len({entry.operation_id for entry in entries}) == NUMBER


def test_unasked_the_server_touches_none(journal, tmp_path, environment):
    before = states(journal)
    with JupyterServer(tmp_path / "notebooks", tmp_path / "mine", environment):
        time.sleep(6)
        assert states(journal) == before
    assert {complete for _, complete, _ in before} == {False}


def test_what_is_wrong_is_said_once_until_it_is_something_else(tmp_path):
    looks = iter(["damaged", "damaged", "", "damaged", "gone"])

    def abandoned(*_):
        if words := next(looks, ""):
            raise StorageFailed(words)
        return []

    said = []
    Resumer(tmp_path, said.append, find=abandoned, look_seconds=0.0).start()
    until = time.monotonic() + 5
    while len(said) < 3 and time.monotonic() < until:
        time.sleep(0.01)
    assert said == ["damaged", "damaged", "gone"]


def test_what_is_out_of_reach_is_asked_for_ever_more_rarely(tmp_path):
    opened = Journal(tmp_path)
    key = record(opened)  # by a kernel that went at once
    opened.release([key])
    opened.close()
    asked, clock = [], SimpleNamespace(now=0.0)

    class OutOfReach(Services):
        def can_connect(self, _):
            asked.append(clock.now)
            return False

    resumer = Resumer(tmp_path, print, clock=lambda: clock.now)
    settings = Settings(home=str(tmp_path))
    resumer._session = Session(settings)
    resumer._session.services = OutOfReach(settings, lambda: resumer._session.sandbox)
    for _ in range(1000):
        resumer.look()
        clock.now += LOOK_SECONDS
    resumer._session.close()
    assert asked == [0, 10, 30, 70, 150, 310, 630, 1230, 1830]

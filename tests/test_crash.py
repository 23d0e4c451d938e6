"""The kernel dies while it submits: a new one brings every operation to its end, once."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from soundpiece_nb.journal.quick_reads import find_abandoned
from support.kernels import Kernel
from support.services import RunningSandbox, quiet_environment

SUBMIT = """
import soundpiece_nb as sp
for number in range(15):
    sp.song("la la", prompt=f"jazz {number}")
"""


@pytest.fixture
def own_sandbox(tmp_path):
    running = RunningSandbox(tmp_path / "sandbox")
    yield running
    running.stop()


@pytest.fixture
def environment(tmp_path, own_sandbox):
    return quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=own_sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )


@pytest.fixture
def start_kernel(environment):
    started = []

    def start():
        started.append(Kernel(environment))
        return started[-1]

    yield start
    for kernel in started:
        kernel.close()


@pytest.mark.parametrize("seed", [0])
def test_a_kernel_killed_at_a_random_instant_of_submission(
    seed, environment, start_kernel, own_sandbox
):
    chance = random.Random(seed)
    doomed = start_kernel()
    doomed.run("import soundpiece_nb as sp\nlen(sp.history())")
    delay = chance.uniform(0.0, 0.7)
    thread = threading.Timer(delay, os.kill, (doomed.process, signal.SIGKILL))
    doomed.client.execute(SUBMIT)
    thread.start()
    thread.join()
    doomed.client.stop_channels()

    abandoned = len(find_abandoned(Path(environment["SOUNDPIECE_HOME"]), time.time_ns() // 1000))

    kernel = start_kernel()
    said = kernel.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp").text
    if abandoned:
        assert "%soundpiece_resume goes on" in said
    assert kernel.run("%soundpiece_resume").status == "ok"
    assert kernel.run("%soundpiece_wait", timeout=120).status == "ok"
    keys = kernel.value("len(sp.history())")
    assert kernel.value("set(sp.history()['status'])") <= {"ready"}, f"seed {seed}"
    assert kernel.value("all(len(f) == 2 for f in sp.history()['files'])")
    assert own_sandbox.counters()["operations"] == keys, f"seed {seed}, killed after {delay:.3f} s"
    assert kernel.run("%soundpiece_resume").printed == "Nothing is unfinished."


def test_the_service_restarts_meanwhile_and_nothing_is_lost(start_kernel, own_sandbox):
    kernel = start_kernel()
    kernel.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    kernel.run("ops = [sp.song('la la', prompt=f'rock {n}') for n in range(6)]")
    own_sandbox.kill()
    time.sleep(0.5)
    own_sandbox.start()
    ran = kernel.run("%soundpiece_wait", timeout=60)
    assert ran.status == "ok", ran.text
    assert kernel.value("[op.status for op in ops]") == ["ready"] * 6
    assert own_sandbox.counters()["operations"] == 6

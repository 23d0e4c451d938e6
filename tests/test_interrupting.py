"""Interrupt, shutdown and reload: waiting ends at once, and what was on its way does not."""

from __future__ import annotations

import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.held_service import HeldService, eventually
from support.kernels import Kernel, Ran
from support.services import quiet_environment
from support.session_processes import Process

pytestmark = pytest.mark.measured

AT_ONCE = 1.0
"""Seconds within which an interrupt has to end what it interrupts."""

A_KERNELS_OWN = 0.5
"""Seconds that a kernel takes to end by itself."""

PREPARE = """
%load_ext soundpiece_nb
import asyncio, threading
import soundpiece_nb as sp
"""


@pytest.fixture(scope="module")
def service():
    started = HeldService()
    yield started
    started.close()


@pytest.fixture(scope="module")
def environment(service, tmp_path_factory):
    return quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=service.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )


@pytest.fixture(scope="module")
def kernel(environment):
    started = Kernel(environment)
    assert started.run(PREPARE).status == "ok"
    yield started
    started.close()


@pytest.fixture(autouse=True)
def _held(service):
    """Nothing is done before a test says so, and nothing of the test before is left."""
    service.done.set()
    eventually(lambda: not service.held())
    service.done.clear()
    service.flowing.set()


def run_all(kernel, *cells):
    """Queue cells as a front end's Run All does; returns their numbers."""
    return [kernel.client.execute(cell, stop_on_error=True) for cell in cells]


def replies(kernel, queued, seconds=10):
    """Return how each queued cell ended, and what the first of them showed."""
    until = time.monotonic() + seconds
    ended, shown, idle = {}, [], set()
    while set(queued) - set(ended) or queued[-1] not in idle:
        assert time.monotonic() < until, f"no end of {set(queued) - set(ended)}"
        for channel in (kernel.client.shell_channel, kernel.client.iopub_channel):
            while channel.msg_ready():
                message = channel.get_msg(timeout=1)
                kind, content = message["msg_type"], message["content"]
                cell = message["parent_header"].get("msg_id")
                if kind == "execute_reply":
                    ended[cell] = content["status"]
                elif kind == "status" and content["execution_state"] == "idle":
                    idle.add(cell)
                elif kind in ("stream", "display_data", "update_display_data", "error"):
                    shown.append({"type": kind, **content})
        time.sleep(0.01)
    return [ended[cell] for cell in queued], Ran(ended[queued[0]], shown)


WAITING = {
    "await, before the loop was ever nested": "await hit",
    "wait for one": "%soundpiece_wait hit",
    "wait for all": "%soundpiece_wait",
    "result": "hit.result()",
    "await": "await hit",
    "await of several": "await asyncio.gather(hit, hit)",
    "result in a cell that awaits": "await asyncio.sleep(0)\nhit.result()",
    "the magic itself": "%soundpiece_fx -p bang -d 1 --wait",
    "a sweep": "sweep.result()",
    "a sweep, one by one": "for each in sweep: pass",
    "a sweep's magic": "%soundpiece_fx -p '{{size}} bang' -d 1 --sweep size=tiny,huge --wait",
    "a batch": "batch.result()",
}


@pytest.mark.parametrize("cell", WAITING.values(), ids=WAITING)
def test_an_interrupt_ends_the_waiting_at_once_and_run_all_but_no_operation(kernel, service, cell):
    kernel.run("hit = sp.fx('hit', 1, name='hit')")
    if "sweep." in cell or "in sweep" in cell:
        kernel.run("sweep = sp.sweep('fx', vary={'size': ['a', 'b']}, prompt='{{size}}')")
    if "batch" in cell:
        kernel.run("batch = sp.batch([{'prompt': 'a'}, {'prompt': 'b'}], route='fx', name='b')")
    key = kernel.value("hit.key")
    eventually(lambda: key in service.held())
    queued = run_all(kernel, f"print('now')\n{cell}" if cell[0] != "%" else cell, "after = 1")
    time.sleep(0.5)
    began = time.monotonic()
    kernel.manager.interrupt_kernel()
    ends, shown = replies(kernel, queued)
    assert time.monotonic() - began < AT_ONCE
    assert ends == ["error", "aborted"]
    [error] = shown.errors
    assert "go on" in error or "goes on" in error
    assert len(error.splitlines()) == 1
    if "hit" in cell:
        assert key in error
        assert f"%soundpiece_wait {key[:8]}" in error
    assert service.held()[key] == 1
    service.done.set()
    assert kernel.value("hit.result().status") == "ready"
    assert service.requests[key] == service.downloads[key] == 1


# ------------------------------------------------------------------ at any other instant


INSTANTS = ("call", "c_return")
"""Where Python looks for signals, of which a profile is told: a function begins, a C call ended."""


def interrupted_at(step, job):
    """Run a job, interrupted at an instant in our rooms, counted from 1; False if it has fewer."""
    passed = 0

    def profile(frame, event, _):
        nonlocal passed
        if event in INSTANTS and "/soundpiece_nb/" in frame.f_code.co_filename:
            passed += 1
            if passed == step:
                signal.raise_signal(signal.SIGINT)

    sys.setprofile(profile)
    try:
        with suppress(KeyboardInterrupt):
            job(step)
    finally:
        sys.setprofile(None)
    return passed >= step


@pytest.fixture
def here(home, service, monkeypatch):
    """This process's own session, at a service that has everything done at once."""
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    service.done.set()
    return current()


def bang(step):
    return sp.fx(f"bang {step}", 1)


def bangs(step):
    return sp.sweep("fx", vary={"size": ["tiny", "huge"]}, prompt=f"{{{{size}}}} bang {step}")


def test_whatever_is_written_down_is_on_its_way_though_an_interrupt_comes(here, service):
    made = Counter(service.requests)
    bang(0)  # what is imported once is by now
    step = 1
    while interrupted_at(step, bang):
        step += 1
    print(f"interrupted at each of {step - 1} instants")
    assert step > 50
    eventually(lambda: not here.engine.in_flight())
    assert here.journal.unfinished() == []
    assert_made_once(here, service.requests - made)


def test_an_interrupted_sweep_loses_nothing(here, service):
    made = Counter(service.requests)
    bangs(0)
    step = 1
    while interrupted_at(step, bangs):
        step += 13
    eventually(lambda: not here.engine.in_flight())
    for operation in sp.resume():
        operation.result(20)
    assert_made_once(here, service.requests - made)


def assert_made_once(here, new):
    assert set(here.journal.counts()) == {"ready"}
    assert set(new) == set(sp.history().index)
    assert set(new.values()) == {1}


# ------------------------------------------------------------------ reloading

THREADS = "sorted(t.name for t in threading.enumerate() if t.name.startswith('soundpiece'))"


def updates(ran, display):
    """Return what replaced an output, in turn."""
    return [
        each["data"]
        for each in ran.of("update_display_data")
        if each["transient"]["display_id"] == display
    ]


def test_reloading_goes_on_with_everything_where_it_is_shown(kernel, service):
    made = Counter(service.requests)
    [card] = kernel.run("%soundpiece_fx hit -p bang -d 1").of("display_data")
    [board] = kernel.run(
        "%soundpiece_fx sweep -p '{{n}} bang' -d 1 --sweep n=1,2,3,4,5,6,7,8,9,10"
    ).of("display_data")
    [summary] = kernel.run(
        "batch = sp.batch([{'prompt': f'bang {n}', 'duration': 1} for n in range(5)], "
        "route='fx', max_in_flight=2)\nbatch"
    ).of("display_data")
    kernel.run("waiting = asyncio.ensure_future(asyncio.wait_for(hit, 60))")
    eventually(lambda: len(service.held()) == 1 + 8 + 2)
    reloaded = kernel.run("%reload_ext soundpiece_nb\nawait asyncio.sleep(0.3)")
    assert reloaded.status == "ok"
    assert [each["text"] for each in reloaded.of("stream")] == []
    resting, live = updates(reloaded, card["transient"]["display_id"])
    assert "goes on at the service" in resting["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in live
    eventually(lambda: len(service.held()) == 1 + 8 + 2)
    assert kernel.value("hit.status, waiting.done(), sweep.done") == ("processing", False, False)
    service.done.set()
    ran = kernel.run("sweep.result(30), batch.result(30), hit.result(30)\nawait asyncio.sleep(2)")
    assert ran.status == "ok", ran.text
    for shown, takes in ((card, 1), (board, 10)):
        last = updates(ran, shown["transient"]["display_id"])[-1]
        assert last["text/html"].count("<audio") == takes
    assert "5 ready" in updates(ran, summary["transient"]["display_id"])[-1]["text/plain"]
    assert kernel.value("waiting.result() is hit") is True
    assert kernel.value("[op.status for op in sweep]") == ["ready"] * 10
    new = service.requests - made
    assert len(new) == 16
    assert set(new.values()) == {1}
    assert all(service.downloads[key] == 1 for key in new)


def test_unloading_leaves_nothing_running_and_loading_goes_on_much_later(kernel, service):
    [card] = kernel.run("%soundpiece_fx hit -p bang -d 1").of("display_data")
    [board] = kernel.run("%soundpiece_fx many -p '{{n}}' -d 1 --sweep n=1,2").of("display_data")
    eventually(lambda: len(service.held()) == 3)
    assert kernel.value(THREADS) != []
    unloaded = kernel.run("%unload_ext soundpiece_nb")
    assert kernel.value(THREADS) == []
    assert service.held() == {}
    [resting] = updates(unloaded, card["transient"]["display_id"])
    assert "widget-view" not in str(resting)
    assert kernel.value("hit.status, many.done") == ("processing", False)
    assert kernel.value(THREADS) == []
    service.done.set()
    assert kernel.value("hit.status") == "processing"
    assert kernel.run("%load_ext soundpiece_nb").of("stream") == []
    ran = kernel.run("many.result(30), hit.result(30)\nawait asyncio.sleep(1.5)")
    assert ran.status == "ok", ran.text
    for shown, takes in ((card, 1), (board, 2)):
        last = updates(ran, shown["transient"]["display_id"])[-1]
        assert last["text/html"].count("<audio") == takes


def test_a_handle_works_while_the_extension_is_unloaded(kernel, service):
    kernel.run("hit = sp.fx('hit', 1)\nother = sp.fx('other', 1)")
    keys = kernel.value("[hit.key, other.key]")
    eventually(lambda: len(service.held()) == 2)
    kernel.run("%unload_ext soundpiece_nb")
    service.done.set()
    assert kernel.value("hit.result(20).status, other.status") == ("ready", "processing")
    kernel.run("%load_ext soundpiece_nb")
    assert kernel.value("other.result(20).status") == "ready"
    assert [service.requests[key] for key in keys] == [1, 1]


# ------------------------------------------------------------------ restart and shutdown


@pytest.mark.parametrize(
    ("restart", "in_the_middle_of"), [(True, "downloads"), (False, "polls")], ids=str
)
def test_a_kernel_ends_within_a_second_with_nothing_half_written(
    environment, service, restart, in_the_middle_of
):
    kernel = Kernel(environment)
    kernel.run(PREPARE)
    if in_the_middle_of == "downloads":
        service.flowing.clear()
        service.done.set()
    kernel.run("hits = [sp.fx(f'hit {n}', 1) for n in range(4)]\nhits[0]")
    keys = kernel.value("[op.key for op in hits]")
    begun = service.downloads if in_the_middle_of == "downloads" else service.most_pollers
    eventually(lambda: all(begun[key] for key in keys))
    process = psutil.Process(kernel.process)
    began = time.monotonic()
    kernel.client.shutdown(restart=restart)
    eventually(lambda: process.status() == psutil.STATUS_ZOMBIE)
    assert time.monotonic() - began < AT_ONCE + A_KERNELS_OWN
    kernel.close()
    home = Path(environment["SOUNDPIECE_HOME"])
    with closing(sqlite3.connect(home / "journal.sqlite")) as journal:
        assert journal.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = dict(journal.execute("SELECT idempotency_key, holder FROM operations").fetchall())
    assert {rows[key] for key in keys} == {None}, "any other may go on at once"
    assert not [key for key in keys if list(home.glob(f"audio/{key}/*.flac"))]
    service.done.set()
    service.flowing.set()
    heir = Process(environment)
    assert set(heir.do("[op.key for op in sp.resume()]")) == set(keys)
    assert heir.do(f"[sp.operation(key).result(20).status for key in {keys}]") == ["ready"] * 4
    assert [service.requests[key] for key in keys] == [1] * 4
    heir.close()

"""A machine that starts no more threads: nothing is left half made, and a later try goes on.

The refusal is the system's own: no thread gets a stack of sixteen terabytes.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import NOTHING_SENT, MachineLimit
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.engine.workers import Workers
from soundpiece_nb.operations.current_session import current


@contextmanager
def no_threads():
    usual = threading.stack_size(1 << 44)
    try:
        yield
    finally:
        threading.stack_size(usual)


def test_nothing_is_written_down_or_sent_and_the_next_try_works(connected):
    with no_threads(), pytest.raises(MachineLimit) as told:
        sp.fx("a click", 0.5)
    assert "no more threads" in told.value.what
    assert told.value.money == NOTHING_SENT
    assert len(sp.history()) == 0
    assert sp.fx("a click", 0.5).result(30).status == "ready"


def test_an_engine_that_runs_goes_on_without_new_threads(connected):
    sp.fx("a first click", 0.5).result(30)
    with no_threads():
        op = sp.fx("a click", 0.5)
        assert op.result(30).status == "ready"


def test_what_is_resumed_meanwhile_is_resumed_later(connected):
    op = sp.fx("a click", 0.5).result(30)
    op.outputs[0].path.unlink()
    current.close()
    with no_threads(), pytest.raises(MachineLimit):
        sp.operation(op.key).result(10)
    assert sp.operation(op.key).result(30).outputs[0].path.exists()


def test_an_engine_whose_thread_died_is_made_again(connected):
    sp.fx("a click", 0.5).result(30)
    engine = current().engine

    def die():
        raise SystemExit

    died = engine._thread
    engine._loop.call_soon_threadsafe(die)
    died.join(10)
    assert not died.is_alive()
    assert sp.fx("another click", 0.5).result(30).status == "ready"
    assert engine._thread is not died


def test_what_was_on_its_way_when_the_thread_died_is_said_to_be_left(scripted):
    from support.services import as_json, operation

    held = threading.Event()

    def answer(heard, _):
        if heard.method == "GET":
            held.wait(20)
        return as_json(operation("processing"))

    service = scripted(answer)
    op = sp.song("la", prompt="jazz")
    while not service.of("GET", "/v1/create.new_song"):
        pass
    engine = current().engine

    def die():
        raise SystemExit

    engine._loop.call_soon_threadsafe(die)
    with pytest.raises(sp.WatchingStopped, match="no longer follows"):
        op.result(10)
    held.set()
    assert current().journal.entry(op.key).status == "processing"


def test_a_worker_that_cannot_start_takes_its_job_back():
    workers = Workers()
    with no_threads(), pytest.raises(MachineLimit):
        workers.start(lambda: 1)
    assert workers.start(lambda: 2).result(10) == 2
    workers.close()


def test_the_doctor_and_a_help_screen_say_it_in_a_sentence(connected):
    with no_threads(), pytest.raises(MachineLimit, match="no more threads"):
        Examination().begin()
    assert "in order" in str(Examination().begin().result(30))

"""An interrupt is heard while one waits, whichever of the process's threads it reaches."""

from __future__ import annotations

import asyncio
import math
import signal
import threading
import time
from concurrent.futures import Future

import pytest

from soundpiece_nb.api.errors import WaitInterrupted, WaitTimeout
from soundpiece_nb.operations.waiting import attend, wait, wait_in_loop

KEY = "550e8400-e29b-41d4-a716-446655440000"


@pytest.fixture
def interrupted():
    """Send an interrupt to a thread that does not wait, which leaves the one that does asleep."""

    def send():
        time.sleep(0.3)
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    yield
    thread.join()


@pytest.fixture
def late():
    """What ends long after that."""
    future = Future()
    timer = threading.Timer(3, future.set_result, ["made"])
    timer.start()
    yield future
    timer.cancel()


@pytest.mark.usefixtures("interrupted")
def test_in_a_script_waiting_stops_at_once(late):
    with pytest.raises(WaitInterrupted, match="goes on under the key 550e8400"):
        wait(late, math.inf, KEY)
    assert not late.done()


@pytest.mark.usefixtures("interrupted")
def test_work_on_this_machine_is_not_waited_for_either(late):
    with pytest.raises(KeyboardInterrupt):
        attend(late)
    assert not late.done()


def test_in_a_running_loop_waiting_stops_at_once(late, interrupted):
    async def cell():
        with pytest.raises(WaitInterrupted):
            wait(late, math.inf, KEY)

    asyncio.run(cell())
    assert not late.done()


def test_what_is_made_is_returned_and_what_went_wrong_raised():
    for outcome in ("made", TimeoutError("of its own")):
        future = Future()
        if isinstance(outcome, str):
            threading.Timer(0.3, future.set_result, [outcome]).start()
            assert attend(future) == outcome
        else:
            threading.Timer(0.3, future.set_exception, [outcome]).start()
            with pytest.raises(TimeoutError, match="of its own"):
                attend(future)


def test_time_that_is_over_is_said_after_that_time(late):
    began = time.monotonic()
    with pytest.raises(WaitTimeout, match=r"after 0\.5 s and goes on"):
        wait(late, 0.5, KEY)
    assert time.monotonic() - began >= 0.5


async def test_a_loop_waits_for_it_without_standing_still(late):
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.01)

    beside = asyncio.create_task(tick())
    threading.Timer(0.3, lambda: late.done() or late.set_result("made")).start()
    await wait_in_loop(late, KEY)
    beside.cancel()
    assert ticks > 5

"""`await` works in any event loop, and says so in a sentence where none runs."""

from __future__ import annotations

import asyncio
import logging
import threading
import warnings
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import trio

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.waiting import wait, wait_in_loop
from support.kernels import Kernel
from support.services import as_json, operation, quiet_environment

KEY = "550e8400-e29b-41d4-a716-446655440000"
RUNNERS = {
    "asyncio": lambda function, *given: asyncio.run(function(*given)),
    "trio": trio.run,
}


@pytest.fixture
def future():
    """What has yet to end, and does after the test."""
    running = Future()
    yield running
    if not running.done():
        running.set_result("made")


def ending(outcome, seconds=0.2):
    """Return a future that another thread ends."""
    future = Future()
    end = future.set_exception if isinstance(outcome, Exception) else future.set_result
    threading.Timer(seconds, end, [outcome]).start()
    return future


@pytest.mark.parametrize("run", RUNNERS.values(), ids=RUNNERS)
def test_every_library_waits_for_what_a_thread_ends(run):
    run(wait_in_loop, ending("made"), KEY)
    with pytest.raises(sp.ServiceSilent, match="No answer"):
        run(wait_in_loop, ending(sp.ServiceSilent("No answer.")), KEY)


def test_several_loops_wait_for_the_same_at_once():
    future = ending("made", 0.5)
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(run, wait_in_loop, future, KEY) for run in [*RUNNERS.values()] * 2]
    assert [each.result(5) for each in asked] == [None] * 4


def test_cancelling_in_trio_leaves_the_operation(future):
    async def give_up():
        with trio.move_on_after(0.05) as limit:
            await wait_in_loop(future, KEY)
        return limit.cancelled_caught

    assert trio.run(give_up)
    assert not future.done()


@pytest.mark.parametrize("library", RUNNERS)
def test_a_loop_that_has_ended_meanwhile_disturbs_nobody(future, library, caplog):
    async def give_up():
        if library == "trio":
            with trio.move_on_after(0.05):
                await wait_in_loop(future, KEY)
        else:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(wait_in_loop(future, KEY), 0.05)

    RUNNERS[library](give_up)
    with caplog.at_level(logging.DEBUG):
        future.set_result("made")  # tells all that ever waited
    assert caplog.records == []


def test_without_a_loop_a_sentence_says_what_waits(future):
    waiting = wait_in_loop(future, KEY)
    with pytest.raises(sp.Mistake, match=r"none runs here\. Call \.result\(\)"):
        waiting.send(None)


def test_what_has_ended_needs_no_loop(connected):
    made = sp.fx("door", duration=1).result(60)
    with pytest.raises(StopIteration) as ended:
        made.__await__().send(None)
    assert ended.value.value == made


def test_a_loop_that_stands_still_is_warned_of_and_is_not_where_it_goes_on():
    async def block():
        wait(ending("made"), 10, KEY)

    with pytest.warns(RuntimeWarning, match=r"of trio, stands still .* `await` the handle"):
        trio.run(block)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        asyncio.run(block())
        wait(ending("made"), 10, KEY)


async def test_an_operation_goes_wherever_asyncio_takes_what_can_be_awaited(connected):
    made = [sp.fx(f"door {number}", duration=1) for number in range(3)]
    gathered = await asyncio.gather(*made, made[0])
    assert gathered == [*made, made[0]]
    assert await asyncio.wait_for(made[0], 5) == await asyncio.shield(made[0]) == made[0]
    assert {await each for each in asyncio.as_completed(made)} == set(made)
    assert await asyncio.ensure_future(made[1]) == await made[1] == made[1]


@pytest.mark.parametrize("run", RUNNERS.values(), ids=RUNNERS)
def test_a_batch_and_a_sweep_are_awaited_as_a_table(connected, run):
    async def all_of(many):
        return await many

    rows = [{"prompt": word, "duration": 1} for word in ("door", "bell")]
    assert list(run(all_of, sp.batch(rows, route="fx")).status) == ["ready"] * 2
    swept = sp.sweep("fx", vary={"what": ["door", "bell"]}, prompt="{{what}}", duration=1)
    assert list(run(all_of, swept).status) == ["ready"] * 2


async def test_cancelling_the_wait_for_a_batch_says_what_goes_on(scripted):
    scripted(lambda *_: as_json(operation()))
    batch = sp.batch([{"prompt": "door", "duration": 1}] * 2, route="fx", name="doors")
    waiting = asyncio.ensure_future(batch)
    await asyncio.sleep(0.1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError, match=r"2 of 2 operations go on\. sp\.batch"):
        await waiting
    assert current().engine.run(batch.keys[0])


def test_a_kernel_awaits_in_trio_too(tmp_path, sandbox):
    environment = quiet_environment(
        tmp_path / "home", SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY="spk_tests_only"
    )
    kernel = Kernel(environment)
    try:
        kernel.run("import soundpiece_nb as sp, trio")
        for library in ("trio", "asyncio"):
            kernel.run(f"import {library}\n%autoawait {library}")
            ran = kernel.run(
                f"await {library}.sleep(0)\n"
                "made = await sp.fx('door', duration=1)\nprint(made.status)"
            )
            assert ran.printed == "ready", ran.text
            ran = kernel.run("await sp.song('content_policy', prompt='x')")
            assert ran.errors[0].startswith("OperationFailed: The provided lyrics")
        assert kernel.run("%store made\ndel made\n%store -r made\nprint(made.status)").printed
        assert kernel.value("made.status") == "ready"
    finally:
        kernel.close()

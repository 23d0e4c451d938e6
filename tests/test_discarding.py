"""Discarding: what was never sent is dropped for good, and asked for again it is a new wish."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import time
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import Discarded, Mistake, NotSent
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.suggestions import suggest_droppable
from soundpiece_nb.magics.targets import find_target
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.discarding import NO_WAY_BACK
from support.held_service import HeldService, eventually
from support.kernels import Kernel
from support.left_behind import leave_behind, states_in
from support.services import quiet_environment
from support.session_processes import Process
from support.storms import StormySandbox

KEY = "spk_tests_only_0123456789"
ROWS = [{"prompt": f"{word} wind", "duration": 1} for word in ("soft", "hard", "no")]


@pytest.fixture(scope="module")
def left(tmp_path_factory, sandbox):
    """The home folder that a killed process left, with operations in every state."""
    home = tmp_path_factory.mktemp("left") / "home"
    leave_behind(
        quiet_environment(home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY)
    )
    return home


@pytest.fixture
def home_left(left, connected):
    """A copy of it, as this process's home."""
    shutil.copytree(left, connected)
    return connected


def sent_to(sandbox) -> int:
    return sandbox.counters()["requests"].get("PUT create.new_fx", 0)


def group(word):
    return find_target(word, {}, current())


NAMED = {
    "a NAME": lambda: sp.discard("calm"),
    "a key": lambda: sp.discard(sp.operation("calm").key),
    "its beginning": lambda: sp.discard(sp.operation("calm").key[:8]),
    "a handle": lambda: sp.discard(sp.operation("calm")),
    "a handle itself": lambda: sp.operation("calm").discard(),
    "a sweep's NAME": lambda: sp.discard("ways"),
    "a sweep's id": lambda: sp.discard(group("ways").id),
    "a sweep's handle": lambda: sp.discard(group("ways")),
    "a sweep's handle itself": lambda: group("ways").discard(),
    "a batch's NAME": lambda: sp.discard("rows"),
    "a batch's handle": lambda: sp.discard(group("rows")),
    "all": lambda: sp.discard(unsent=True),
}


@pytest.mark.parametrize("named", NAMED)
def test_it_drops_what_was_never_sent_whatever_names_it(home_left, named):
    NAMED[named]()
    now, every = states_in(home_left), named == "all"
    of = next((word for word in ("sweep", "batch") if word in named), "single")
    assert now["calm"] == ["discarded" if every or of == "single" else "unsent"]
    assert now["ways"][:2] == ["discarded" if every or of == "sweep" else "unsent"] * 2
    assert now["rows"][:2] == ["discarded" if every or of == "batch" else "unsent"] * 2
    assert now["ways"][2] == now["perhaps"][0] == "submitting"
    assert (now["done"], now["going"], now["failed"]) == (["ready"], ["processing"], ["failed"])


def test_of_what_was_partly_sent_it_says_both_numbers(home_left):
    said = sp.discard("ways")
    assert said.startswith("2 of 3 operations discarded. They were never made")
    assert "may have been sent" in said
    assert said.endswith(NO_WAY_BACK)
    some = sp.discard("calm", "done", "going", "failed", "perhaps", "dropped")
    assert some.startswith("1 of 6 operations discarded. It was never made")
    assert "1 was sent" in some or "1 were sent" in some


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("done", "is made and paid for"),
        ("going", "was sent"),
        ("perhaps", "may have been sent"),
        ("failed", "is failed: nothing was made"),
        ("dropped", "was discarded before"),
        ("nobody", "No operation has the name"),
        ("", "Say what to discard"),
    ],
)
def test_what_cannot_be_dropped_is_refused_with_the_reason(home_left, left, word, says):
    with pytest.raises(Mistake, match=says):
        sp.discard(*[word] if word else [])
    assert states_in(home_left) == states_in(left)


def test_what_was_discarded_is_sent_by_nothing_that_was_there_before(home_left, sandbox):
    before = sent_to(sandbox)
    earlier = group("rows")
    sp.discard(unsent=True)
    dropped = sp.operation("calm")
    with pytest.raises(Mistake, match="Discarded before it was sent: calm"):
        sp.resume("calm")
    for wait in (dropped.result, lambda: sp.operation(dropped.key).result(5)):
        with pytest.raises(Discarded, match="Run its cell again"):
            wait()
    assert list(earlier.result(10)["status"]) == ["discarded", "discarded", "failed"]
    again = sp.batch(name="rows")
    assert list(again.result(10)["status"]) == ["discarded", "discarded", "failed"]
    assert str(again.failure()).startswith("3 of 3 operations are not ready. It was discarded")
    with pytest.raises(Mistake, match="Discarded before it was sent"):
        sp.resume("rows")
    assert sent_to(sandbox) == before
    assert sp.resume("ways")[0].status in ("submitting", "processing", "ready")  # it may have been
    group("ways").result(30)
    assert sent_to(sandbox) == before + 1


def test_running_the_cell_again_is_a_new_wish(home_left, sandbox, capsys):
    before, dropped = sent_to(sandbox), sp.operation("dropped")
    asked = dropped.entry.submitted_at
    again = sp.fx("dropped rain", 1, key=dropped.key, note="after all")
    assert again == dropped
    assert "1 operation was discarded before, and goes out now." in capsys.readouterr().out
    assert again.result(30).status == "ready"
    assert again.entry.submitted_at > asked, "it counts as made now"
    assert again.entry.note == "after all"
    assert sp.fx("dropped rain", 1, key=dropped.key).result(5) == again
    assert capsys.readouterr().out == ""
    assert sent_to(sandbox) == before + 1


def test_so_is_giving_a_batch_its_rows_again(home_left, sandbox, capsys):
    before, keys = sent_to(sandbox), group("rows").keys
    sp.discard("rows")
    again = sp.batch(ROWS, route="fx", name="rows")
    assert "2 operations were discarded before, and go out now." in capsys.readouterr().out
    assert again.keys == keys
    assert list(again.result(30)["status"]) == ["ready", "ready", "failed"]
    assert group("rows").keys == keys, "in the order of its rows still"
    assert sent_to(sandbox) == before + 2


def test_discarded_and_asked_for_in_one_breath_it_is_made(home_left):
    for _ in range(5):
        one = sp.fx("breath", 1, once=True)
        try:
            one.discard()
        except Mistake:
            break  # it was sent
    assert sp.fx("breath", 1, once=True).result(30).status == "ready"


# ------------------------------------------------------------------ waiting for what was not sent


def test_waiting_for_a_part_that_was_never_sent_says_so_at_once(home_left, sandbox):
    before, ways = sent_to(sandbox), group("ways")
    with pytest.raises(NotSent) as told:
        ways.result(20)
    assert "0 of 3 are ready, and 2 were never sent." in str(told.value)
    assert "%soundpiece_resume ways sends them" in str(told.value)
    assert "%soundpiece_discard ways drops them" in str(told.value)
    seen = []
    with pytest.raises(NotSent, match="2 were never sent"):
        seen.extend(ways)
    assert [each.key for each in seen] == [ways.keys[2]], "the one that may have arrived"
    assert isinstance(ways.failure(), NotSent) or "2 were never sent" in str(ways.failure())
    assert sent_to(sandbox) == before


def test_a_handle_that_looked_waits_once_it_was_resumed(home_left, sandbox):
    ways = group("ways")
    with pytest.raises(NotSent):
        ways.result(20)
    sp.resume("ways")
    assert list(ways.result(30)["status"]) == ["ready"] * 3


def test_what_was_never_sent_is_listed(home_left):
    unsent = sp.history(unsent=True)
    assert len(unsent) == 5
    assert set(unsent["status"]) == {"submitting"}
    assert len(sp.history(unsent=False)) == len(sp.history()) - 5
    assert list(sp.history(status="discarded")["name"]) == ["dropped"]
    with pytest.raises(Mistake, match="True or False"):
        current().journal.entries(Filter(unsent="yes"))


def test_tab_offers_what_can_be_dropped(home_left):
    offered = [each.word for each in suggest_droppable(home_left)]
    assert offered == ["rows", "ways", "refused", "calm"]


# ------------------------------------------------------------------ while it goes on


@pytest.fixture
def service(home, monkeypatch):
    started = HeldService()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", started.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", KEY)
    yield started
    started.close()


def test_a_sweep_that_goes_on_is_shown_as_that_very_one(service):
    ways = sp.sweep("fx", vary={"n": [*"abcde"]}, prompt="{{n}}", duration=1, name="ways")
    assert group("ways") is group(ways.id) is ways
    service.done.set()
    ways.result(30)
    assert max(service.requests.values()) == 1
    assert group("ways") is not ways


def test_another_process_drops_what_this_one_was_about_to_send(service):
    rows = sp.batch(ROWS, route="fx", name="rows", max_in_flight=1)
    eventually(service.held)
    environment = quiet_environment(
        Path(current().home), SOUNDPIECE_BASE_URL=service.base_url, SOUNDPIECE_API_KEY=KEY
    )
    other = Process(environment)
    said = other.do("sp.discard('rows')")
    other.send(signal.SIGKILL)  # at once: what it did is done
    other.close()
    assert said.startswith("2 of 3 operations discarded.")
    service.done.set()
    assert list(rows.result(30)["status"]) == ["ready", "discarded", "discarded"]
    assert sum(service.requests.values()) == 1


def test_one_command_drops_the_rest_of_a_batch_that_goes_on(service):
    rows = sp.batch(ROWS, route="fx", name="rows", max_in_flight=1)
    eventually(service.held)
    with pytest.raises(sp.WaitTimeout) as waited:
        rows.result(0.1)
    assert "3 of 3 operations go on, 2 of them not sent yet:" in str(waited.value)
    assert "%soundpiece_discard rows drops those" in str(waited.value)
    assert "2 of 3 operations discarded" in sp.discard("rows")
    service.done.set()
    assert list(rows.result(30)["status"]) == ["ready", "discarded", "discarded"]
    assert sum(service.requests.values()) == 1


LOOP = """
import os, signal, time
for number in range(60):
    sp.fx(f"Click {number}", 1)
    if number == 40:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)
"""


def test_an_interrupted_loop_holds_back_what_has_not_left_and_says_how_many(tmp_path):
    with socket.socket() as nobody:  # who does not answer yet
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        kernel = Kernel(
            quiet_environment(
                tmp_path / "home", SOUNDPIECE_BASE_URL=address, SOUNDPIECE_API_KEY=KEY
            )
        )
        try:
            kernel.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
            earlier = "earlier = sp.fx('Hit', 1)\nsweep = sp.sweep('fx', prompt='Hit', repeat=2)"
            kernel.run(earlier)
            said = kernel.run(LOOP).text
            told = re.search(r"Of 41 op.* began, (\d+) ha\w+ left, and (\d+) were held back", said)
            left, held = map(int, told.groups())
            assert left + held == 41, "the others were just leaving"
            running = kernel.value("len(sp.operation.__globals__['current']().engine.in_flight())")
            assert 3 <= running <= 3 + left, "what other cells began goes on"
            for _ in range(20):  # until none is just being tried
                kernel.run("%soundpiece_discard --unsent\ntime.sleep(0.2)")
                if states_in(tmp_path / "home")[None] == ["discarded"] * 44:
                    break
            kernel.run("%unload_ext soundpiece_nb")
            assert "soundpiece" not in kernel.value("str(get_ipython().events.callbacks)")
        finally:
            kernel.close()
    assert states_in(tmp_path / "home")[None] == ["discarded"] * 44


@pytest.fixture
def refusing(monkeypatch):
    """The address of a service, at which nobody takes a connection."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1"
        monkeypatch.setenv("SOUNDPIECE_BASE_URL", address)
        yield address


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 0.2])
def test_what_is_held_back_time_and_again_has_not_left(connected, refusing, delay):
    ops = [sp.fx(f"Click {number}", 1) for number in range(40)]
    keys, engine = [op.key for op in ops], current().engine
    time.sleep(delay)
    deadline = time.monotonic() + 20
    while engine.in_flight() and time.monotonic() < deadline:
        engine.hold_back(keys)
        time.sleep(0.001)
    assert set(current().journal.states(keys).values()) == {"unsent"}


def test_what_may_have_arrived_when_it_is_held_back_goes_on_under_its_key(
    tmp_path, connected, monkeypatch
):
    storm = StormySandbox(tmp_path)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", storm.base_url)
    try:
        storm.admin("POST", "PUT create.new_fx drop after")
        op = sp.fx("wind", 1)
        engine = current().engine
        eventually(lambda: engine.run(op.key).may_have_arrived)
        engine.hold_back([op.key])
        storm.admin("DELETE")
        assert op.result(20).status == "ready"
        assert storm.counters()["created"] == 1
    finally:
        current().close()
        storm.stop()


# ------------------------------------------------------------------ a question, and its answer


MANY = """
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.plan import Draft
from soundpiece_nb.operations.row_plans import plan_rows
from soundpiece_nb.operations.rows import read_rows
from soundpiece_nb.operations.submission import record
rows = [{"prompt": f"internal_error {number}", "duration": 1} for number in range(51)]
record(current(), plan_rows(current(), read_rows(rows), Draft(route=find_route("fx"), fields={}),
                            "many"), batch="many")
"""


def test_more_than_fifty_are_sent_only_by_a_yes(tmp_path, sandbox):
    environment = quiet_environment(
        tmp_path / "home", SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY
    )
    doomed = Process(environment)
    doomed.do(MANY)
    doomed.send(signal.SIGKILL)
    doomed.close()
    before = sent_to(sandbox)
    kernel = Kernel(environment)
    try:
        loaded = kernel.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp").text
        assert "51 were never sent" in loaded
        for cell in (
            "%soundpiece_resume",
            "many = sp.batch(name='many')",
            "%soundpiece_resume many",
        ):
            _answer(kernel, cell, "n")
            _answer(kernel, cell, None)
        assert "NotSent" in kernel.run("many.result(5)").text
        kernel.client.allow_stdin = False  # and nobody is there
        for cell in ("%soundpiece_resume", "sp.batch(name='many')", "sp.resume()"):
            assert "more than go out unasked" in kernel.run(cell).text
        assert sent_to(sandbox) == before
        kernel.run("sp.resume(*sp.history(unsent=True).index[:2])\n%soundpiece_wait")
        assert sent_to(sandbox) == before + 2
        assert "49 of 51 operations discarded" in kernel.run("%soundpiece_discard many").text
        assert "49 of 51" not in kernel.run("%soundpiece_discard --unsent").text
    finally:
        kernel.close()
    assert sent_to(sandbox) == before + 2


def _answer(kernel, cell, word):
    """Run a cell that asks, and answer; or interrupt the question."""
    asked = []

    def answer(message):
        asked.append(message["content"]["prompt"])
        if word is None:
            kernel.manager.interrupt_kernel()
        else:
            kernel.client.input(word)

    kernel.client.execute_interactive(
        cell, timeout=60, output_hook=lambda _: None, stdin_hook=answer, allow_stdin=True
    )
    assert ["51 operations were never sent" in prompt for prompt in asked] == [True], asked

"""The rest that is not sent: credits are used up in the middle, a loop is interrupted."""

from __future__ import annotations

import re
import threading

import pytest

import soundpiece_nb as sp
from support.fx_service import Studio
from support.held_service import eventually
from support.kernels import Kernel
from support.services import Reply, as_json, quiet_environment

ROWS = [{"prompt": f"Click {number}", "duration": 1} for number in range(30)]


class Account(Studio):
    """A service whose account has so many `credits`; without any it answers with `refusal`."""

    def __init__(self) -> None:
        super().__init__()
        self.credits = 10**6
        self.refusal = as_json({"detail": "Not enough credits."}, 402)
        self.refused = 0
        self.counting = threading.Lock()

    def _answer(self, heard, times):
        with self.counting:
            if heard.method == "PUT" and len(self.made) >= self.credits:
                self.refused += 1
                return self.refusal
            return super()._answer(heard, times)


@pytest.fixture
def account(home, monkeypatch):
    service = Account()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield service
    service.close()


def begin_batch():
    return sp.batch(ROWS, route="fx", name="storm", max_in_flight=4)


def begin_sweep():
    vary = {"number": [str(number) for number in range(30)]}
    return sp.sweep("fx", vary=vary, prompt="Click {{number}}", duration=1, name="storm")


def begin_repeats():
    return sp.sweep("fx", repeat=30, prompt="Click", duration=1, name="storm")


@pytest.mark.parametrize("begin", [begin_batch, begin_sweep, begin_repeats])
def test_without_credits_the_rest_is_not_sent_and_one_command_goes_on_after_topping_up(
    account, begin
):
    account.credits = 7
    started = begin()
    with pytest.warns(RuntimeWarning, match="Top up") as warned:
        started.result(20)
    assert len(account.made) == 7
    assert account.refused <= 8  # those that were on the way when the first was refused
    counts = started.counts()
    unsent = 30 - 7 - account.refused
    assert counts == {"ready": 7, "rejected": account.refused, "unsent": unsent}
    words = str(warned[0].message)
    assert words.startswith("Not enough credits. 7 of 30 are ready, ")
    assert f"{unsent} were never sent" in words
    assert "Of those 23 nothing was made or charged." in words
    assert "%soundpiece_resume storm goes on with all 23" in words
    assert words in str(started.failure())
    account.credits = 100
    sp.resume(*started.operations)
    assert len(started.result(20).query("status == 'ready'")) == 30
    assert len(account.made) == 30


def test_a_batch_without_a_name_is_resumed_and_dropped_by_its_id(account):
    account.credits = 3
    started = sp.batch(ROWS, route="fx", max_in_flight=2)
    with pytest.warns(RuntimeWarning, match=f"%soundpiece_resume {started.id} goes on with all 27"):
        started.result(20)
    account.credits = 5
    again = sp.batch(name=started.id, max_in_flight=1)
    with pytest.warns(RuntimeWarning, match=f"%soundpiece_discard {started.id} drops them"):
        again.result(20)
    assert len(account.made) == 5
    assert sp.discard(again).startswith("25 of 30 operations discarded.")


def test_a_refused_key_stops_the_rest_too(account):
    account.credits, account.refusal = 2, as_json({"detail": "Unknown key."}, 401)
    started = begin_batch()
    with pytest.warns(RuntimeWarning, match="Set a key that the service takes, then %soundpiece_"):
        started.result(20)
    assert account.refused <= 4


def test_one_bad_row_stops_no_other(account):
    account.instead["PUT"] = [as_json({"detail": "Too loud."}, 422)]
    assert begin_batch().result(20).status.value_counts().to_dict() == {"ready": 29, "rejected": 1}


def test_what_is_left_is_dropped_by_one_command(account):
    account.credits = 3
    started = begin_batch()
    with pytest.warns(RuntimeWarning, match="storm drops them"):
        started.result(20)
    assert sp.discard(*started.operations).startswith("27 of 30 operations discarded.")
    account.credits = 100
    with pytest.raises(sp.Mistake, match="Discarded before it was sent"):
        sp.resume(*started.operations[-3:])
    assert started.result(5).status.value_counts().to_dict() == {"discarded": 27, "ready": 3}
    assert len(account.made) == 3


# ------------------------------------------------------------------ interrupts

SLOW = Reply(429, b'{"detail": "Slow down."}', {"Retry-After": "1"})


@pytest.fixture(scope="module")
def slow_service():
    """Takes three requests, and asks all others to wait."""
    service = Account()
    service.credits, service.refusal = 3, SLOW
    yield service
    service.close()


@pytest.fixture(scope="module")
def kernel(slow_service, tmp_path_factory):
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=slow_service.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    started = Kernel(environment)
    ran = started.run(
        "%load_ext soundpiece_nb\nimport os, signal, time\nimport soundpiece_nb as sp"
    )
    assert ran.status == "ok", ran.text
    yield started
    started.close()


def begin_anew(kernel, service):
    """Have what earlier cells began end, and the service take three requests again."""
    on_the_way = "len(sp.operation.__globals__['current']().engine.in_flight())"

    def nothing_is_on_the_way():
        kernel.run("%soundpiece_discard --unsent")  # but for what is just being tried
        return kernel.value(on_the_way) == 0

    eventually(nothing_is_on_the_way)
    service.made.clear()
    assert kernel.value("sp.fx('Again', duration=1).result(60).status") == "ready"
    service.made.clear()


INTERRUPT = "os.kill(os.getpid(), signal.SIGINT); time.sleep(5)"
INTERRUPTED = {
    "a loop of calls": "for n in range(20): sp.fx(f'Click {n}', duration=1)\n" + INTERRUPT,
    "a loop of magics": "for n in range(20):\n"
    "    %soundpiece_fx --prompt click --duration 1 --no-wait\n" + INTERRUPT,
    "a loop that awaits": "import asyncio\nfor n in range(20): sp.fx(f'Click {n}', duration=1)\n"
    "await asyncio.sleep(0.2)\nos.kill(os.getpid(), signal.SIGINT)\nawait asyncio.sleep(5)",
    "a batch and more": "sp.batch([{'prompt': f'Click {n}', 'duration': 1} for n in range(20)], "
    "route='fx')\n" + INTERRUPT,
}


@pytest.mark.parametrize("code", INTERRUPTED.values(), ids=INTERRUPTED)
def test_an_interrupted_cell_holds_back_what_has_not_left_and_says_how_many(
    kernel, slow_service, code
):
    begin_anew(kernel, slow_service)
    ran = kernel.run(code)
    said = re.search(
        r"Of 20 operations that this cell began, (\d+) ha(?:s|ve) left, and (\d+) w\w+ held back, "
        r"not sent\. %soundpiece_discard --unsent drops",
        ran.text,
    )
    assert said is not None, ran.text
    left, unsent = map(int, said.groups())
    assert left + unsent == 20
    assert len(slow_service.made) <= left
    assert unsent > 0
    heard = len(slow_service.of("PUT", "/v1/create.new_fx"))
    assert f"{unsent} operations discarded." in kernel.run("%soundpiece_discard --unsent").text
    assert len(slow_service.of("PUT", "/v1/create.new_fx")) == heard
    assert kernel.value("int((sp.history(limit=20).status == 'discarded').sum())") == unsent


def test_an_interrupted_wait_for_a_sweep_says_how_many_have_not_left_and_how_to_drop_them(
    kernel, slow_service
):
    begin_anew(kernel, slow_service)
    rest = threading.Timer(2.0, kernel.manager.interrupt_kernel)
    rest.start()
    ran = kernel.run("%soundpiece_fx clicks --prompt click --duration 1 --repeat 20 --wait")
    going_on = r"of 20 operations go on, \d+ of them not sent yet: %soundpiece_discard clicks drops"
    assert re.search(going_on, ran.text)
    assert "%soundpiece_show clicks shows it again." in ran.text
    said = kernel.run("%soundpiece_discard clicks").printed
    assert re.match(r"\d+ of 20 operations discarded\.", said), said
    assert "still made and paid for" in said


def test_one_operation_that_has_left_goes_on_and_is_named(kernel, slow_service):
    begin_anew(kernel, slow_service)
    ran = kernel.run(
        "op = sp.fx('Click', duration=1)\nwhile op.status == 'submitting': time.sleep(0.05)\n"
        + INTERRUPT
    )
    key = kernel.value("op.key")[:8]
    assert f"The operation that this cell began has left and goes on, key {key}." in ran.text
    assert kernel.value("op.status") in ("processing", "ready")


def test_what_waits_in_a_batch_is_still_to_be_sent_after_a_reload(kernel, slow_service):
    begin_anew(kernel, slow_service)
    slow_service.credits = 10**6
    kernel.run(
        "rows = [{'prompt': f'Knock {n}', 'duration': 1} for n in range(12)]\n"
        "knocks = sp.batch(rows, route='fx', max_in_flight=1)\n%reload_ext soundpiece_nb"
    )
    assert kernel.value("knocks[-1].result(60).status") == "ready"
    assert kernel.value("len(knocks.result(60))") == len(slow_service.made) == 12

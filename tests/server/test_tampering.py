"""Deliveries are changed, lost, repeated or delayed: nothing is shown wrongly, or late."""

from __future__ import annotations

import time

import pytest

from soundpiece_nb.audio.verification import verify
from soundpiece_nb.operations.current_session import current
from support import tampering_relay as meddling
from support.jupyter_servers import JupyterServer
from support.kept_take import SECRET
from support.services import RunningSandbox, quiet_environment
from support.tampering_relay import Meddler
from support.webhook_operations import all_heard, heard, remember, submit, times_heard

NUMBER = 8
TRUE_STATES = {"submitting", "processing", "ready"}


@pytest.fixture(scope="module")
def server_home(tmp_path_factory):
    return tmp_path_factory.mktemp("served") / "home"


@pytest.fixture(scope="module")
def server(server_home, tmp_path_factory):
    environment = quiet_environment(server_home, SOUNDPIECE_WEBHOOK_SECRET=SECRET)
    folders = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("mine")
    with JupyterServer(*folders, environment) as running:
        yield running


@pytest.fixture
def make(home, server_home, server, tmp_path, monkeypatch):
    """Make effects whose deliveries are tampered with; return all that was seen of them."""

    def made(deals):
        with Meddler(deals, f"{server.root}soundpiece/webhook") as meddler:
            service = RunningSandbox(
                tmp_path / "sandbox", pace=0.1, webhook_secret=SECRET, reach=meddler.root
            )
            try:
                monkeypatch.setenv("SOUNDPIECE_HOME", str(server_home))
                monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
                monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
                return seen(meddler, service)
            finally:
                current.close()
                service.stop()

    def seen(meddler, service):
        remember(server_home, service, 3.0)
        session = current()
        states = set()
        operations = [submit(session, f"{meddler.root}/here", n) for n in range(NUMBER)]
        until = time.monotonic() + 60
        while time.monotonic() < until:
            now = {each.status for each in operations}
            states |= now
            if now == {"ready"} and len(meddler.answers) >= NUMBER:
                break
            time.sleep(0.02)
        for each in operations:
            each.result(60)
        entries = [session.journal.entry(each.key) for each in operations]
        for entry in entries:
            assert verify(server_home / entry.takes[0].path).duration == pytest.approx(
                0.5, abs=0.01
            )
        assert service.counters()["operations"] == NUMBER
        return states, meddler.answers, {entry.operation_id for entry in entries}

    return made


@pytest.mark.parametrize("deals", [meddling.forges, meddling.alters, meddling.is_late])
def test_what_is_not_the_services_word_of_now_is_refused_and_polling_tells(
    make, deals, server_home
):
    states, answers, made = make(deals)
    assert states <= TRUE_STATES
    assert answers == [400] * NUMBER
    assert not made & set(heard(server_home))


def test_what_is_cut_is_nothing(make, server_home):
    states, answers, made = make(meddling.cuts)
    assert states <= TRUE_STATES
    assert answers == [None] * NUMBER
    assert not made & set(heard(server_home))


def test_what_is_replayed_is_heard_once(make, server_home):
    states, answers, made = make(meddling.replays)
    assert states <= TRUE_STATES
    assert set(answers) == {204}
    assert made <= set(all_heard(server_home, made))
    time.sleep(0.5)  # in which what is repeated could be noted too
    assert times_heard(server_home, made) == NUMBER


def test_what_contradicts_the_service_is_a_reason_to_ask_it(make, server_home):
    states, answers, made = make(meddling.contradicts)
    assert states <= TRUE_STATES
    assert answers == [204] * NUMBER
    assert made <= set(all_heard(server_home, made))

"""The sandbox that a notebook starts for itself: one a home, shared, found again, stopped."""

from __future__ import annotations

import psutil
import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import Mistake, SandboxSilent
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox
from soundpiece_nb.operations.resuming import resume
from soundpiece_nb.operations.services import SANDBOX


@pytest.fixture
def embedded(home):
    sandbox = EmbeddedSandbox(home)
    yield sandbox
    sandbox.stop()


def test_it_starts_once_and_is_found_by_every_kernel(embedded, home):
    assert embedded.running() is None
    first = embedded.start(pace=0)
    assert EmbeddedSandbox(home).start() == first
    assert EmbeddedSandbox(home).running() == first
    assert embedded.stop() is True
    assert embedded.running() is None
    assert embedded.stop() is False
    assert not psutil.pid_exists(first.process)


def test_it_comes_back_on_the_same_port_with_all_it_had(embedded, home):
    session = current()
    port = embedded.start(pace=0).port
    session.services.uses_sandbox = True
    made = sp.song("la la", prompt="jazz").result(60)
    unfinished = sp.song("la la", prompt="rock")
    current.close()
    embedded.stop()

    again = current()
    assert set(resume(again).keys) <= {unfinished.key}
    assert sp.operation(unfinished.key).result(60).status == "ready"
    assert sp.operation(made.key).status == "ready"
    assert EmbeddedSandbox(home).running().port == port


def test_a_port_taken_meanwhile_is_no_trouble(embedded):
    import socket

    port = embedded.start(pace=0).port
    embedded.stop()
    with socket.create_server(("127.0.0.1", port)):
        assert embedded.start(pace=0).port != port


def test_the_persons_own_key_is_not_shown_to_it(embedded, home, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_precious_0123456789")
    embedded.start(pace=0)
    assert current().services.connect(SANDBOX).api_key == "spk_sandbox"


def test_without_its_libraries_it_says_what_to_install(home):
    with pytest.raises(Mistake, match=r"pip install 'soundpiece-nb\[sandbox\]'"):
        EmbeddedSandbox(home, needs=["no_such_library"]).start()


def test_a_sandbox_that_does_not_start_says_what_it_printed(embedded, monkeypatch):
    embedded.folder.mkdir(parents=True)
    (embedded.folder / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(SandboxSilent, match="did not start"):
        embedded.start()

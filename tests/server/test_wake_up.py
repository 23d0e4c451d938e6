"""A delivery wakes the kernel that waits: sooner than polling would, and without being trusted."""

from __future__ import annotations

import time

import pytest

from soundpiece_nb.operations.current_session import current
from support.jupyter_servers import JupyterServer
from support.kept_take import SECRET
from support.services import RunningSandbox, quiet_environment
from support.webhook_operations import all_heard, heard, remember, submit

pytestmark = pytest.mark.measured

NUMBER = 50


@pytest.fixture
def server(tmp_path):
    environment = quiet_environment(tmp_path / "home", SOUNDPIECE_WEBHOOK_SECRET=SECRET)
    with JupyterServer(tmp_path / "notebooks", tmp_path / "mine", environment) as running:
        yield running


@pytest.fixture
def service(tmp_path, server):
    """A sandbox that takes two to five seconds, and delivers to that server."""
    reach = f"http://127.0.0.1:{server.port}"
    running = RunningSandbox(tmp_path / "sandbox", pace=0.35, webhook_secret=SECRET, reach=reach)
    yield running
    running.stop()


@pytest.fixture
def session(home, service, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    return current()


def address(server):
    return f"{server.root}soundpiece/webhook"


def test_fifty_are_shown_at_their_delivery_with_hardly_a_poll(session, home, service, server):
    remember(home, service, 60.0)
    made = [submit(session, address(server), number) for number in range(NUMBER)]
    entries = [session.journal.entry(each.result(60).key) for each in made]
    delivered = all_heard(home, {entry.operation_id for entry in entries})
    late = [
        entry.finished_at.timestamp() - delivered[entry.operation_id] / 1e6 for entry in entries
    ]
    assert max(late) < 0.5, sorted(late)[-5:]
    assert max(entry.polls for entry in entries) <= 2
    print(f"{NUMBER} ready {max(late) * 1000:.0f} ms after their delivery at the latest, "
          f"{sum(entry.polls for entry in entries)} polls")  # fmt: skip


def test_with_the_receiver_stopped_half_way_all_still_end(session, home, service, server):
    remember(home, service, 4.0)
    made = [submit(session, address(server), number) for number in range(NUMBER // 2)]
    while len(heard(home)) < 3:
        time.sleep(0.05)
    server.process.terminate()
    made += [submit(session, address(server), number) for number in range(NUMBER // 2, NUMBER)]
    assert {each.result(60).status for each in made} == {"ready"}
    assert len(heard(home)) < NUMBER

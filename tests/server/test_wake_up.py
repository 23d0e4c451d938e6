"""From the service's delivery to the kernel that waits: quicker than polling, and never trusted."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace

import pytest
from kept import SECRET

from jupyter_servers import JupyterServer
from services import RunningSandbox, quiet_environment
from soundpiece_nb import session
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.glance import FILE_NAME
from soundpiece_nb.journal.journal import Journal

pytestmark = pytest.mark.measured

NUMBER = 50
FX = find_route("fx")


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
def current(home, service, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    return session.current()


def remember(home, service, seconds):
    """Write down that effects have always taken so long."""
    journal = Journal(home)
    for _ in range(3):
        request = new_request(FX, {"prompt": "earlier"})
        journal.record(request, service=service.base_url)
        journal.ready(request.key, [])
        journal.release([request.key])
    journal.close()
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("UPDATE operations SET submitted_at = finished_at - ?", (seconds * 1e6,))
        connection.commit()


def submit(current, server, number):
    """Hand an effect over that the service is to tell this server of."""
    told = {"callback_url": f"{server.root}soundpiece/webhook"}  # a person's has to be https
    request = new_request(FX, {"prompt": f"Impact {number}", "duration": 0.5})
    body = json.dumps(json.loads(request.body) | told).encode()
    return current.submit(replace(request, fields={**request.fields, **told}, body=body))


def heard(home):
    """Return when each operation's delivery was noted, by the operation's id, in microseconds."""
    with closing(sqlite3.connect(home / FILE_NAME)) as connection:
        return dict(connection.execute("SELECT operation_id, heard_at FROM deliveries"))


def all_heard(home, number):
    """Return what was heard once it is so much, half a minute from now at the latest."""
    until = time.monotonic() + 30
    while len(heard(home)) < number and time.monotonic() < until:
        time.sleep(0.05)
    return heard(home)


def test_fifty_are_shown_at_their_delivery_with_hardly_a_poll(current, home, service, server):
    remember(home, service, 60.0)
    made = [submit(current, server, number) for number in range(NUMBER)]
    entries = [current.journal.entry(each.result(60).key) for each in made]
    delivered = all_heard(home, NUMBER)
    late = [
        entry.finished_at.timestamp() - delivered[entry.operation_id] / 1e6 for entry in entries
    ]
    assert max(late) < 0.5, sorted(late)[-5:]
    assert max(entry.polls for entry in entries) <= 2
    print(f"{NUMBER} ready {max(late) * 1000:.0f} ms after their delivery at the latest, "
          f"{sum(entry.polls for entry in entries)} polls")  # fmt: skip


def test_with_the_receiver_stopped_half_way_all_still_end(current, home, service, server):
    remember(home, service, 4.0)
    made = [submit(current, server, number) for number in range(NUMBER // 2)]
    all_heard(home, 3)
    server.process.terminate()
    made += [submit(current, server, number) for number in range(NUMBER // 2, NUMBER)]
    assert {each.result(60).status for each in made} == {"ready"}
    assert len(heard(home)) < NUMBER

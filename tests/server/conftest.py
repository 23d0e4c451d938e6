from __future__ import annotations

import base64
from pathlib import Path

import httpx
import pytest

from jupyter_servers import TOKEN, JupyterServer
from services import quiet_environment, tone
from soundpiece_nb.api.operation import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.flac import verify
from soundpiece_nb.journal.journal import Journal

KEY = "550e8400-e29b-41d4-a716-446655440000"
SECRET = "whsec_" + base64.b64encode(b"a secret of the tests, long enough").decode()


def keep_take(home: Path, key: str, seconds: float = 2.0) -> Path:
    """Write an operation with one take down, and its file, as a kernel does; return the file."""
    journal = Journal(home)
    try:
        request = new_request(find_route("fx"), {"prompt": "rain"}, key)
        journal.record(request, service="sandbox")
        journal.accepted(key, f"op_{key[:8]}")
        journal.ready(key, [OutputLink("https://cdn.example/secret", None, seconds, None)])
        path = home / "audio" / key / "1.flac"
        path.parent.mkdir(parents=True)
        path.write_bytes(tone(seconds))
        journal.stored(key, 1, verify(path), path)
        journal.release([key])
    finally:
        journal.close()
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def stored(home):
    """The file of a take that the journal has."""
    return keep_take(home, KEY)


@pytest.fixture(scope="module", params=["/", "/user/someone/"])
def server(request, tmp_path_factory, home):
    """A Jupyter server with the extension enabled by being installed, and by nothing else."""
    environment = quiet_environment(home, SOUNDPIECE_WEBHOOK_SECRET=SECRET)
    folders = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("mine")
    with JupyterServer(*folders, environment, base_url=request.param) as running:
        yield running


@pytest.fixture
def visitor(server):
    """Somebody who is not signed in."""
    with httpx.Client(base_url=f"{server.root}soundpiece/") as client:
        yield client


@pytest.fixture
def person(server):
    """Who is signed in by the token."""
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=f"{server.root}soundpiece/", headers=headers) as client:
        yield client

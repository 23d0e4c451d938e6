from __future__ import annotations

import httpx
import pytest

from support.jupyter_servers import TOKEN, JupyterServer
from support.kept_take import KEY, SECRET, keep_take
from support.services import quiet_environment


@pytest.fixture(scope="module")
def kept_home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def stored(kept_home):
    """Return the file of a take that the journal has."""
    return keep_take(kept_home, KEY)


@pytest.fixture(scope="module", params=["/", "/user/someone/"])
def server(request, tmp_path_factory, kept_home):
    """A Jupyter server with the extension enabled by being installed, and by nothing else."""
    environment = quiet_environment(kept_home, SOUNDPIECE_WEBHOOK_SECRET=SECRET)
    folders = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("mine")
    with JupyterServer(*folders, environment, base_url=request.param) as running:
        yield running


@pytest.fixture
def visitor(server):
    """A client that is not signed in."""
    with httpx.Client(base_url=f"{server.root}soundpiece/") as client:
        yield client


@pytest.fixture
def person(server):
    """A client that is signed in by the token."""
    headers = {"Authorization": f"token {TOKEN}"}
    with httpx.Client(base_url=f"{server.root}soundpiece/", headers=headers) as client:
        yield client

"""The server extension as a whole: quick to load, silent, and each part can be turned off."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import httpx
import pytest

from support.jupyter_servers import TOKEN, JupyterServer
from support.kept_take import KEY, keep_take
from support.services import quiet_environment

SIGNED_IN = {"Authorization": f"token {TOKEN}"}
HEAVY = (
    "pandas",
    "numpy",
    "sqlalchemy",
    "ipywidgets",
    "soundpiece_nb.magics",
    "soundpiece_nb.display",
)
MEASURE = """
import json, sys, time
from jupyter_server.serverapp import ServerApp

app = ServerApp()
off = "--ServerApp.jpserver_extensions={'soundpiece_nb': False, 'jupyterlab': False}"
app.initialize(["--port=0", "--allow-root", off], new_httpserver=False)
before = set(sys.modules)
began = time.perf_counter()
import soundpiece_nb.server
soundpiece_nb.server._load_jupyter_server_extension(app)
took = time.perf_counter() - began
print(json.dumps([took, sorted(set(sys.modules) - before)]))
"""


def test_uninvited_it_imports_nothing_heavy(tmp_path):
    _, new = load(tmp_path)
    assert "soundpiece_nb.server.webhook_route" in new
    assert not set(HEAVY) & set(new)
    assert not [
        name for name in new if name.startswith(("soundpiece_nb.magics", "soundpiece_nb.v"))
    ]


@pytest.mark.measured
def test_it_starts_in_under_50_ms(tmp_path):
    assert min(load(tmp_path)[0] for _ in range(5)) < 0.050


def load(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", MEASURE],
        env=quiet_environment(tmp_path / "home", JUPYTER_CONFIG_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


def answers(tmp_path, *options, **environment):
    """Return the statuses of a take and of a delivery at a server of these options, and its log."""
    keep_take(tmp_path / "home", KEY)
    around = quiet_environment(tmp_path / "home", **environment)
    folders = tmp_path / "notebooks", tmp_path / "mine"
    with JupyterServer(*folders, around, options=options) as server:
        root = f"{server.root}soundpiece"
        statuses = (
            httpx.get(f"{root}/audio/{KEY}/1", headers=SIGNED_IN).status_code,
            httpx.post(f"{root}/webhook", headers=SIGNED_IN).status_code,
        )
        until = time.monotonic() + (10 if environment else 0)
        while "soundpiece_nb:" not in server.log.read_text() and time.monotonic() < until:
            time.sleep(0.1)
        return statuses, server.log.read_text()


def test_sound_can_be_turned_off(tmp_path):
    assert answers(tmp_path, "--SoundpieceServer.sound=False")[0] == (404, 400)


def test_webhooks_can_be_turned_off(tmp_path):
    assert answers(tmp_path, "--SoundpieceServer.webhooks=False")[0] == (200, 404)


def test_all_of_it_can_be_turned_off(tmp_path):
    options = "--ServerApp.jpserver_extensions={'soundpiece_nb': False}"
    assert answers(tmp_path, options)[0] == (404, 404)


def test_a_secret_that_is_none_is_said_without_repeating_it(tmp_path):
    (audio, webhook), log = answers(tmp_path, SOUNDPIECE_WEBHOOK_SECRET="whsec_tooshort")  # noqa: S106
    assert (audio, webhook) == (200, 400)
    assert "holds something that is no signing secret" in log
    assert "tooshort" not in log


def test_a_keyring_that_fails_is_said_and_stops_nothing(tmp_path):
    statuses, log = answers(tmp_path, PYTHON_KEYRING_BACKEND="nosuch.Keyring")
    assert statuses == (200, 400)
    assert "soundpiece_nb: The system keyring failed: ModuleNotFoundError" in log
    assert "Traceback" not in log

"""The API key and signed addresses never show: whatever is typed, whatever goes wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.settings import SETTINGS
from support.kernels import Kernel
from support.leaks import KEY as SEARCHED_FOR
from support.leaks import holds_a_secret
from support.services import (
    Reply,
    RunningSandbox,
    ScriptedService,
    as_json,
    operation,
    quiet_environment,
    tone,
)

HERE = Path(__file__).parent

KEY = "spk_MARKED_4f1d7c2e9b"
SIGNED = "signature="

PREPARE = """
import logging, sys
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.plan import Draft, plan_operation
logging.basicConfig(filename={log!r}, level=logging.DEBUG, force=True)
%load_ext soundpiece_nb
%xmode Verbose
import soundpiece_nb as sp
"""

CELLS = [
    "%soundpiece",
    "%soundpiece_status",
    "%config SoundpieceMagics",
    "%%soundpiece_song night --prompt Rock --wait\nLa la la la",
    "%%soundpiece_instrumental groove --wait\nJazz, short",
    "%%soundpiece_sample drums --duration 2 --loopable --wait\nDrum loop",
    "%%soundpiece_fx hit --duration 1 --once --wait\nDeep impact",
    "%soundpiece_stems parts --source night:2 --wait",
    "%%soundpiece_remix_song late --source parts:vocals --prompt Jazz --wait\nOther words",
    "%soundpiece_remix_instrumental others --source groove --wait",
    "%soundpiece_cut teaser --source late --to 8 --wait",
    "%soundpiece_cut teaser --source late --to 8 --dry-run",
    "%%soundpiece_song bad --prompt Rock --wait\ncontent_policy",
    "%%soundpiece_song --prompt Rock\n",
    "%soundpiece_stems --source nobody",
    "%soundpiece_history",
    "%soundpiece_history -o df",
    "%soundpiece_show night",
    "%soundpiece_wait",
    "%soundpiece_resume",
    "%soundpiece_export night teaser --to {folder}",
    "%soundpiece_prune hit",
    "%soundpiece_prune hit --yes",
    "%soundpiece_bundle nowhere.ipynb",
    "%soundpiece_doctor --all --verify",
    "%soundpiece_sandbox status",
    "%soundpiece_logout",
    "storm = sp.batch([{{'prompt': 'Wind'}}], route='fx', name='storm')\nstorm",
    "storm.result()",
    "sp.takes()",
    "night.rerun(prompt='Folk').result()",
    "night.outputs[0].rate(4, 'love the bass')",
    '%soundpiece_rate night:2 4 "love the bass"',
    "%soundpiece_tag night keep",
    "%soundpiece_note night:2 words",
    "%soundpiece_lab",
    "%soundpiece_compare night late",
    "%soundpiece_fx hits -p '{{{{size}}}} impact' -d 1 --sweep size=tiny,huge --repeat 2 --wait",
    "hits",
    "sp.sweep('fx', vary={{'size': ['tiny']}}, prompt='{{{{size}}}} hit', duration=1).result()",
    "sp.takes().pipe(sp.top_words)",
    "%soundpiece_history --to {folder}/history.csv",
    "%soundpiece_history --to {folder}/history.html",
    "[vars(part) for part in current()._parts.values()]",
    "night.parents, late.parents, night.children, night.entry, night.error, night.outputs",
    "session = current()\nsession, vars(session)",
    "clients = [client for client, _ in session.engine._clients._made.values()]",
    "session.engine, clients",
    "[vars(client) for client in clients]",
    "draft = Draft(route=find_route('fx'), fields={{'prompt': 'x'}})",
    "session.services.connect(session.services.in_use), plan_operation(session, draft)",
    "sp.song('x', prompt='y', key='no uuid')",
    "sp.stems(night.key, nonsense=1)",
    "[pool for client in clients for pool in vars(client).values()]",
]


@pytest.fixture(scope="module")
def traces(tmp_path_factory, sandbox: RunningSandbox):
    """Type everything, and give what was shown and what was left on the disk."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("folder")
    log = folder / "everything.log"
    kernel = Kernel(
        quiet_environment(home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY)
    )
    shown = [kernel.run(PREPARE.format(log=str(log)))]
    shown += [kernel.run(cell.format(folder=folder)) for cell in CELLS]
    # The service stops answering, and refuses: what is said of it names no secret either.
    kernel.run("import os; os.environ['SOUNDPIECE_BASE_URL'] = 'http://127.0.0.1:9/v1'")
    shown.append(kernel.run("%config SoundpieceMagics.retry_budget = 0.5"))
    shown.append(kernel.run("%reload_ext soundpiece_nb"))
    shown.append(kernel.run("%soundpiece_fx lost -p x --wait"))
    kernel.close()
    files = {
        path: path.read_bytes()
        for root in (home, folder)
        for path in root.rglob("*")
        if path.is_file()
    }
    return shown, files


def test_everything_was_reached(traces):
    shown, files = traces
    assert sum(ran.status == "ok" for ran in shown) >= len(CELLS) - 8
    assert any(ran.status == "error" for ran in shown)
    assert any(path.name == "journal.sqlite" for path in files)
    assert any(path.name == "everything.log" and content for path, content in files.items())


@pytest.mark.parametrize("secret", [KEY, SIGNED])
def test_no_output_shows_a_secret(traces, secret):
    shown, _ = traces
    for ran in shown:
        assert secret not in json.dumps(ran.outputs), ran.text[:2000]


@pytest.mark.parametrize("secret", [KEY, SIGNED])
def test_no_file_holds_a_secret(traces, secret):
    _, files = traces
    for path, content in files.items():
        assert secret.encode() not in content, path


# ------------------------------------------------------------------ where the key goes


@pytest.fixture
def elsewhere():
    """Another host, as far as origins go."""
    service = ScriptedService(lambda *_: Reply(body=tone()))
    yield service
    service.close()


def redirect(status, service):
    return Reply(status, b"", {"Location": f"{service.root}/take"})


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_submission_or_poll_goes_nowhere(scripted, elsewhere, status):
    scripted(lambda *_: redirect(status, elsewhere))
    with pytest.raises(sp.RequestRejected):
        sp.song("la", prompt="jazz").result(20)
    current.close()
    scripted(
        lambda heard, _: (
            as_json(operation()) if heard.method == "PUT" else redirect(status, elsewhere)
        )
    )
    with pytest.raises(sp.ServiceSilent):
        sp.song("la", prompt="jazz").result(20)
    assert elsewhere.heard == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirected_download_is_followed_without_the_key(scripted, elsewhere, status):
    def answer(heard, _):
        if heard.path == "/here":
            return redirect(status, elsewhere)
        return as_json(operation("ready", outputs=[{"url": f"{service.root}/here"}]))

    service = scripted(answer)
    op = sp.song("la", prompt="jazz").result(20)
    assert op.outputs[0].path.read_bytes() == tone()
    [download] = elsewhere.heard
    assert "Authorization" not in download.headers
    assert not holds_a_secret(repr(download).encode())


@pytest.mark.parametrize(
    "open_address", ["http://api.soundpiece.co/v1", "HTTP://192.0.2.1", "http://localhost.example"]
)
@pytest.mark.parametrize("where", ["environment", "setting"])
def test_a_service_in_the_open_is_neither_asked_nor_written_down(
    connected, monkeypatch, open_address, where
):
    if where == "environment":
        monkeypatch.setenv("SOUNDPIECE_BASE_URL", open_address)
    else:
        monkeypatch.setattr(SETTINGS, "base_url", open_address)
    with pytest.raises(sp.Mistake, match="must be an https address"):
        sp.fx("x")
    assert current().journal.counts() == {}


# ------------------------------------------------------------------ what the tests leave behind

LEFT_BEHIND = """
import logging

def test_file(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"\\0\\xff spk_marked")

def test_address(tmp_path):
    (tmp_path / "page").write_text("https://a.example/b?signature=0123abcd")

def test_print():
    print("Bearer spk_marked_0123456789")

def test_log():
    logging.getLogger().warning("https://a.example/b?a=1&signature=0123abcd")

def test_nothing(tmp_path):
    (tmp_path / "page").write_text("signature= spk_…89")
    print("signature")
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_leaves_a_secret_behind_fails_though_its_tests_pass(workers):
    """It is a run of its own, in a folder that this run's search does not come to: it is gone."""
    with TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text(LEFT_BEHIND)
        ended = _run_tests(Path(folder), workers)
    assert "5 passed" in ended.stdout, ended.stdout + ended.stderr
    told = re.findall(r"SECRET LEFT BEHIND  .*(file0|address0|print|log|nothing)", ended.stdout)
    assert sorted(told) == ["address0", "file0", "log", "print"], ended.stdout
    assert ended.returncode == pytest.ExitCode.TESTS_FAILED


def _run_tests(folder, workers):
    command = [sys.executable, "-m", "pytest", "-p", "support.leaks", "-p", "xdist.plugin"]
    command += [f"--numprocesses={workers}", f"--basetemp={folder / 'temporary'}", "test_it.py"]
    return subprocess.run(
        command,
        cwd=folder,
        env=quiet_environment(folder, PYTHONPATH=str(HERE), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1"),
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_key_of_the_tests_is_one_that_is_searched_for():
    given = re.compile(
        r'SOUNDPIECE_API_KEY(?:"[,:]|=) ?"(spk_[^"\\\n]+)"|^KEY = "(spk_.+)"', re.MULTILINE
    )
    sources = {path: path.read_text() for path in HERE.rglob("*.py")}
    keys = {
        key: path
        for path, source in sources.items()
        for match in given.findall(source)
        for key in match
        if key
    }
    assert len(keys) > 3
    for key, path in keys.items():
        assert SEARCHED_FOR.match(key.encode()), path

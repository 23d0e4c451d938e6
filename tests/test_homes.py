"""A home folder that cannot be: every magic and function says so, and makes nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import httpx
import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.settings import Settings
from support.jupyter_servers import TOKEN, JupyterServer
from support.kept_take import KEY
from support.services import quiet_environment

SIGNED_IN = {"Authorization": f"token {TOKEN}"}
SLIPS = {
    "'/data/sp'": "with quotes",
    '"/data"': "with quotes",
    r"\"/data\"": "with quotes",
    '/data/sp"': "with quotes",
    '~/"my songs"': "with quotes",
    "/data/'my songs'/sp": "with quotes",
    '"/data': "with quotes",
    "\u201c/data\u201d": "with quotes",
    "`pwd`/sp": "with quotes",
    "$HOME/x": "nobody has replaced",
    "${HOME}/x": "nobody has replaced",
    "/data/$USER": "nobody has replaced",
    "$(pwd)/x": "nobody has replaced",
    r"%USERPROFILE%\x": "nobody has replaced",
    "%APPDATA%": "nobody has replaced",
    "file:///data": "an address",
    "s3://bucket/sp": "an address",
    "file:/data": "an address",
    "C:\\Users\\me": "a path of Windows",
    "D:/sp": "a path of Windows",
    r"\\server\share": "a path of Windows",
    "/data/a\nb": "cannot be seen",
    "/data/\0": "cannot be seen",
    "/data/\x1b[31m": "cannot be seen",
    "~nosuch/x": "no such user's home",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_said_and_makes_no_folder(slip, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Mistake, match=SLIPS[slip]) as refused:
        Settings(home=slip).read_home()
    assert refused.value.next
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "it's",
        "guys'",
        "Rock 'n' Roll",
        "100%",
        "50% to 60%",
        "c$",
        "a$b",
        "é",
        "x:y",
        'a"b"c',
    ],
)
def test_a_folder_that_only_looks_odd_is_taken(name, tmp_path):
    assert Settings(home=f" {tmp_path}/{name}\t").read_home() == tmp_path / name


def test_a_relative_one_stays_where_it_was_first_read(tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = Settings(home="mine/sp")
    assert settings.read_home() == tmp_path / "mine" / "sp"
    monkeypatch.chdir("elsewhere")
    assert settings.read_home() == tmp_path / "mine" / "sp"
    (tmp_path / "elsewhere").rmdir()
    assert settings.read_home() == tmp_path / "mine" / "sp"
    settings.home = "another"
    with pytest.raises(Mistake, match="the folder that Python works in, and that is gone"):
        settings.read_home()


CELLS = (
    "%load_ext soundpiece_nb",
    "import soundpiece_nb as sp",
    "%soundpiece",
    "%soundpiece_status",
    "%%soundpiece_song x -p jazz\nla la",
    "%soundpiece_fx -p click",
    "sp.song('la', prompt='jazz')",
    "sp.history()",
    "sp.takes()",
    "sp.operation('abc')",
    "sp.resume()",
    "sp.batch([{'prompt': 'jazz'}], route='instrumental')",
    "sp.sweep('instrumental', vary={'prompt': ['a', 'b']})",
    "%soundpiece_history",
    "%soundpiece_doctor",
    "%soundpiece_resume",
    "%soundpiece_wait",
    "%soundpiece_sandbox start",
    "%soundpiece_sandbox",
    "%soundpiece_sandbox stop",
    "%soundpiece_show abc",
    "%soundpiece_export abc --to out",
    "%soundpiece_prune abc",
    "%soundpiece_lab",
    "%soundpiece_rate abc 4",
    "%soundpiece_tag abc x",
    "%soundpiece_compare a b",
    "%soundpiece_login",
    "%unload_ext soundpiece_nb",
    "%load_ext soundpiece_nb",
)
MUST_FAIL = CELLS[3:8] + CELLS[13:15]

SHELL = """
import io, json, os, sys
from contextlib import redirect_stdout
from IPython.core.interactiveshell import InteractiveShell

shell = InteractiveShell.instance()
homes, cells, before = json.load(sys.stdin)
exec(before)
said = {}
for home in homes:
    if home is not None:
        os.environ["SOUNDPIECE_HOME"] = home
    said[str(home)] = {}
    for cell in cells:
        shown = io.StringIO()
        with redirect_stdout(shown):
            shell.run_cell(cell)
        said[str(home)][cell] = shown.getvalue()
    from soundpiece_nb.operations.current_session import current
    current.close()
os.chdir("/")  # IPython itself wants a folder when it ends
print(json.dumps(said))
"""

AS_A_STRANGER = [
    *("setpriv", "--reuid", "54321", "--clear-groups"),
    *("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"),  # our libraries
]


def said_by_everything(tmp_path, homes, *command, before="", **environment):
    """Return what each cell showed with each of these homes, in one process."""
    around = quiet_environment(
        tmp_path, SOUNDPIECE_API_KEY="spk_test_homes", SOUNDPIECE_BASE_URL="http://127.0.0.1:9/v1"
    )
    around.update(IPYTHONDIR=str(tmp_path / "ipython"), PYTHONDONTWRITEBYTECODE="1")
    around = {name: value for name, value in {**around, **environment}.items() if value is not None}
    ran = subprocess.run(
        [*command, sys.executable, "-c", SHELL],
        input=json.dumps([homes, CELLS, before]),
        cwd=tmp_path,
        env=around,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "Traceback" not in ran.stdout + ran.stderr
    said = json.loads(ran.stdout.splitlines()[-1])
    for by_cell in said.values():
        for cell in MUST_FAIL:
            kind, _, sentence = by_cell[cell].strip().partition(": ")
            assert kind in ("Mistake", "StorageFailed"), (cell, by_cell[cell])
            assert sentence.count("\n") == 0
    return said


def test_every_magic_and_function_says_of_a_home_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "gone" / "x")
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    inside = [str(tmp_path / name) for name in ("file", "file/x", "dangling", "circle", "n" * 300)]
    homes = [*inside, "/dev/null", "/dev/null/x", "/proc/x", '"/data"', "~nosuch/x"]
    there = sorted(tmp_path.iterdir())
    said = said_by_everything(tmp_path, homes)
    for home, by_cell in said.items():
        assert "SOUNDPIECE_HOME" in by_cell["%soundpiece_status"], home
        loading = by_cell["%load_ext soundpiece_nb"]
        assert loading == ("" if home.startswith("/") else loading)
        assert loading.count("\n") <= 1
    assert sorted(set(tmp_path.iterdir()) - {tmp_path / "ipython"}) == there


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be a user whom nobody knows")
def test_a_user_without_home_and_one_whose_home_is_not_his(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(0o500)
    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o011)
    nowhere = {"HOME": None, "SOUNDPIECE_HOME": None, "XDG_DATA_HOME": "relative/data"}
    said = said_by_everything(tmp_path, [None], *AS_A_STRANGER, **nowhere)["None"]
    assert said["%load_ext soundpiece_nb"].startswith("This user has no home folder")
    assert "Set SOUNDPIECE_HOME" in said["%soundpiece_status"]
    homes = [str(closed), str(closed / "x"), "/nonexistent/x"]
    for home, by_cell in said_by_everything(tmp_path, homes, *AS_A_STRANGER).items():
        assert f"The journal in {home} cannot be opened" in by_cell["%soundpiece_status"]
    assert list(closed.iterdir()) == []


def test_below_a_folder_that_is_gone(tmp_path):
    gone = "import tempfile; f = tempfile.mkdtemp(); os.chdir(f); os.rmdir(f)"
    said = said_by_everything(tmp_path, ["mine"], before=gone)["mine"]
    assert "and that is gone or closed to you" in said["%soundpiece_status"]


def test_the_jupyter_server_starts_says_it_once_and_answers_plainly(tmp_path):
    environment = quiet_environment(tmp_path / "home") | {"SOUNDPIECE_HOME": "'/data/sp'"}
    folders, options = (tmp_path / "notebooks", tmp_path / "mine"), ("--SoundpieceServer.resume=1",)
    with JupyterServer(*folders, environment, options=options) as server:
        take, webhook = (f"{server.root}soundpiece/{end}" for end in (f"audio/{KEY}/1", "webhook"))
        answers = [httpx.get(take, headers=SIGNED_IN), httpx.get(take), httpx.post(webhook)]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert {answer.text for answer in answers} == {
            "Soundpiece is not set up on this server; its log says why."
        }
        assert httpx.get(f"{server.root}api").status_code == 200
        log = server.log.read_text()
    assert log.count("SOUNDPIECE_HOME is") == 1
    assert "Traceback" not in log


@pytest.mark.parametrize("named", ["circle", "n" * 300])
def test_a_home_that_cannot_be_made_has_no_takes_and_the_server_stands(named, tmp_path):
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    environment = quiet_environment(tmp_path / named)
    with JupyterServer(tmp_path / "notebooks", tmp_path / "mine", environment) as server:
        take = httpx.get(f"{server.root}soundpiece/audio/{KEY}/1", headers=SIGNED_IN)
        assert take.status_code == 404
        assert httpx.post(f"{server.root}soundpiece/webhook", content=b"{}").status_code == 400
        assert "Traceback" not in server.log.read_text()

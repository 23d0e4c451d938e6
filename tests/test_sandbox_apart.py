"""The sandbox's process is apart from the notebook: from its folder, its files and its Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import psutil
import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import SandboxSilent
from soundpiece_nb.operations.current_session import current
from support.services import quiet_environment

BOOM = "raise RuntimeError('the notebook\\'s own file')\n"
SHADOWS = "secrets random colorsys statistics typing email tarfile uvicorn fastapi scipy".split()
TOLD_TO_PYTHON = {
    "PYTHONWARNINGS": "error",
    "PYTHONVERBOSE": "1",
    "PYTHONIOENCODING": "utf-16",
    "PYTHONOPTIMIZE": "2",
    "PYTHONPROFILEIMPORTTIME": "1",
    "PYTHONINSPECT": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONSTARTUP": "/no/such/file",
}


@pytest.fixture
def embedded(home):
    sandbox = current().sandbox
    yield sandbox
    sandbox.stop()


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A notebook's folder, in which this process works, with modules of libraries' names."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in SHADOWS:
        (folder / f"{name}.py").write_text(BOOM)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def customize(tmp_path, monkeypatch):
    """Write the module that Python imports at each start, here for processes yet to start."""
    folder = tmp_path / "site"
    folder.mkdir()
    paths = [os.environ.get("PYTHONPATH", ""), str(folder), "", "."]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    return (folder / "sitecustomize.py").write_text


def test_it_makes_sound_whatever_lies_beside_the_notebook_and_python_is_told(
    embedded, beside, customize, monkeypatch
):
    customize("print('x' * 100_000)\nprint('no line feed', end='')")
    for name, value in TOLD_TO_PYTHON.items():
        monkeypatch.setenv(name, value)
    address = embedded.start(pace=0)
    current().services.uses_sandbox = True
    assert sp.fx("a click", 0.5).result(60).status == "ready"
    process = psutil.Process(address.process)
    for each in (process, *process.children(recursive=True)):
        assert each.cwd() == str(embedded.folder)
        assert not set(TOLD_TO_PYTHON) & set(each.environ())


def test_it_starts_where_the_folder_is_gone_and_goes_on_where_it_goes(embedded, tmp_path):
    here = Path.cwd()
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    try:
        gone.rmdir()
        embedded.start(pace=0)
    finally:
        os.chdir(here)
    current().services.uses_sandbox = True
    assert sp.fx("a click", 0.5).result(60).status == "ready"


MISSING = """
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name == "uvicorn":
            raise ModuleNotFoundError(f"No module named {name!r}")
sys.meta_path.insert(0, Missing())
"""
ENDS = {
    "print('ask https://me:word@host/', flush=True); os._exit(7)": "(exit code 7). ask https://…@host/",
    "os.kill(os.getpid(), 9)": "(killed by SIGKILL). It said nothing.",
    MISSING: "No module named 'uvicorn' Install its libraries with: pip install",
    "print('y' * 100_000, flush=True, end=''); os._exit(1)": "(exit code 1). yyyyy",
}


def test_one_that_does_not_start_says_how_it_ended(embedded, customize):
    for ending, words in ENDS.items():
        customize(f"import os, sys\nif 'soundpiece_sandbox' in sys.orig_argv:\n exec({ending!r})")
        with pytest.raises(SandboxSilent) as silent:
            embedded.start(pace=0)
        assert words in str(silent.value)
        assert len(str(silent.value)) < 1000
        assert str(embedded.folder / "sandbox.log") in str(silent.value)


SHELL = """
import io, json, os, sys
from contextlib import redirect_stdout
from IPython.core.interactiveshell import InteractiveShell

sys.path[0] = ""  # as in a kernel
shell = InteractiveShell.instance()
for name in sys.argv[1:]:
    open(name, "w").write("no Python at all")
said = []
for cell in json.load(sys.stdin):
    shown = io.StringIO()
    with redirect_stdout(shown):
        shell.run_cell(cell)
    said.append(shown.getvalue())
print(json.dumps(said))
"""


def in_a_shell(tmp_path, cells, *files):
    """Run cells beside files of these names; return what each showed."""
    (tmp_path / "notebooks").mkdir(exist_ok=True)
    ran = subprocess.run(
        [sys.executable, "-c", SHELL, *files],
        input=json.dumps(cells),
        cwd=tmp_path / "notebooks",
        env=quiet_environment(tmp_path / "home", IPYTHONDIR=str(tmp_path / "ipython")),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


def test_a_kernel_takes_libraries_first_and_names_the_file_that_is_in_the_way(tmp_path):
    cells = [
        "%load_ext soundpiece_nb",
        "%soundpiece_sandbox start --pace 0",
        "%soundpiece_fx click -p 'a click' --duration 0.5 --no-wait",
        "click.result(60)",
        "import sys; sys.path[0], 'mine' in dir(__import__('helpers'))",
        "%soundpiece_sandbox stop",
    ]
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "helpers.py").write_text("mine = 1")
    files = ["secrets.py", "filecmp.py", "colorsys.py", "mmap.py", "httpx.py", "soundfile.py"]
    _, started, _, result, own, stopped = in_a_shell(tmp_path, cells, *files)
    assert "Soundpiece sandbox on http://127.0.0.1:" in started
    assert "soundfile.py beside the notebook stands in the way of the library" in result
    assert "The audio is made and stays yours" in result
    assert "('', True)" in own
    assert "The sandbox is stopped." in stopped


def test_as_a_command_it_works_without_console_and_after_its_folder_is_gone(tmp_path):
    """Its workers are processes of their own, which must not look for modules there either."""
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "random.py").write_text(BOOM)
    script = tmp_path / "soundpiece-sandbox"  # as pip writes it
    script.write_text(
        "from soundpiece_sandbox.__main__ import main\nif __name__ == '__main__':\n    main()\n"
    )
    command = [sys.executable, str(script), "--port", "0", "--pace", "0"]
    running = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    address = running.stdout.readline().split()[-1]
    shutil.rmtree(folder)
    body = {"idempotency_key": str(uuid.uuid4()), "prompt": "click", "duration": 0.5}
    with httpx.Client(headers={"Authorization": "Bearer spk_test"}, timeout=30) as client:
        made = client.put(f"{address}/create.new_fx", json=body).raise_for_status().json()
        (operation,) = made.values()
        query = {"id": operation["id"], "wait": "true"}
        (ended,) = client.get(f"{address}/create.new_fx", params=query).json().values()
    running.terminate()
    running.communicate()
    assert ended["status"] == "ready"


@pytest.mark.parametrize("data", ["~nosuch/x", "file", "/dev/null/x", "dangling", "n" * 300])
def test_a_data_folder_that_cannot_be_is_one_sentence(data, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to("/no/where")
    command = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0", "--data", data]
    refused = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=30, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert "cannot be the data folder: " in refused.stderr


def test_with_everything_closed_it_serves_all_the_same(tmp_path):
    script = f"exec {sys.executable} -m soundpiece_sandbox --port 0 --data data <&- >&- 2>&-"
    running = subprocess.Popen(["sh", "-c", script], cwd=tmp_path)
    with pytest.raises(subprocess.TimeoutExpired):
        running.wait(4)
    listening = psutil.Process(running.pid).net_connections()
    running.terminate()
    running.wait()
    assert [each.status for each in listening] == [psutil.CONN_LISTEN]

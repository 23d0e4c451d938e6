"""The sandbox's process: what it is told, what is left of it, and a machine that fails it."""

from __future__ import annotations

import _thread
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest

from soundpiece_nb.api.errors import SandboxSilent
from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox
from support.services import quiet_environment

COMMAND = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0"]
APART = ["unshare", "--pid", "--net", "--fork", "--mount-proc"]
if os.geteuid():
    APART += ["--user", "--map-root-user"]


@pytest.fixture
def embedded(home):
    sandbox = EmbeddedSandbox(home)
    yield sandbox
    sandbox.stop()


def on(folder: Path) -> list[psutil.Process]:
    """List the sandboxes on a data folder."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = process.info["cmdline"] or []
        if "soundpiece_sandbox" in command and str(folder) in command:
            found.append(process)
    return found


def test_it_has_none_of_the_persons_secrets(embedded, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_precious_0123456789")
    monkeypatch.setenv("SOUNDPIECE_WEBHOOK_SECRET", "whsec_cHJlY2lvdXMgcHJlY2lvdXMgcHJlY2lvdXM=")
    monkeypatch.setenv("SOUNDPIECE_SANDBOX_ADMIN_TOKEN", "precious")
    monkeypatch.setenv("MY_HEADER", "Authorization: Bearer spk_precious_0123456789")
    monkeypatch.setenv("HOOKS", "whsec_cHJlY2lvdXMgcHJlY2lvdXMgcHJlY2lvdXM=")
    monkeypatch.setenv("HARMLESS", "kept")
    address = embedded.start(pace=0)
    family = [psutil.Process(address.process)]
    family += family[0].children(recursive=True)
    for process in family:
        environment = process.environ()
        assert environment["HARMLESS"] == "kept"
        assert not [name for name in environment if name.startswith("SOUNDPIECE_")]
        assert "precious" not in str(environment)
        assert address.secret not in str(environment) + str(process.cmdline())


def test_its_folder_and_the_home_that_it_makes_are_the_owners_alone(embedded, home):
    before = os.umask(0)
    try:
        address = embedded.start(pace=0)
        assert psutil.Process(address.process).cwd() == str(embedded.folder)  # the kernel's may go
    finally:
        os.umask(before)
    for path in (home, embedded.folder, *embedded.folder.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path


def test_its_folder_of_an_earlier_version_is_closed(embedded, home):
    home.mkdir(mode=0o755)
    embedded.folder.mkdir(mode=0o755)
    embedded.folder.joinpath("something else").touch(0o644)
    embedded.start(pace=0)
    assert embedded.folder.stat().st_mode & 0o777 == 0o700
    assert home.stat().st_mode & 0o777 == 0o755  # it is not the sandbox's to change


@pytest.mark.parametrize("damage", ["gone", "cut"])
def test_one_whose_address_is_lost_makes_way(embedded, damage):
    lost = embedded.start(pace=0)
    note = embedded.folder / "address.json"
    note.unlink() if damage == "gone" else note.write_bytes(note.read_bytes()[:-9])
    found = embedded.start(pace=0)
    assert embedded.running() == found
    assert [process.pid for process in on(embedded.folder)] == [found.process]
    assert not psutil.pid_exists(lost.process)


def test_one_of_an_earlier_version_makes_way(embedded):
    embedded.folder.mkdir(parents=True)
    old = subprocess.Popen(
        [*COMMAND, "--data", str(embedded.folder)], stdout=subprocess.PIPE, text=True
    )
    port = int(old.stdout.readline().rpartition(":")[2].split("/")[0])
    note = json.dumps({"port": port, "process": old.pid})
    (embedded.folder / "address.json").write_text(note)
    assert embedded.running() is None
    assert embedded.start(pace=0).port != port
    assert old.wait(5) is not None
    old.stdout.close()


def test_one_that_hangs_makes_way(embedded):
    hung = embedded.start(pace=0)
    psutil.Process(hung.process).suspend()
    assert embedded.running() is None
    found = embedded.start(pace=0)
    assert found.process != hung.process
    assert embedded.running() == found


def test_the_sandbox_of_another_home_is_left_alone(embedded, tmp_path):
    other = EmbeddedSandbox(tmp_path / "another home")
    theirs = other.start(pace=0)
    embedded.start(pace=0)
    (embedded.folder / "address.json").unlink()
    embedded.start(pace=0)
    assert other.running() == theirs
    other.stop()


def test_an_interrupted_start_leaves_no_process(embedded):
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        embedded.start(pace=0)
    assert on(embedded.folder) == []
    assert embedded.start(pace=0)


START = """
import sys
from pathlib import Path
from soundpiece_nb.api.errors import SandboxSilent
from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox

def said(home):
    try:
        return f"started {EmbeddedSandbox(Path(home)).start(pace=0).port > 0}"
    except SandboxSilent as error:
        return f"SandboxSilent: {error}"
"""


def in_a_child(home: Path, script: str, *before: str, **options: object) -> list[str]:
    """Run a script in a process of its own; return the lines that it printed."""
    ran = subprocess.run(
        [*before, sys.executable, "-c", START + script, str(home)],
        env=quiet_environment(home),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
        **options,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    return ran.stdout.splitlines()


def test_in_another_container_it_says_that_the_folder_is_held(embedded, home):
    holder = embedded.start(pace=0)
    script = """
import subprocess
subprocess.run(["ip", "link", "set", "lo", "up"])
print(said(sys.argv[1]))
"""
    (line,) = in_a_child(home, script, *APART)
    assert line == (
        "SandboxSilent: The sandbox did not start: one of another container or user holds "
        f"{embedded.folder}. Stop it there, or set SOUNDPIECE_HOME to a folder for this one alone."
    )
    assert embedded.running() == holder


def test_one_in_a_container_is_not_ended_from_outside(embedded):
    embedded.folder.mkdir(parents=True)
    command = [*APART, *COMMAND, "--data", str(embedded.folder)]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline()
    with pytest.raises(SandboxSilent, match="another container or user holds"):
        embedded.start(pace=0)
    inside = [each for each in on(embedded.folder) if each.name() != "unshare"]
    assert inside
    for process in inside:
        process.kill()
    holder.communicate()


LIMITED = """
import resource
home = sys.argv[1]

def limited(kind, most):
    usual = resource.getrlimit(kind)
    resource.setrlimit(kind, (most, usual[1]))
    line = said(home)
    resource.setrlimit(kind, usual)
    return line
"""

LATER = """
print(said(home))
EmbeddedSandbox(Path(home)).stop()
"""

AS_NOBODY = [
    *("setpriv", "--reuid", "65534", "--clear-groups"),
    *("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"),  # reads our libraries
]


@pytest.fixture
def nobodys_home():
    """A home for a user whom the system limits, as it does not root."""
    folder = Path(tempfile.mkdtemp())
    if os.geteuid() == 0:
        os.chown(folder, 65534, 65534)
    yield folder / "home"
    shutil.rmtree(folder)


def test_where_no_process_can_be_made_it_says_so_and_starts_later(nobodys_home):
    script = LIMITED + "print(limited(resource.RLIMIT_NPROC, 0))" + LATER
    user = AS_NOBODY if os.geteuid() == 0 else []
    refused, later = in_a_child(nobodys_home, script, *user)
    assert refused == (
        f"SandboxSilent: The sandbox did not start in {nobodys_home / 'sandbox'}: "
        "Resource temporarily unavailable. Try again once that is mended."
    )
    assert later == "started True"


@pytest.mark.parametrize(("kind", "most"), [("NOFILE", 6), ("FSIZE", 0), ("FSIZE", 4096)])
def test_where_no_file_can_be_made_it_says_so_and_starts_later(tmp_path, kind, most):
    script = LIMITED + f"print(limited(resource.RLIMIT_{kind}, {most}))" + LATER
    refused, later = in_a_child(tmp_path / "home", script)
    assert refused.startswith("SandboxSilent: The sandbox did not start")
    assert "Traceback" not in refused
    assert later == "started True"
    assert on(tmp_path / "home" / "sandbox") == []


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SandboxSilent, match=r"did not start in .*: Not a directory\."):
        EmbeddedSandbox(tmp_path / "file" / "home").start()


def test_a_signal_to_stop_that_it_does_not_hear_is_followed_by_a_kill(embedded):
    address = embedded.start(pace=0)
    os.kill(address.process, signal.SIGSTOP)
    threading.Timer(0.5, os.kill, (address.process, signal.SIGCONT)).start()
    began = time.monotonic()
    assert embedded.stop() is True
    assert time.monotonic() - began < 8
    assert not psutil.pid_exists(address.process)

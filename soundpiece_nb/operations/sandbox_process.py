"""The sandbox's process: started apart from the notebook, found on its data folder, ended.

It works in its data folder and with libraries alone: what lies beside the notebook, such as a
`random.py`, is none of its modules, and what Python is told in the kernel's environment, such as to
take warnings for errors, is not told to it.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from soundpiece_nb.api.errors import SandboxSilent
from soundpiece_nb.shown_text import visible

from .sandbox_address import Address, write_address

if TYPE_CHECKING:
    import psutil

_MODULES = {"soundpiece_sandbox", "soundpiece_nb.sandbox"}
"""The program, as this version starts it and as earlier ones did."""

IDLE_SECONDS = 1800
START_SECONDS, STOP_SECONDS = 30.0, 5.0
"""Seconds that it may take to start and to stop."""

INSTALL = "pip install 'soundpiece-nb[sandbox]'"
"""The command that installs its libraries."""

_ANNOUNCEMENT = re.compile(
    rb"Soundpiece sandbox on http://127\.0\.0\.1:(\d{1,5})/v1\r?$", re.MULTILINE
)
"""The end of a line: a `sitecustomize` may have printed something before it."""
_LONGEST_LOG = 2**16
"""Bytes at the end of what it printed that are looked at."""
_OF_PYTHON = {
    *("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONUSERBASE", "PYTHONNOUSERSITE"),
    *("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONUTF8"),
}
"""Variables for Python that it keeps: those of where libraries are, and where they are cached."""
_NAMESPACES = ("pid", "net")
_LITTLE_SPACE = 2**20
"""Bytes left on a disk that explain a program which says nothing."""


def launch(folder: Path, note: Path, *, pace: float, port: int) -> Address:
    """Start a sandbox on a data folder, and note its address once it listens.

    It is handed a new secret on stdin, where no other process can read it. Raises SandboxSilent
    with its `words` if it does not start, or OSError; then no process is left.
    """
    command = [sys.executable, "-P", "-m", "soundpiece_sandbox", "--port", str(port)]
    command += ["--data", str(folder.absolute()), "--pace", str(pace)]
    command += ["--idle-exit", str(IDLE_SECONDS), "--secret-on-stdin"]
    secret = os.urandom(32).hex()
    log = folder / "sandbox.log"
    log.touch(mode=0o600)
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,  # the kernel's may be deleted
            env=_environment(),
            start_new_session=True,  # an interrupt of the kernel is not meant for it
        )
    try:
        with cast("IO[bytes]", process.stdin) as stdin, suppress(BrokenPipeError):
            stdin.write(f"{secret}\n".encode())
        address = Address(_port_when_it_listens(process, log), process.pid, secret, pace)
        write_address(address, note)
    except BaseException:
        process.kill()
        process.wait()
        raise
    process.returncode = 0  # no warning that it still runs: it is to outlive this kernel
    return address


def is_there(process: int, folder: Path) -> bool:
    """Return whether a process is a sandbox on this data folder."""
    import psutil

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return _is_sandbox_on(psutil.Process(process), folder)
    return False


def end_process(process: int, folder: Path) -> bool:
    """End a process if it is a sandbox on this data folder, and return whether it was.

    Raises SandboxSilent if it does not end.
    """
    import psutil

    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return _end(psutil.Process(process), folder)
    return False


def end_all_on(folder: Path) -> bool:
    """End every sandbox on a data folder that this process can see; return whether one was."""
    import psutil

    ended = [end_process(process, folder) for process in psutil.pids()]
    return any(ended)


def _end(process: psutil.Process, folder: Path) -> bool:
    import psutil

    if not _is_sandbox_on(process, folder):
        return False
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()  # it loses nothing by that
        try:
            process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            raise SandboxSilent(f"The sandbox, process {process.pid}, does not end.") from None
    return True


def _port_when_it_listens(process: subprocess.Popen[bytes], log: Path) -> int:
    """Wait until a new process says that it listens; raises SandboxSilent if it does not."""
    # Its log is looked at, rather than read by a thread: there may be no room for a thread.
    deadline = time.monotonic() + START_SECONDS
    ended = False
    while not ended and time.monotonic() < deadline:
        ended = process.poll() is not None
        said = _end_of(log)
        if not ended and (announcement := _ANNOUNCEMENT.search(said)):
            return int(announcement[1])
        time.sleep(0.02)
    # The last line of a traceback is the one that says something to a person.
    words = visible(said.decode(errors="replace").strip()[-500:].rpartition("\n")[2])
    if not words and shutil.disk_usage(log.parent).free < _LITTLE_SPACE:
        words = f"The disk of {log.parent} is full."
    words = words or "It said nothing."
    told = f"All that it said is in {log}."
    if "No module named" in words:
        told = f"Install its libraries with: {INSTALL}. {told}"
    raise SandboxSilent(
        f"The sandbox did not start{_how_it_ended(process)}. {words}", next=told, words=words
    )


def _end_of(log: Path) -> bytes:
    with log.open("rb") as output:
        output.seek(max(0, output.seek(0, os.SEEK_END) - _LONGEST_LOG))
        return output.read(_LONGEST_LOG)


def _how_it_ended(process: subprocess.Popen[bytes]) -> str:
    code = process.poll()
    if code is None:
        return f" within {START_SECONDS:.0f} seconds"
    if code < 0:
        with suppress(ValueError):
            return f" (killed by {signal.Signals(-code).name})"
    return f" (exit code {code})"


def _is_sandbox_on(process: psutil.Process, folder: Path) -> bool:
    """Return whether it is the program, on this data folder; another may have its id by now."""
    command = process.cmdline()
    data = command[command.index("--data") + 1 :][:1] if "--data" in command else []
    same_folder = bool(data) and Path(data[0]).absolute() == folder.absolute()
    return bool(_MODULES & set(command)) and same_folder and _lives_here(process.pid)


def _lives_here(process: int) -> bool:
    """Return whether a process shares our processes and network, as one of a container does not."""
    ours = Path("/proc/self/ns")
    if not ours.exists():  # no Linux
        return True
    with suppress(OSError):
        theirs = Path(f"/proc/{process}/ns")
        return all((theirs / kind).readlink() == (ours / kind).readlink() for kind in _NAMESPACES)
    return False


def _environment() -> dict[str, str]:
    """Return this process's environment without what tells a key, a signing secret or a setting.

    Nor does it tell Python anything but where libraries are.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith("SOUNDPIECE_")
        and (not name.startswith("PYTHON") or name in _OF_PYTHON)
        and "spk_" not in value
        and "whsec_" not in value
    }
    return kept | {"PYTHONPATH": os.pathsep.join(_search_path())}


def _search_path() -> list[str]:
    """Return the folders of PYTHONPATH, but the notebook's only where the sandbox itself is there.

    They are absolute, as the sandbox works in another folder.
    """
    named = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    try:
        here = Path.cwd()
    except OSError:  # it is gone, and with it whatever a relative path named
        return [each for each in named if Path(each).is_absolute()]
    folders = [str(here / each) for each in named if os.path.realpath(each) != str(here)]
    found = importlib.util.find_spec("soundpiece_sandbox")
    beside = found and found.origin and Path(found.origin).parents[1] == here
    return [*folders, str(here)] if beside else folders

"""The embedded sandbox: one process for each home folder, shared by its kernels.

It is a program of its own and is spoken to over HTTP like the service. It outlives the kernel that
started it, so that a restarted kernel finds its operations, and ends by itself when it gets no
requests for IDLE_SECONDS.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, cast

from soundpiece_nb.api.errors import Mistake, SandboxSilent
from soundpiece_nb.files import written_beside

API_KEY = "spk_sandbox"
"""Any key with this prefix is accepted; the person's own is never shown to the sandbox."""

_MODULES = {"soundpiece_sandbox", "soundpiece_nb.sandbox"}
"""The program, as this version starts it and as earlier ones did."""

IDLE_SECONDS = 1800
START_SECONDS, STOP_SECONDS = 30.0, 5.0
"""Seconds that it may take to start and to stop."""


@dataclass(frozen=True)
class Address:
    """The port and process id of a running sandbox."""

    port: int
    process: int

    @property
    def base_url(self) -> str:
        """The API root."""
        return f"http://127.0.0.1:{self.port}/v1"


class EmbeddedSandbox:
    """The sandbox of one home folder."""

    def __init__(
        self, home: Path, *, needs: Sequence[str] = ("fastapi", "uvicorn", "scipy")
    ) -> None:
        """Prepare to start it, with its data in `home`; it `needs` these libraries."""
        self._needs = needs
        self.folder = home / "sandbox"
        self._note = self.folder / "address.json"

    def running(self) -> Address | None:
        """Return the address at which it answers; None if it is not running."""
        address = self._last_address()
        return address if address is not None and _answers(address.port) else None

    def start(self, pace: float = 1.0) -> Address:
        """Return the running sandbox, started if need be; raises Mistake without its libraries."""
        if address := self.running():
            return address
        if any(importlib.util.find_spec(name) is None for name in self._needs):
            raise Mistake(
                "The sandbox needs libraries that are not installed.",
                next="Install them with: pip install 'soundpiece-nb[sandbox]'.",
            )
        from filelock import FileLock

        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "starting.lock"):
            last = self._last_address()  # on the same port again, where operations expect it
            return self.running() or self._spawn(pace, port=last.port if last else 0)

    def stop(self) -> bool:
        """Stop it; its operations stay on disk. Returns whether it was running."""
        address = self.running()
        if address is not None:
            _end(address.process)
        return address is not None

    def _spawn(self, pace: float, port: int) -> Address:
        command = [sys.executable, "-m", "soundpiece_sandbox", "--port", str(port)]
        command += ["--data", str(self.folder), "--pace", str(pace)]
        command += ["--idle-exit", str(IDLE_SECONDS)]
        with (self.folder / "sandbox.log").open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program with our own arguments
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,  # an interrupt of the kernel is not meant for it
            )
        with cast("IO[bytes]", process.stdout) as output:
            line = _first_line(output)
        process.returncode = 0  # no warning that it still runs: it is to outlive this kernel
        if not line.startswith("Soundpiece sandbox on http://"):
            _end(process.pid)
            if port:
                return self._spawn(pace, port=0)  # another program may have taken the port
            said = (self.folder / "sandbox.log").read_text(errors="replace").strip()[-500:]
            raise SandboxSilent(f"The sandbox did not start. {said}".rstrip())
        address = Address(int(line.rsplit(":", 1)[1].split("/")[0]), process.pid)
        with written_beside(self._note) as partial:
            partial.write_text(json.dumps(asdict(address)))
        return address

    def _last_address(self) -> Address | None:
        try:
            return Address(**json.loads(self._note.read_text()))
        except (OSError, ValueError, TypeError):
            return None


def _end(process: int) -> None:
    """Ask a process to end, and wait until it has; raises SandboxSilent if it does not."""
    import psutil

    try:
        running = psutil.Process(process)
        if not _MODULES & set(running.cmdline()):
            return  # another program has the process id by now
        running.terminate()
        running.wait(STOP_SECONDS)
    except psutil.NoSuchProcess:
        return
    except psutil.Error as error:
        raise SandboxSilent(f"The sandbox did not stop: {error}.") from error


def _first_line(output: IO[bytes]) -> str:
    """Return the line that a sandbox prints when it listens; empty if none comes in time."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(output.readline()), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    return lines[0].decode(errors="replace").strip() if lines else ""


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/")
        return connection.getresponse().getheader("Soundpiece-Sandbox") is not None
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

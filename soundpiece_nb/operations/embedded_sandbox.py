"""The embedded sandbox: one process for each home folder, shared by its kernels.

It is a program of its own and is spoken to over HTTP like the service. It outlives the kernel that
started it, so that a restarted kernel finds its operations, and ends by itself when it gets no
requests for half an hour.

A port is told nothing of a person's until the program there has proved that it is the sandbox that
was started. The proof is asked for each time an operation begins or goes on. What is left: if the
sandbox ends while such an operation runs here, and a program of another user takes its port within
the moments of a retry, that program is told the request that is repeated.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from soundpiece_nb.api.errors import Mistake, SandboxSilent
from soundpiece_nb.files.private_files import private_folder

from .sandbox_address import Address, read_address
from .sandbox_process import INSTALL, START_SECONDS, end_all_on, end_process, is_there, launch

API_KEY = "spk_sandbox"
"""Any key with this prefix is accepted; the person's own is never shown to the sandbox."""

_PATIENT_SECONDS, _HASTY_SECONDS = 5.0, 0.5
"""Seconds to prove itself before another is started, for a sandbox of ours and for a stranger."""

_HELD = "another sandbox is using it"
"""The sandbox's words for a data folder that another one holds."""


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
        """Return the address at which it has just proved itself; None if it is not running."""
        address = read_address(self._note)
        return address if address is not None and address.proves_itself() else None

    def start(self, pace: float = 1.0) -> Address:
        """Return the running sandbox, started if need be.

        Raises Mistake without its libraries, and SandboxSilent if it does not start.
        """
        if address := self.running():
            return address
        if any(importlib.util.find_spec(name) is None for name in self._needs):
            raise Mistake(
                "The sandbox needs libraries that are not installed.",
                next=f"Install them with: {INSTALL}.",
            )
        from filelock import FileLock, Timeout

        try:
            private_folder(self.folder)
            starting = FileLock(
                self.folder / "starting.lock", timeout=4 * START_SECONDS, mode=0o600
            )
            with starting:
                last = read_address(self._note)
                if last is not None:
                    busy = is_there(last.process, self.folder)
                    if last.proves_itself(_PATIENT_SECONDS if busy else _HASTY_SECONDS):
                        return last
                # On the same port again, where operations on their way expect it.
                return self._launch(pace, port=last.port if last else 0)
        except Timeout as error:
            raise SandboxSilent(
                f"Another kernel has been starting the sandbox in {self.folder} for minutes.",
                next="Restart that kernel, then try again.",
            ) from error
        except (OSError, NotImplementedError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SandboxSilent(
                f"The sandbox did not start in {self.folder}: {reason}.",
                next="Try again once that is mended.",
            ) from error

    def stop(self) -> bool:
        """Stop it; its operations stay on disk. Returns whether it was running."""
        address = self.running()
        if address is None:
            return False
        if not end_process(address.process, self.folder) and self.running():
            raise SandboxSilent(
                "The sandbox did not stop: it belongs to another container or user.",
                next="Stop it there; it also stops by itself after half an hour without requests.",
            )
        return True

    def _launch(self, pace: float, port: int) -> Address:
        """Start it on a port, or any where that is 0 or taken; raises SandboxSilent."""
        try:
            return launch(self.folder, self._note, pace=pace, port=port)
        except SandboxSilent as silent:
            if port:
                return self._launch(pace, port=0)  # another program may have taken the port
            if _HELD not in vars(silent).get("words", ""):
                raise
        # One that was started here and answers no more, or of an earlier version.
        if end_all_on(self.folder):
            return launch(self.folder, self._note, pace=pace, port=0)
        raise SandboxSilent(
            f"The sandbox did not start: one of another container or user holds {self.folder}.",
            next="Stop it there, or set SOUNDPIECE_HOME to a folder for this one alone.",
        )

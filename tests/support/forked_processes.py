"""Processes for tests, forked from one that has imported all that they need.

Each would otherwise need a second of processor time for its imports.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping
from multiprocessing.connection import Connection

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "support.session_processes",
        "soundpiece_nb.operations.session",
        "soundpiece_nb.journal.journal",
        "keyring",
        "support.forked_processes",
        "soundpiece_sandbox.service.server",
    ]
)


class SandboxProcess:
    """`python -m soundpiece_sandbox` with these options; `line` is the first that it printed."""

    def __init__(self, *options: str) -> None:
        printed, theirs = CONTEXT.Pipe(duplex=False)
        self._process = CONTEXT.Process(target=_serve, args=(options, dict(os.environ), theirs))
        self._process.start()
        theirs.close()
        with os.fdopen(os.dup(printed.fileno())) as lines:
            self.line = lines.readline()
        printed.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> None:
        """Kill it, whatever it is doing."""
        self.kill()
        self.wait()

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code; raises AssertionError where it is still there."""
        self._process.join(timeout)
        assert self._process.exitcode is not None, "the sandbox goes on"
        return self._process.exitcode


def _serve(options: tuple[str, ...], environment: Mapping[str, str], printed: Connection) -> None:
    from soundpiece_sandbox.__main__ import main

    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    sys.argv = ["soundpiece-sandbox", *options]
    os.dup2(printed.fileno(), sys.stdout.fileno())
    printed.close()
    main()

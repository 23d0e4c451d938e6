"""Processes of their own with a session each, spoken to in Python: kernels without Jupyter."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Any

from support.forked_processes import CONTEXT

_PREPARE = (
    "import time, soundpiece_nb as sp\nfrom soundpiece_nb.operations.current_session import current"
)


class Process:
    """One process; `do` runs statements or an expression in it and returns the latter's value."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._pipe, theirs = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=_live, args=(dict(environment), theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.do(_PREPARE)

    def do(self, code: str, seconds: float = 30.0) -> Any:
        """Have it done there; raises AssertionError with what went wrong, or after `seconds`."""
        self.begin(code)
        return self.finish(seconds)

    def begin(self, code: str) -> None:
        """Have it begun there; `finish` waits for it."""
        self._pipe.send(code)

    def finish(self, seconds: float = 30.0) -> Any:
        """Return the value of what was begun."""
        assert self._pipe.poll(seconds), "the process did not answer"
        value, complaint = self._pipe.recv()
        assert complaint is None, complaint
        return value

    def send(self, number: signal.Signals) -> None:
        """Send it a signal; having been killed, it is buried too."""
        os.kill(self._process.pid, number)
        if number is signal.SIGKILL:
            self._process.join()

    def close(self) -> None:
        if self._process.is_alive():
            self.send(signal.SIGKILL)
        self._pipe.close()
        self._process.close()


def _live(environment: dict[str, str], pipe: Connection) -> None:
    os.environ.clear()
    os.environ.update(environment)
    here: dict[str, Any] = {}
    while True:
        code = pipe.recv()
        try:
            value = _run(code, here)
        except BaseException as error:  # noqa: BLE001 - the test says what it is to be
            pipe.send((None, f"{type(error).__name__}: {error}"))
        else:
            pipe.send((value, None))


def _run(code: str, here: dict[str, Any]) -> Any:
    try:
        expression = compile(code, "<test>", "eval")
    except SyntaxError:
        exec(code, here)  # noqa: S102 - the test's own code
        return None
    return eval(expression, here)  # noqa: S307 - the test's own code

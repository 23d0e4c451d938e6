"""Brings up processes that have everything imported already: a hundred in the time of one.

As a program it is the one that forks: it reads a task a line and writes the new process's number,
and for a number it is given it writes how that process ended.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

TESTS = Path(__file__).parents[1]


class Nursery:
    """A process without threads, from which others are forked."""

    def __init__(self, environment: dict[str, str], *, within: Sequence[str] = ()) -> None:
        """Begin it; `within` is a command that runs another, in a namespace of its own say."""
        self._process = subprocess.Popen(
            [*within, sys.executable, "-m", "support.process_forker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            env={**environment, "PYTHONPATH": str(TESTS), "OPENBLAS_NUM_THREADS": "1"},
        )

    def start(self, **task: object) -> int:
        """Begin a task in a new process; return its number."""
        return int(self._ask(json.dumps(task)))

    def end_of(self, process: int) -> int:
        """Wait for a process; return its exit code, negative for the signal that killed it."""
        return int(self._ask(str(process)))

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ask(self, line: str) -> str:
        self._process.stdin.write(f"{line}\n")
        return self._process.stdout.readline()


def main() -> None:
    from support.crashing_process import prepare, work

    prepare()
    for line in sys.stdin:
        task = json.loads(line)
        if isinstance(task, int):
            print(os.waitstatus_to_exitcode(os.waitpid(task, 0)[1]), flush=True)
            continue
        process = os.fork()
        if process == 0:
            try:
                work(**task)
            except BaseException:  # noqa: BLE001 - said, and never back into the loop of the parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        print(process, flush=True)


if __name__ == "__main__":
    main()

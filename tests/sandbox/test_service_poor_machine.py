"""Without room for one more process or thread an operation fails, and a later one is made."""

import itertools
import os
import subprocess
import sys

import psutil
import pytest

AS_ROOT = os.geteuid() == 0
users = itertools.count(20_000 + os.getpid() % 5_000 * 8)


class SandboxAsUser(subprocess.Popen[str]):
    """The command as a user whose processes and threads are counted; `line` is what it printed.

    The system limits no root, and counts whatever a user runs: beside root each sandbox has a user
    of its own, who may read and write all files.
    """

    def __init__(self, *options: str) -> None:
        self.user = as_user(next(users)) if AS_ROOT else []
        command = [*self.user, sys.executable, "-m", "soundpiece_sandbox", *options]
        super().__init__(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.line = self.stdout.readline()

    def limit(self, processes: str) -> None:
        """Set the most processes and threads of its user."""
        command = ["prlimit", "--pid", str(self.pid), f"--nproc={processes}:"]
        subprocess.run([*self.user, *command], check=True)

    def end(self) -> None:
        """Kill it, whatever it is doing."""
        self.kill()
        self.communicate()


def as_user(user: int) -> list[str]:
    """Give the words before a command that run it as a user with this number."""
    any_file = ("--inh-caps", "+dac_override", "--ambient-caps", "+dac_override")
    return ["setpriv", "--reuid", str(user), "--clear-groups", *any_file]


@pytest.fixture
def begin_sandbox():
    return SandboxAsUser


@pytest.mark.parametrize("more", range(5))
def test_without_room_for_a_worker_an_operation_fails_and_a_later_one_is_made(start, more):
    sandbox = start("--pace", "0")
    threads = psutil.Process(sandbox.process.pid).num_threads()
    # Not as root the user runs more than this sandbox: then there is no room at all.
    sandbox.process.limit(str(threads + more if AS_ROOT else 1))
    made = sandbox.make("create.new_fx", prompt="A click", duration=0.5)
    if made["error"]:
        assert made["error"]["code"] == "internal_error"
    else:
        assert more > 2  # room for the one worker that it needs
    sandbox.process.limit("4000")
    assert sandbox.make("create.new_fx", prompt="A click", duration=0.5)["status"] == "ready"

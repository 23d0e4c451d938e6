"""A forked child whose interpreter ends like any other: its parent's journal is as it was."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from support.services import quiet_environment

PARENT = """
import gc, json, os, sys
import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.recorded_operations import record

journal = current().journal
keys = [record(journal, prompt="before")]
len(sp.history())
for _ in range(3):
    child = os.fork()
    if child == 0:
        if _ == 1:
            len(sp.history())
        del journal
        gc.collect()
        sys.exit(0)  # the interpreter ends, with all that it has inherited
    keys += [record(journal, prompt=f"during {number}") for number in range(20)]
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    keys += [record(journal, prompt=f"after {number}") for number in range(20)]
assert journal.complaints() == []
current().close()
print(json.dumps(keys))
"""


def test_what_the_parent_wrote_meanwhile_and_afterwards_is_all_there(tmp_path):
    tests = Path(__file__).parent
    environment = quiet_environment(tmp_path / "home", PYTHONPATH=f"{tests}:{tests.parent}")
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PARENT],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    with closing(sqlite3.connect(tmp_path / "home" / "journal.sqlite")) as connection:
        found = {key for (key,) in connection.execute("SELECT idempotency_key FROM operations")}
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert found == set(json.loads(ran.stdout))

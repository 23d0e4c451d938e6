"""What must be so when all that was killed has been gone on with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from soundpiece_nb.audio.verification import verify
from support.services import RunningSandbox


def require_unsent_is_unsent(home: Path, sandbox: RunningSandbox) -> None:
    """Check that the service has nothing of what the journal says has never left."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        left = "SELECT count(*) FROM operations WHERE sent_at IS NOT NULL"
        [may_have_arrived] = connection.execute(left).fetchone()
    assert sandbox.counters()["operations"] <= may_have_arrived


def require_nothing_lost_or_twice(home: Path, sandbox: RunningSandbox) -> int:
    """Compare journal, files and service; print the figures and return the number of operations."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        rows = connection.execute("SELECT status, operation_id, outputs FROM operations").fetchall()
        takes = connection.execute("SELECT path, size, md5 FROM takes").fetchall()
    made = sandbox.counters()["operations"]
    ready = [row for row in rows if row[0] == "ready"]
    print(f"{made} made at the service, {len(rows)} keys in the journal, {len(ready)} ready")
    assert made == len(rows) == len(ready) == len({row[1] for row in rows})
    assert sum(row[2] for row in rows) == len(takes)
    for path, size, md5 in takes:
        take = verify(home / path)
        assert (take.size, take.md5) == (size, md5)
    kept = {home / path for path, *_ in takes}
    assert {file for file in (home / "audio").rglob("*") if file.is_file()} == kept
    return len(rows)

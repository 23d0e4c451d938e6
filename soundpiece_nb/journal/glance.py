"""How many operations an earlier kernel left unfinished, told without loading SQLAlchemy.

`%load_ext` asks this, and must stay instant.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

FILE_NAME = "journal.sqlite"

# Few takes are without a file, and an index lists them: only their operations are looked at, as
# the + says to SQLite, which would look at all that are ready.
UNFINISHED = """
    status IN ('submitting', 'processing')
    OR (+status = 'ready' AND idempotency_key IN (
        SELECT idempotency_key FROM takes WHERE path IS NULL AND pruned_at IS NULL
    ) AND outputs > (
        SELECT count(coalesce(path, pruned_at)) FROM takes
        WHERE takes.idempotency_key = operations.idempotency_key))
"""


def count_abandoned(home: Path, now: int) -> int:
    """Count unfinished operations that no living process holds; 0 where there is no journal.

    A journal that cannot be read counts as none: whoever opens it next says why.
    """
    from .lease import is_held

    file = home / FILE_NAME
    if not file.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            leases = connection.execute(
                f"SELECT holder, held_until FROM operations WHERE {UNFINISHED}"  # noqa: S608 - a constant
            ).fetchall()
    except sqlite3.Error:
        return 0
    return sum(not is_held(holder, held_until, now) for holder, held_until in leases)

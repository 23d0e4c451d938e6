"""Operations that another, living process holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import update

from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import LEASE_SECONDS, holder_name
from soundpiece_nb.journal.schema import operations


@contextmanager
def held_by_another(journal: Journal, key: str) -> Iterator[None]:
    """Let a process hold an operation, as if it followed it, until the block ends."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        until = journal.now() + int(LEASE_SECONDS * 1e6)
        lease = {"holder": holder_name(other.pid), "held_until": until}
        with journal._database.write() as connection:
            held = operations.c.idempotency_key == key
            connection.execute(update(operations).where(held).values(**lease))
        try:
            yield
        finally:
            other.kill()

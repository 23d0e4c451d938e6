"""The journal: every operation of one home folder, its progress, and the process that holds it.

Notes of an operation's progress (its id, its end) are not synced one by one: a power cut that
loses one loses no work, because the same key asks the service again.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import NOTHING_SENT, JournalDamaged, StorageFailed
from soundpiece_nb.audio.verification import Take

from .database import BUSY_SECONDS, Database
from .entry import Entry
from .lease import is_held, lease_end
from .migrations import prepare
from .quick_reads import FILE_NAME
from .rescue import JournalWasDamaged, find_damage, rescue
from .schema import SUMMED_UP, operations, takes, update_operation, update_take, update_takes
from .write_ahead import Recording


class Journal(Recording):
    """Every operation of one home folder; safe to use from several threads and processes.

    Another process's write is waited for `busy_seconds`.
    """

    def __init__(self, home: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.home = home
        self.file = home / FILE_NAME
        try:
            super().__init__(_open(self.file, busy_seconds))
        except JournalDamaged:
            done = rescue(home)
            super().__init__(_open(self.file, busy_seconds))
            if done:
                warnings.warn(JournalWasDamaged(done), stacklevel=3)

    def close(self) -> None:
        """Close the connections; the file is whole at any time."""
        self._database.close()

    def complaints(self) -> list[str]:
        """Return the faults of the file; raises JournalDamaged where it cannot be read.

        Reads all of it: about two seconds for 100,000 operations.
        """
        return find_damage(self._database)

    # ------------------------------------------------------------------ progress

    def accepted(self, key: str, operation_id: str) -> None:
        """Note that the service has the operation, under its own id."""
        self._note(
            key,
            status="processing",
            operation_id=operation_id,
            accepted_at=self.now(),
            error_code=None,
            error_message=None,
        )

    def ready(self, key: str, links: Sequence[OutputLink]) -> None:
        """Note that the service has finished, with a take for each output and no files yet."""
        values = {
            "status": "ready",
            "finished_at": func.coalesce(operations.c.finished_at, self.now()),
            "outputs": len(links),
        }
        numbers = select(takes.c.take).where(takes.c.idempotency_key == key)
        with self._database.write() as connection:
            update = update_operation(key).values(**values, error_code=None, error_message=None)
            connection.execute(update)
            known = set(connection.scalars(numbers))
            rows = [
                {"idempotency_key": key, "take": take, "kind": link.kind, "duration": link.duration}
                for take, link in enumerate(links, start=1)
                if take not in known
            ]
            if rows:
                connection.execute(takes.insert(), rows)
                connection.execute(update_operation(key).values(SUMMED_UP))

    def stored(self, key: str, number: int, take: Take, path: Path) -> None:
        """Note a verified file for take `number` (from 1)."""
        values = {"path": path.relative_to(self.home).as_posix(), "duration": take.duration}
        with self._database.write() as connection:
            connection.execute(update_take(key, number).values(**values, **asdict(take)))
            connection.execute(update_operation(key).values(SUMMED_UP))

    def measured(
        self,
        key: str,
        take: int,
        *,
        loudness: float | None,
        tempo: float | None,
        centroid: float | None,
        version: int,
    ) -> None:
        """Note a take's loudness (LUFS), tempo (beats per minute) and spectral centroid (Hz).

        None means that the sound has no such figure. `version` is that of the measurement, so that
        a later one can measure again.
        """
        figures = {"loudness": loudness, "tempo": tempo, "centroid": centroid}
        with self._database.write() as connection:
            connection.execute(update_take(key, take).values(**figures, measured=version))

    def failed(self, key: str, code: str, message: str) -> None:
        """Note that the service could not make it, in the service's words."""
        self._end(key, "failed", code, message)

    def rejected(self, key: str, code: str, message: str) -> None:
        """Note that the request was refused and nothing was made."""
        self._end(key, "rejected", code, message)

    def mark_stuck(self, key: str, code: str, message: str) -> None:
        """Keep the reason why trying stopped, and the status as it is."""
        self._note(key, error_code=code, error_message=message)

    def counted(self, key: str, *, polls: int, retries: int) -> None:
        """Add to the number of polls and of repeated exchanges."""
        self._note(key, polls=operations.c.polls + polls, retries=operations.c.retries + retries)

    def sent_again(self, key: str) -> None:
        """Set a rejected operation back to `submitting`, before its request is sent again."""
        self._note(key, status="submitting", error_code=None, error_message=None, finished_at=None)

    def check_files(self, key: str) -> Entry:
        """Return one operation, having forgotten files that no longer exist."""
        entry = self.entry(key)
        gone = [t.take for t in entry.takes if t.path and not (self.home / t.path).exists()]
        if not gone:
            return entry
        with self._database.write() as connection:
            connection.execute(update_takes(key).where(takes.c.take.in_(gone)).values(path=None))
            connection.execute(update_operation(key).values(SUMMED_UP))
        return self.entry(key)

    def _end(self, key: str, status: str, code: str, message: str) -> None:
        ended = self.now()
        self._note(key, status=status, error_code=code, error_message=message, finished_at=ended)

    def _note(self, key: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(update_operation(key).values(**values))

    # ------------------------------------------------------------------ leases

    def claim(self, key: str) -> bool:
        """Take an operation's lease for this process; False where another one's is in force."""
        now = self.now()
        lease = select(operations.c.holder, operations.c.held_until).where(
            operations.c.idempotency_key == key
        )
        with self._database.read() as connection:  # a write lock would delay the present holder
            if self._is_anothers(connection.execute(lease).one(), now):
                return False
        with self._database.write() as connection:
            if self._is_anothers(connection.execute(lease).one(), now):
                return False
            held = {"holder": self.holder, "held_until": lease_end(now)}
            connection.execute(update_operation(key).values(**held))
        return True

    def _is_anothers(self, lease: Any, now: int) -> bool:
        return lease.holder != self.holder and is_held(lease.holder, lease.held_until, now)

    def renew(self, keys: Collection[str]) -> None:
        """Prolong this process's leases."""
        self._change_leases(keys, held_until=lease_end(self.now()))

    def release(self, keys: Collection[str]) -> None:
        """End this process's leases, so that any process may continue at once."""
        self._change_leases(keys, holder=None, held_until=None)

    def _change_leases(self, keys: Collection[str], **values: Any) -> None:
        mine = operations.c.idempotency_key.in_(keys) & (operations.c.holder == self.holder)
        with self._database.write() as connection:
            connection.execute(operations.update().where(mine).values(**values))


def _open(file: Path, busy_seconds: float) -> Database:
    database = Database(file, busy_seconds=busy_seconds)
    try:
        with database.write() as connection:
            prepare(connection, file)
        database.pin()
    except BaseException:
        database.close()
        raise
    return database


def open_journal(home: Path) -> Journal:
    """Open the journal of a home folder; raises StorageFailed with a sentence where it cannot."""
    try:
        return Journal(home)
    except (OSError, StorageFailed) as error:
        raise StorageFailed(
            f"The journal in {home} cannot be opened: {error}",
            money=NOTHING_SENT,
            next="SOUNDPIECE_HOME names another folder.",
        ) from None

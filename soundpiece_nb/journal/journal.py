"""The journal: every operation of one home folder, how it stands, and who holds it.

Notes of how an operation goes on (the id, the end) are not synced one by one: losing one to a power
cut loses no work, because the same key asks the service again.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import NOTHING_SENT, JournalDamaged, StorageFailed
from soundpiece_nb.audio.verification import Take

from .changes import row_of, take_of, this_moment
from .database import Database
from .entry import Entry
from .lease import is_held
from .migrations import prepare
from .quick_reads import FILE_NAME
from .recording import Recording, lease_end
from .rescue import JournalWasDamaged, find_damage, rescue
from .schema import SUMMED_UP, operations, takes


class Journal(Recording):
    """Every operation of one home folder; safe to use from several threads and processes."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.home = home
        self.file = home / FILE_NAME
        try:
            super().__init__(_open(self.file))
        except JournalDamaged:
            done = rescue(home)
            super().__init__(_open(self.file))
            if done:
                warnings.warn(JournalWasDamaged(done), stacklevel=3)

    def close(self) -> None:
        """Close the connections; the file is whole at any time."""
        self._database.close()

    def complaints(self) -> list[str]:
        """Return what is wrong with the file; raises JournalDamaged where it cannot be read.

        Reads all of it: about two seconds for 100,000 operations.
        """
        return find_damage(self._database)

    # ------------------------------------------------------------------ an operation's way

    def accepted(self, key: str, operation_id: str) -> None:
        """Note that the service has the operation, under its own id."""
        self._note(
            key,
            status="processing",
            operation_id=operation_id,
            accepted_at=this_moment(),
            error_code=None,
            error_message=None,
        )

    def ready(self, key: str, links: Sequence[OutputLink]) -> None:
        """Note that the service finished; the takes follow one by one as files arrive."""
        with self._database.write() as connection:
            finished = func.coalesce(operations.c.finished_at, this_moment())
            values = {"status": "ready", "finished_at": finished, "outputs": len(links)}
            connection.execute(row_of(key).values(**values, error_code=None, error_message=None))
            known = set(
                connection.scalars(select(takes.c.take).where(takes.c.idempotency_key == key))
            )
            rows = [
                {"idempotency_key": key, "take": take, "kind": link.kind, "duration": link.duration}
                for take, link in enumerate(links, start=1)
                if take not in known
            ]
            if rows:
                connection.execute(takes.insert(), rows)
                connection.execute(row_of(key).values(SUMMED_UP))

    def stored(self, key: str, number: int, take: Take, path: Path) -> None:
        """Note a verified file for take `number` (from 1)."""
        with self._database.write() as connection:
            connection.execute(
                take_of(key, number).values(
                    path=path.relative_to(self.home).as_posix(),
                    duration=take.duration,
                    size=take.size,
                    frames=take.frames,
                    sample_rate=take.sample_rate,
                    channels=take.channels,
                    md5=take.md5,
                    waveform=take.waveform,
                )
            )
            connection.execute(row_of(key).values(SUMMED_UP))

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
        """Note a take's loudness (LUFS), tempo (beats a minute) and spectral centroid (Hz).

        What cannot be said of it is None. `version` is that of the measuring, so that a later one
        can measure anew.
        """
        sound = {"loudness": loudness, "tempo": tempo, "centroid": centroid}
        with self._database.write() as connection:
            connection.execute(take_of(key, take).values(**sound, measured=version))

    def failed(self, key: str, code: str, message: str) -> None:
        """Note that the service could not make it, in the service's words."""
        self._end(key, "failed", code, message)

    def rejected(self, key: str, code: str, message: str) -> None:
        """Note that the request was refused and nothing was made."""
        self._end(key, "rejected", code, message)

    def mark_stuck(self, key: str, code: str, message: str) -> None:
        """Keep the reason why trying stopped; how the operation stands does not change."""
        self._note(key, error_code=code, error_message=message)

    def counted(self, key: str, *, polls: int, retries: int) -> None:
        """Add to the number of polls and of repeated exchanges."""
        self._note(key, polls=operations.c.polls + polls, retries=operations.c.retries + retries)

    def sent_again(self, key: str) -> None:
        """Set a rejected operation back to `submitting`, before its request leaves once more."""
        self._note(key, status="submitting", error_code=None, error_message=None, finished_at=None)

    def check_files(self, key: str) -> Entry:
        """Return one operation, having forgotten files that are no longer there."""
        entry = self.entry(key)
        gone = [t.take for t in entry.takes if t.path and not (self.home / t.path).exists()]
        if not gone:
            return entry
        with self._database.write() as connection:
            connection.execute(
                update(takes)
                .where(takes.c.idempotency_key == key, takes.c.take.in_(gone))
                .values(path=None)
            )
            connection.execute(row_of(key).values(SUMMED_UP))
        return self.entry(key)

    # ------------------------------------------------------------------ leases

    def claim(self, key: str) -> bool:
        """Take an operation for this process; False where a living process holds it."""
        now = this_moment()
        lease = select(operations.c.holder, operations.c.held_until).where(
            operations.c.idempotency_key == key
        )
        with self._database.read() as connection:  # who waits for another must not lock it out
            if self._is_anothers(connection.execute(lease).one(), now):
                return False
        with self._database.write() as connection:
            if self._is_anothers(connection.execute(lease).one(), now):
                return False
            connection.execute(row_of(key).values(holder=self.holder, held_until=lease_end(now)))
        return True

    def _is_anothers(self, lease: Any, now: int) -> bool:
        return lease.holder != self.holder and is_held(lease.holder, lease.held_until, now)

    def renew(self, keys: Collection[str]) -> None:
        """Prolong this process's leases."""
        with self._database.write() as connection:
            connection.execute(
                update(operations)
                .where(operations.c.idempotency_key.in_(keys), operations.c.holder == self.holder)
                .values(held_until=lease_end(this_moment()))
            )

    def release(self, keys: Collection[str]) -> None:
        """Give leases up, so that any process may go on at once."""
        with self._database.write() as connection:
            connection.execute(
                update(operations)
                .where(operations.c.idempotency_key.in_(keys), operations.c.holder == self.holder)
                .values(holder=None, held_until=None)
            )

    # ------------------------------------------------------------------ inside

    def _note(self, key: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(row_of(key).values(**values))

    def _end(self, key: str, status: str, code: str, message: str) -> None:
        self._note(
            key, status=status, error_code=code, error_message=message, finished_at=this_moment()
        )


def _open(file: Path) -> Database:
    database = Database(file)
    try:
        with database.write() as connection:
            prepare(connection, file)
        database.settle()
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

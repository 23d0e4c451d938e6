"""The journal: every operation of one home folder, its progress, and the process that holds it.

Notes of an operation's progress (its id, its end) are not synced one by one: a power cut that
loses one loses no work, because the same key asks the service again.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam, func, select, update

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.errors import NOTHING_SENT, JournalDamaged, StorageFailed
from soundpiece_nb.audio.verification import Take
from soundpiece_nb.files.private_files import private_file, private_folder

from .database import BUSY_SECONDS, Database
from .entry import Entry
from .lease import LEASE_SECONDS, Holder, is_held, lease_end
from .migrations import prepare
from .quick_reads import FILE_NAME
from .rescue import JournalWasDamaged, find_damage, rescue
from .schema import (
    NEVER_LEFT,
    OF_KEY,
    SUM_UP,
    SUMMED_UP,
    UPDATE_ONE,
    listed,
    operations,
    takes,
    update_operation,
    update_take,
    update_takes,
)
from .usage import Usage
from .write_ahead import Permit, Recording

_IN_A_HOME = re.compile(r"journal.*|audio|own|sandbox|errors(\.old)?\.log|\..*\.part")
"""Names of what this package keeps in a home folder."""


class Journal(Recording):
    """Every operation of one home folder; safe to use from several threads and processes.

    Another process's write is waited for `busy_seconds`. `shares_memory` is as in `Database`.
    """

    def __init__(
        self,
        home: Path,
        *,
        busy_seconds: float = BUSY_SECONDS,
        shares_memory: bool | None = None,
        holder: Holder | None = None,
    ) -> None:
        """Open it, to hold operations as `holder`, which ends with this unless it is given."""
        self._own_holder = Holder()
        self.home = private_folder(home, _IN_A_HOME)
        self.file = private_file(home / FILE_NAME)
        try:
            database = self._open_database(busy_seconds, shares_memory=shares_memory)
        except JournalDamaged:
            done = rescue(home)
            database = self._open_database(busy_seconds, shares_memory=shares_memory)
            if done:
                warnings.warn(JournalWasDamaged(done), stacklevel=3)
        super().__init__(database, holder or self._own_holder)

    def _open_database(self, busy_seconds: float, *, shares_memory: bool | None) -> Database:
        database = Database(self.file, busy_seconds=busy_seconds, shares_memory=shares_memory)
        try:
            with database.write() as connection:
                prepare(connection, self.file)
            database.pin()
        except BaseException:
            database.close()
            raise
        return database

    def together(self) -> AbstractContextManager[None]:
        """Make one transaction of all that this thread calls meanwhile, synced at its end.

        Where anything in it raises, none of it was done.
        """
        return self._database.together()

    def close(self) -> None:
        """Close the connections, and hold nothing more; the file is whole at any time."""
        self._database.close()
        self._own_holder.end()

    def complaints(self) -> list[str]:
        """Return the faults of the file; raises JournalDamaged where it cannot be read.

        Reads all of it: about two seconds for 100,000 operations.
        """
        return find_damage(self._database)

    # ------------------------------------------------------------------ progress

    def departing(self, keys: Collection[str]) -> set[str]:
        """Note, synced to the disk, that these may leave this machine from now on.

        Returns those that may: not what was discarded meanwhile, by whatever process.
        """
        column = operations.c
        wanted = column.idempotency_key.in_(listed(list(keys))) & (column.status == "submitting")
        left = func.coalesce(column.sent_at, self.now())
        self._database.update_synced(operations.update().where(wanted).values(sent_at=left))
        return set(self._keys(wanted & column.sent_at.is_not(None)))

    def not_departed(self, key: str) -> None:
        """Note that nothing of it can have reached the service after all."""
        self._note(key, sent_at=None)

    def discard(self, keys: Collection[str]) -> set[str]:
        """Drop, for good, those of which the service has nothing; returns their keys.

        No process sends them after this, whichever holds them. Why one was refused is kept.
        """
        column = operations.c
        unsent = (column.status == "rejected") | NEVER_LEFT
        wanted = column.idempotency_key.in_(listed(list(keys))) & unsent
        with self._database.write() as connection:
            found = set(connection.scalars(select(column.idempotency_key).where(wanted)))
            ended = {"status": "discarded", "finished_at": self.now(), "sent_at": None}
            connection.execute(operations.update().where(wanted).values(**ended))
        return found

    def revive(
        self, keys: Collection[str], *, made_by: str | None = None, permit: Permit | None = None
    ) -> set[str]:
        """Set discarded ones back to `submitting`, held here; returns their keys.

        They are as if recorded now: somebody, `made_by`, has asked for them anew, and `permit` may
        refuse that.
        """
        dropped = operations.c.status == "discarded"
        wanted = operations.c.idempotency_key.in_(listed(list(keys))) & dropped
        now = self.now()
        emptied = ("error_code", "error_message", "finished_at", "account", "sent_at")
        held = {"holder": self.holder, "held_until": lease_end(now)}
        begun = {"status": "submitting", "submitted_at": now, "made_by": made_by, **held}
        with self._database.write() as connection:
            found = set(connection.scalars(select(operations.c.idempotency_key).where(wanted)))
            if found and permit is not None:
                permit(len(found), Usage(connection, now))
            update = operations.update().where(wanted)
            connection.execute(update.values(**begun, **dict.fromkeys(emptied)))
        return found

    def accepted(self, key: str, operation_id: str, cost: str | None = None) -> None:
        """Note that the service has the operation, under its own id, and its cost if it says it."""
        self._note(
            key,
            status="processing",
            operation_id=operation_id,
            accepted_at=self.now(),
            error_code=None,
            error_message=None,
            **_said(cost),
        )

    def ready(self, key: str, links: Sequence[OutputLink], cost: str | None = None) -> None:
        """Note that the service has finished, with a take for each output and no files yet."""
        values = {
            **_said(cost),
            "status": "ready",
            "outputs": len(links),
            "error_code": None,
            "error_message": None,
        }
        with self._database.write() as connection:
            connection.execute(_FINISH, {"of_key": key, "at": self.now(), **values})
            known = set(connection.scalars(_NUMBERS_OF_TAKES, {"of_key": key}))
            rows = [
                {"idempotency_key": key, "take": take, "kind": link.kind, "duration": link.duration}
                for take, link in enumerate(links, start=1)
                if take not in known
            ]
            if rows:
                connection.execute(_INSERT_TAKES, rows)
                connection.execute(SUM_UP, {"of_key": key})

    def stored(self, key: str, number: int, take: Take, path: Path) -> None:
        """Note a verified file for take `number` (from 1)."""
        where = {"of_key": key, "of_take": number}
        values = {"path": path.relative_to(self.home).as_posix(), "duration": take.duration}
        with self._database.write() as connection:
            connection.execute(_UPDATE_TAKE, {**where, **values, **vars(take)})
            connection.execute(SUM_UP, {"of_key": key})

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

    def failed(self, key: str, code: str, message: str, cost: str | None = None) -> None:
        """Note that the service could not make it, in the service's words."""
        self._end(key, "failed", code, message, **_said(cost))

    def rejected(self, key: str, code: str, message: str) -> None:
        """Note that the request was refused and nothing was made."""
        self._end(key, "rejected", code, message)

    def mark_stuck(self, key: str, code: str, message: str, *, unsent: bool = False) -> None:
        """Keep the reason why this session stopped trying, and the status as it is.

        `unsent` says that nothing of it can have reached the service.
        """
        left = {"sent_at": None} if unsent else {}
        self._change_held([key], error_code=code, error_message=message, **left)

    def sent_again(self, key: str) -> None:
        """Set what the service has nothing of back to `submitting`, before it is sent again.

        Nothing was made of it, so it is no account's any more.
        """
        emptied = ("error_code", "error_message", "finished_at", "account", "sent_at")
        self._note(key, status="submitting", **dict.fromkeys(emptied))

    def move_to_account(self, key: str, account: str | None) -> None:
        """Note the account that an operation is sent from, from now on."""
        self._note(key, account=account)

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

    def _end(self, key: str, status: str, code: str, message: str, **more: Any) -> None:
        ended = {"status": status, "error_code": code, "error_message": message, **more}
        self._note(key, finished_at=self.now(), **ended)

    def _note(self, key: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(UPDATE_ONE, {"of_key": key, **values})

    # ------------------------------------------------------------------ leases

    def claim(self, key: str) -> bool:
        """Take an operation's lease for this session; False where another one's is in force."""
        now, of_it = self.now(), {"of_key": key}
        with self._database.read() as connection:  # a write lock would delay the present holder
            lease = connection.execute(_LEASE, of_it).one()
        if self._is_anothers(lease, now):
            return False
        own = lease.holder == self.holder and isinstance(lease.held_until, int)
        if own and lease.held_until >= now + _LONG_ENOUGH:
            return True  # it was recorded a moment ago
        with self._database.write() as connection:
            if self._is_anothers(connection.execute(_LEASE, of_it).one(), now):
                return False
            held = {"holder": self.holder, "held_until": lease_end(now)}
            connection.execute(UPDATE_ONE, {**of_it, **held})
        return True

    def claimed(self, key: str) -> Entry | None:
        """Return an operation, its lease taken for this session; None where another one's holds."""
        return self.entry(key) if self.claim(key) else None

    def _is_anothers(self, lease: Any, now: int) -> bool:
        return lease.holder != self.holder and is_held(lease.holder, lease.held_until, now)

    def renew(self, keys: Collection[str]) -> set[str]:
        """Prolong this session's leases; return the keys of those that are another's by now."""
        self._change_held(keys, held_until=lease_end(self.now()))
        still = select(operations.c.idempotency_key).where(self._held_here(keys))
        with self._database.read() as connection:
            return set(keys) - set(connection.scalars(still))

    def settle(self, key: str, *, polls: int, retries: int) -> None:
        """Add to the number of polls and of repeated exchanges, and end the lease on it."""
        more = {"more_polls": polls, "more_retries": retries}
        with self._database.write() as connection:
            connection.execute(_COUNT, {"of_key": key, **more})
            freed = {"holder": None, "held_until": None}
            connection.execute(_IF_HELD, {"of_key": key, "of_holder": self.holder, **freed})

    def release(self, keys: Collection[str]) -> None:
        """End this session's leases, so that any other may continue at once."""
        self._change_held(keys, holder=None, held_until=None)

    def _change_held(self, keys: Collection[str], **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(operations.update().where(self._held_here(keys)).values(**values))

    def _held_here(self, keys: Collection[str]) -> ColumnElement[bool]:
        among = operations.c.idempotency_key.in_(listed(list(keys)))
        return among & (operations.c.holder == self.holder)


_FINISH = UPDATE_ONE.values(
    finished_at=func.coalesce(operations.c.finished_at, bindparam("at", type_=BigInteger))
)
_COUNT = UPDATE_ONE.values(
    polls=operations.c.polls + bindparam("more_polls"),
    retries=operations.c.retries + bindparam("more_retries"),
)
_IF_HELD = UPDATE_ONE.where(operations.c.holder == bindparam("of_holder"))
_LEASE = select(operations.c.holder, operations.c.held_until).where(
    operations.c.idempotency_key == OF_KEY
)
_NUMBERS_OF_TAKES = select(takes.c.take).where(takes.c.idempotency_key == OF_KEY)
_INSERT_TAKES = takes.insert()
_UPDATE_TAKE = update(takes).where(
    takes.c.idempotency_key == OF_KEY, takes.c.take == bindparam("of_take")
)
_LONG_ENOUGH = int(LEASE_SECONDS / 2 * 1e6)
"""Microseconds that a lease of one's own must still last, else it is prolonged."""


def _said(cost: str | None) -> dict[str, str]:
    """Return the cost as a column's value; what was said before stays where nothing is said now."""
    return {} if cost is None else {"cost": cost}


def open_journal(home: Path, holder: Holder | None = None) -> Journal:
    """Open the journal of a home folder as Journal does; raises StorageFailed with a sentence."""
    try:
        return Journal(home, holder=holder)
    except (OSError, StorageFailed) as error:
        why = f"{error.strerror or error}." if isinstance(error, OSError) else error
        raise StorageFailed(
            f"The journal in {home} cannot be opened: {why}",
            money=NOTHING_SENT,
            next="SOUNDPIECE_HOME names another folder.",
        ) from None

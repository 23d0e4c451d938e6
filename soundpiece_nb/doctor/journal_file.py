"""The journal's file itself: whether it can be read whole, and its rescue where it cannot."""

from __future__ import annotations

from pathlib import Path

from soundpiece_nb.api.errors import JournalDamaged, StorageFailed
from soundpiece_nb.journal.database import Database
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.rescue import find_damage, find_users, in_use, rescue
from soundpiece_nb.operations.session import Session

from .report import LONGEST_REASON, Finding, Group, inert


def complaints(home: Path) -> list[str]:
    """Return what is wrong with the journal of a home folder, which need not be open for it.

    What makes it unusable without being damage is for whoever opens it next to say.
    """
    file = home / FILE_NAME
    if not file.exists():
        return []
    database = Database(file)
    try:
        return find_damage(database)
    except JournalDamaged as damaged:
        return [damaged.message]
    except StorageFailed:
        return []
    finally:
        database.close()


def postpone(home: Path, *, dry_run: bool) -> Finding | None:
    """Say why a damaged journal is not rescued now; None where nothing is against it."""
    if users := find_users(home / FILE_NAME):
        return Finding(Group.FOR_YOU, in_use(users))
    if dry_run:
        return Finding(
            Group.REPAIRED,
            "The journal is damaged: it would be kept aside as it is, and begun anew with all that "
            "can be read. Only then can the rest be looked at.",
        )
    return None


def rescue_journal(session: Session) -> list[Finding]:
    """Keep a damaged journal aside and begin it anew; what was on its way here goes on then.

    Raises StorageFailed where the disk refuses that.
    """
    session.pause()
    try:
        done = rescue(session.home)
    except OSError as error:
        raise StorageFailed(
            f"The journal is damaged, and a new one cannot be written: {error.strerror}.",
            next="It was left as it is.",
        ) from None
    finally:
        session.go_on()
    # None where another process was quicker.
    return [Finding(Group.REPAIRED, inert(str(done), LONGEST_REASON))] if done else []

"""The journal's file itself: whether it is damaged, and its rescue if it is."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from soundpiece_nb.api.errors import JournalDamaged, StorageFailed
from soundpiece_nb.journal import search_index
from soundpiece_nb.journal.database import Database
from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.journal.rescue import find_damage, find_users, in_use, rescue
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import counted

from .inventory import Known
from .report import LONGEST_REASON, Finding, Group, inert, named


def is_damaged(home: Path) -> bool:
    """Tell whether a home folder's journal is damaged, and not only unusable at the moment."""
    file = home / FILE_NAME
    try:
        if not file.exists():
            return False
    except OSError:  # whoever opens it says why
        return False
    database = Database(file)
    try:
        return bool(find_damage(database))
    except JournalDamaged:
        return True
    except StorageFailed:
        return False
    finally:
        database.close()


def mend_search(home: Path) -> list[Finding]:
    """Begin the index of the searched words anew if it has not what the texts hold."""
    with closing(Database(home / FILE_NAME)) as database:
        mended = search_index.mend(database)
    sentence = "The index that searches use was not what it should be, and is made anew."
    return [Finding(Group.REPAIRED, sentence)] if mended else []


def postpone(home: Path, *, dry_run: bool) -> Finding | None:
    """Return why a damaged journal is not rescued now; None if it can be."""
    if users := find_users(home / FILE_NAME):
        return Finding(Group.FOR_YOU, in_use(users))
    if dry_run:
        return Finding(
            Group.REPAIRED,
            "The journal is damaged: it would be kept aside as it is, and begun anew with all that "
            "can be read. Only then can the rest be looked at.",
        )
    return None


def damaged_rows(operations: Iterable[Known]) -> list[Finding]:
    """Return that rows hold what they cannot mean, as another version's or a hand's do."""
    keys = [known.key for known in operations if known.damaged]
    if not keys:
        return []
    which = f"{counted(len(keys), 'operation')} ({named(keys)})"
    sentence = (
        f"With damaged rows in the journal: {which}. %soundpiece_show KEY says what they are."
    )
    return [Finding(Group.FOR_YOU, sentence)]


def rescue_journal(session: Session) -> list[Finding]:
    """Keep a damaged journal aside and begin a new one; raises StorageFailed if that fails."""
    session.pause()
    try:
        done = rescue(session.home)
    except OSError as error:
        raise StorageFailed(
            f"The journal is damaged, and a new one cannot be written: {error.strerror}. "
            "It was left as it is.",
            next="Run %soundpiece_doctor again once that is mended.",
        ) from error
    finally:
        session.go_on()
    # None if another process was quicker.
    return [Finding(Group.REPAIRED, inert(str(done), LONGEST_REASON))] if done else []

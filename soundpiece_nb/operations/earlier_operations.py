"""Earlier operations: found by whatever names them, rated, labelled and measured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from soundpiece_nb.api.number_arguments import read_stars

from .labels import NO_STARS, read_labels
from .references import Referable

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry

    from .session import Session


def find(session: Session, wanted: str | UUID | Referable) -> str:
    """Return the key of a handle, NAME, key, beginning of a key, or id; raises Mistake."""
    if isinstance(wanted, Referable):
        return wanted.as_reference().word
    return session.journal.find(wanted)


def unfinished(session: Session) -> list[Entry]:
    """Return the operations with something left to do, oldest first."""
    return [session.journal.entry(key) for key in session.journal.unfinished()]


def rate(session: Session, key: str, take: int, *, rating: Any = None, note: Any = None) -> None:
    """Set a take's stars (0 for none) or note (empty for none); None keeps it. Raises Mistake."""
    stars = None if rating is None else read_stars(rating, least=NO_STARS)
    session.journal.judge(key, take, rating=stars, note=None if note is None else str(note))
    session.rated.tell(key)
    session.changed.tell(key)


def label(session: Session, key: str, *, tags: Any = (), note: Any = None) -> None:
    """Give an operation tags, beside those it has, or a note; raises Mistake."""
    labels = read_labels(tags=tags, note=note)
    session.journal.relabel(key, name=None, tags=labels.tags, note=labels.note)
    session.changed.tell(key)


def measure(session: Session, keys: Iterable[str]) -> bool:
    """Measure the takes here that were not yet, half a second each; tell whether there were any."""
    from soundpiece_nb.analysis.measurement import VERSION, measure

    fresh = False
    for key in keys:
        for take in session.journal.entry(key).takes:
            file = session.home / take.path if take.path else None
            if take.measured == VERSION or file is None or not file.exists():
                continue
            session.journal.measured(key, take.take, version=VERSION, **vars(measure(file)))
            fresh = True
    return fresh

"""Earlier operations: found by whatever names them, rated, labelled and measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import read_stars
from soundpiece_nb.inputs.spelling import composed, did_you_mean
from soundpiece_nb.shown_text import label as as_shown
from soundpiece_nb.shown_text import quoted, short

from .labels import NO_STARS, may_be_variable, read_labels, read_name, read_tags
from .references import (
    Referable,
    find_named,
    find_one,
    find_picked,
)

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry

    from .session import Session


def find(session: Session, wanted: str | UUID | Referable) -> str:
    """Return the key of a handle, NAME, key, beginning of a key, or id; raises Mistake."""
    return find_one(wanted, session.journal)


def find_all(session: Session, wanted: Iterable[str | UUID | Referable]) -> list[str]:
    """Return the keys of all that is named, all of a sweep or batch; raises Mistake."""
    return [key for each in wanted for key in find_named(each, session.journal)]


def find_takes(
    session: Session, wanted: Iterable[str | UUID | Referable]
) -> dict[str, tuple[int, ...]]:
    """Return the keys of what is wanted, each with the takes that are picked; none for all of them.

    `night_drive:2`, `parts:vocals` and a handle of an output pick one. Raises Mistake.
    """
    found: dict[str, set[int | None]] = {}
    for each in wanted:
        if not isinstance(each, str | UUID | Referable):
            find(session, each)  # which says what is wrong with it
        for key, take in find_picked(each, session.journal):
            found.setdefault(key, set()).add(take)
    return {
        key: () if None in takes else tuple(sorted(filter(None, takes)))
        for key, takes in found.items()
    }


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


def untag(session: Session, keys: Sequence[str], tags: Any) -> list[str]:
    """Take tags away from operations, and return them as they were written.

    A tag is meant as one sees it, however it is encoded. Raises Mistake, with all of them kept,
    where none of the operations has one.
    """
    entries = session.journal.of_keys(keys)
    present = list(dict.fromkeys(tag for entry in entries for tag in entry.tags))
    unwanted = dict.fromkeys(each for tag in read_tags(tags) for each in _seen_as(tag, present))
    for entry in entries:
        if not unwanted.keys().isdisjoint(entry.tags):
            session.journal.untag(entry.key, list(unwanted))
            session.changed.tell(entry.key)
    return list(unwanted)


def _seen_as(tag: str, present: list[str]) -> list[str]:
    """Return the tags that are this one, else those that look like it; raises Mistake for none."""
    same = [each for each in present if composed(each) == composed(tag)]
    same = same or [each for each in present if _look(each) == _look(tag)]
    if not same:
        shown = list(map(as_shown, present))
        there = f"there are {', '.join(shown)}" if shown else "there are none"
        raise Mistake(f"There is no tag {quoted(tag)} here{did_you_mean(tag, shown)}; {there}.")
    return same


def _look(tag: str) -> str:
    return " ".join(as_shown(composed(tag)).split()).casefold()


def rename(session: Session, key: str, name: Any) -> str | None:
    """Give an operation another NAME, or none; return the key of what had that NAME until now.

    Raises Mistake for a word that cannot be a NAME, and for a NAME that a newer operation, batch or
    sweep has, since it would go on meaning that.
    """
    wanted = "" if name is None or name == "" else read_name(name)
    other = session.journal.latest_named(wanted, but=key) if wanted else None
    if other is not None:
        newer = session.journal.entry(other)
        if newer.submitted_at >= session.journal.entry(key).submitted_at:
            raise Mistake(
                f"{quoted(wanted)} is the NAME of something newer, {short(other)}, and would go on "
                "meaning that. Nothing was changed.",
                next="Choose another NAME, or give that one another first.",
            )
    session.journal.relabel(key, name=wanted, tags=(), note=None)
    session.changed.tell(key)
    return other


def name_after(session: Session, key: str, variable: str) -> None:
    """Give an operation the name of its variable as its NAME, if it has none and the NAME is free.

    A NAME that a person did not type takes none from what they named.
    """
    free = may_be_variable(variable) and session.journal.latest_named(variable, but=key) is None
    if free and session.journal.entry(key).name is None:
        rename(session, key, variable)


def measure(session: Session, keys: Iterable[str]) -> bool:
    """Measure the takes here that were not yet, half a second each; tell whether there were any."""
    from soundpiece_nb.analysis.measurement import VERSION, measure
    from soundpiece_nb.audio.verification import NotIntact

    fresh = False
    for key in keys:
        for take in session.journal.entry(key).takes:
            file = session.home / take.path if take.path else None
            if take.measured == VERSION or file is None or not file.exists():
                continue
            with logging_unforeseen("analysis"), suppress(NotIntact):  # one bad file stops no other
                session.journal.measured(key, take.take, version=VERSION, **vars(measure(file)))
                fresh = True
    return fresh

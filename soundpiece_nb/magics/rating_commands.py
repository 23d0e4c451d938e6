"""What the magics of judgement do: stars, tags and notes, as the buttons beside a take do."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.display.take_player import stars
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.labels import NO_STARS
from soundpiece_nb.operations.references import find_output
from soundpiece_nb.operations.session import current
from soundpiece_nb.text import short, visible

from .targets import one


def rate(magics: Any, options: Namespace) -> None:
    """Judge a take, with stars and a note."""
    session = current()
    entry, take = find_output(one(options.take, magics.shell.user_ns), session.journal)
    if take is None:
        if len(entry.takes) != 1:
            offered = ", ".join(f"{options.take}:{each.kind or each.take}" for each in entry.takes)
            raise Mistake(
                f"A take is what one judges: say {offered}."
                if entry.takes
                else f"{_called(entry)} has no takes yet; it is {entry.status}."
            )
        take = 1
    rating = _read_stars(options.stars)
    session.judge(entry.key, take, rating=rating, note=" ".join(options.note) or None)
    said = stars(rating) if rating else "no stars"
    print(f"{_called(entry)}, take {take}: {said}")  # noqa: T201 - the answer to what was typed


def tag(magics: Any, options: Namespace) -> None:
    """Give an operation tags."""
    session = current()
    key = session.journal.find(one(options.key, magics.shell.user_ns))
    entry = session.journal.entry(key)
    session.label(entry.key, tags=options.tags)
    tags = visible(", ".join(session.journal.entry(entry.key).tags))
    print(f"{_called(entry)}: {tags}")  # noqa: T201 - the answer to what was typed


def note(magics: Any, options: Namespace) -> None:
    """Give an operation a note, or one of its takes."""
    session = current()
    entry, take = find_output(one(options.take, magics.shell.user_ns), session.journal)
    words = " ".join(options.note)
    if take is None:
        session.label(entry.key, note=words)
    else:
        session.judge(entry.key, take, note=words)
    which = "" if take is None else f", take {take}"
    print(f"{_called(entry)}{which}: noted")  # noqa: T201 - the answer to what was typed


def _read_stars(text: str) -> int:
    if not text.isdecimal() or int(text) not in range(NO_STARS, 6):
        raise Mistake(f"A take has 1 to 5 stars (0 takes them away); {text!r} is none of them.")
    return int(text)


def _called(entry: Entry) -> str:
    return entry.name or short(entry.key)

"""Operations of a sweep or batch one below the other, with so many players that a page bears it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import label

from . import html_parts as html
from .html_parts import Markup
from .sound_source import Place
from .take_player import MOST_EMBEDDED, figures, row, values

MOST_IN_SIGHT = 16
"""Takes that are shown unfolded, which keeps a long board quick to draw."""
_NUMBER = Markup('<span style="float:left;padding-right:6px;{}">[{}]</span>')


class Member(NamedTuple):
    """An operation of a sweep or batch: its place in it, from 1, and what sets it apart.

    Without a place where the NAME would choose another one by it.
    """

    place: int | None
    entry: Entry
    apart: Mapping[str, str]


def operation_rows(members: Iterable[Member], place: Place) -> list[Markup]:
    """Return a row an operation; those past the first takes are folded.

    Links files or encodes previews on the way: call it off the main thread.
    """
    in_sight, folded, takes = list[Markup](), list[Markup](), 0
    for member in members:
        entry = member.entry
        takes += max(1, len(entry.takes))
        more = figures(entry.takes[0]) if entry.takes else ""
        playable = place.links or takes <= MOST_EMBEDDED
        drawn = row(entry, _heading(member), place, playable=playable, more=more)
        (in_sight if takes <= MOST_IN_SIGHT else folded).append(drawn)
    return [*in_sight, html.fold(f"{len(folded)} more", *folded)] if folded else in_sight


def are_places(session: Session, keys: Sequence[str], name: str) -> bool:
    """Tell whether a NAME or id chooses by place just as these operations are listed.

    A batch that was begun again with its rows in another order is listed in that one, and a NAME
    may have become that of something newer.
    """
    group = session.journal.find_group(name)
    return group is not None and session.journal.of_group(group) == list(keys)


def say_how_to_choose(name: str, number: int) -> str:
    """Return how one of so many rows is named by its place; empty where there is only one."""
    return f"{label(name)}[2]:1 is take 1 of row [2]" if number > 1 else ""


def _heading(member: Member) -> Markup:
    """Return the place of an operation, as it is typed to choose it, and what sets it apart."""
    number = Markup("") if member.place is None else _NUMBER.format(html.QUIET, member.place)
    if list(member.apart) == [""]:
        return number + html.bold(label(member.apart[""]))
    return number + values(member.apart)


def seconds_of(entries: Sequence[Entry]) -> float:
    """Return the seconds from the first submission to the last end."""
    began = min(entry.submitted_at for entry in entries)
    end = max((entry.finished_at for entry in entries if entry.finished_at), default=began)
    return (end - began).total_seconds()

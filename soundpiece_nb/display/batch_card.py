"""The card of a batch: counts, what went wrong, and a row with its players for each operation.

It fills in while the batch goes on, and stays when that is done.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import NamedTuple

from soundpiece_nb.api.errors import NotSent
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.operations.batch import Batch
from soundpiece_nb.operations.choices import tell_apart
from soundpiece_nb.shown_text import MOST_IN_A_NAME, counted, label, short, shown

from . import html_parts as html
from .finished_output import ACCENTS
from .front_end import FrontEnd, front_end
from .html_parts import Markup
from .live_output import SLOT, Rendering, as_view
from .operation_rows import Member, are_places, operation_rows, say_how_to_choose, seconds_of
from .redrawing import Page
from .sound_source import Holding, Place, place_of
from .take_player import MOST_VALUES, status_words
from .unsent_output import UnsentOutput

MOST_TROUBLES = 20
"""Failed operations that a card lists."""
ON_A_PAGE = 40
"""Rows that a card shows at a time."""
MOST_LINES = 20
"""Operations that a card lists as text."""
_COLOURS = {**ACCENTS, "processing": html.BLUE}
_ORDER = (*_COLOURS, "submitting", "waiting", "unsent")
_WORDS = {"unsent": "not sent"}
_ENOUGH_TO_TELL = 5
"""Operations that must have ended before the time that is left is guessed."""


def show_batch(batch: Batch, holding: Holding = Holding.AUTO) -> None:
    """Show a batch where the person is; where nobody watches, once it is done."""
    if front_end() is FrontEnd.HEADLESS:
        with suppress(NotSent):  # the card says so
            batch.result()
    batch.session.part(Page).show(BatchCard(batch, place_of(batch.session, holding)))


class BatchCard(UnsentOutput):
    """One batch in one output, a page of its rows at a time."""

    prefix = "batch"
    tick_seconds = 1.0

    def __init__(self, batch: Batch, place: Place) -> None:
        super().__init__(batch.session, frozenset(batch.keys))
        self._batch = batch
        self._place = place
        self._numbered = batch.name is None or are_places(batch.session, batch.keys, batch.name)
        self.pages = math.ceil(len(batch) / ON_A_PAGE)

    def unsent(self) -> Sequence[str]:
        """Return nothing while it goes on here: all that waits is sent by and by."""
        return [] if "waiting" in self._batch.counts() else super().unsent()

    def goes_on(self) -> bool:
        """Tell whether an operation of the batch has yet to end."""
        return not self._batch.done

    def draw(self) -> Rendering:
        """Return the batch in its present state."""
        told = _told(self._batch)
        waiting = self._batch.waiting
        members = [each for each in self._members() if each.entry.key not in waiting]
        rows = operation_rows(members, self._place)
        buttons = self.buttons()
        lines_above = [*told.lines, buttons, SLOT]
        drawn = html.frame(told.accent, *lines_above, *rows, *self._whereabouts())
        lines = [told.text, *map(_line, members[:MOST_LINES])]
        more = len(self._batch) - len(lines) + 1
        left = [f"  and {more} more"] if more > 0 and members else []
        return Rendering(as_view(self.id, drawn), "\n".join([*lines, *left]))

    def _members(self) -> list[Member]:
        """Return the operations of the page that is shown."""
        before = (self.page - 1) * ON_A_PAGE
        keys = self._batch.keys[before : before + ON_A_PAGE]
        entries = self.session.journal.of_keys(keys)
        self.follow(entries)
        numbered = enumerate(zip(entries, tell_apart(entries), strict=True), before + 1)
        return [
            Member(
                place if self._numbered else None,
                entry,
                {name: _brief(value) for name, value in apart.items()},
            )
            for place, (entry, apart) in numbered
        ]

    def _whereabouts(self) -> list[Markup]:
        """Return how to name a row, which rows of a long batch are shown, and how to see others."""
        number, name = len(self._batch), self._batch.name
        said = [say_how_to_choose(name, number)] if name and self._numbered else []
        if self.pages > 1:
            before = (self.page - 1) * ON_A_PAGE
            said.insert(0, f"{before + 1} to {min(before + ON_A_PAGE, number)} of {number}")
            said += [f"%soundpiece_history --batch {label(name)} lists all"] if name else []
        return [html.quiet_block("; ".join(filter(None, said)))]


class _Told(NamedTuple):
    """The accent and the lines above a batch's rows, and the same as text."""

    accent: str
    lines: list[Markup]
    text: str


def summary(batch: Batch) -> Rendering:
    """Return a batch's counts by status, its time, what was never sent, and what went wrong."""
    told = _told(batch)
    return Rendering(html.frame(told.accent, *told.lines), told.text)


def _told(batch: Batch) -> _Told:
    counts = batch.counts()
    ordered = {status: counts[status] for status in (*_ORDER, *counts) if status in counts}
    words = " · ".join(
        f"{count} {label(_WORDS.get(status, status))}" for status, count in ordered.items()
    )
    title = shown(batch.name or "batch", MOST_IN_A_NAME)
    kind = f"{counted(len(batch), 'operation')} of {label(batch.route)}"
    state = _state(batch, counts)
    troubles = _troubles(batch) if counts.keys() & {"failed", "rejected"} else []
    rest = batch.rest()
    shares = [(100 * n / len(batch), _COLOURS[s]) for s, n in ordered.items() if s in _COLOURS]
    lines = [
        html.head(title, kind, state),
        html.bar(6, shares),
        html.line(words),
        *([html.line(html.with_commands(str(rest), batch.called))] if rest else []),
        *([html.fold("What went wrong", *troubles)] if troubles else []),
    ]
    accent = html.AMBER if troubles or rest else html.GREEN if batch.done else html.BLUE
    text = " · ".join(filter(None, (title, kind, words, state)))
    return _Told(accent, lines, f"{text}\n  {rest}" if rest else text)


def _brief(value: str) -> str:
    """Return the beginning of a value: a prompt or lyrics may be long."""
    return shown(" ".join(value.split()), MOST_IN_A_NAME)


def _line(member: Member) -> str:
    entry = member.entry
    some = islice(member.apart.items(), MOST_VALUES)
    apart = ", ".join(f"{label(name)}={label(value)}".lstrip("=") for name, value in some)
    lengths = " ".join(html.clock(take.duration) for take in entry.takes if take.duration)
    status = status_words(entry)
    what = f"{status:<10}  {shown(apart, MOST_IN_A_NAME)}  {lengths}  {entry.complaint}"
    number = "" if member.place is None else f"[{member.place}]  "
    return f"  {number}{what}".rstrip()


def _state(batch: Batch, counts: Mapping[str, int]) -> str:
    """Return how long it took or takes; nothing where it waits for a person."""
    if batch.done and counts.keys() & {"unsent", "waiting", "submitting", "processing"}:
        return ""
    if batch.done:
        entries = batch.session.journal.of_keys(batch.keys)
        return f"done in {html.span(seconds_of(entries))}"
    return f"{html.span(batch.seconds)}{_left(batch)}"


def _left(batch: Batch) -> str:
    """Return roughly how long the rest will take, once enough has ended to tell."""
    share = batch.ended / len(batch)
    if batch.ended < _ENOUGH_TO_TELL or share >= 1:
        return ""
    return f", about {html.span(batch.seconds * (1 - share) / share)} to go"


def _troubles(batch: Batch) -> list[Markup]:
    entries = batch.session.journal.of_keys(batch.keys)
    bad = [entry for entry in entries if entry.status in ("failed", "rejected")]
    reason = Markup("{} {}")
    rows = [
        html.row(short(each.key), reason.format(html.code(each.error_code or ""), explain(each)))
        for each in bad[:MOST_TROUBLES]
    ]
    more = len(bad) - MOST_TROUBLES
    return [*rows, html.line(f"And {more} more.")] if more > 0 else rows

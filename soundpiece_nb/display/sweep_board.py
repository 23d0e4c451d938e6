"""The board of a sweep: one row a combination, filling in as takes end, static at any moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import islice

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import Mistake, NotSent
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations import earlier_operations
from soundpiece_nb.operations.sweep import Sweep
from soundpiece_nb.shown_text import MOST_IN_A_NAME, MOST_SAID, label, shown

from . import html_parts as html
from .finished_output import kind
from .front_end import FrontEnd, front_end
from .html_parts import Markup
from .live_output import SLOT, Rendering, as_view
from .operation_rows import Member, are_places, operation_rows, say_how_to_choose, seconds_of
from .redrawing import Page
from .show import await_shown
from .sound_source import Holding, Place, place_of
from .take_player import MOST_VALUES, status_words
from .unsent_output import UnsentOutput

_PLAIN = re.compile(r"[\w-]{1,100}")
"""An id that a page can be searched for; a damaged journal may have any text there."""


def show_board(
    sweep: Sweep,
    holding: Holding = Holding.AUTO,
    *,
    waits: bool | None = None,
    timeout: float | None = None,
    order: str | None = None,
) -> None:
    """Show a sweep where the person is; if it `waits`, until all have ended.

    Where nobody watches, it waits unless told otherwise, then shows what lasts. `order` is a name
    that was varied, or made, rating, duration, loudness or tempo. Raises Mistake for another one,
    WaitTimeout after `timeout` seconds.
    """
    where, page = front_end(), sweep.session.part(Page)
    board = Board(sweep, place_of(sweep.session, holding), order)
    waits = where.waits if waits is None else waits
    if where is FrontEnd.NOTEBOOK:
        page.show(board)
    if waits:
        with suppress(NotSent):  # the board says so
            sweep.result(timeout)
    if where is not FrontEnd.NOTEBOOK:
        if where is FrontEnd.HEADLESS:
            board.finish()
        page.show(board)
    elif waits:  # before the cell ends; measures come later
        await_shown(sweep.session.engine.workers.start(board.redraw), sweep.keys[0])


class Board(UnsentOutput):
    """One sweep in one output."""

    matched = True
    has_last_work = True

    def __init__(self, sweep: Sweep, place: Place, order: str | None = None) -> None:
        identity = sweep.id if _PLAIN.fullmatch(sweep.id) else None
        super().__init__(sweep.session, sweep.keys, identity)
        self._sweep = sweep
        self._place = place
        self.orders = _orders(sweep)
        self.order = _read_order(order or "made", sweep)
        self._called = label(sweep.id)
        self._numbered = are_places(sweep.session, sweep.keys, sweep.id)

    def unsent(self) -> Sequence[str]:
        """Return nothing while it goes on here: all that waits is sent by and by."""
        return [] if "waiting" in self._sweep.counts() else super().unsent()

    def goes_on(self) -> bool:
        """Tell whether an operation of the sweep has yet to end."""
        return not self._sweep.done

    def finish(self) -> bool:
        """Measure the takes; True where there is anything new to show."""
        with logging_unforeseen("display"):  # figures are a help to the ear, not what was asked for
            return earlier_operations.measure(self.session, self.keys)
        return False

    def draw(self) -> Rendering:
        """Return the board in the order a person has chosen."""
        entries = self.session.journal.of_keys(self._sweep.keys)
        self.follow(entries)
        rest = self._sweep.rest()
        troubled = rest or any(entry.status in ("failed", "rejected") for entry in entries)
        drawn = html.frame(
            html.AMBER if troubled else html.GREEN if self._ended(entries) else html.BLUE,
            html.head(*self._heading(entries)),
            *([html.line(html.with_commands(str(rest), self._sweep.called))] if rest else []),
            self.buttons(),
            html.quiet_line(self._reminder()),
            SLOT,
            *self._rows(sorted(entries, key=_sorting(self.order, self._sweep))),
        )
        return Rendering(as_view(self.id, drawn), self.text())

    def text(self) -> str:
        """Return the board as lines of text."""
        entries = self.session.journal.of_keys(self._sweep.keys)
        lines = [" · ".join(self._heading(entries)), *map(self._text, entries)]
        if (rest := self._sweep.rest()) is not None:
            lines.insert(1, f"  {rest}")
        return shown("\n".join(lines), MOST_SAID)

    def _heading(self, entries: Sequence[Entry]) -> tuple[str, str, str]:
        """Return its title, its kind, and its state."""
        made = kind(entries[0])
        varied = map(label, _varied(self._sweep)[:MOST_VALUES])
        title = shown(self._sweep.name or " and ".join(varied) or made, MOST_IN_A_NAME)
        ready = sum(entry.status == "ready" for entry in entries)
        took = f" in {html.span(seconds_of(entries))}" if self._ended(entries) else ""
        return title, f"sweep of {len(entries)} · {made}", f"{ready} of {len(entries)} ready{took}"

    def _ended(self, entries: Sequence[Entry]) -> bool:
        """Tell whether all that was begun has ended, here or elsewhere."""
        return self._sweep.done and all(entry.complete for entry in entries)

    def _reminder(self) -> str:
        """Return how to see the board again, and how to name one of its rows."""
        again = f"{self._called}: %soundpiece_show {self._called} shows it again"
        choosing = say_how_to_choose(self._called, len(self._sweep)) if self._numbered else ""
        return "; ".join(filter(None, (again, choosing)))

    def _rows(self, entries: Sequence[Entry]) -> list[Markup]:
        """Return a row an operation, with its place among all of them."""
        varied = self._sweep.values
        places = {key: place for place, key in enumerate(varied, 1)} if self._numbered else {}
        members = (Member(places.get(each.key), each, varied[each.key]) for each in entries)
        return operation_rows(members, self._place)

    def _text(self, entry: Entry) -> str:
        some = islice(self._sweep.values[entry.key].items(), MOST_VALUES)
        varied = ", ".join(f"{label(name)}={label(value)}" for name, value in some)
        lengths = " ".join(html.clock(take.duration) for take in entry.takes if take.duration)
        return f"  {status_words(entry):<10}  {varied}  {lengths}  {entry.complaint}".rstrip()


def _varied(sweep: Sweep) -> list[str]:
    return list(dict.fromkeys(name for varied in sweep.values.values() for name in varied))


def _orders(sweep: Sweep) -> dict[str, str]:
    """Return what a board can be sorted by."""
    return {
        "made": "as made",
        **{f"value {name}": name for name in _varied(sweep)},
        "rating": "stars, most first",
        "duration": "length",
        "loudness": "loudness",
        "tempo": "tempo",
    }


def _read_order(order: str, sweep: Sweep) -> str:
    """Return an order as a board calls it; raises Mistake for an unknown one."""
    orders = _orders(sweep)
    for known in (f"value {order}", order):
        if known in orders:
            return known
    offered = ", ".join(each.removeprefix("value ") for each in orders)
    raise Mistake(f"A board has no order {order!r}.", next=f"Its orders are {offered}.")


def _sorting(order: str, sweep: Sweep) -> Callable[[Entry], tuple[bool, object]]:
    """Return the function to sort by; operations without such a figure come last."""
    places = {key: number for number, key in enumerate(sweep.values)}

    def figure(entry: Entry) -> object:
        if order.startswith("value "):
            return _natural(sweep.values[entry.key].get(order.removeprefix("value ")))
        if order == "rating":
            return -max((take.rating or 0 for take in entry.takes), default=0) or None
        if order in ("duration", "loudness", "tempo"):
            return getattr(entry.takes[0], order) if entry.takes else None
        return places[entry.key]

    def sort_key(entry: Entry) -> tuple[bool, object]:
        value = figure(entry)
        return value is None, 0 if value is None else value

    return sort_key


def _natural(text: str | None) -> tuple[int, float, str] | None:
    """Return a text so that 9 comes before 10, and numbers before words."""
    if text is None:
        return None
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text.casefold()

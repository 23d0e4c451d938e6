"""The board of a sweep: one row a combination, filling in as takes end, static at any moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from markupsafe import Markup

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations import earlier_operations
from soundpiece_nb.operations.sweep import Sweep
from soundpiece_nb.operations.waiting import attend
from soundpiece_nb.shown_text import visible

from . import html_parts as html
from .finished_output import kind
from .front_end import FrontEnd, front_end
from .live_output import SLOT, LiveOutput, Rendering, as_view
from .redrawing import Page
from .sound_source import Holding, Place, place_of
from .take_player import MOST_EMBEDDED, figures, row, values

MOST_IN_SIGHT = 16
"""Takes that a board shows unfolded, which keeps a long board quick to draw."""


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
        sweep.result(timeout)
    if where is not FrontEnd.NOTEBOOK:
        if where is FrontEnd.HEADLESS:
            board.finish()
        page.show(board)
    elif waits:  # before the cell ends; measures come later
        attend(sweep.session.engine.workers.start(board.redraw))


class Board(LiveOutput):
    """One sweep in one output."""

    matched = True
    has_last_work = True

    def __init__(self, sweep: Sweep, place: Place, order: str | None = None) -> None:
        super().__init__(sweep.session, sweep.keys, sweep.id)
        self._sweep = sweep
        self._place = place
        self.orders = _orders(sweep)
        self.order = _read_order(order or "made", sweep)

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
        troubled = any(entry.status in ("failed", "rejected") for entry in entries)
        drawn = html.frame(
            html.AMBER if troubled else html.GREEN if self._sweep.done else html.BLUE,
            html.head(*self._heading(entries)),
            html.quiet_line(f"{self.id}: %soundpiece_show {self.id} shows it again"),
            SLOT,
            *self._rows(sorted(entries, key=_sorting(self.order, self._sweep))),
        )
        return Rendering(as_view(self.id, drawn), self.text())

    def text(self) -> str:
        """Return the board as lines of text."""
        entries = self.session.journal.of_keys(self._sweep.keys)
        lines = [" · ".join(self._heading(entries)), *map(self._text, entries)]
        return visible("\n".join(lines))

    def _heading(self, entries: Sequence[Entry]) -> tuple[str, str, str]:
        """Return its title, its kind, and its state."""
        made = kind(entries[0])
        title = self._sweep.name or " and ".join(_varied(self._sweep)) or made
        ready = sum(entry.status == "ready" for entry in entries)
        took = f" in {html.span(_seconds(entries))}" if self._sweep.done else ""
        return title, f"sweep of {len(entries)} · {made}", f"{ready} of {len(entries)} ready{took}"

    def _rows(self, entries: Sequence[Entry]) -> list[Markup]:
        """Return a row an operation; those past the first takes are folded."""
        shown, folded, takes = list[Markup](), list[Markup](), 0
        for entry in entries:
            takes += max(1, len(entry.takes))
            heading = values(self._sweep.values[entry.key])
            more = figures(entry.takes[0]) if entry.takes else ""
            playable = self._place.links or takes <= MOST_EMBEDDED
            drawn = row(entry, heading, self._place, playable=playable, more=more)
            (shown if takes <= MOST_IN_SIGHT else folded).append(drawn)
        return [*shown, html.fold(f"{len(folded)} more", *folded)] if folded else shown

    def _text(self, entry: Entry) -> str:
        varied = ", ".join(f"{n}={v}" for n, v in self._sweep.values[entry.key].items())
        lengths = " ".join(html.clock(take.duration) for take in entry.takes if take.duration)
        return f"  {entry.status:<10}  {varied}  {lengths}".rstrip()


def _seconds(entries: Sequence[Entry]) -> float:
    """Return the seconds from the first submission to the last end."""
    began = min(entry.submitted_at for entry in entries)
    end = max((entry.finished_at for entry in entries if entry.finished_at), default=began)
    return (end - began).total_seconds()


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

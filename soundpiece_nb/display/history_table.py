"""The history as rows to scan, with players where the files lie near, a page at a time.

Rows are no `<table>`: they wrap where it is narrow, and JupyterLab would lay a table out evenly.
"""

from __future__ import annotations

import math
from dataclasses import replace

from markupsafe import Markup

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.summary import summarise
from soundpiece_nb.operations.session import Session
from soundpiece_nb.text import counted, short, visible

from .finished_output import ACCENTS
from .history_summary import summary_lines, summary_text
from .html_parts import BLUE, NO_MATH, QUIET, clock, code, fold, moment
from .live_output import SLOT, VIEW, LiveOutput, Rendering
from .sound_source import Place
from .take_player import slim_player

_TABLE = Markup(
    '<div class="{no_math}" style="font-family:var(--jp-ui-font-family,system-ui,sans-serif);'
    'font-size:13px;line-height:1.45;color:var(--jp-content-font-color1,inherit)">{slot}'
    '<div style="{row};align-items:baseline">{heads}</div>{rows}'
    '<div style="{quiet};margin:6px 0;border-top:1px solid rgba(128,128,128,.28);padding-top:6px">'
    "{place}</div>{summary}</div>"
)
_ROW_STYLE = "display:flex;flex-wrap:wrap;gap:2px 14px;padding:7px 0"
_ROW = Markup('<div style="{};border-top:1px solid rgba(128,128,128,.28)">{}</div>')
_HEAD = Markup('<div{sorts} style="flex:{width};min-width:0"><b>{name}</b></div>')
_CELL = Markup('<div style="flex:{};min-width:0;overflow-wrap:anywhere">{}</div>')
_COLUMNS = {
    "Made": ("made", "1 1 110px"),
    "What": ("name", "2 1 150px"),
    "Status": ("status", "1 1 100px"),
    "Text": (None, "2 1 170px"),
    "Sound": ("duration", "3 1 260px"),
}
SHOWN_TEXT = 70

NEWEST = "-made"
ORDERS = {
    NEWEST: "newest first",
    "made": "oldest first",
    "name": "name",
    "-name": "name, backwards",
    "route": "route",
    "status": "status",
    "-status": "status, backwards",
    "-rating": "stars, most first",
    "-duration": "length, longest first",
    "duration": "length, shortest first",
    "elapsed": "time taken, quickest first",
    "-elapsed": "time taken, slowest first",
}
"""Orders of a history, as the database calls them, and in words."""


class HistoryTable(LiveOutput):
    """A page of the history in one output; `wanted.limit` operations make a page."""

    prefix = "history"
    orders = ORDERS

    def __init__(self, session: Session, wanted: Filter, place: Place) -> None:
        """Show the operations that fit; raises Mistake for an unusable filter or page."""
        super().__init__(session)
        self._wanted = wanted
        self._place = place
        self._size = wanted.limit or 20
        self._keys: list[str] = []
        total = session.journal.count(wanted)
        self.order = wanted.order or NEWEST
        self.page = (wanted.offset or 0) // self._size + 1
        self.pages = max(1, math.ceil(total / self._size))
        if self.page > self.pages:
            raise Mistake(
                f"There is no page {self.page}: {counted(total, 'operation')} fit on {self.pages}."
            )
        self._whole = summarise(session.journal, wanted)

    def keys(self) -> list[str]:
        """Return the keys of the operations on the page that is shown."""
        return self._keys

    def draw(self) -> Rendering:
        """Return the page that is shown now."""
        size = self._size
        asked = replace(self._wanted, order=self.order, limit=size, offset=(self.page - 1) * size)
        entries, total = self.session.journal.page(asked)
        self._keys = [entry.key for entry in entries]
        self.follow(entries)
        self.pages = max(1, math.ceil(total / size))
        first = (self.page - 1) * size + 1
        which = f"{first} to {first + len(entries) - 1} of {total}" if entries else "No"
        where = f"{which} operations, {ORDERS.get(self.order, self.order)}."
        html = _TABLE.format(
            no_math=NO_MATH,
            slot=SLOT,
            quiet=Markup(QUIET),
            row=Markup(_ROW_STYLE),
            heads=Markup("").join(_head(name, *column) for name, column in _COLUMNS.items()),
            rows=Markup("").join(_row(entry, self._place) for entry in entries),
            place=where,
            summary=fold("Summary", *summary_lines(self._whole)) if total else "",
        )
        lines = [*map(_text_row, entries), where, *summary_text(self._whole)]
        return Rendering(str(VIEW.format(self.id, html)), "\n".join(lines))


def _head(name: str, order: str | None, width: str) -> Markup:
    sorts = Markup(' class="soundpiece-sorts-{}"').format(order) if order else ""
    return _HEAD.format(sorts=sorts, width=width, name=name)


def _row(entry: Entry, place: Place) -> Markup:
    colour = ACCENTS.get(entry.status, BLUE)
    status = Markup('<span style="color:{}">●</span> {}').format(colour, entry.status)
    if entry.error_code:
        status += Markup('<div style="{}" dir="auto">{}</div>').format(QUIET, entry.error_code)
    noun = find_route(entry.route).title
    what = Markup('<b dir="auto">{}</b><div style="{}">{} · {}</div>').format(
        entry.title, QUIET, noun, code(short(entry.key))
    )
    if entry.tags:
        what += Markup('<div style="{}" dir="auto">{}</div>').format(QUIET, ", ".join(entry.tags))
    cells = (moment(entry.submitted_at), what, status, _text(entry), _sound(entry, place))
    widths = (width for _, width in _COLUMNS.values())
    placed = (_CELL.format(width, cell) for width, cell in zip(widths, cells, strict=True))
    return _ROW.format(_ROW_STYLE, Markup("").join(placed))


def _text(entry: Entry) -> Markup:
    words = visible(entry.summary)
    lyrics = visible(str(entry.fields.get("lyrics") or ""))
    note = visible(entry.note or "")
    if len(words) <= SHOWN_TEXT and not lyrics and not note:
        return Markup('<span dir="auto">{}</span>').format(words)
    beginning = words if len(words) <= SHOWN_TEXT else words[: SHOWN_TEXT - 1] + "…"
    folded = [text for text in (words if beginning != words else "", lyrics, note) if text]
    return Markup(
        '<details><summary dir="auto">{}</summary><div dir="auto">{}</div></details>'
    ).format(
        beginning or "lyrics",
        Markup("<br>").join(line for text in folded for line in text.split("\n")),
    )


def _sound(entry: Entry, place: Place) -> Markup:
    """Return players where the notebook can point at files; embedding a history would bloat it."""
    return Markup("").join(
        slim_player(entry, take, place)
        for take in entry.takes
        if take.path is not None and (place.home / take.path).exists()
    )


def _text_row(entry: Entry) -> str:
    lengths = " ".join(clock(take.duration) for take in entry.takes if take.duration)
    noun = find_route(entry.route).title
    return (
        f"{moment(entry.submitted_at)}  {short(entry.key)}  {entry.status:<10}  {noun:<12}  "
        f"{entry.title:<24}  {lengths}"
    ).rstrip()

"""The history as rows to scan, a page at a time, with a summary of all of it.

Takes have players where the notebook can link their files: embedding a history would bloat it.
Rows are no `<table>`: they wrap where it is narrow, and JupyterLab would lay a table out evenly.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import islice

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import route_title
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.summary import Summary, summarise
from soundpiece_nb.journal.unmatched import explain_unmatched
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import counted, cut, label, short, shown

from . import html_parts as html
from .finished_output import accent_of
from .html_parts import Markup
from .live_output import SLOT, LiveOutput, Rendering, as_view
from .sound_source import Place
from .take_player import pruned_words, slim_player, status_words
from .usage_rows import usage_rows

_TABLE = Markup('<div class="{}" style="{}">{}</div>')
_ROW = "gap:2px 14px;padding:7px 0;"
_PLACE = Markup('<div style="{};margin:6px 0;{};padding-top:6px">{}</div>')
_COLUMNS = {
    "Made": ("made", "1 1 110px"),
    "What": ("name", "2 1 150px"),
    "Status": ("status", "1 1 100px"),
    "Text": (None, "2 1 170px"),
    "Sound": ("duration", "3 1 260px"),
}
"""Names of the columns, by what they sort, and their width as a flexible row's part."""
SHOWN_TEXT = 70
"""Characters of a text that are shown; the rest is folded."""
MOST_FOLDED = {"words": 3_000, "lyrics": 5_000, "note": 1_000}
"""Bytes of HTML that are folded: twenty rows are 200 kB at most. %soundpiece_show shows all."""
MOST_LISTED = 12
"""Statuses, error codes or routes that a summary names."""

BAR_WIDTH, HEIGHT = 14, 44
"""Pixels of a day in the chart of days, and the chart's height."""

_IMAGE = Markup('<img alt="{}" src="{}" style="display:block;height:{}px;max-width:100%">')
_SHARE = Markup(
    '<div style="display:flex;gap:8px;align-items:center"><span style="flex:0 0 150px;'
    'overflow-wrap:anywhere">{name}</span><span style="flex:0 1 160px;min-width:0"><span '
    'style="display:block;height:8px;width:{share:.1f}%;min-width:2px;background:{colour};'
    'border-radius:2px"></span></span><span style="flex:1 1 auto;{quiet}">{words}</span></div>'
)

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
        total = session.journal.count(wanted)
        self.order = wanted.order or NEWEST
        self.page = (wanted.offset or 0) // self._size + 1
        self.pages = max(1, math.ceil(total / self._size))
        if self.page > self.pages:
            raise Mistake(
                f"There is no page {self.page}: {counted(total, 'operation')} fit on {self.pages}."
            )
        self._whole = summarise(session.journal, wanted)
        self._lately = _lately(session, wanted)

    def draw(self) -> Rendering:
        """Return the page that is shown now."""
        size, before = self._size, (self.page - 1) * self._size
        asked = replace(self._wanted, order=self.order, limit=size, offset=before)
        entries, total = self.session.journal.page(asked)
        self.keys = [entry.key for entry in entries]
        self.follow(entries)
        self.pages = max(1, math.ceil(total / size))
        which = f"{before + 1} to {before + len(entries)} of {total}" if entries else "No"
        why = "" if total else explain_unmatched(self.session.journal, self._wanted)
        where = f"{which} operations, {ORDERS.get(self.order, self.order)}. {why}".rstrip()
        heads = [(width, _head(name, order)) for name, (order, width) in _COLUMNS.items()]
        parts = [
            SLOT,
            html.columns(f"{_ROW}align-items:baseline", heads),
            *(_row(entry, self._place) for entry in entries),
            _PLACE.format(html.QUIET, html.RULE, where),
            *([html.fold("Summary", *_summary_lines(self._whole, self._lately))] if total else []),
        ]
        table = _TABLE.format(html.NO_MATH, html.FONT, html.join(parts))
        lines = [*map(_text_row, entries), where]
        if self._whole.total:
            lines += [f"{name}: {words}." for name, words in self._lately.items()]
            lines.append(_summary_text(self._whole))
        return Rendering(as_view(self.id, table), "\n".join(lines))


def _head(name: str, order: str | None) -> Markup:
    sorts = f"soundpiece-sorts-{order}" if order else ""
    return Markup('<div class="{}"><b>{}</b></div>').format(sorts, name)


def _row(entry: Entry, place: Place) -> Markup:
    words = status_words(entry)
    status = Markup('<span style="color:{}">●</span> {}').format(accent_of(entry), words)
    if entry.error_code:
        status += html.quiet_block(entry.error_code)
    made = Markup("{} · {}").format(route_title(entry.route), html.code(short(entry.key)))
    what = html.bold(entry.title) + html.quiet_block(made)
    if entry.tags:
        what += html.quiet_block(label(", ".join(entry.tags)))
    if entry.complaint:
        status += html.quiet_block(entry.complaint)
    sound = html.join(slim_player(entry, take, place) for take in place.stored_takes(entry))
    if pruned := pruned_words(entry):
        sound += html.quiet_block(pruned)
    cells = (html.moment(entry.submitted_at), what, status, _text(entry), sound)
    widths = (width for _, width in _COLUMNS.values())
    return html.columns(_ROW + html.RULE, zip(widths, cells, strict=True))


def _text(entry: Entry) -> Markup:
    words = shown(entry.summary, MOST_FOLDED["words"])
    texts = {"words": words, "lyrics": str(entry.fields.get("lyrics") or ""), "note": entry.note}
    if len(words) <= SHOWN_TEXT:
        del texts["words"]
    folded = [html.multiline(text, MOST_FOLDED[name]) for name, text in texts.items() if text]
    if not folded:
        return html.isolated(words)
    return Markup(
        '<details><summary dir="auto">{}</summary><div dir="auto">{}</div></details>'
    ).format(cut(words, SHOWN_TEXT) or "lyrics", html.join(folded, "<br>"))


def _text_row(entry: Entry) -> str:
    lengths = " ".join(html.clock(take.duration) for take in entry.takes if take.duration)
    noun, status = route_title(entry.route), status_words(entry)
    return (
        f"{html.moment(entry.submitted_at)}  {short(entry.key)}  {status:<10}  {noun:<12}  "
        f"{entry.title:<24}  {lengths}  {pruned_words(entry)}  {entry.complaint}"
    ).rstrip()


def _lately(session: Session, wanted: Filter) -> dict[str, str]:
    """Return what was made lately at the service in use; nothing where none can be."""
    try:
        return usage_rows(session, wanted)
    except Mistake:  # %soundpiece_status, and whatever sends, say what is wrong
        return {}


def _summary_lines(whole: Summary, lately: Mapping[str, str]) -> list[Markup]:
    """Return the summary's lines, with small charts that need no script."""
    rows: dict[str, str | Markup] = {
        "Status": _listed(whole.statuses),
        **lately,
        "Sound": _sound(whole.seconds),
        "Failures": _listed(whole.errors),
        "Routes": html.join(_routes(whole)),
        "Days": _days(whole.days) if whole.days else "",
    }
    return [html.row(label, value) for label, value in rows.items() if value]


def _summary_text(whole: Summary) -> str:
    """Return the summary as a line of text."""
    failures = f" Failures: {_listed(whole.errors)}." if whole.errors else ""
    return f"{_listed(whole.statuses)}; {_sound(whole.seconds)}.{failures}"


def _listed(counts: Mapping[str, int]) -> str:
    named = [f"{count} {word}" for word, count in islice(counts.items(), MOST_LISTED)]
    more = len(counts) - MOST_LISTED
    return ", ".join(named) + (f" and {more} others" if more > 0 else "")


def _sound(seconds: float) -> str:
    return f"{html.span(seconds)} of audio"


def _routes(whole: Summary) -> Iterable[Markup]:
    most = max((each.count for each in whole.routes.values()), default=1)
    for path, each in islice(whole.routes.items(), MOST_LISTED):
        usual = ""
        if each.median is not None and each.ninetieth is not None:
            usual = f", ready in {html.span(each.median)} (9 of 10 in {html.span(each.ninetieth)})"
        yield _SHARE.format(
            name=route_title(path),
            share=100 * each.count / most,
            colour=html.BLUE,
            quiet=html.QUIET,
            words=f"{each.count}, {_sound(each.seconds)}{usual}",
        )


def _days(days: Mapping[date, int]) -> Markup:
    """Return a bar a day as an image, with the same in words."""
    most = max(days.values())
    bars = []
    for number, (day, count) in enumerate(days.items()):
        height = max(2, round((HEIGHT - 2) * count / most))
        left, top = number * BAR_WIDTH, HEIGHT - height
        title = Markup.escape(f"{day}: {counted(count, 'operation')}")
        bars.append(
            f'<rect x="{left}" y="{top}" width="{BAR_WIDTH - 3}" height="{height}" rx="1">'
            f"<title>{title}</title></rect>"
        )
    width = len(days) * BAR_WIDTH
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
        f'width="{width}" height="{HEIGHT}" fill="{html.BLUE}">{"".join(bars)}</svg>'
    )
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    first, last = min(days), max(days)
    busiest = max(days, key=lambda day: days[day])
    words = f"{first} to {last}, most on {busiest}: {counted(most, 'operation')}"
    return _IMAGE.format(f"Operations a day, {words}", html.address(source), HEIGHT) + html.quiet(
        words
    )

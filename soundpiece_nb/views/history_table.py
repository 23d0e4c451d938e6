"""The history as a table to scan: newest first, with players where the files lie near.

Widths are set because JupyterLab lays tables out evenly otherwise.
"""

from __future__ import annotations

from markupsafe import Markup

from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.explain import short
from soundpiece_nb.journal.entry import Entry

from .parts import BLUE, NO_MATH, QUIET, clock, code, moment, visible
from .permanent import ACCENTS, Rendering
from .sound import Place
from .subject import subject

_TABLE = Markup(
    '<div class="{no_math}" style="font-family:var(--jp-ui-font-family,system-ui,sans-serif);'
    'font-size:13px;color:var(--jp-content-font-color1,inherit);overflow-x:auto">'
    '<table style="font-size:13px;width:100%;min-width:640px;border-collapse:collapse">'
    "<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    '<div style="{quiet};margin-top:4px">{summary}</div></div>'
)
_HEAD = Markup('<th style="text-align:left;width:{};padding:4px 8px">{}</th>')
_CELL = Markup('<td style="text-align:left;vertical-align:top;padding:6px 8px">{}</td>')
_COLUMNS = {"Made": "15%", "What": "17%", "Status": "11%", "Text": "25%", "Sound": "32%"}
_PLAYER = Markup(
    '<audio controls preload="none" title="{title}, take {take}, {length}" src="{source}" '
    'style="display:block;width:100%;height:30px;margin-bottom:2px"></audio>'
)
SHOWN_TEXT = 70


def history_table(entries: list[Entry], total: int, place: Place) -> Rendering:
    """Return the entries as HTML and as text; `total` is how many the journal has in all."""
    summary = f"{len(entries)} of {total} operations, newest first."
    html = _TABLE.format(
        no_math=NO_MATH,
        quiet=QUIET,
        heads=Markup("").join(_HEAD.format(width, name) for name, width in _COLUMNS.items()),
        rows=Markup("").join(_row(entry, place) for entry in entries),
        summary=summary,
    )
    lines = [_text_row(entry) for entry in entries]
    return Rendering(str(html), "\n".join([*lines, summary]))


def _row(entry: Entry, place: Place) -> Markup:
    colour = ACCENTS.get(entry.status, BLUE)
    status = Markup('<span style="color:{}">●</span> {}').format(colour, entry.status)
    if entry.error_code:
        status += Markup('<div style="{}">{}</div>').format(QUIET, entry.error_code)
    noun = find_route(entry.route).title
    what = Markup('<b dir="auto">{}</b><div style="{}">{} · {}</div>').format(
        entry.title, QUIET, noun, code(short(entry.key))
    )
    made = moment(entry.submitted_at)
    cells = (made, what, status, _text(entry), _sound(entry, place))
    return Markup("<tr>{}</tr>").format(Markup("").join(_CELL.format(cell) for cell in cells))


def _text(entry: Entry) -> Markup:
    words = visible(subject(entry))
    lyrics = visible(str(entry.fields.get("lyrics") or ""))
    if len(words) <= SHOWN_TEXT and not lyrics:
        return Markup('<span dir="auto">{}</span>').format(words)
    beginning = words if len(words) <= SHOWN_TEXT else words[: SHOWN_TEXT - 1] + "…"
    folded = [text for text in (words if beginning != words else "", lyrics) if text]
    return Markup(
        '<details><summary dir="auto">{}</summary><div dir="auto">{}</div></details>'
    ).format(
        beginning or "lyrics",
        Markup("<br>").join(line for text in folded for line in text.split("\n")),
    )


def _sound(entry: Entry, place: Place) -> Markup:
    """Return players where the notebook can point at files; embedding a history would bloat it."""
    parts = []
    for take in entry.takes:
        if take.path is None or not (place.home / take.path).exists():
            continue
        length = clock(take.duration or 0)
        source = place.nearby(entry, take)
        player = _PLAYER.format(title=entry.title, take=take.take, length=length, source=source)
        parts.append(player if source else Markup("<div>{} · {}</div>").format(take.take, length))
    return Markup("").join(parts)


def _text_row(entry: Entry) -> str:
    lengths = " ".join(clock(take.duration) for take in entry.takes if take.duration)
    noun = find_route(entry.route).title
    return (
        f"{moment(entry.submitted_at)}  {short(entry.key)}  {entry.status:<10}  {noun:<12}  "
        f"{entry.title:<24}  {lengths}"
    ).rstrip()

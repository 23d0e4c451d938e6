"""One row of a board or of the lab: an operation by what sets it apart, with its takes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.text import counted, short, visible

from .html_parts import QUIET, clock, code, isolated, with_commands
from .sound_source import Place
from .take_player import player

MOST_EMBEDDED = 12
"""Takes one output holds inside the notebook where no file can lie beside it: a megabyte each."""

_ROW = Markup(
    '<div style="display:flex;flex-wrap:wrap;gap:2px 18px;padding:8px 0;content-visibility:auto;'
    'contain-intrinsic-size:auto 110px;border-top:1px solid rgba(128,128,128,.28)">'
    '<div style="flex:1 1 150px;min-width:0;overflow-wrap:anywhere">{heading}'
    '<div style="{quiet}">{standing}</div></div>'
    '<div style="flex:3 1 290px;min-width:0">{takes}</div></div>'
)
_VALUE = Markup('<div dir="auto"><span style="{}">{}</span> <b>{}</b></div>')
_ELAPSED = Markup('<span class="soundpiece-elapsed soundpiece-since-{}">{}</span>')
_SILENT = Markup('<div style="{}">{}</div>')


def row(
    entry: Entry, heading: Markup, place: Place, *, playable: bool = True, told: str = ""
) -> Markup:
    """Return an operation as a row; `told` says more of it, in the second colour.

    Links files or encodes previews on the way, unless it is not to be `playable`.
    """
    here = [take for take in entry.takes if take.path and (place.home / take.path).exists()]
    if playable:
        takes = [player(entry, take, place, compact=True)[0] for take in here]
    else:
        takes = [_SILENT.format(Markup(QUIET), _unplayed(entry, len(here)))] if here else []
    standing = [_state(entry), *([Markup("{}").format(told)] if told else [])]
    return _ROW.format(
        heading=heading,
        quiet=Markup(QUIET),
        standing=Markup("<br>").join(standing),
        takes=Markup("").join(takes) or _instead(entry),
    )


def values(varied: Mapping[str, str]) -> Markup:
    """Return what sets an operation of a sweep apart."""
    return Markup("").join(
        _VALUE.format(Markup(QUIET), name, visible(value)) for name, value in varied.items()
    )


def _unplayed(entry: Entry, number: int) -> Markup:
    shows = with_commands(f"%soundpiece_show {short(entry.key)}")
    return Markup("{}: {} plays them.").format(counted(number, "take"), shows)


def _state(entry: Entry) -> Markup:
    if entry.status in ("submitting", "processing"):
        since = int(entry.submitted_at.timestamp() * 1000)
        elapsed = clock((datetime.now(UTC) - entry.submitted_at).total_seconds())
        return Markup("{} {}").format(entry.status, _ELAPSED.format(since, elapsed))
    return Markup("{} · {}").format(entry.status, code(short(entry.key)))


def _instead(entry: Entry) -> Markup:
    why = explain(entry)
    if why is None:
        return Markup("")
    reason = Markup(' <span style="{}" dir="auto">({})</span><div style="{}">{}</div>')
    return isolated(why.what) + reason.format(QUIET, why.code, QUIET, with_commands(why.next))

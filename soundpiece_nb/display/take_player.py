"""Takes with their players, and operations as rows of takes, as all outputs show them.

The class names tell the page's script which take it is; nothing here needs that script.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from soundpiece_nb.api.number_arguments import MOST_STARS
from soundpiece_nb.audio import waveform
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry, TakeEntry
from soundpiece_nb.shown_text import counted, short, visible

from . import html_parts as html
from .sound_source import Place

MOST_EMBEDDED = 12
"""Takes one output holds inside the notebook where no file can lie beside it: a megabyte each."""

_STYLE = Markup(
    "gap:2px 18px;padding:8px 0;content-visibility:auto;contain-intrinsic-size:auto 110px;"
)
_VALUE = Markup('<div dir="auto">{} <b>{}</b></div>')
_ELAPSED = Markup('{} <span class="soundpiece-elapsed soundpiece-since-{}">{}</span>')

_TAKE = Markup(
    '<div class="soundpiece-take soundpiece-at-{key}-{number}{loudness}" style="margin:{margin}">'
    '<div style="margin-bottom:3px"><b>{number}</b> {facts} {judgement}</div>'
    '<img alt="Waveform of {label}" src="{image}" '
    'style="display:block;width:100%;height:{height}px;max-width:none">{sound}</div>'
)
_SLIM = Markup(
    '<div class="soundpiece-take soundpiece-at-{key}-{number}" style="margin-bottom:6px">{number} '
    "{facts} {judgement}{sound}</div>"
)
_SOUND = Markup(
    '<audio controls preload="none" title="{}, {}" src="{}" '
    'style="display:block;width:100%;height:{}"></audio>'
)
_JUDGEMENT = Markup('<span class="soundpiece-judgement" style="padding-left:8px">{}</span>')
_STARS = Markup('<span title="{} of 5 stars">{}</span>')


def player(
    entry: Entry, take: TakeEntry, place: Place, *, compact: bool = False
) -> tuple[Markup, str]:
    """Return the player of a take, with its waveform and judgement, and the path of its file.

    Links the file or encodes a preview on the way: call it off the main thread.
    """
    source, path = place.source(entry, take)
    levels = waveform.Levels.from_bytes(take.waveform or b"")
    label = f"take {take.take}, {_facts(take)}"
    drawn = _TAKE.format(
        key=entry.key,
        number=take.take,
        loudness="" if take.loudness is None else f" soundpiece-lufs{take.loudness:+.1f}",
        margin="4px 0 8px" if compact else "10px 0 14px",
        height=28 if compact else 48,
        facts=html.quiet(_facts(take)),
        judgement=judgement(take),
        label=label,
        image=waveform.data_address(waveform.draw(waveform.halved(levels) if compact else levels)),
        sound=_SOUND.format(entry.title, label, source, "34px;margin-top:4px"),
    )
    return drawn, path


def slim_player(entry: Entry, take: TakeEntry, place: Place) -> Markup:
    """Return a take as one line, with a player where a file can be pointed at for nothing."""
    source, facts = place.nearby(entry, take), _facts(take)
    label = f"take {take.take}, {facts}"
    return _SLIM.format(
        key=entry.key,
        number=take.take,
        facts=html.quiet(facts),
        judgement=judgement(take),
        sound=_SOUND.format(entry.title, label, source, "30px") if source else "",
    )


def judgement(take: TakeEntry) -> Markup:
    """Return a take's stars and note, which are empty where it was not rated."""
    parts = [_STARS.format(take.rating, stars(take.rating))] if take.rating else []
    if take.note:
        parts.append(html.quiet(visible(take.note)))
    return _JUDGEMENT.format(html.join(parts, " "))


def stars(rating: int) -> str:
    """Return a rating as text: `★★★★☆`."""
    return "★" * rating + "☆" * (MOST_STARS - rating)


def figures(take: TakeEntry) -> str:
    """Return what was measured of a take, in words; nothing where it was not."""
    known = [
        f"{take.loudness:.1f} LUFS" if take.loudness is not None else "",
        f"{take.tempo:.0f} bpm" if take.tempo is not None else "",
        f"centroid {take.centroid / 1000:.1f} kHz" if take.centroid is not None else "",
    ]
    return " · ".join(words.replace(" ", "\N{NO-BREAK SPACE}") for words in known if words)


def _facts(take: TakeEntry) -> str:
    length = html.clock(take.duration or 0)
    return f"{take.kind} · {length}" if take.kind else length


def row(
    entry: Entry, heading: Markup, place: Place, *, playable: bool = True, more: str = ""
) -> Markup:
    """Return an operation as a row; `more` is said of it below, in the second colour.

    Links files or encodes previews on the way, unless it is not to be `playable`.
    """
    stored = place.stored_takes(entry)
    if playable or not stored:
        takes = html.join(player(entry, take, place, compact=True)[0] for take in stored)
    else:
        command = html.with_commands(f"%soundpiece_show {short(entry.key)}")
        number = counted(len(stored), "take")
        takes = html.quiet_block(Markup("{}: {} plays them.").format(number, command))
    state = html.join([_progress(entry), *([more] if more else [])], "<br>")
    cells = [
        ("1 1 150px", heading + html.quiet_block(state)),
        ("3 1 290px", takes or _problem(entry)),
    ]
    return html.columns(_STYLE + html.RULE, cells)


def values(varied: Mapping[str, str]) -> Markup:
    """Return what sets an operation of a sweep apart."""
    return html.join(
        _VALUE.format(html.quiet(name), visible(value)) for name, value in varied.items()
    )


def _progress(entry: Entry) -> Markup:
    if entry.status in ("submitting", "processing"):
        since = int(entry.submitted_at.timestamp() * 1000)  # as the page's script counts
        elapsed = html.clock((datetime.now(UTC) - entry.submitted_at).total_seconds())
        return _ELAPSED.format(entry.status, since, elapsed)
    return Markup("{} · {}").format(entry.status, html.code(short(entry.key)))


def _problem(entry: Entry) -> Markup:
    why = explain(entry)
    if why is None:
        return Markup("")
    reason = html.join([html.isolated(why.what), html.quiet(f"({why.code})")], " ")
    return reason + html.quiet_block(html.with_commands(why.next))

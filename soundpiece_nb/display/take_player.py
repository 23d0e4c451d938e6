"""Takes with their players, and operations as rows of takes, as all outputs show them.

The class names tell the page's script which take it is; nothing here needs that script.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import islice

from soundpiece_nb.api.number_arguments import MOST_STARS
from soundpiece_nb.audio import waveform
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry, TakeEntry
from soundpiece_nb.shown_text import counted, label, short

from . import html_parts as html
from .html_parts import Markup
from .sound_source import Place

UNPLAYABLE = (OSError, RuntimeError, ValueError)
"""Errors of a damaged file, or one that cannot be encoded; soundfile's are RuntimeErrors."""

MOST_VALUES = 12
"""Varied words that a row of a sweep shows."""

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
    """Return the player of a take, with its waveform and judgement, and its file's path if linked.

    Links the file or encodes a preview on the way: call it off the main thread. A take that cannot
    be played is a sentence that says so.
    """
    try:
        source, path = place.source(entry, take)
    except UNPLAYABLE as error:
        return _silent(entry, take, place.without_home(error)), ""
    levels = waveform.Levels.from_bytes(take.waveform or b"")
    drawn = waveform.halved(levels) if compact else levels
    words = f"take {take.take}, {_facts(take)}"
    shown = _TAKE.format(
        key=entry.key,
        number=take.take,
        loudness="" if take.loudness is None else f" soundpiece-lufs{take.loudness:+.1f}",
        margin="4px 0 8px" if compact else "10px 0 14px",
        height=28 if compact else 48,
        facts=html.quiet(_facts(take)),
        judgement=judgement(take),
        label=words,
        image=html.address(waveform.data_address(waveform.draw(drawn))),
        sound=_SOUND.format(entry.title, words, html.address(source), "34px;margin-top:4px"),
    )
    return shown, path


def _silent(entry: Entry, take: TakeEntry, why: str) -> Markup:
    """Return a take without a player, and why it has none."""
    sentence = Markup("<div>It cannot be played here ({}).</div>").format(html.isolated(why))
    return _SLIM.format(
        key=entry.key,
        number=take.take,
        facts=html.quiet(_facts(take)),
        judgement=judgement(take),
        sound=sentence,
    )


def slim_player(entry: Entry, take: TakeEntry, place: Place) -> Markup:
    """Return a take as one line, with a player where a file can be pointed at for nothing."""
    source, facts = place.nearby(entry, take), _facts(take)
    words = f"take {take.take}, {facts}"
    return _SLIM.format(
        key=entry.key,
        number=take.take,
        facts=html.quiet(facts),
        judgement=judgement(take),
        sound=_SOUND.format(entry.title, words, html.address(source), "30px") if source else "",
    )


def judgement(take: TakeEntry) -> Markup:
    """Return a take's stars and note, which are empty where it was not rated."""
    parts = [_STARS.format(take.rating, stars(take.rating))] if take.rating else []
    if take.note:
        parts.append(html.quiet(label(take.note)))
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
    return f"{label(take.kind)} · {length}" if take.kind else length


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
    said = filter(None, (_progress(entry), more, pruned_words(entry), entry.complaint))
    state = html.join(said, "<br>")
    cells = [
        ("1 1 150px", heading + html.quiet_block(state)),
        ("3 1 290px", takes or _problem(entry)),
    ]
    return html.columns(_STYLE + html.RULE, cells)


def pruned_words(entry: Entry) -> str:
    """Return which takes have no file since they were pruned, and the day; nothing for none."""
    pruned = {each.take: each.pruned_at for each in entry.takes if each.pruned_at and not each.path}
    if not pruned:
        return ""
    numbers = ", ".join(map(str, pruned))
    which = f"take{'s' * (len(pruned) > 1)} {numbers} " if len(pruned) < len(entry.takes) else ""
    return f"{which}pruned on {max(pruned.values()):%Y-%m-%d}"


def values(varied: Mapping[str, str]) -> Markup:
    """Return what sets an operation of a sweep apart."""
    return html.join(
        _VALUE.format(html.quiet(label(name)), label(value))
        for name, value in islice(varied.items(), MOST_VALUES)
    )


def status_words(entry: Entry) -> str:
    """Return an operation's status in a word or two."""
    return "not sent" if entry.unsent else entry.status


def _progress(entry: Entry) -> Markup:
    if not entry.unsent and entry.status in ("submitting", "processing"):
        since = int(entry.submitted_at.timestamp() * 1000)  # as the page's script counts
        elapsed = html.clock((datetime.now(UTC) - entry.submitted_at).total_seconds())
        return _ELAPSED.format(entry.status, since, elapsed)
    return Markup("{} · {}").format(status_words(entry), html.code(short(entry.key)))


def _problem(entry: Entry) -> Markup:
    why = explain(entry)
    if why is None:
        return Markup("")
    reason = html.reason(why.what, "" if why.code == entry.status else why.code)
    return reason + html.quiet_block(html.with_commands(why.next))

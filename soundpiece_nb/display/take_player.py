"""One take as it stands in any output: its length, waveform, player, and how it was judged.

The class names tell the page's companion which take this is; nothing here needs the companion.
"""

from __future__ import annotations

from markupsafe import Markup

from soundpiece_nb.audio import waveform
from soundpiece_nb.journal.entry import Entry, TakeEntry
from soundpiece_nb.text import visible

from .html_parts import QUIET, clock
from .sound_source import Place

MOST_STARS = 5

_TAKE = Markup(
    '<div class="soundpiece-take soundpiece-at-{key}-{number}{loudness}" style="margin:{margin}">'
    '<div style="margin-bottom:3px"><b>{number}</b> '
    '<span style="{quiet}" dir="auto">{facts}</span> '
    '<span class="soundpiece-judgement" style="padding-left:8px">{judgement}</span></div>'
    '<img alt="Waveform of take {number}, {facts}" src="{image}" '
    'style="display:block;width:100%;height:{height}px;max-width:none">'
    '<audio controls preload="none" title="{title}, take {number}, {facts}" src="{source}" '
    'style="display:block;width:100%;height:34px;margin-top:4px"></audio></div>'
)
_SLIM = Markup(
    '<div class="soundpiece-take soundpiece-at-{key}-{number}" style="margin-bottom:6px">{number} '
    '<span style="{quiet}" dir="auto">{facts}</span> '
    '<span class="soundpiece-judgement" style="padding-left:8px">{judgement}</span>{sound}</div>'
)
_SOUND = Markup(
    '<audio controls preload="none" title="{title}, take {number}, {facts}" src="{source}" '
    'style="display:block;width:100%;height:30px"></audio>'
)
_STARS = Markup('<span title="{rating} of 5 stars">{stars}</span>')
_NOTE = Markup(' <span style="{}" dir="auto">{}</span>')


def player(
    entry: Entry, take: TakeEntry, place: Place, *, compact: bool = False
) -> tuple[Markup, str]:
    """Return the player of a take, with its waveform and judgement, and the path of its file.

    Links the file or encodes a preview on the way: call it off the main thread.
    """
    source, path = place.source(entry, take)
    levels = waveform.Levels.from_bytes(take.waveform or b"")
    length = clock(take.duration or 0)
    html = _TAKE.format(
        key=entry.key,
        number=take.take,
        loudness="" if take.loudness is None else f" soundpiece-lufs{take.loudness:+.1f}",
        margin="4px 0 8px" if compact else "10px 0 14px",
        height=28 if compact else 48,
        quiet=Markup(QUIET),
        facts=f"{take.kind} · {length}" if take.kind else length,
        judgement=judgement(take),
        image=waveform.data_address(waveform.draw(waveform.halved(levels) if compact else levels)),
        title=entry.title,
        source=source,
    )
    return html, path


def slim_player(entry: Entry, take: TakeEntry, place: Place) -> Markup:
    """Return a take as one line, with a player where a file can be pointed at for nothing."""
    length = clock(take.duration or 0)
    facts = f"{take.kind} · {length}" if take.kind else length
    source = place.nearby(entry, take)
    words = {"title": entry.title, "number": take.take, "facts": facts}
    return _SLIM.format(
        key=entry.key,
        quiet=Markup(QUIET),
        judgement=judgement(take),
        sound=_SOUND.format(source=source, **words) if source else "",
        **words,
    )


def judgement(take: TakeEntry) -> Markup:
    """Return a take's stars and note; nothing where it was not judged."""
    parts = []
    if take.rating:
        parts.append(_STARS.format(rating=take.rating, stars=stars(take.rating)))
    if take.note:
        parts.append(_NOTE.format(Markup(QUIET), visible(take.note)))
    return Markup("").join(parts)


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
    return " · ".join(words.replace(" ", _UNBROKEN) for words in known if words)


_UNBROKEN = "\N{NO-BREAK SPACE}"

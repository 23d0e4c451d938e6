"""Instrumentals: their form, and the tune that a lead instrument plays in place of a voice."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from soundpiece_sandbox.music.harmony import Chord, Key
from soundpiece_sandbox.music.lyrics import Line, Syllable
from soundpiece_sandbox.music.melody import compose_melody
from soundpiece_sandbox.music.score import BEATS, Note, swung
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import (
    LEAD_IN,
    LONGEST,
    RING,
    Form,
    Part,
    Phrase,
    SectionOutline,
    ending_bars,
    energy_of,
    line_bars,
)
from soundpiece_sandbox.music.style import Style

_KINDS = {"I": "intro", "V": "verse", "C": "chorus", "B": "bridge", "O": "outro"}
# All letters of a shape have the same number of bars; longer pieces have more letters.
_SHAPES = {
    len(shape): shape
    for shape in (
        *("V", "VC", "IVC", "IVVC", "IVVCC", "IVVCCO", "IVVCBCO", "IVVCCBCO", "IVVCCBCCO"),
        *("IVVCCVBCCO", "IVVCCVVBCCO", "IVVCCVVBBCCO", "IIVVCCVVBBCCO", "IIVVCCVVCCBCCO"),
        *("IIVVCCVVCCBBCCO", "IIVVCCVVCCBBCCOO"),
    )
}
_USUAL_LETTERS = 11  # letters in a shape
_USUAL_SECONDS = (66.0, 102.0)
_TUNEFUL = ("verse", "chorus")  # sections with a tune; in the others the lead plays short figures
_NOTES = {"verse": (5, 9), "chorus": (7, 12)}  # the range of notes in a line of the tune
_WORDLESS = Syllable("", "u", "")
_TUNE_VOICE, _ABOVE = "high", 12  # the lead is an octave above a high voice


def usual_seconds(random: SeededRandom) -> float:
    """Return the seconds of a piece whose prompt names no length: 66 to 102."""
    return float(random.stream("length").uniform(*_USUAL_SECONDS))


def lay_out_instrumental(seconds: float, tempo: float, random: SeededRandom) -> Form:
    """Return the form of a piece of about this many seconds, at most `LONGEST`."""
    bar = BEATS * 60.0 / tempo
    music = (min(seconds, LONGEST) - LEAD_IN - RING) / bar - ending_bars(bar)
    letter_bars = _bars_per_letter(music)
    bars = letter_bars * max(round(music / letter_bars), 1)
    if LEAD_IN + (bars + ending_bars(bar)) * bar + RING > LONGEST:
        bars -= letter_bars
    return lay_out_sections(sections_for(bars + ending_bars(bar), tempo), tempo, random)


def sections_for(bars: int, tempo: float) -> tuple[SectionOutline, ...]:
    """Return sections, from an intro to an ending, with exactly this many bars in all."""
    ending = min(ending_bars(BEATS * 60.0 / tempo), bars)
    letter_bars = _bars_per_letter(bars - ending)
    letters = (bars - ending) // letter_bars
    if letters == 0:
        return (SectionOutline("ending", bars),)
    sections = [
        SectionOutline(_KINDS[letter], letter_bars * len(list(run)))
        for letter, run in groupby(_SHAPES[letters])
    ]
    left = bars - ending - letter_bars * letters
    sections[-1] = SectionOutline(sections[-1].kind, sections[-1].bars + left)
    return (*sections, SectionOutline("ending", ending))


def lay_out_sections(
    section_outlines: Iterable[SectionOutline], tempo: float, random: SeededRandom
) -> Form:
    """Return the form of these sections, with lines for the lead to play."""
    parts: list[Part] = []
    seen: Counter[str] = Counter()
    first = 0
    for each in section_outlines:
        energy = energy_of(each.kind, seen[each.kind])
        lines = _lines(each, first, tempo, random)
        parts.append(Part(each.kind, seen[each.kind], first, each.bars, energy, lines))
        seen[each.kind] += 1
        first += each.bars
    return Form(tuple(parts), tempo)


def compose_tune(
    form: Form, chords: Sequence[Chord], key: Key, style: Style, random: SeededRandom
) -> tuple[Note, ...]:
    """Return the tune of the form's lines, for a lead to play."""
    return tuple(
        Note(
            swung(note.start, style.swing, style.swing_step),
            note.length,
            (note.pitch + _ABOVE,),
            1.1 if note.start % 1.0 == 0.0 else 0.95,
        )
        for note in compose_melody(form, chords, key, _TUNE_VOICE, random)
    )


def _bars_per_letter(bars: float) -> int:
    """Return the bars per letter, a power of two, that give a shape of about usual length."""
    sizes = (1, 2, 4, 8, 16, 32)
    return min(sizes, key=lambda size: abs(math.log2(max(bars, 1.0) / size / _USUAL_LETTERS)))


def _lines(
    outline: SectionOutline, first_bar: int, tempo: float, random: SeededRandom
) -> tuple[Phrase, ...]:
    if outline.kind not in _TUNEFUL:
        return ()
    usual = line_bars(BEATS * 60.0 / tempo)
    counts = random.stream("lines", outline.kind).integers(*_NOTES[outline.kind], 4)
    return tuple(
        Phrase(
            Line("", (_WORDLESS,) * int(counts[index % len(counts)])),
            first_bar + start,
            min(usual, outline.bars - start),
        )
        for index, start in enumerate(range(0, outline.bars, usual))
    )

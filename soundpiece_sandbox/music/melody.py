"""Melody: the singer's tune, made of a few contours that recur."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soundpiece_sandbox.music.harmony import Chord, Key
from soundpiece_sandbox.music.score import BEATS, SungNote
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import Form, Part, Phrase

# The preference for a syllable on each sixteenth of a line. The end is left free for a breath.
_WEIGHTS = (9.0, 2.5, 5.0, 3.0, 7.0, 2.5, 5.0, 3.5, 8.0, 2.5, 5.0, 3.0, 6.5, 1.0, 0.8, 0.2)
_BREATH = 0.09  # share of a line that is silent at its end
_LONGEST_NOTE = 0.24  # share of a line
_WIDEST_LEAP = 7  # semitones
_MIDDLES = {"high": 65.0, "low": 55.0}
_LIFTS = {"chorus": 4.0, "prechorus": 2.0, "bridge": 3.0, "outro": -1.0, "intro": -2.0}
_CONTOURS = (
    lambda x: math.sin(math.pi * x),
    lambda x: 0.9 - 1.6 * x,
    lambda x: math.sin(2.0 * math.pi * x),
    lambda x: 1.2 * x - 0.5,
    lambda x: 0.5 * math.cos(2.0 * math.pi * x),
)


@dataclass(frozen=True)
class _Theme:
    """The melodic material that all lines of one kind of section share."""

    weights: tuple[float, ...]  # one for each thirty-second of the line
    ornaments: tuple[int, ...]
    contours: tuple[int, int, int]  # of the plain lines, the answering line, the closing line
    middle: float
    reach: float


def compose_melody(
    form: Form, chords: Sequence[Chord], key: Key, voice: str, random: SeededRandom
) -> tuple[SungNote, ...]:
    """Return one note per syllable for every sung line; `chords` are two per bar.

    Sections of one kind share a theme, so every chorus has the same tune, and a line with fewer
    syllables has the same tune with fewer notes.
    """
    notes: list[SungNote] = []
    for part in form.parts:
        theme = _theme(part.kind, key, voice, random)
        for index in range(len(part.phrases)):
            notes += _sing_phrase(part, index, theme, chords, key)
    return tuple(notes)


def _theme(kind: str, key: Key, voice: str, random: SeededRandom) -> _Theme:
    rng = random.stream("theme", kind)
    weights = np.full(2 * len(_WEIGHTS), 0.0)
    weights[::2] = _WEIGHTS + rng.normal(0.0, 1.3, len(_WEIGHTS))
    # The thirty-seconds between are used only by lines with unusually many syllables.
    weights[1::2] = np.array(_WEIGHTS) * 0.02 - 9.0 + rng.random(len(_WEIGHTS))
    contours = rng.permutation(len(_CONTOURS))[:3]
    middle = _MIDDLES[voice] + _LIFTS.get(kind, 0.0)
    # The range follows the tonic, so that the tune lies alike in every key.
    tonic = key.tonic + 12 * round((middle - 2.0 - key.tonic) / 12)
    return _Theme(
        weights=tuple(float(weight) for weight in weights),
        ornaments=tuple(int(step) for step in rng.choice((-2, -1, 0, 0, 1, 2), 2 * len(_WEIGHTS))),
        contours=(int(contours[0]), int(contours[1]), int(contours[2])),
        middle=0.7 * middle + 0.3 * (tonic + 2.0),
        reach=float(rng.uniform(3.5, 5.0)) + (1.0 if kind == "chorus" else 0.0),
    )


def _sing_phrase(
    part: Part, index: int, theme: _Theme, chords: Sequence[Chord], key: Key
) -> list[SungNote]:
    phrase = part.phrases[index]
    closing = index == len(part.phrases) - 1
    contour = _CONTOURS[theme.contours[2 if closing else index % 2]]
    length = phrase.bars * BEATS
    slots = _slots(len(phrase.line.syllables), theme)
    starts = [phrase.first_bar * BEATS + place * length for place in slots]
    ends = [*starts[1:], (phrase.first_bar * BEATS + length * (1.0 - _BREATH))]
    notes: list[SungNote] = []
    for position, syllable in enumerate(phrase.line.syllables):
        place = slots[position]
        ornament = theme.ornaments[int(place * 2 * len(_WEIGHTS)) % (2 * len(_WEIGHTS))]
        aim = theme.middle + theme.reach * contour(place) + ornament
        held = min(ends[position] - starts[position], _LONGEST_NOTE * length)
        last = position == len(slots) - 1
        chord = chords[int(starts[position] * 2 / BEATS)]
        strong = last or held >= 1.0 or starts[position] % 2.0 == 0.0
        pitch = _pitch(aim, chord, key, notes, strong=strong)
        if last and closing:
            pitch = chord.nearest(notes[-1].pitch if notes else aim)
        notes.append(SungNote(starts[position], held, pitch, syllable))
    return notes


def _slots(count: int, theme: _Theme) -> list[float]:
    """Return the places in the line, 0 to 1, at which `count` syllables begin.

    The greatest weights are taken first, so a shorter line keeps the outline of a longer one.
    """
    grid = len(theme.weights)
    before_breath = int(grid * (1.0 - _BREATH))
    if count > before_breath:
        return [index / count * (1.0 - _BREATH) for index in range(count)]
    strongest = sorted(range(before_breath), key=lambda slot: -theme.weights[slot])[:count]
    return [slot / grid for slot in sorted(strongest)]


def _pitch(aim: float, chord: Chord, key: Key, before: list[SungNote], *, strong: bool) -> int:
    """Return the allowed pitch nearest to the aim, by chord, key and the previous note."""
    if not before:
        return chord.nearest(aim)
    previous = before[-1].pitch
    repeated = len(before) > 1 and before[-2].pitch == previous
    allowed = chord.pitch_classes if strong else key.over(chord)
    options = [
        pitch
        for pitch in range(previous - _WIDEST_LEAP, previous + _WIDEST_LEAP + 1)
        if pitch % 12 in allowed
    ]

    def cost(pitch: int) -> float:
        leap = abs(pitch - previous)
        monotony = 3.0 if leap == 0 and repeated else 0.6 * (leap == 0)
        return abs(pitch - aim) + 0.35 * leap + monotony

    return min(options, key=cost)


def harmony_line(notes: Sequence[SungNote], key: Key) -> tuple[SungNote, ...]:
    """Return a second voice a diatonic third above the first."""
    return tuple(
        SungNote(note.start, note.length, key.step(note.pitch, 2), note.syllable) for note in notes
    )


def notes_of(phrase: Phrase, notes: Sequence[SungNote]) -> tuple[SungNote, ...]:
    """Return the notes sung in a phrase's bars."""
    first = phrase.first_bar * BEATS - 0.01
    last = (phrase.first_bar + phrase.bars) * BEATS - 0.01
    return tuple(note for note in notes if first <= note.start < last)

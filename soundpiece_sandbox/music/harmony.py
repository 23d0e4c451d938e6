"""Harmony: keys, chords, progressions in Roman numerals, and voice leading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}

_NUMERAL = re.compile(r"(b?)([iv]+|[IV]+)(maj7|dim|half|sus4|sus2|add9|9|7|5|)")
_DEGREES = ("i", "ii", "iii", "iv", "v", "vi", "vii")
_INTERVALS = {
    ("major", ""): (0, 4, 7),
    ("minor", ""): (0, 3, 7),
    ("major", "7"): (0, 4, 7, 10),
    ("minor", "7"): (0, 3, 7, 10),
    ("major", "maj7"): (0, 4, 7, 11),
    ("major", "9"): (0, 4, 7, 10, 14),
    ("minor", "9"): (0, 3, 7, 10, 14),
    ("major", "add9"): (0, 4, 7, 14),
    ("minor", "add9"): (0, 3, 7, 14),
    ("minor", "dim"): (0, 3, 6),
    ("minor", "half"): (0, 3, 6, 10),
    ("major", "sus4"): (0, 5, 7),
    ("major", "sus2"): (0, 2, 7),
    ("major", "5"): (0, 7),
    ("minor", "5"): (0, 7),
}


@dataclass(frozen=True)
class Chord:
    """A chord: the pitch class of its root, and the semitones of its notes above it."""

    root: int
    intervals: tuple[int, ...]

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """The chord's notes folded into one octave, root first."""
        return tuple((self.root + interval) % 12 for interval in self.intervals)

    def nearest(self, pitch: float) -> int:
        """Return the chord tone nearest to a MIDI pitch."""
        return nearest_of(self.pitch_classes, pitch)


@dataclass(frozen=True)
class Key:
    """A tonic (pitch class) and a mode, "major" or "minor"."""

    tonic: int
    mode: str

    @property
    def name(self) -> str:
        """The name of the key, such as "A minor"."""
        return f"{NOTE_NAMES[self.tonic]} {self.mode}"

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes of the key, tonic first."""
        return tuple((self.tonic + step) % 12 for step in SCALES[self.mode])

    def over(self, chord: Chord) -> tuple[int, ...]:
        """Return the pitch classes that a melody may use over a chord.

        Notes of the scale that are a semitone from a chord note outside the scale are left out.
        """
        borrowed = [tone for tone in chord.pitch_classes if tone not in self.scale]
        clashing = {(tone + step) % 12 for tone in borrowed for step in (-1, 1)}
        kept = [tone for tone in self.scale if tone not in clashing]
        return tuple({*kept, *chord.pitch_classes})

    def nearest(self, pitch: float) -> int:
        """Return the scale tone nearest to a MIDI pitch."""
        return nearest_of(self.scale, pitch)

    def step(self, pitch: int, degrees: int) -> int:
        """Return the pitch `degrees` scale steps above (or below) a pitch of the scale."""
        ladder = [tone for tone in range(128) if tone % 12 in self.scale]
        index = ladder.index(self.nearest(pitch)) + degrees
        return ladder[min(max(index, 0), len(ladder) - 1)]

    @property
    def tonic_chord(self) -> Chord:
        """The tonic chord."""
        return self.chord("I" if self.mode == "major" else "i")

    def chord(self, numeral: str) -> Chord:
        """Return the chord of a Roman numeral in this key: "vi", "V7", "bVII", "iv9"."""
        match = _NUMERAL.fullmatch(numeral)
        if match is None:
            raise ValueError(f"{numeral!r} is not a chord numeral")
        flat, degree, colour = match.groups()
        quality = "minor" if degree.islower() else "major"
        step = SCALES[self.mode][_DEGREES.index(degree.lower())] - len(flat)
        return Chord((self.tonic + step) % 12, _INTERVALS[quality, colour])

    def progression(self, numerals: str, bars: int) -> list[Chord]:
        """Return two chords for each of `bars` bars, repeating the progression as needed.

        Spaces separate bars; a comma separates the two halves of a bar.
        """
        halves: list[Chord] = []
        for bar in numerals.split():
            chords = [self.chord(numeral) for numeral in bar.split(",")]
            halves += [chords[0], chords[-1]]
        return [halves[index % len(halves)] for index in range(2 * bars)]


def voicing(chord: Chord, previous: Sequence[int], centre: float) -> tuple[int, ...]:
    """Return the chord's pitches near `centre`, moving as little as possible from `previous`."""
    candidates = [_stacked(chord, inversion, centre) for inversion in range(len(chord.intervals))]

    def effort(pitches: tuple[int, ...]) -> float:
        drift = abs(sum(pitches) / len(pitches) - centre)
        moves = [min(abs(pitch - other) for other in previous) for pitch in pitches if previous]
        return sum(moves) + 0.4 * drift

    return min(candidates, key=effort)


def _stacked(chord: Chord, inversion: int, centre: float) -> tuple[int, ...]:
    classes = sorted(set(chord.pitch_classes))
    turned = classes[inversion % len(classes) :] + classes[: inversion % len(classes)]
    pitches = [turned[0]]
    for pitch_class in turned[1:]:
        pitches.append(pitches[-1] + (pitch_class - pitches[-1]) % 12)
    lift = 12 * round((centre - sum(pitches) / len(pitches)) / 12)
    return tuple(pitch + lift for pitch in pitches)


def nearest_of(pitch_classes: Sequence[int], pitch: float) -> int:
    """Return the MIDI pitch nearest to `pitch` whose pitch class is among those given."""
    around = range(int(pitch) - 7, int(pitch) + 9)
    return min(
        (tone for tone in around if tone % 12 in pitch_classes), key=lambda tone: abs(tone - pitch)
    )

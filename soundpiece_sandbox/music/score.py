"""The score: notes, sung notes and drum hits with times in beats."""

from __future__ import annotations

from dataclasses import dataclass

from soundpiece_sandbox.music.lyrics import Syllable

STEPS = 16  # in a bar
BEATS = 4.0  # in a bar


@dataclass(frozen=True)
class Note:
    """One or more MIDI pitches played together; times in beats from the first bar."""

    start: float
    length: float
    pitches: tuple[int, ...]
    strength: float = 1.0


@dataclass(frozen=True)
class SungNote:
    """One syllable on one MIDI pitch; times in beats from the first bar."""

    start: float
    length: float
    pitch: int
    syllable: Syllable


@dataclass(frozen=True)
class Hit:
    """One hit on a drum; time in beats from the first bar."""

    start: float
    drum: str
    strength: float


def read_pattern(bar: str) -> list[tuple[float, float, str]]:
    """Return (start, length, symbol) for each note of a sixteen-step bar; times in beats."""
    found = []
    for step, symbol in enumerate(bar):
        if symbol in ".-":
            continue
        held = len(bar[step + 1 :]) - len(bar[step + 1 :].lstrip("-"))
        found.append((step * BEATS / STEPS, (held + 1) * BEATS / STEPS, symbol))
    return found


def swung(beat: float, swing: float, step: float) -> float:
    """Return a straight position (beats) with swing: every second `step` comes late."""
    place = beat % (2 * step)
    late = place / step if place <= step else (2 * step - place) / step
    return beat + swing * step * late

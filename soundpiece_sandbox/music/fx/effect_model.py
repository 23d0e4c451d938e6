"""The notation effects are written in: sounds, the moments they sound at, and layers of both.

Times are seconds, pitches and bands Hz, levels 0 to 1. A path runs over the length of the sound
it belongs to: pairs of a place, 0 to 1, and the value reached there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[tuple[float, float], ...]

STEADY: Path = ((0.0, 1.0), (1.0, 1.0))
SWELL: Path = ((0.0, 0.0), (0.5, 1.0), (1.0, 0.0))
DYING: Path = ((0.0, 0.0), (0.01, 1.0), (0.2, 0.4), (0.5, 0.12), (1.0, 0.0))
PULSE: Path = ((0.0, 0.0), (0.06, 1.0), (0.85, 0.9), (1.0, 0.0))

# How strong the harmonics of a tone are.
SINE = (1.0,)
SOFT = (1.0, 0.3, 0.12, 0.05)
HOLLOW = tuple(0.0 if k % 2 == 0 else 1.0 / k for k in range(1, 24))  # a square wave
BRIGHT = tuple(1.0 / k for k in range(1, 64))  # a sawtooth wave


def at(value: float) -> Path:
    """Return the path that stays at one value."""
    return ((0.0, value), (1.0, value))


@dataclass(frozen=True)
class NoiseBand:
    """Noise in a band that may move."""

    centre: Path
    width: float = 2.0  # octaves
    level: Path = STEADY
    gusts: float = 0.0  # how far chance moves level and centre, 0 to 1
    gust_rate: float = 0.6  # gusts a second
    beat: float = 0.0  # throbs a second
    depth: float = 0.9  # of the throbs
    pan: Path = ((0.0, 0.0), (1.0, 0.0))  # -1 left to 1 right
    stereo: float = 0.8  # how unlike left and right are


@dataclass(frozen=True)
class SweptTone:
    """A tone whose pitch may move."""

    pitch: Path
    harmonics: tuple[float, ...] = SINE
    cutoff: Path = ((0.0, 12_000.0), (1.0, 12_000.0))  # Hz where the harmonics bend down
    level: Path = PULSE
    vibrato: tuple[float, float] = (0.0, 0.0)  # Hz, semitones to each side
    trill: tuple[float, float] = (0.0, 0.0)  # Hz, semitones it jumps up and back
    wander: tuple[float, float] = (0.0, 0.0)  # Hz, semitones chance moves the pitch within
    leaps: tuple[float, float] = (0.0, 0.0)  # Hz, semitones chance makes it leap within
    tremolo: tuple[float, float] = (0.0, 0.0)  # Hz, depth of the level's trembling
    gate: tuple[float, float] = (0.0, 1.0)  # Hz, the part of each turn that sounds
    voices: int = 2
    detune: float = 6.0  # cents between the outermost voices


@dataclass(frozen=True)
class Strike:
    """Something struck: its modes ring, and the blow itself is a burst of noise."""

    modes: tuple[tuple[float, float, float], ...] = ()  # (Hz, level, half-life)
    burst: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # low, high, level, half-life
    fall: float = 0.0  # octaves the modes fall from; below zero they rise
    fall_time: float = 0.03
    notes: tuple[float, ...] = (0.0,)  # semitones up, one take after another


@dataclass(frozen=True)
class Repeats:
    """The same strokes again and again."""

    every: float = 0.0  # seconds from round to round; 0 for a single one
    strokes: tuple[tuple[float, float], ...] = ((0.0, 1.0),)  # (seconds into the round, strength)
    looseness: float = 0.0  # seconds early or late


@dataclass(frozen=True)
class Scattered:
    """Strokes by chance."""

    rate: float  # a second, where the density is 1
    density: Path = STEADY  # over `seconds`
    seconds: float = 0.0  # from the beginning; 0 for the whole sound


@dataclass(frozen=True)
class Layer:
    """One sound and its moments; without moments it lasts as long as the effect does."""

    sound: NoiseBand | SweptTone | Strike
    when: Repeats | Scattered | None = None
    seconds: float = 0.0  # that one stroke of a hiss or a tune lasts
    level: float = 1.0
    swell: Path = STEADY  # over the whole effect
    spread: float = 0.3  # how far left and right the strokes fall, 0 to 1
    detune: float = 0.0  # semitones by which strokes differ
    dynamics: float = 0.2  # by how much their strength does, 0 to 1
    takes: int = 6  # how many different strokes there are


@dataclass(frozen=True)
class Effect:
    """A kind of effect: the words that ask for it, and what it is made of."""

    name: str
    words: tuple[str, ...]  # besides the name; a plural is understood
    seconds: float  # its natural length
    layers: tuple[Layer, ...]
    room: tuple[float, float] = (0.0, 0.0)  # seconds to fade by 60 dB, level beside the dry sound
    drive: float = (
        0.0  # how hard it is pushed against a ceiling, which makes it dense; 0 not at all
    )
    fade: float = 0.2  # longest fade at the end, in seconds; less for what peaks there

"""The description of an effect: its sounds, their times, and layers of both.

Times are in seconds, pitches and bands in Hz, levels from 0 to 1. A path is the course of a value
over the length of a sound: pairs of a place, 0 to 1, and the value there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Path: TypeAlias = tuple[tuple[float, float], ...]

STEADY: Path = ((0.0, 1.0), (1.0, 1.0))
SWELL: Path = ((0.0, 0.0), (0.5, 1.0), (1.0, 0.0))
DYING: Path = ((0.0, 0.0), (0.01, 1.0), (0.2, 0.4), (0.5, 0.12), (1.0, 0.0))
PULSE: Path = ((0.0, 0.0), (0.06, 1.0), (0.85, 0.9), (1.0, 0.0))

# The levels of the harmonics of a tone.
SINE = (1.0,)
SOFT = (1.0, 0.3, 0.12, 0.05)
HOLLOW = tuple(0.0 if k % 2 == 0 else 1.0 / k for k in range(1, 24))  # a square wave
BRIGHT = tuple(1.0 / k for k in range(1, 64))  # a sawtooth wave


def at(value: float) -> Path:
    """Return a path with a constant value."""
    return ((0.0, value), (1.0, value))


@dataclass(frozen=True)
class NoiseBand:
    """Noise in a frequency band that may move."""

    centre: Path
    width: float = 2.0  # octaves
    level: Path = STEADY
    gusts: float = 0.0  # random movement of level and centre, 0 to 1
    gust_rate: float = 0.6  # gusts a second
    beat: float = 0.0  # amplitude modulation in Hz
    depth: float = 0.9  # of the modulation
    pan: Path = ((0.0, 0.0), (1.0, 0.0))  # -1 left to 1 right
    stereo: float = 0.8  # decorrelation of left and right


@dataclass(frozen=True)
class SweptTone:
    """A tone whose pitch may move."""

    pitch: Path
    harmonics: tuple[float, ...] = SINE
    cutoff: Path = ((0.0, 12_000.0), (1.0, 12_000.0))  # Hz above which the harmonics are rolled off
    level: Path = PULSE
    vibrato: tuple[float, float] = (0.0, 0.0)  # Hz, semitones to each side
    trill: tuple[float, float] = (0.0, 0.0)  # Hz, semitones up and back
    wander: tuple[float, float] = (0.0, 0.0)  # Hz, semitones of smooth random movement
    leaps: tuple[float, float] = (0.0, 0.0)  # Hz, semitones of random leaps
    tremolo: tuple[float, float] = (0.0, 0.0)  # Hz, depth
    gate: tuple[float, float] = (0.0, 1.0)  # Hz, the share of each period that sounds
    voices: int = 2
    detune: float = 6.0  # cents between the outermost voices


@dataclass(frozen=True)
class Strike:
    """A struck object: its modes ring, and the blow is a burst of noise (modal synthesis)."""

    modes: tuple[tuple[float, float, float], ...] = ()  # (Hz, level, half-life)
    burst: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)  # low, high, level, half-life
    fall: float = 0.0  # octaves by which the modes start higher; negative ones rise
    fall_time: float = 0.03
    notes: tuple[float, ...] = (0.0,)  # semitones up, one for each take in turn


@dataclass(frozen=True)
class Repeats:
    """The times of sounds that repeat regularly."""

    every: float = 0.0  # seconds between repetitions; 0 for none
    strokes: tuple[tuple[float, float], ...] = (
        (0.0, 1.0),
    )  # (seconds into the repetition, strength)
    looseness: float = 0.0  # seconds early or late


@dataclass(frozen=True)
class Scattered:
    """Random times."""

    rate: float  # per second where the density is 1
    density: Path = STEADY  # over `seconds`
    seconds: float = 0.0  # from the beginning; 0 for the whole sound


@dataclass(frozen=True)
class Layer:
    """One sound and its times; without times it lasts as long as the effect."""

    sound: NoiseBand | SweptTone | Strike
    when: Repeats | Scattered | None = None
    seconds: float = 0.0  # length of one sound, except of a strike
    level: float = 1.0
    swell: Path = STEADY  # over the whole effect
    spread: float = 0.3  # stereo spread of the single sounds, 0 to 1
    detune: float = 0.0  # semitones by which single sounds differ
    dynamics: float = 0.2  # variation of their strength, 0 to 1
    takes: int = 6  # number of different sounds


@dataclass(frozen=True)
class Effect:
    """A kind of effect: the words that ask for it, and its layers."""

    name: str
    words: tuple[str, ...]  # besides the name; plurals match as well
    seconds: float  # its natural length
    layers: tuple[Layer, ...]
    room: tuple[float, float] = (0.0, 0.0)  # seconds to fade by 60 dB, level beside the dry sound
    drive: float = 0.0  # saturation; 0 for none
    fade: float = 0.2  # longest fade at the end, in seconds

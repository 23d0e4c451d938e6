"""Singing synthesis: a glottal pulse, filtered by the formants of each syllable's vowel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from soundpiece_sandbox.music.audio_arrays import (
    SAMPLE_RATE,
    FloatArray,
    faded,
    frames_in,
    hertz,
    place,
)
from soundpiece_sandbox.music.filters import noise
from soundpiece_sandbox.music.score import SungNote
from soundpiece_sandbox.music.wavetable import (
    ComplexArray,
    DoubleArray,
    PhaseArray,
    harmonic_count,
    moving_phase,
    read_tables,
    tables_from,
)

# Formant centres in Hz. All vowels have the same bandwidths.
_VOWELS = {
    "a": (720.0, 1180.0, 2600.0, 3300.0, 4200.0),
    "e": (460.0, 1750.0, 2550.0, 3350.0, 4200.0),
    "i": (310.0, 2050.0, 2850.0, 3450.0, 4300.0),
    "o": (470.0, 850.0, 2550.0, 3250.0, 4100.0),
    "u": (340.0, 720.0, 2450.0, 3200.0, 4100.0),
    "m": (260.0, 1050.0, 2100.0, 3000.0, 4000.0),  # a closed mouth
}
_BANDWIDTHS = (90.0, 110.0, 150.0, 200.0, 300.0)
_MOUTH_CEILING = 9000.0  # Hz

# Consonants: (lowest Hz, highest Hz, seconds, level).
_NOISES = {
    "s": (5200.0, 9500.0, 0.085, 0.16),
    "sh": (2300.0, 6500.0, 0.085, 0.16),
    "ch": (2300.0, 6500.0, 0.05, 0.16),
    "f": (1500.0, 8000.0, 0.07, 0.06),
    "h": (700.0, 3500.0, 0.06, 0.06),
    "t": (2800.0, 8000.0, 0.022, 0.16),
    "k": (1300.0, 4000.0, 0.026, 0.14),
    "p": (400.0, 2500.0, 0.018, 0.12),
}
_SPELLINGS = {
    "sh": "sh", "ch": "ch", "th": "f", "ph": "f", "wh": "", "gh": "", "kn": "", "wr": "",
    "s": "s", "c": "k", "z": "s", "x": "s", "f": "f", "v": "f", "h": "h", "j": "ch",
    "t": "t", "d": "t", "k": "k", "q": "k", "g": "k", "p": "p", "b": "p",
}  # fmt: skip
_VOICED = "zvjdgb"  # consonants with half the noise
_HUMMED = "mnlrwy"

_CONTROL = 100  # frames between two values of pitch and loudness
_GLIDE = 0.035  # seconds, the time constant of the pitch between notes
_BREATH_BEFORE = 0.32  # seconds
_RELEASE = 0.16  # seconds
_FORMING = 0.055  # seconds from a consonant to its vowel


@dataclass(frozen=True)
class Singer:
    """The parameters of one voice."""

    size: float = 1.0  # factor of the formants: above 1 is a smaller, higher voice
    tilt: float = 3000.0  # Hz of the low-pass of the pulse
    ring: float = 1.6  # boost of the singer's formant around 3 kHz
    vibrato: float = 28.0  # cents
    rate: float = 5.4  # Hz
    air: float = 0.04  # breathiness
    pan: float = 0.0
    level: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class _Sung:
    """A note in frames from the start of the phrase's sound."""

    start: int
    end: int
    note: SungNote


def sing(notes: Sequence[SungNote], beat_seconds: float, singer: Singer) -> tuple[FloatArray, int]:
    """Return one sung phrase, mono (frames,), and its start in frames from beat zero.

    The notes follow each other; a beat lasts `beat_seconds`.
    """
    opening = frames_in(notes[0].start * beat_seconds) - frames_in(_BREATH_BEFORE)
    sung = [
        _Sung(
            frames_in(note.start * beat_seconds) - opening,
            frames_in((note.start + note.length) * beat_seconds) - opening,
            note,
        )
        for note in notes
    ]
    frames = sung[-1].end + frames_in(_RELEASE + 0.1)
    loudness = _loudness(sung, frames)
    tables, moments = _mouth(sung, singer)
    voiced = read_tables(tables, moments, _phase(sung, frames, singer))
    sound = loudness * (voiced + np.float32(singer.air) * noise(frames, 900.0, 5500.0, singer.seed))
    _add_consonants(sound, sung)
    _add_breath(sound, singer)
    return faded(sound, 0.01, 0.05), opening


def _phase(sung: Sequence[_Sung], frames: int, singer: Singer) -> PhaseArray:
    """Return the phase: gliding between notes, with vibrato on the held ones."""
    ticks = frames // _CONTROL + 2
    time = np.arange(ticks) * _CONTROL
    starts = [each.start for each in sung]
    which = np.maximum(np.searchsorted(starts, time, side="right") - 1, 0)
    target = np.array([float(each.note.pitch) for each in sung])[which]
    # Each phrase begins a little below its first pitch, as singers do.
    slide = np.exp(-np.arange(60) * _CONTROL / (_GLIDE * SAMPLE_RATE))
    approached = np.concatenate([np.full(len(slide) - 1, target[0] - 1.2), target])
    pitch = np.convolve(approached, slide / slide.sum(), "valid")
    held = (time - np.array(starts)[which]) / SAMPLE_RATE
    swell = np.clip((held - 0.16) / 0.25, 0.0, 1.0)
    rng = np.random.default_rng(singer.seed)
    drift = np.convolve(rng.normal(0.0, 1.0, ticks + 80), np.hanning(81), "valid") * 0.011
    wave = np.sin(2.0 * np.pi * singer.rate * time / SAMPLE_RATE + singer.seed)
    pitch = pitch + swell * wave * singer.vibrato / 100.0 + drift
    frequency = np.interp(np.arange(frames), time, 440.0 * 2.0 ** ((pitch - 69.0) / 12.0))
    return moving_phase(frequency)


def _mouth(sung: Sequence[_Sung], singer: Singer) -> tuple[FloatArray, DoubleArray]:
    """Return the wavetables of the mouth's positions, and the frame at which each is reached."""
    spectra: list[ComplexArray] = []
    moments: list[float] = []
    count = max(harmonic_count(hertz(each.note.pitch), _MOUTH_CEILING) for each in sung)
    forming = frames_in(_FORMING)
    for each, following in zip(sung, [*sung[1:], None], strict=True):
        syllable = each.note.syllable
        length = (following.start if following else each.end) - each.start
        vowel = _period(syllable.vowel, each.note.pitch, count, singer)
        closed = _period("m", each.note.pitch, count, singer) * 0.6
        hummed = syllable.onset[-1:] in tuple(_HUMMED)
        spectra += [closed if hummed else vowel, vowel, vowel]
        closing = length - min(2 * forming, length // 3)
        moments += [each.start, each.start + min(forming, length // 3), each.start + closing]
        if syllable.coda[:1] in tuple(_HUMMED):
            spectra.append(closed)
            moments.append(each.start + length - 1)
    return tables_from(np.array(spectra)), np.array(moments)


def _period(vowel: str, pitch: int, count: int, singer: Singer) -> ComplexArray:
    """Return the complex harmonics, (count,), of a sung vowel at unit power."""
    fundamental = hertz(pitch)
    heights = np.arange(1, count + 1) * fundamental
    pulse = np.arange(1, count + 1) ** -0.85 / np.sqrt(1.0 + (heights / singer.tilt) ** 2)
    # The singer's formant of a trained voice.
    pulse *= 1.0 + singer.ring * np.exp(-(((heights - 3000.0) / 900.0) ** 2))
    response = np.ones(count, np.complex128)
    for index, (centre, bandwidth) in enumerate(zip(_VOWELS[vowel], _BANDWIDTHS, strict=True)):
        formant = centre * singer.size
        if index == 0:
            # Singers raise the first formant above a high pitch by opening the mouth.
            formant = max(formant, 1.05 * fundamental)
        response *= formant**2 / (formant**2 - heights**2 + 1j * heights * bandwidth)
    harmonics = pulse * response * (heights < _MOUTH_CEILING * 1.05)
    return np.asarray(harmonics / np.sqrt(np.sum(np.abs(harmonics) ** 2)))


def _loudness(sung: Sequence[_Sung], frames: int) -> FloatArray:
    """Return the loudness over time: a swell at the start, dips at consonants, a release."""
    points: list[tuple[float, float]] = [(0.0, 0.0)]
    attack = frames_in(0.045)
    for index, each in enumerate(sung):
        length = each.end - each.start
        arc = 0.8 + 0.2 * np.sin(np.pi * (index + 0.5) / len(sung))
        stress = arc * (1.0 if length > frames_in(0.22) else 0.9)
        onset = _consonant(each.note.syllable.onset)
        connected = index > 0 and each.start - sung[index - 1].end < frames_in(0.05)
        gap = frames_in(_NOISES[onset][2] + 0.012) if onset else frames_in(0.02)
        dip = 0.08 if onset else 0.55
        before = max(each.start - gap, int(points[-1][0]) + 1)
        points.append((before, dip * 0.8 if connected else 0.0))
        points.append((max(each.start, before + 1), dip if connected else 0.12))
        points.append((each.start + min(attack, length // 2), stress))
        letting_go = max(each.end - frames_in(0.1), each.start + length * 2 // 3)
        points.append((letting_go, stress * 0.9))
        if index + 1 == len(sung) or sung[index + 1].start - each.end >= frames_in(0.05):
            points.append((each.end + frames_in(_RELEASE), 0.0))
    places, levels = zip(*points, strict=True)
    times = np.maximum.accumulate(places)
    slow = np.interp(np.arange(0, frames, _CONTROL), times, levels)
    # Corners in an envelope cause soft clicks; a short average rounds them.
    rounded = np.convolve(
        np.pad(slow, 4, mode="edge"), np.hanning(9) / np.hanning(9).sum(), "valid"
    )
    ticks = np.arange(len(rounded)) * _CONTROL
    return np.interp(np.arange(frames), ticks, rounded).astype(np.float32)


def _add_consonants(sound: FloatArray, sung: Sequence[_Sung]) -> None:
    for each in sung:
        syllable = each.note.syllable
        onset = _consonant(syllable.onset)
        if onset:
            consonant = _consonant_noise(onset)
            softer = 0.5 if syllable.onset[:1] in tuple(_VOICED) else 1.0
            place(sound, consonant, each.start - consonant.shape[0] + frames_in(0.012), softer)
        coda = _consonant(syllable.coda[-2:]) or _consonant(syllable.coda[-1:])
        if coda:
            place(sound, _consonant_noise(coda), each.end, 0.5)


def _consonant(letters: str) -> str:
    """Return the name of the first consonant's noise, or ""."""
    return _SPELLINGS.get(letters[:2], _SPELLINGS.get(letters[:1], ""))


def _consonant_noise(name: str) -> FloatArray:
    low, high, seconds, level = _NOISES[name]
    hiss = noise(frames_in(seconds), low, high) * np.float32(level)
    return faded(hiss, seconds * 0.35, seconds * 0.5)


def _add_breath(sound: FloatArray, singer: Singer) -> None:
    """Add the sound of the breath before the phrase, in place."""
    frames = frames_in(_BREATH_BEFORE * 0.75)
    breath = noise(frames, 900.0, 5500.0, singer.seed + 5)
    place(sound, faded(breath, _BREATH_BEFORE * 0.5, _BREATH_BEFORE * 0.2), 0, 0.022)

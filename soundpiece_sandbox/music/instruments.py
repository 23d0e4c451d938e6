"""Instruments: synthesis of the notes and chords of a tone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from soundpiece_sandbox.music.audio_arrays import (
    SAMPLE_RATE,
    FloatArray,
    faded,
    frames_in,
    hertz,
    panned,
    silence,
)
from soundpiece_sandbox.music.filters import band_passed, noise
from soundpiece_sandbox.music.instrument_presets import TONES, Tone
from soundpiece_sandbox.music.wavetable import (
    DoubleArray,
    PhaseArray,
    harmonic_count,
    read_tables,
    steady_phase,
    tables_from,
)

_MOMENTS = np.array(
    [0.0, 0.03, 0.08, 0.18, 0.4, 0.9, 2.0, 4.5]
)  # seconds, spaced about logarithmically
_VIBRATO_RATE = 5.2  # Hz
_SINE = tables_from(np.ones((1, 1)))


class Instrument:
    """An instrument; equal chords of equal length are rendered once and then reused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.tone = TONES[name]
        self._struck: dict[tuple[tuple[int, ...], int], FloatArray] = {}

    def strike(self, pitches: tuple[int, ...], seconds: float) -> FloatArray:
        """Return MIDI `pitches` played together and held for `seconds`: (2, frames).

        The sound is longer than `seconds` by the tone's release.
        """
        # Lengths are rounded to 10 ms, so that more chords can be reused.
        held = frames_in(round(seconds, 2))
        key = (pitches, held)
        if key not in self._struck:
            self._struck[key] = _chord(self.tone, pitches, held)
        return self._struck[key]


def _chord(tone: Tone, pitches: Sequence[int], held: int) -> FloatArray:
    strums = [frames_in(tone.strum * index) for index in range(len(pitches))]
    frames = held + frames_in(tone.release)
    sound = silence(frames + strums[-1])
    for order, (pitch, strum) in enumerate(zip(sorted(pitches), strums, strict=True)):
        note = _bell(tone, pitch, frames) if tone.partials else _note(tone, pitch, frames, order)
        sound[:, strum : strum + frames] += note
    sound = sound[:, :frames]
    if tone.drive:
        sound = _overdriven(sound, tone.drive)
    gain = np.float32(tone.level / len(pitches) ** 0.5)
    # A slow attack would be longer than a short note.
    attack = min(tone.attack, 0.3 * held / SAMPLE_RATE + 0.002)
    return faded(sound * gain, attack, tone.release)


def _note(tone: Tone, pitch: int, frames: int, order: int) -> FloatArray:
    """Return one note, (2, frames), its unison players spread from left to right."""
    frequency = hertz(pitch + tone.shift)
    tables = tables_from(_harmonics(tone, frequency))
    moments = _MOMENTS * SAMPLE_RATE
    sound = silence(frames)
    for player in range(tone.voices):
        place = 2.0 * player / (tone.voices - 1) - 1.0 if tone.voices > 1 else 0.0
        detuned = frequency * 2.0 ** (place * tone.detune / 2400.0)
        # Players in phase would sound like one very loud player.
        phase = steady_phase(detuned, frames, start=(0.37 * player + 0.21 * order) % 1.0)
        if tone.vibrato:
            phase = _with_vibrato(phase, detuned, tone.vibrato, 0.9 + 0.13 * player)
        sound += panned(read_tables(tables, moments, phase), place * tone.width)
    sound /= np.float32(tone.voices**0.5)
    if tone.breath:
        sound += panned(_breath(tone, frequency, frames), 0.0)
    return sound


def _harmonics(tone: Tone, frequency: float) -> DoubleArray:
    """Return the levels of the harmonics at each of `_MOMENTS`, (moments, count)."""
    count = harmonic_count(frequency)
    number = np.arange(1, count + 1)
    if tone.drawbars:
        start = np.pad(np.array(tone.drawbars[:count]), (0, max(0, count - len(tone.drawbars))))
    else:
        start = number**-tone.rolloff * np.where(number % 2 == 0, tone.even, 1.0)
    heights = number * frequency
    for centre, gain in tone.body:
        start = start * (1.0 + (gain - 1.0) * np.exp(-((np.log2(heights / centre) / 0.35) ** 2)))
    time = _MOMENTS[:, None]
    cutoff = tone.cutoff * 2.0 ** (tone.sweep * np.exp(-time / tone.settle))
    # High notes keep some brightness: the cutoff never falls below 1.6 times the fundamental.
    bend = 1.0 / (1.0 + (heights / np.maximum(cutoff, 1.6 * frequency)) ** 4) ** 0.6
    levels = start * bend / np.sqrt(np.sum(start**2))
    if tone.half_life:
        # Low strings ring longer than high ones.
        half_life = tone.half_life * (220.0 / frequency) ** 0.35
        levels = levels * 0.5 ** (time / half_life * (1.0 + tone.damping * (number - 1)))
    return np.asarray(levels)


def _with_vibrato(phase: PhaseArray, frequency: float, cents: float, rate: float) -> PhaseArray:
    """Return the phase with a vibrato that sets in after the beginning of the note."""
    time = np.arange(phase.shape[0], dtype=np.float32) / SAMPLE_RATE
    speed = _VIBRATO_RATE * rate
    depth = frequency * (2.0 ** (cents / 1200.0) - 1.0) / (2.0 * np.pi * speed)
    onset = np.minimum(time * 2.5, 1.0) * np.float32(depth * 2.0**32)
    shift = onset * np.cos(np.float32(2.0 * np.pi * speed) * time)
    return phase - shift.astype(np.int64).astype(np.uint32)


def _breath(tone: Tone, frequency: float, frames: int) -> FloatArray:
    """Return the noise of breath or bow, or of hammer or pick for a decaying note."""
    # Rounded to whole octaves, so that notes share noise that is made once.
    centre = 1000.0 * 2.0 ** round(np.log2(min(max(3.0 * frequency, 700.0), 6000.0) / 1000.0))
    wind = noise(frames, centre * 0.5, centre * 1.6, seed=int(frequency))
    wind *= np.float32(tone.breath * 2.0)
    if tone.half_life:
        wind *= np.exp(-np.arange(frames, dtype=np.float32) / (0.025 * SAMPLE_RATE))
    return wind


def _bell(tone: Tone, pitch: int, frames: int) -> FloatArray:
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    frequency = hertz(pitch + tone.shift)
    sound = np.zeros(frames, np.float32)
    for ratio, level, half_life in tone.partials:
        if ratio * frequency < SAMPLE_RATE / 2.5:
            turns = read_tables(_SINE, [0], steady_phase(ratio * frequency, frames))
            sound += np.float32(level) * turns * np.exp2(-time / np.float32(half_life))
    return panned(sound, ((pitch * 5) % 7 - 3) / 6.0)


def _overdriven(sound: FloatArray, drive: float) -> FloatArray:
    """Return the sound after an overdriven amplifier and its loudspeaker."""
    warm = np.tanh(np.float32(drive) * sound) / np.float32(np.sqrt(drive))
    deepest = 25.0 if drive <= 2.0 else 80.0  # noqa: PLR2004 - a slightly driven bass keeps its lows
    return band_passed(warm, deepest, 4800.0)

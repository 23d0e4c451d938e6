"""Beat tracking: the tempo of a sound and its first beat, from its onsets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, by_channel
from soundpiece_sandbox.music.wavetable import DoubleArray

NEUTRAL = 110.0  # beats per minute of a sound without a beat

_SIZE, _HOP = 1024, 512  # frames
_RATE = SAMPLE_RATE / _HOP  # moments a second
_AT_ONCE = 2048  # spectra
_EDGES = 30.0 * 2.0 ** np.arange(0.0, 9.01, 0.375)  # Hz between bands: three eighths of an octave
_LOW_BANDS = 6  # those of the kick drum and the bass
_SLOWEST, _FASTEST = 55.0, 200.0  # beats per minute
_WIDTH = 1.1  # octaves around the neutral tempo that are likely
_STEP = 0.25  # beats per minute between the tempos tried at first
_BEATLESS = 0.1  # autocorrelation, relative to lag 0, below which a sound has no beat
_OPENING = 0.3  # extra score, relative to the best, for beats at the sound's beginning
_NEAR = 0.03  # seconds
_LATE = 0.013  # seconds by which the detection of onsets lags


@dataclass(frozen=True)
class Onsets:
    """The strength of onsets at each moment, (moments,)."""

    strength: DoubleArray
    low: DoubleArray  # in the range of the kick drum and the bass alone

    @property
    def times(self) -> DoubleArray:
        """The time of each moment in seconds."""
        return np.arange(len(self.strength)) / _RATE - _LATE


def onsets_of(sound: FloatArray) -> Onsets:
    """Return the onsets of a sound (frames, channels) of any length."""
    mono = np.pad(np.mean(by_channel(sound), axis=0, dtype=np.float32), (_SIZE, _SIZE))
    pieces = np.lib.stride_tricks.sliding_window_view(mono, _SIZE)[::_HOP]
    window = np.hanning(_SIZE).astype(np.float32)
    bands = np.empty((len(pieces), len(_EDGES) - 1))
    for first in range(0, len(pieces), _AT_ONCE):
        spectra = np.abs(np.fft.rfft(pieces[first : first + _AT_ONCE] * window, axis=1))
        bands[first : first + _AT_ONCE] = spectra @ _bands()
    # The floor keeps noise far below the loudest moment from counting as onsets.
    floor = 1e-3 * float(bands.max(initial=0.0)) + 1e-6
    rising = np.maximum(np.diff(np.log(bands + floor), axis=0, prepend=np.log(floor)), 0.0)
    return Onsets(
        _above_surroundings(rising.mean(axis=1)),
        _above_surroundings(rising[:, :_LOW_BANDS].mean(axis=1)),
    )


def tempo_of(onsets: Onsets) -> float:
    """Return the tempo, in beats per minute, at which the onsets repeat best: 55 to 200.

    Of a tempo, its half and its double, the one nearest to 110 is preferred.
    """
    size = 1 << (2 * len(onsets.strength) - 1).bit_length()
    repeats = np.fft.irfft(np.abs(np.fft.rfft(onsets.strength, size)) ** 2)[: size // 2]
    tempos = np.arange(_SLOWEST, _FASTEST, _STEP)
    beats = 60.0 * _RATE / tempos
    lags = np.arange(len(repeats))
    # Half beats and bars count as well as beats; lags longer than the sound count nothing.
    counts = (0.5, 1.0, 2.0, 4.0, 8.0)
    scores = sum(np.interp(count * beats, lags, repeats, right=0.0) for count in counts)
    if float(np.max(scores)) <= _BEATLESS * repeats[0]:
        return NEUTRAL
    likely = np.exp(-0.5 * (np.log2(tempos / NEUTRAL) / _WIDTH) ** 2)
    return _refined(onsets, float(tempos[np.argmax(scores * likely)]))


def first_beat_of(onsets: Onsets, tempo: float, begins: float) -> float:
    """Return the seconds of the first beat of a steady tempo, in a sound that begins at `begins`.

    It has the strongest onsets, beat after beat; the sound's beginning is preferred a little.
    """
    beat = 60.0 / tempo
    phases = np.arange(0.0, beat, 0.002)
    times = onsets.times
    weights = onsets.strength + 0.75 * onsets.low
    grid = phases[:, None] + np.arange(max(int(times[-1] / beat), 1)) * beat
    scores = np.interp(grid, times, weights).sum(axis=1)
    away = (phases - begins + beat / 2) % beat - beat / 2
    opening = _OPENING * scores.max() * np.exp(-0.5 * (away / _NEAR) ** 2)
    return float(phases[np.argmax(scores + opening)])


def _refined(onsets: Onsets, tempo: float) -> float:
    """Return the tempo within 2 % whose beats fit the onsets to the end of the sound."""
    strength = onsets.strength
    size = 1 << (16 * len(strength)).bit_length()
    spectrum = np.abs(np.fft.rfft(strength - strength.mean(), size))
    tempos = tempo * np.linspace(0.98, 1.02, 801)
    places = tempos / 60.0 / _RATE * size
    each = np.arange(len(spectrum))
    scores = sum(np.interp(places * harmonic, each, spectrum) for harmonic in (1, 2, 4))
    return float(tempos[np.argmax(scores)])


def _above_surroundings(rising: DoubleArray) -> DoubleArray:
    """Return the values above the mean of the second around them, or 0."""
    width = int(_RATE)
    around = np.convolve(np.pad(rising, width // 2, mode="edge"), np.full(width, 1.0 / width))
    return np.maximum(rising - around[width - 1 :][: len(rising)], 0.0)


@lru_cache(maxsize=1)
def _bands() -> DoubleArray:
    """Return a matrix (frequencies, bands) with 1 where a frequency belongs to a band."""
    frequencies = np.fft.rfftfreq(_SIZE, 1.0 / SAMPLE_RATE)
    inside = (frequencies[:, None] >= _EDGES[:-1]) & (frequencies[:, None] < _EDGES[1:])
    return np.asarray(inside, np.float64)

"""Chroma: the strength of each of the twelve pitch classes, ten times a second."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, by_channel
from soundpiece_sandbox.music.wavetable import DoubleArray

MOMENTS = 10.0  # a second

_RATE = SAMPLE_RATE / 4  # Hz: nothing above 2 kHz is analysed
_SIZE = 4096  # frames in a spectrum at that rate, which separates semitones from 100 Hz up
_AT_ONCE = 256  # spectra
_BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16
_BLUR = 0.35  # semitones
_MIDDLE = (110.0, 1900.0)  # Hz
_LOW = (40.0, 180.0)  # Hz


def chroma_of(sound: FloatArray) -> DoubleArray:
    """Return the chroma of a sound (frames, channels): (moments, 24), ten moments a second.

    The first twelve are the pitch classes from C up in the middle range, the other twelve those
    in the bass. Silence is all zeros.
    """
    slow = _decimated(np.mean(by_channel(sound), axis=0, dtype=np.float32))
    centres = np.arange(0.0, len(sound) / SAMPLE_RATE, 1.0 / MOMENTS)
    starts = np.round(centres * _RATE).astype(np.int64)
    padded = np.pad(slow, (_SIZE // 2, _SIZE))
    pieces = np.lib.stride_tricks.sliding_window_view(padded, _SIZE)
    window = np.hanning(_SIZE).astype(np.float32)
    chroma = np.empty((len(starts), 24))
    for first in range(0, len(starts), _AT_ONCE):
        spectra = np.abs(np.fft.rfft(pieces[starts[first : first + _AT_ONCE]] * window, axis=1))
        # The square root compresses differences of loudness, as hearing does.
        chroma[first : first + _AT_ONCE] = np.sqrt(spectra) @ _classes()
    return chroma


def _decimated(mono: FloatArray) -> FloatArray:
    """Return every fourth frame of a mono sound (frames,), low-passed before.

    Aliases below 2 kHz are 50 dB down.
    """
    for _ in range(2):
        mono = np.asarray(np.convolve(np.pad(mono, 2), _BINOMIAL, "valid")[::2], np.float32)
    return mono


@lru_cache(maxsize=1)
def _classes() -> DoubleArray:
    """Return the weight of each frequency in each pitch class, (frequencies, 24)."""
    frequencies = np.fft.rfftfreq(_SIZE, 1.0 / _RATE)
    pitches = 69.0 + 12.0 * np.log2(np.maximum(frequencies, 1.0) / 440.0)
    away = (pitches[:, None] - np.arange(12) + 6.0) % 12.0 - 6.0
    shares = np.exp(-0.5 * (away / _BLUR) ** 2)
    # Higher semitones span more frequencies of the spectrum.
    shares /= np.maximum(frequencies, 1.0)[:, None]
    ranges = [
        shares * ((frequencies >= low) & (frequencies < high))[:, None]
        for low, high in (_MIDDLE, _LOW)
    ]
    return np.concatenate(ranges, axis=1)

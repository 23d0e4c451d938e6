"""Brightness: the spectral centroid of a sound, and a spectral tilt that moves it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray
from soundpiece_sandbox.music.wavetable import DoubleArray

NEUTRAL = 3000.0  # Hz, of silence

_SIZE = 4096  # frames in a spectrum
_AT_ONCE = 256  # spectra
_FREQUENCIES: DoubleArray = np.asarray(np.fft.rfftfreq(_SIZE, 1.0 / SAMPLE_RATE), np.float64)
_AUDIBLE = (_FREQUENCIES > 40.0) & (_FREQUENCIES < 16_000.0)  # noqa: PLR2004 - Hz
_INAUDIBLE = 1e-4
_STEEPEST = 3.0  # dB an octave that the tilt may have
_PIVOT = 800.0  # Hz that the tilt leaves alone
_TILTED = (60.0, 12_000.0)  # Hz; beyond these it is level
_TAPS = 2047  # length of the tilt's filter
_BLOCK = 1 << 15  # frames filtered at once


def brightness_of(track: FloatArray) -> float:
    """Return the brightness in Hz of a track, (channels, frames) of any length.

    It is the spectral centroid of the mean magnitude spectrum (the channels' mean in windows of
    4096 frames, from 40 Hz to 16 kHz), so loud moments weigh more than quiet ones.
    """
    return _centroid(_mean_spectrum(track))


def tilt_towards(brightness: float, stems: Mapping[str, FloatArray]) -> None:
    """Tilt stems (2, frames) in place so that their sum approaches a brightness in Hz.

    All go through the same linear-phase filter, of at most 3 dB per octave, without delay.
    """
    tracks = list(stems.values())
    spectrum = _mean_spectrum(sum(tracks[1:], start=tracks[0]))
    tilt = _tilt_reaching(brightness, spectrum)
    frequencies = np.arange(_TAPS // 2 + 2) * SAMPLE_RATE / (_TAPS + 1)
    response = np.fft.irfft(_gain(tilt, frequencies))
    taps = np.roll(response, _TAPS // 2)[:_TAPS] * np.hanning(_TAPS + 2)[1:-1]
    for track in tracks:
        for channel in track:
            _filter(channel, taps)


def _filter(channel: FloatArray, taps: DoubleArray) -> None:
    """Filter a channel (frames,) in place, without delay."""
    spectrum = np.fft.rfft(taps, _BLOCK).astype(np.complex64)
    step = _BLOCK - _TAPS + 1
    source = np.pad(channel, (_TAPS // 2, _BLOCK))
    for start in range(0, len(channel), step):
        piece = channel[start : start + step]
        filtered = np.fft.irfft(np.fft.rfft(source[start : start + _BLOCK]) * spectrum, _BLOCK)
        piece[:] = filtered[_TAPS - 1 :][: len(piece)]


def _mean_spectrum(track: FloatArray) -> DoubleArray:
    mono = np.asarray(np.mean(track, axis=0), np.float32)
    mono = np.pad(mono, (0, -len(mono) % _SIZE or _SIZE * (len(mono) == 0)))
    windows = mono.reshape(-1, _SIZE)
    total = np.zeros(_SIZE // 2 + 1)
    for start in range(0, len(windows), _AT_ONCE):
        piece = windows[start : start + _AT_ONCE] * np.hanning(_SIZE).astype(np.float32)
        total += np.abs(np.fft.rfft(piece, axis=1)).sum(axis=0)
    return np.asarray(total / len(windows))


def _centroid(spectrum: DoubleArray) -> float:
    audible = spectrum * _AUDIBLE
    whole = float(audible.sum())
    return float(audible @ _FREQUENCIES) / whole if whole > _INAUDIBLE else NEUTRAL


def _tilt_reaching(brightness: float, spectrum: DoubleArray) -> float:
    """Return the tilt in dB per octave that brings a spectrum nearest to a brightness."""
    low, high = -_STEEPEST, _STEEPEST
    for _ in range(20):  # bisection: the centroid rises with the tilt
        middle = 0.5 * (low + high)
        if _centroid(spectrum * _gain(middle, _FREQUENCIES)) < brightness:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _gain(tilt: float, frequencies: DoubleArray) -> DoubleArray:
    octaves = np.log2(np.clip(frequencies, *_TILTED) / _PIVOT)
    return np.asarray(10.0 ** (tilt * octaves / 20.0))

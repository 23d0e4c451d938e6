"""Filters and convolution by FFT, and band-limited noise."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray

_BANK = 1 << 17  # frames of noise before it repeats: three seconds


def band_passed(sound: FloatArray, low: float, high: float, steepness: int = 2) -> FloatArray:
    """Return `sound` (..., frames) band-passed from `low` to `high` Hz.

    The phase is not changed; `steepness` is the order of the Butterworth magnitude response.
    """
    frames = sound.shape[-1]
    size = _quick_size(frames + SAMPLE_RATE // 50)
    frequencies = np.fft.rfftfreq(size, 1.0 / SAMPLE_RATE)
    spectrum = np.fft.rfft(sound, size, axis=-1) * _response(frequencies, low, high, steepness)
    return np.fft.irfft(spectrum, size, axis=-1)[..., :frames].astype(np.float32)


def noise(frames: int, low: float, high: float, seed: int = 0) -> FloatArray:
    """Return mono noise (frames,) band-passed from `low` to `high` Hz, of unit power before.

    The same arguments return the same noise.
    """
    bank = _noise_bank(low, high)
    start = seed * 7919 % _BANK
    return np.take(bank, np.arange(start, start + frames), mode="wrap")


def convolved(sound: FloatArray, response: FloatArray) -> FloatArray:
    """Return mono `sound` (frames,) convolved with a stereo `response`: (2, frames + tail)."""
    tail = response.shape[1] - 1
    total = sound.shape[0] + tail
    size = _quick_size(min(total, max(4 * tail, 1 << 15)))
    step = size - tail
    answer = np.zeros((2, total), np.float32)
    spectrum = np.fft.rfft(response, size, axis=-1).astype(np.complex64)
    for start in range(0, sound.shape[0], step):
        piece = np.fft.rfft(sound[start : start + step], size)
        rung = np.fft.irfft(piece * spectrum, size, axis=-1)
        last = min(start + size, total)
        answer[:, start:last] += rung[:, : last - start].astype(np.float32, copy=False)
    return answer


@lru_cache(maxsize=64)
def _noise_bank(low: float, high: float) -> FloatArray:
    white = np.random.default_rng(20).standard_normal(_BANK, dtype=np.float32)
    spectrum = np.fft.rfft(white)
    spectrum *= _response(np.fft.rfftfreq(_BANK, 1.0 / SAMPLE_RATE), low, high, steepness=2)
    # Circular filtering makes the bank repeat without an audible seam.
    return np.fft.irfft(spectrum, _BANK).astype(np.float32)


def _response(
    frequencies: npt.NDArray[np.floating],
    low: float,
    high: float,
    steepness: int,
) -> FloatArray:
    above = 1.0 + (frequencies / high) ** (2 * steepness)
    below = 1.0 + (low / np.maximum(frequencies, 1e-3)) ** (2 * steepness)
    return np.asarray(1.0 / np.sqrt(above * below), np.float32)


def _quick_size(frames: int) -> int:
    """Return a length of at least `frames` with small factors, for which an FFT is fast."""
    power = 1 << max(frames - 1, 1).bit_length()
    return next(size for size in (power * 5 // 8, power * 3 // 4, power) if size >= frames)

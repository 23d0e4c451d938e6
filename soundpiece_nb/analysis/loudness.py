"""The integrated loudness of a piece by ITU-R BS.1770-4.

The recommendation gives its two K-weighting filters as coefficients for 48 kHz only. These are the
analogue prototypes that yield the same coefficients to the last digit, for any sample rate.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

STEP = 0.1
"""Seconds from one gating block to the next."""

STEPS_IN_BLOCK = 4
"""Steps in a gating block of 400 ms, so that blocks overlap by 75 %."""

ABSOLUTE_GATE = -70.0
"""LUFS; quieter blocks are silence."""

RELATIVE_GATE = -10.0
"""LU below the mean of all blocks above the absolute gate; quieter blocks are pauses."""

_OFFSET = -0.648
"""dB by which a tone of 997 Hz, at full scale in one channel, comes to -3.01 LUFS.

The recommendation says -0.691, as its high-pass amplifies by 0.043 dB; this one does not.
"""

_SHELF_FREQUENCY = 1681.974450955533
_SHELF_GAIN = 10.0 ** (3.999843853973347 / 20.0)
_SHELF_QUALITY = 0.7071752369554196
_HIGH_PASS_FREQUENCY = 38.13547087602444
_HIGH_PASS_QUALITY = 0.5003270373238773

_STEPS_AT_ONCE = 8
"""Steps weighted at once, after one more in which the high-pass decays to e**-24."""


class LoudnessMeter:
    """Measures the loudness of a piece from blocks of its samples; an hour takes 300 KB."""

    def __init__(self, sample_rate: int) -> None:
        self._step = max(1, round(STEP * sample_rate))
        self._weighting = _k_weighting(sample_rate, (1 + _STEPS_AT_ONCE) * self._step)
        self._pending: npt.NDArray[np.float32] | None = None
        self._powers: list[npt.NDArray[np.float64]] = []
        self._frames = 0

    def add(self, block: npt.NDArray[np.float32]) -> None:
        """Add the next `(frames, channels)` float32 samples, within ±1."""
        if self._pending is None:
            self._pending = np.zeros((self._step, block.shape[1]), np.float32)
        self._frames += len(block)
        self._pending = self._weigh(np.concatenate([self._pending, block]))

    def lufs(self) -> float | None:
        """Return the integrated loudness in LUFS; None for silence and for less than 400 ms.

        Call it once, at the end. All channels have the same weight.
        """
        steps_added = self._frames // self._step
        if self._pending is None or steps_added < STEPS_IN_BLOCK:
            return None
        self._weigh(np.pad(self._pending, ((0, _STEPS_AT_ONCE * self._step), (0, 0))))
        steps = np.concatenate(self._powers)[:steps_added]
        blocks = np.convolve(steps, np.full(STEPS_IN_BLOCK, 1 / STEPS_IN_BLOCK), "valid")
        audible = blocks[blocks > 10.0 ** ((ABSOLUTE_GATE - _OFFSET) / 10.0)]
        if not len(audible):
            return None
        gate = 10.0 ** (RELATIVE_GATE / 10.0) * audible.mean()
        return _OFFSET + 10.0 * math.log10(audible[audible > gate].mean())

    def _weigh(self, samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Store the weighted power of every whole stretch; return the samples after the last."""
        fresh = _STEPS_AT_ONCE * self._step
        length = self._step + fresh
        count = (len(samples) - self._step) // fresh
        if count:
            stretches = np.lib.stride_tricks.sliding_window_view(samples, length, axis=0)
            spectra = np.fft.rfft(stretches[: count * fresh : fresh], axis=-1)
            weighted = np.fft.irfft(spectra * self._weighting, length, axis=-1)
            steps = weighted[..., self._step :].reshape(count, -1, _STEPS_AT_ONCE, self._step)
            powers = np.einsum("ncsf,ncsf->ns", steps, steps) / self._step
            self._powers.append(powers.astype(np.float64).ravel())
        return samples[count * fresh :]


def _k_weighting(sample_rate: int, length: int) -> npt.NDArray[np.complex64]:
    """Return the filters' factor for each frequency in the spectrum of `length` samples.

    The bilinear transform warps the analogue frequencies, except each filter's own.
    """
    analogue = 1j * np.tan(np.pi * np.minimum(np.fft.rfftfreq(length), 0.499999))
    s = analogue / math.tan(math.pi * _SHELF_FREQUENCY / sample_rate)
    q = s / _SHELF_QUALITY
    shelf = (_SHELF_GAIN * s**2 + math.sqrt(_SHELF_GAIN) * q + 1) / (s**2 + q + 1)
    s = analogue / math.tan(math.pi * _HIGH_PASS_FREQUENCY / sample_rate)
    high_pass = s**2 / (s**2 + s / _HIGH_PASS_QUALITY + 1)
    weighting: npt.NDArray[np.complex64] = (shelf * high_pass).astype(np.complex64)
    return weighting

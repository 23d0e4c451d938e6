"""Wavetable synthesis: band-limited single periods, read at a phase and crossfaded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray

TABLE = 4096  # samples in a period: enough to read without interpolation
CEILING = 15_000.0  # Hz: no harmonic is higher, which prevents aliasing

ComplexArray = npt.NDArray[np.complex128]
DoubleArray = npt.NDArray[np.float64]
# A turn of phase is 2**32, so that it wraps by overflow and never loses precision.
PhaseArray = npt.NDArray[np.uint32]

_TURN = 2.0**32
_SHIFT = np.uint32(20)  # from a turn of 2**32 to one of TABLE


def harmonic_count(frequency: float, ceiling: float = CEILING) -> int:
    """Return the number of harmonics of `frequency` (Hz) below the ceiling."""
    return int(min(max(ceiling / frequency, 1.0), TABLE / 8))


def tables_from(harmonics: ComplexArray | DoubleArray) -> FloatArray:
    """Return periods (moments, TABLE) from levels of harmonics (moments, count)."""
    spectrum = np.zeros((harmonics.shape[0], TABLE // 2 + 1), np.complex64)
    # Sines rather than cosines: a period, and so every note, begins at zero.
    spectrum[:, 1 : harmonics.shape[1] + 1] = -0.5j * TABLE * harmonics
    return np.fft.irfft(spectrum, TABLE, axis=1).astype(np.float32)


def steady_phase(frequency: float, frames: int, start: float = 0.0) -> PhaseArray:
    """Return the phase, (frames,), of a steady tone that begins at `start`, 0 to 1 of a turn."""
    turn = np.arange(frames, dtype=np.uint32)
    turn *= np.uint32(round(frequency / SAMPLE_RATE * _TURN))
    turn += np.uint32(start % 1.0 * _TURN)
    return turn


def moving_phase(frequency: DoubleArray) -> PhaseArray:
    """Return the phase, (frames,), of a tone whose frequency (Hz) is given for every frame."""
    steps = (frequency * (_TURN / SAMPLE_RATE)).astype(np.uint32)
    return np.cumsum(steps, dtype=np.uint32)


def read_tables(tables: FloatArray, moments: npt.ArrayLike, phase: PhaseArray) -> FloatArray:
    """Return mono sound (frames,): the tables read at `phase`, crossfaded from each to the next.

    `moments` are the frames at which each table is reached, in rising order.
    """
    index = (phase >> _SHIFT).astype(np.int32)
    frames = index.shape[0]
    edges = np.clip(np.asarray(moments).astype(np.int64), 0, frames)
    sound = np.empty(frames, np.float32)
    sound[: edges[0]] = tables[0][index[: edges[0]]]
    sound[edges[-1] :] = tables[-1][index[edges[-1] :]]
    for number in range(len(tables) - 1):
        first, last = int(edges[number]), int(edges[number + 1])
        if first < last:
            here = index[first:last]
            before, after = tables[number][here], tables[number + 1][here]
            # A piece that the end of the sound cuts off is crossfaded only that far.
            whole = float(np.asarray(moments)[number + 1] - np.asarray(moments)[number])
            blend = np.arange(last - first, dtype=np.float32) / np.float32(whole)
            sound[first:last] = before + (after - before) * blend
    return sound

"""Mastering: balance, compression, loudness and peak limiting of stems, by ITU-R BS.1770.

Compressor and limiter are one gain over time, the same for every stem, so that the finished stems
sum to the mix.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray
from soundpiece_sandbox.music.wavetable import DoubleArray

LOUDNESS = -14.0  # LUFS
CEILING = 10.0 ** (-1.3 / 20.0)

_SLICE = SAMPLE_RATE // 10  # frames; four slices make one 400 ms block of BS.1770
_BLOCK = 63  # frames between two values of the limiter's gain; divides a slice
_LOOK = 5  # blocks that the limiter looks ahead and behind
_ABSOLUTE_GATE = -70.0  # LUFS
_RELATIVE_GATE = -10.0


def loudness(track: FloatArray) -> float:
    """Return the integrated loudness of a track (2, frames) in LUFS."""
    return _gated(_slice_powers(track))


def balance(stems: Mapping[str, FloatArray], levels: Mapping[str, float]) -> None:
    """Scale stems (2, frames) in place to their `levels`, in dB relative to `LOUDNESS`."""
    for name, stem in stems.items():
        measured = _gated(_slice_powers(stem, every=4))
        if measured > _ABSOLUTE_GATE:
            gain = 10.0 ** ((levels[name] + LOUDNESS - measured) / 20.0)
            np.multiply(stem, np.float32(gain), out=stem)


def mastered(stems: dict[str, FloatArray]) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return the finished mix and stems, (frames, 2) each, at `LOUDNESS` under `CEILING`.

    It empties the given dictionary, because two sets of a long song's stems need much memory.
    """
    gain = _gain_curve(_sum(list(stems.values())))
    finished = {}
    for name in list(stems):
        stem = stems.pop(name)
        finished[name] = np.empty((stem.shape[1], 2), np.float32)
        np.multiply(stem[0], gain, out=finished[name][:, 0])
        np.multiply(stem[1], gain, out=finished[name][:, 1])
    return _sum(list(finished.values())), finished


def _sum(tracks: Sequence[FloatArray]) -> FloatArray:
    total = tracks[0].copy()
    for track in tracks[1:]:
        total += track
    return total


def _gain_curve(mix: FloatArray) -> FloatArray:
    """Return the gain, (frames,), that compresses, limits and amplifies the mix to `LOUDNESS`."""
    frames = mix.shape[1]
    blocks = -(-frames // _BLOCK)
    peaks = np.maximum.reduceat(np.max(np.abs(mix), axis=0), np.arange(0, frames, _BLOCK))
    powers = _slice_powers(mix)
    compression = _compressor(powers, blocks)
    makeup = 10.0 ** ((LOUDNESS - _gated(powers)) / 20.0)
    gain = compression * makeup
    # Limiting lowers the loudness, so gain and limiter are adjusted in turn.
    for _ in range(6):
        gain = compression * makeup * _limiter(peaks * compression * makeup)
        makeup *= 10.0 ** ((LOUDNESS - _gated(powers * _slice_gains(gain, len(powers)))) / 20.0)
    gain = compression * makeup * _limiter(peaks * compression * makeup)
    centres = (np.arange(blocks) + 0.5) * _BLOCK
    return np.asarray(np.interp(np.arange(frames), centres, gain), np.float32)


def _limiter(peaks: DoubleArray) -> DoubleArray:
    """Return a smooth gain for each block that keeps the peaks under the ceiling."""
    needed = np.minimum(1.0, CEILING / np.maximum(peaks, 1e-9))
    # The average is of values that are all low enough, so it is low enough too.
    reach = 2 * _LOOK + 1
    padded = np.pad(needed, reach, mode="edge")
    held = np.min(np.lib.stride_tricks.sliding_window_view(padded, reach + 2), axis=-1)
    return np.asarray(np.convolve(held, np.full(reach, 1.0 / reach), "valid"))


def _compressor(powers: DoubleArray, blocks: int) -> DoubleArray:
    """Return the gain of a slow, gentle compressor for each block."""
    level = 10.0 * np.log10(
        np.convolve(np.pad(powers, 4, mode="edge"), np.full(9, 1 / 9), "valid") + 1e-9
    )
    over = np.maximum(level - (_gated(powers) + 0.691 - 1.0), 0.0)
    reduction = 10.0 ** (-0.25 * over / 20.0)
    centres = (np.arange(len(powers)) + 0.5) * _SLICE
    return np.asarray(np.interp((np.arange(blocks) + 0.5) * _BLOCK, centres, reduction))


def _slice_gains(gain: DoubleArray, slices: int) -> DoubleArray:
    """Return the mean square gain of each slice from the gains of the blocks."""
    per_slice = _SLICE // _BLOCK
    padded = np.pad(gain, (0, max(0, slices * per_slice - len(gain))), mode="edge")
    gains = padded[: slices * per_slice].reshape(slices, per_slice)
    return np.asarray(np.mean(gains**2, axis=1))


def _slice_powers(track: FloatArray, every: int = 1) -> DoubleArray:
    """Return the K-weighted power of both channels in each (or every n-th) 100 ms slice."""
    slices = max(track.shape[1] // _SLICE, 1)
    piece = track[:, : slices * _SLICE]
    if piece.shape[1] < slices * _SLICE:
        piece = np.pad(piece, ((0, 0), (0, slices * _SLICE - piece.shape[1])))
    powers = np.zeros(len(range(0, slices, every)))
    # The weighting is applied to the slices' spectra; by Parseval's theorem the power is the same.
    for channel in piece.reshape(2, slices, _SLICE)[:, ::every]:
        spectra = np.fft.rfft(channel, axis=-1)
        powers += np.sum((spectra.real**2 + spectra.imag**2) * _weighting(), axis=-1)
    return powers * (2.0 / _SLICE**2)


@lru_cache(maxsize=1)
def _weighting() -> DoubleArray:
    """Return the squared K-weighting of BS.1770 at the frequencies of a slice's spectrum."""
    unit = np.exp(2j * np.pi * np.fft.rfftfreq(_SLICE))
    power = np.ones(len(unit))
    for numerator, denominator in (_shelf(), _high_pass()):
        power *= np.abs(np.polyval(numerator, unit) / np.polyval(denominator, unit)) ** 2
    return power


def _shelf() -> tuple[list[float], list[float]]:
    tangent = np.tan(np.pi * 1681.974450955533 / SAMPLE_RATE)
    quality, high = 0.7071752369554196, 10.0 ** (3.999843853973347 / 20.0)
    band = high**0.4996667741545416
    base = 1.0 + tangent / quality + tangent**2
    return (
        [
            (high + band * tangent / quality + tangent**2) / base,
            2.0 * (tangent**2 - high) / base,
            (high - band * tangent / quality + tangent**2) / base,
        ],
        [1.0, 2.0 * (tangent**2 - 1.0) / base, (1.0 - tangent / quality + tangent**2) / base],
    )


def _high_pass() -> tuple[list[float], list[float]]:
    tangent = np.tan(np.pi * 38.13547087602444 / SAMPLE_RATE)
    quality = 0.5003270373238773
    base = 1.0 + tangent / quality + tangent**2
    return (
        [1.0, -2.0, 1.0],
        [1.0, 2.0 * (tangent**2 - 1.0) / base, (1.0 - tangent / quality + tangent**2) / base],
    )


def _gated(powers: DoubleArray) -> float:
    """Return the loudness in LUFS of slice powers, gated by BS.1770."""
    window = min(4, len(powers))
    blocks = np.convolve(powers, np.full(window, 1.0 / window), "valid")
    levels = -0.691 + 10.0 * np.log10(blocks + 1e-12)
    audible = levels > _ABSOLUTE_GATE
    if not audible.any():
        return _ABSOLUTE_GATE
    gate = -0.691 + 10.0 * np.log10(np.mean(blocks[audible])) + _RELATIVE_GATE
    return float(-0.691 + 10.0 * np.log10(np.mean(blocks[audible & (levels > gate)])))

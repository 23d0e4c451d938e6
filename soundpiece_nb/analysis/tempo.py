"""The tempo of a piece, if it is clear from how its onsets repeat.

Onsets are the moments where sound rises (spectral flux), and a tempo shows in their
autocorrelation at half a beat, one, two, four and eight. That leaves its octave open: 75 or 150?
Listeners tap with kick and snare, so the octave is chosen by the repetition of bass and snare, by
swing, and by how fast people usually tap. Of two answers that are about as good, neither is given.

Some music has the same notes at half the tempo: a backbeat at 180 can be written at 90. Then the
answer is what most people would tap, which may differ from a score.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]

SHORTEST = 10.0
"""Seconds of the shortest piece that is given a tempo."""

LONGEST = 120.0
"""Seconds of a piece that are analysed."""

LEAST_RATE = 1000
"""Hz, the lowest sample rate of sound that is given a tempo; below, there are no onsets to hear."""

SLOWEST, FASTEST = 50.0, 215.0
"""Beats per minute."""

_USUAL, _SPREAD = 105.0, 0.8
"""The usual tapping tempo in beats per minute, and its standard deviation in octaves."""

_LEAST_REPEATED = 0.35
"""Least autocorrelation at the beat; pads, rain and free playing have less."""

_MOST_ALIKE = 0.7
"""Correlation of bass and treble above which one sound repeats alone: a clock, footsteps."""

_BETTER_THAN_OTHERS = 1.05
"""Least ratio of the best beat's score to that of any other."""

_LEAST_SAID, _CLEARER_THAN_OCTAVES = 0.5, 0.4
"""Least score of the best octave, and its least lead over the second best."""

_SLOW, _ENOUGH_SLOW_BEATS = 75.0, 25
"""Beats per minute from which people may tap half a tempo, and the beats of it that must be heard.

In fewer, a slow backbeat with eighths passes for a fast one.
"""

_SWING = 3.0
"""Weight of notes on the thirds of a beat: few, but the surest sign of a beat."""

_MOST_EMPTY = 0.7
"""Most by which repetition may be lower after one beat than after two; above is an effect."""

_OCTAVE_WIDTH = 0.06
"""Octaves within which two tempos count as the same."""

_MOMENTS = 100
"""Onset strengths a second."""

_WINDOW = 0.04
"""Seconds of a spectrum, rounded up to a power of two in samples."""

_LOWEST_BAND, _BANDS = 27.5, 19
"""Hz, and the number of half octaves above it."""

_BASS, _SNARE = slice(0, 4), slice(12, 16)
"""The bands of 27.5 to 110 Hz and of 1.8 to 7 kHz."""

_AT_ONCE = 512
"""Spectra computed at a time."""


def tempo_of(sound: npt.NDArray[np.float32], sample_rate: int) -> float | None:
    """Return the beats per minute of a mono sound `(frames,)`; None where they are not clear.

    They are not for drones, effects, free playing, silence, music whose beat could as well be half
    or double, and sounds of less than `SHORTEST` seconds or `LEAST_RATE` Hz.
    """
    if sample_rate < LEAST_RATE or len(sound) < SHORTEST * sample_rate:
        return None
    hop = round(sample_rate / _MOMENTS)
    bands = _bands(sound, sample_rate, hop)
    bass, snare = _onsets(bands[:, _BASS], 0.3), _onsets(bands[:, _SNARE], 0.5)
    if _alike(bass, snare) > _MOST_ALIKE:
        return None
    minute = 60.0 * sample_rate / hop
    every = _repeats(_onsets(bands, 0.001))
    repeating = _repeating(every, minute)
    tempo = repeating and _octave(repeating, minute, every, _repeats(bass), _repeats(snare))
    if tempo is None or _may_be_half(tempo, len(sound) / sample_rate):
        return None
    return tempo


def _may_be_half(tempo: float, seconds: float) -> bool:
    """Tell whether a piece is too short to know that its tempo is not half of this."""
    half = tempo / 2
    return half >= _SLOW and seconds * half / 60 < _ENOUGH_SLOW_BEATS


def _repeating(every: Numbers, minute: float) -> float | None:
    """Return the tempo at which onsets repeat best, whatever its octave.

    `minute` is 60 seconds in moments.
    """
    tempos = np.geomspace(SLOWEST, FASTEST, 600)
    repeated = np.mean([_at(every, n * minute / tempos) for n in (0.5, 1, 2, 4, 8)], axis=0)
    scores = np.maximum(repeated, 0.0) * np.exp(_prior(tempos))
    best = int(np.argmax(scores))
    octaves = np.log2(tempos / tempos[best])
    other = np.abs(octaves - np.round(octaves)) > _OCTAVE_WIDTH
    if repeated[best] < _LEAST_REPEATED:
        return None
    if scores[best] < _BETTER_THAN_OTHERS * scores[other].max():
        return None
    return float(tempos[best])


def _octave(
    tempo: float, minute: float, every: Numbers, bass: Numbers, snare: Numbers
) -> float | None:
    """Return a tempo, its half, its double and so on: the one that a listener would tap.

    The snare comes every other beat, and not on each. The bass comes again after two beats and
    after four, and not on each half. Little happens on the quarters of a beat; swung notes fall on
    its thirds, and hardly on its sixths.
    """
    tempos = tempo * 2.0 ** np.arange(-2, 3)
    tempos = tempos[(tempos >= SLOWEST) & (tempos <= FASTEST)]
    beat = minute / tempos
    every, bass, snare = (_against_best(_nearby(repeats), beat) for repeats in (every, bass, snare))
    scores = (
        _prior(tempos)
        + (_at(snare, 2 * beat) - _at(snare, beat))
        + (_at(snare, 2 * beat) - 1.0)
        + (_at(bass, 2 * beat) - _at(bass, beat / 2) + _at(bass, 4 * beat))
        - _at(every, beat / 4)
        + _SWING * (_at(every, beat / 3) - _at(every, beat / 6))
    )
    best, *others = np.argsort(-scores)
    empty = _at(every, 2 * beat[best]) - _at(every, beat[best])
    if scores[best] < _LEAST_SAID or empty > _MOST_EMPTY:
        return None
    if others and scores[best] - scores[others[0]] < _CLEARER_THAN_OCTAVES:
        return None
    return float(tempos[best])


def _prior(tempos: Numbers) -> Numbers:
    """Return the logarithm of each tempo's prior probability."""
    away: Numbers = np.log2(tempos / _USUAL) / _SPREAD
    return -0.5 * away**2


def _bands(sound: npt.NDArray[np.float32], sample_rate: int, hop: int) -> Numbers:
    """Return the magnitude in each half octave at each moment, `(moments, bands)`."""
    size = 1 << round(_WINDOW * sample_rate).bit_length()
    edges = _LOWEST_BAND * 2.0 ** (np.arange(_BANDS + 1) / 2)
    bins = np.searchsorted(np.fft.rfftfreq(size, 1 / sample_rate), edges)
    window = np.hanning(size).astype(np.float32)
    pieces = np.lib.stride_tricks.sliding_window_view(np.pad(sound, size // 2), size)[::hop]
    return np.concatenate(
        [
            _sums(np.abs(np.fft.rfft(pieces[first : first + _AT_ONCE] * window)), bins)
            for first in range(0, len(pieces), _AT_ONCE)
        ]
    ).astype(np.float64)


def _sums(spectra: npt.NDArray[np.float32], bins: npt.NDArray[np.intp]) -> npt.NDArray[np.float32]:
    """Return the sums of spectra from each of these bins to the next.

    A product with a matrix would do the same, but a threaded one keeps a second core spinning.
    """
    end = bins[-1]
    sums = np.add.reduceat(spectra[:, :end], np.minimum(bins[:-1], end - 1), axis=1)
    return np.where(np.diff(bins) > 0, sums, np.float32(0))


def _onsets(bands: Numbers, floor: float) -> Numbers:
    """Return the onset strength at each moment, above the mean of half a second around.

    Levels below `floor` of the loudest count little: a high floor leaves only percussion.
    """
    levels = np.log(bands + floor * bands.max() + 1e-9)
    rising = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0.0).mean(axis=1)
    around = np.pad(rising, _MOMENTS // 2, mode="edge")
    usual = np.convolve(around, np.full(_MOMENTS + 1, 1 / (_MOMENTS + 1)), "valid")
    onsets: Numbers = np.maximum(rising - usual, 0.0)
    return onsets


def _alike(one: Numbers, other: Numbers) -> float:
    """Return the correlation of two rows of onsets, blurred by a moment; 1 for silence."""
    blurred = [np.convolve(onsets, (0.25, 0.5, 0.25), "same") for onsets in (one, other)]
    return float(np.corrcoef(blurred)[0, 1]) if one.any() and other.any() else 1.0


def _repeats(onsets: Numbers) -> Numbers:
    """Return the autocorrelation of onsets, 1 for no lag, over half of their length."""
    count = len(onsets)
    spectrum = np.fft.rfft(onsets - onsets.mean(), 1 << (2 * count).bit_length())
    products = np.fft.irfft(np.abs(spectrum) ** 2)[: count // 2]
    means: Numbers = products / np.arange(count, count - len(products), -1)
    return means / max(float(means[0]), 1e-12)


def _nearby(repeats: Numbers) -> Numbers:
    """Return the maximum of each lag and its neighbours: an onset may fall between moments."""
    most: Numbers = np.max([np.roll(repeats, lag) for lag in (-1, 0, 1)], axis=0)
    return most


def _against_best(repeats: Numbers, beat: Numbers) -> Numbers:
    """Return repeats divided by their best at one, two or four beats."""
    best = max(float(_at(repeats, n * beat).max()) for n in (1, 2, 4))
    return repeats / max(best, 0.1)


def _at(repeats: Numbers, lags: Numbers) -> Numbers:
    """Return repeats at lags that may fall between moments; 0 for lags beyond them."""
    return np.interp(lags, np.arange(len(repeats)), repeats, right=0.0)

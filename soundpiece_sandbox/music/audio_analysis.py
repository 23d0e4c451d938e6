"""Analysis of any sound: the features that a reference gives, and the basis for a remix."""

from __future__ import annotations

import math

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, by_channel, frames_in
from soundpiece_sandbox.music.beat_tracking import Onsets, first_beat_of, onsets_of, tempo_of
from soundpiece_sandbox.music.brightness import brightness_of
from soundpiece_sandbox.music.chord_recognition import chords_of, key_of
from soundpiece_sandbox.music.chroma import MOMENTS, chroma_of
from soundpiece_sandbox.music.reference_style import ReferenceFeatures
from soundpiece_sandbox.music.remix_basis import RemixBasis
from soundpiece_sandbox.music.score import BEATS
from soundpiece_sandbox.music.song_form import LEAD_IN, LONGEST, RING
from soundpiece_sandbox.music.wavetable import DoubleArray

_ANALYSED = LONGEST - LEAD_IN - RING - 1.0  # seconds; a remix of these is not too long
_INAUDIBLE = 0.01  # relative to the peak
# The weights of chord changes and of the sound's beginning, beside those of onsets, in the choice
# of the first bar.
_HARMONY, _OPENING = 4.0, 1.3
_CHANGELESS = 0.01  # the least spread of chord changes that counts


def reference_features_of(sound: FloatArray) -> ReferenceFeatures:
    """Return tempo and brightness of a sound (frames, channels), from its first four minutes.

    A sound without a beat has 110 beats per minute; silence has a brightness of 3000 Hz.
    """
    analysed = sound[: frames_in(_ANALYSED)]
    return ReferenceFeatures(tempo_of(onsets_of(analysed)), brightness_of(by_channel(analysed)))


def remix_basis_of(sound: FloatArray) -> RemixBasis:
    """Return tempo, bars, key and chords of a sound (frames, channels) of any length.

    A steady tempo and bars of four beats are assumed. Only the first four minutes of a long
    sound count. There is always at least one bar; silence is in C major.
    """
    analysed = sound[: frames_in(_ANALYSED)]
    onsets, chroma = onsets_of(analysed), chroma_of(analysed)
    tempo = tempo_of(onsets)
    beat = 60.0 / tempo
    begins, ends = _audible_span(analysed)
    first_beat = _first_bar(onsets, chroma, tempo, begins)
    bars = max(int((ends - first_beat) / (BEATS * beat) + 0.25), 1)
    halves = _averaged(chroma, first_beat + np.arange(2 * bars + 1) * BEATS / 2 * beat)
    key = key_of(chroma)
    return RemixBasis(tempo, key, chords_of(halves, key), first_beat, bars)


def _audible_span(sound: FloatArray) -> tuple[float, float]:
    """Return the seconds at which a sound begins and ends, without the silence around it."""
    peaks = np.max(np.abs(by_channel(sound)), axis=0)
    audible = np.flatnonzero(peaks > _INAUDIBLE * peaks.max(initial=0.0))
    if not len(audible):
        return 0.0, len(sound) / SAMPLE_RATE
    return float(audible[0]) / SAMPLE_RATE, float(audible[-1] + 1) / SAMPLE_RATE


def _first_bar(onsets: Onsets, chroma: DoubleArray, tempo: float, begins: float) -> float:
    """Return the seconds at which the first bar begins, at the likeliest of eight half beats.

    Bars tend to begin at chord changes, at strong onsets, above all of bass and kick drum, and at
    the beginning of the sound.
    """
    beat = 60.0 / tempo
    first = first_beat_of(onsets, tempo, begins)
    first += max(math.ceil((begins - first) / (beat / 2) - 0.25), 0) * beat / 2
    places = int(2 * BEATS)
    count = int((len(chroma) / MOMENTS - first - beat) / (beat / 2))
    if count < 2 * places:
        return begins
    times = first + np.arange(count) * beat / 2
    marks = (
        _HARMONY * _standardized(_changes(chroma, times, beat), _CHANGELESS)
        + _standardized(np.interp(times, onsets.times, onsets.low))
        + _standardized(np.interp(times, onsets.times, onsets.strength))
    )
    scores = [float(marks[place::places].mean()) for place in range(places)]
    scores[0] += _OPENING
    return max(float(times[int(np.argmax(scores))]), 0.0)


def _changes(chroma: DoubleArray, times: DoubleArray, beat: float) -> DoubleArray:
    """Return how much the chroma changes from the beat before each time to the beat after it.

    0 is no change, 1 a great one. Silence and quiet sounds count as unchanged.
    """
    around = _averaged(chroma, np.maximum(times[:, None] + [-beat, 0.0, beat], 0.0).ravel())
    before, after = around[::3], around[1::3]
    sizes = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    changes = (sizes - np.sum(before * after, axis=1)) / max(float(sizes.mean()), 1e-9)
    # The first beat has no beat before it.
    changes[times < beat] = changes.mean()
    return np.asarray(changes)


def _averaged(chroma: DoubleArray, edges: DoubleArray) -> DoubleArray:
    """Return the mean chroma between each two edges (seconds), (edges - 1, 24)."""
    total = np.concatenate([np.zeros((1, chroma.shape[1])), np.cumsum(chroma, axis=0)])
    places = np.minimum(edges * MOMENTS, len(chroma))
    below = np.floor(places).astype(int)
    part = (places - below)[:, None]
    reached = total[below] * (1.0 - part) + total[np.minimum(below + 1, len(chroma))] * part
    return np.diff(reached, axis=0)


def _standardized(values: DoubleArray, least: float = 1e-9) -> DoubleArray:
    """Return values minus their mean, divided by their standard deviation (at least `least`)."""
    return np.asarray((values - values.mean()) / max(float(values.std()), least))

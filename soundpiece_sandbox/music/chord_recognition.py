"""Recognition of the key and the chords of a chroma."""

from __future__ import annotations

import numpy as np

from soundpiece_sandbox.music.harmony import Chord, Key
from soundpiece_sandbox.music.wavetable import DoubleArray

# Key profiles: the fit of each semitone above the tonic (Krumhansl and Kessler, 1982).
_PROFILES = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
_TRIADS = {"major": (0, 4, 7), "minor": (0, 3, 7)}
_CHORDS = tuple(Chord(root, triad) for triad in _TRIADS.values() for root in range(12))
_BASS = 0.6  # weight of the root in the bass, beside the chord's notes
_IN_KEY = 0.1  # bonus for a chord whose notes are all in the key
_STAYING = 0.15  # bonus for a chord that stays the same


def key_of(chroma: DoubleArray) -> Key:
    """Return the key of a chroma (moments, 24); C major if nothing sounds."""
    sounding = _centred(chroma[:, :12].sum(axis=0) + 0.5 * chroma[:, 12:].sum(axis=0))
    keys = [Key(tonic, mode) for mode in _PROFILES for tonic in range(12)]
    profiles = {mode: _centred(np.array(profile)) for mode, profile in _PROFILES.items()}
    return max(keys, key=lambda key: float(sounding @ np.roll(profiles[key.mode], key.tonic)))


def chords_of(chroma: DoubleArray, key: Key) -> tuple[Chord, ...]:
    """Return the likeliest major or minor chord for each span of a chroma (spans, 24)."""
    likely = _likelihoods(chroma, key)
    # Viterbi's algorithm: at each span, the score of the best path to every chord.
    score = likely[0]
    came_from = []
    for span in likely[1:]:
        best = int(np.argmax(score))
        stays = score + _STAYING >= score[best]
        came_from.append(np.where(stays, np.arange(len(_CHORDS)), best))
        score = np.where(stays, score + _STAYING, score[best]) + span
    path = [int(np.argmax(score))]
    for origin in reversed(came_from):
        path.append(int(origin[path[-1]]))
    return tuple(_CHORDS[index] for index in reversed(path))


def _likelihoods(chroma: DoubleArray, key: Key) -> DoubleArray:
    """Return the fit of each chord to each span, (spans, chords)."""
    middle, bass = _unit(chroma[:, :12]), _unit(chroma[:, 12:])
    templates = np.zeros((len(_CHORDS), 12))
    for template, chord in zip(templates, _CHORDS, strict=True):
        template[list(chord.pitch_classes)] = 1.0
    roots = np.array([chord.root for chord in _CHORDS])
    in_key = [set(chord.pitch_classes) <= set(key.scale) for chord in _CHORDS]
    return middle @ _unit(templates).T + _BASS * bass[:, roots] + _IN_KEY * np.array(in_key)


def _unit(rows: DoubleArray) -> DoubleArray:
    """Return rows minus their means, at unit length; constant rows become zeros."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-9))


def _centred(values: DoubleArray) -> DoubleArray:
    return np.asarray(_unit(values[None])[0])

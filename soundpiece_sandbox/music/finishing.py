"""Finishing of samples and effects: exact length, seamless loops, loudness and array layout."""

from __future__ import annotations

import numpy as np

from soundpiece_sandbox.music.audio_arrays import FloatArray
from soundpiece_sandbox.music.mastering import loudness, mastered

_PEAK = 10.0 ** (-3.0 / 20.0)
_CONTEXT = 44_100  # frames of the loop itself that its mastering sees before and after


def fitted(track: FloatArray, frames: int) -> FloatArray:
    """Return a track (2, any) cut or padded with silence to (2, frames)."""
    missing = max(frames - track.shape[1], 0)
    return np.pad(track[:, :frames], ((0, 0), (0, missing)))


def wrapped_around(track: FloatArray, frames: int) -> FloatArray:
    """Return a track (2, any) as a loop of (2, frames): its end is added to its beginning.

    The repeated loop sounds as if the track started again every `frames`.
    """
    rounds = -(-track.shape[1] // frames)
    whole = fitted(track, rounds * frames)
    return np.asarray(whole.reshape(2, rounds, frames).sum(axis=1), np.float32)


def levelled(track: FloatArray, lufs: float) -> FloatArray:
    """Return a track (2, frames) scaled to `lufs`, or to a peak of -3 dBFS if quieter."""
    peak = float(np.max(np.abs(track)))
    gain = min(_PEAK / max(peak, 1e-6), 10.0 ** ((lufs - loudness(track)) / 20.0))
    return track * np.float32(gain)


def mastered_loop(track: FloatArray) -> FloatArray:
    """Return a loop (2, frames) mastered like a song, (frames, 2), without a seam."""
    centred = track - track.mean(axis=1, keepdims=True)
    around = np.pad(centred, ((0, 0), (_CONTEXT, _CONTEXT)), mode="wrap")
    mix, _ = mastered({"loop": around})
    return np.ascontiguousarray(mix[_CONTEXT:-_CONTEXT])


def mastered_once(track: FloatArray) -> FloatArray:
    """Return a track (2, frames) that does not loop, mastered like a song, (frames, 2)."""
    mix, _ = mastered({"line": track})
    return mix


def frames_first(track: FloatArray) -> FloatArray:
    """Return a track (2, frames) as (frames, 2)."""
    return np.ascontiguousarray(track.T, np.float32)

"""Mixing effects: reverb, echo, ducking, and the noise of a vinyl record."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, frames_in
from soundpiece_sandbox.music.filters import band_passed, convolved, noise

_PREDELAY = 0.018  # seconds before the first reflection


@lru_cache(maxsize=8)
def impulse_response(seconds: float, brightness: float, seed: int) -> FloatArray:
    """Return a reverb, (2, frames): noise of unit power that decays by 60 dB in `seconds`.

    `brightness` is the frequency in Hz above which the room absorbs more and more.
    """
    frames = frames_in(seconds)
    time = np.arange(frames, dtype=np.float32) / SAMPLE_RATE
    rng = np.random.default_rng(seed)
    walls = band_passed(rng.standard_normal((2, frames), dtype=np.float32), 180.0, 12_000.0, 1)
    dull = band_passed(walls, 180.0, brightness, 1)
    # High frequencies decay first.
    share = np.exp(-time / np.float32(0.12 * seconds))
    room = (0.5 * walls * share + dull * (1.0 - share)) * np.exp(-6.9 * time / np.float32(seconds))
    room[:, : frames_in(0.003)] *= np.linspace(0.0, 1.0, frames_in(0.003), dtype=np.float32)
    room /= np.sqrt(np.sum(room**2, axis=-1, keepdims=True))
    return np.asarray(room, np.float32)


def add_reverb(track: FloatArray, seconds: float, wet: float) -> None:
    """Add reverb to a track (2, frames) in place, at `wet` times the level of the dry sound."""
    sent = 0.5 * (track[0] + track[1])
    room = impulse_response(seconds, brightness=3800.0, seed=11)
    delay = frames_in(_PREDELAY)
    frames = track.shape[-1] - delay
    sent *= np.float32(wet * 1.4)
    track[:, delay:] += convolved(sent[:frames], room)[:, :frames]


def add_echo(track: FloatArray, seconds: float, level: float) -> None:
    """Add three echoes to a track (2, frames) in place, alternating between left and right."""
    source = (0.5 * (track[0] + track[1])) * np.float32(level)
    for bounce in range(1, 4):
        delay = frames_in(seconds * bounce)
        if delay < track.shape[-1]:
            near, far = (0, 1) if bounce % 2 else (1, 0)
            gain = np.float32(0.5 ** (bounce - 1))
            track[near, delay:] += gain * source[:-delay]
            track[far, delay:] += np.float32(0.3) * gain * source[:-delay]


def ducking(frames: int, kicks: Sequence[int], depth: float, recovery: float) -> FloatArray:
    """Return a gain (frames,) that dips by `depth` (0 to 1) at each kick and recovers."""
    length = frames_in(recovery)
    fall = frames_in(0.006)
    rise = np.linspace(0.0, 1.0, length, dtype=np.float32) ** 2
    dip = np.concatenate([np.linspace(1.0, 0.0, fall, dtype=np.float32), rise])
    dip = 1.0 - np.float32(depth) * (1.0 - dip)
    gain = np.ones(frames, np.float32)
    for kick in kicks:
        start = max(kick - fall, 0)
        piece = gain[start : start + dip.shape[0]]
        np.minimum(piece, dip[: piece.shape[0]], out=piece)
    return gain


def vinyl_noise(frames: int, seed: int) -> FloatArray:
    """Return the crackle and hiss of an old record, (2, frames), quiet."""
    rng = np.random.default_rng(seed)
    sound = np.stack([noise(frames, 20.0, 16_000.0, seed), noise(frames, 20.0, 16_000.0, seed + 9)])
    sound *= np.float32(0.02)
    ticks = rng.integers(0, frames, max(frames // 9000, 1))
    sound[:, ticks] += rng.normal(0.0, 1.2, (2, ticks.shape[0])).astype(np.float32)
    return band_passed(sound, 700.0, 5000.0, 1)

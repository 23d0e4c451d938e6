"""Audio as numpy arrays: frames, pitches, panning, placing and fading."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

SAMPLE_RATE = 44_100

FloatArray: TypeAlias = npt.NDArray[np.float32]

# Inside this package stereo sound is (2, frames): filters and sums along time are several times
# faster on contiguous channels. Finished sound is (frames, 2).


def by_channel(sound: FloatArray) -> FloatArray:
    """Return a sound (frames, channels) as contiguous (channels, frames)."""
    return np.ascontiguousarray(sound.T)


def frames_in(seconds: float) -> int:
    """Return the whole number of frames nearest to `seconds`."""
    return round(seconds * SAMPLE_RATE)


def hertz(pitch: float) -> float:
    """Return the frequency in Hz of a MIDI pitch (69 is A at 440 Hz)."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


def silence(frames: int) -> FloatArray:
    """Return a silent stereo track, (2, frames)."""
    return np.zeros((2, frames), np.float32)


def panned(sound: FloatArray, position: float) -> FloatArray:
    """Return mono `sound` (frames,) as (2, frames) at `position`, -1 left to 1 right."""
    angle = (position + 1.0) * np.pi / 4.0
    gains = np.array([[np.cos(angle)], [np.sin(angle)]], np.float32) * np.float32(np.sqrt(2.0))
    return gains * sound


def place(track: FloatArray, sound: FloatArray, start: int, gain: float = 1.0) -> None:
    """Add `sound` to `track` in place from frame `start`; the part outside the track is dropped.

    Both are (2, frames), or both mono (frames,).
    """
    first = max(start, 0)
    last = min(start + sound.shape[-1], track.shape[-1])
    if first < last:
        piece = sound[..., first - start : last - start]
        track[..., first:last] += piece * np.float32(gain)


def faded(sound: FloatArray, attack: float, release: float) -> FloatArray:
    """Return `sound` with raised-cosine edges of `attack` and `release` seconds."""
    frames = sound.shape[-1]
    rise = min(max(frames_in(attack), 1), frames)
    fall = min(max(frames_in(release), 1), frames)
    envelope = np.ones(frames, np.float32)
    envelope[:rise] *= _half_cosine(rise)
    envelope[frames - fall :] *= _half_cosine(fall)[::-1]
    return sound * envelope


def _half_cosine(frames: int) -> FloatArray:
    steps = np.arange(frames, dtype=np.float32) / frames
    return (0.5 - 0.5 * np.cos(np.pi * steps)).astype(np.float32)

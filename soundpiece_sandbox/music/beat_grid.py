"""The beat grid of a sample: the tempo and the number of beats that fill a duration."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, frames_in
from soundpiece_sandbox.music.score import BEATS

_USUAL_BARS = 4
_LONGEST_USUAL = 10.0  # seconds up to which four bars are used


@dataclass(frozen=True)
class BeatGrid:
    """The beats of a sample, which may loop from its last frame to its first."""

    tempo: float  # beats per minute
    beats: int  # that begin in the sample
    frames: int
    looped: bool

    @property
    def bars(self) -> int:
        """The number of bars that begin in the sample."""
        return ceil(self.beats / BEATS)

    def frame(self, beat: float) -> int:
        """Return the frame of a beat."""
        return frames_in(beat * 60.0 / self.tempo)


def natural_grid(tempo: float, *, looped: bool) -> BeatGrid:
    """Return a grid of four bars, or of two where four would last longer than 10 seconds."""
    bars = _USUAL_BARS if _USUAL_BARS * BEATS * 60.0 / tempo <= _LONGEST_USUAL else _USUAL_BARS // 2
    beats = round(bars * BEATS)
    return BeatGrid(tempo, beats, frames_in(beats * 60.0 / tempo), looped)


def unlooped_grid(tempo: float, frames: int) -> BeatGrid:
    """Return the grid of a sample that does not loop: the tempo is kept exactly."""
    return BeatGrid(tempo, max(ceil(frames / SAMPLE_RATE * tempo / 60.0 - 1e-6), 1), frames, False)


def loop_grid(tempo: float, frames: int, slowest: float, fastest: float) -> BeatGrid:
    """Return the grid of a loop, whose whole beats fill the frames exactly.

    With a tempo from `slowest` to `fastest`, pairs of bars are preferred to bars, bars to half
    bars and half bars to beats; among equals, the tempo nearest to `tempo` wins. If no number of
    beats gives such a tempo, the number whose tempo is nearest to `tempo` is used.
    """
    seconds = frames / SAMPLE_RATE
    within = [
        beats
        for beats in range(1, ceil(fastest * seconds / 60.0) + 1)
        if slowest <= 60.0 * beats / seconds <= fastest
    ]
    nearest = max(round(tempo * seconds / 60.0), 1)

    def unfitness(beats: int) -> tuple[int, float]:
        uneven = next(rank for rank, size in enumerate((8, 4, 2, 1)) if beats % size == 0)
        return uneven, abs(log2(60.0 * beats / seconds / tempo))

    beats = min(within, key=unfitness) if within else nearest
    return BeatGrid(60.0 * beats / seconds, beats, frames, True)

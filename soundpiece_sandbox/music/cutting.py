"""Cutting: a piece is shortened with one join that is as inaudible as possible."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, frames_in
from soundpiece_sandbox.music.chroma import MOMENTS, chroma_of
from soundpiece_sandbox.music.remix_basis import RemixBasis
from soundpiece_sandbox.music.score import BEATS
from soundpiece_sandbox.music.wavetable import DoubleArray

_JOIN = 0.03  # seconds of the crossfade
_SHORTEST_HEAD = 2  # bars before a join
_SHORTEST_TAIL = 2  # bars after it, with the ending
_LEVEL_STEP = 6.0  # dB that cost as much as an unrelated harmony
_CHORD = 4.0  # the cost of another chord after the join


@dataclass(frozen=True)
class Cut:
    """A head and a tail of a sound, joined; all fields are in frames.

    The head is `[0, head)`, the tail `[tail, end)`. The `join` frames before the tail are
    crossfaded into the end of the head, by raised cosines whose amplitudes sum to one: both sides
    are of one recording and mostly correlated. The last `fade` frames fade to silence.
    """

    length: int  # of the sounds that it fits
    head: int
    tail: int
    end: int
    join: int
    fade: int

    @property
    def frames(self) -> int:
        """The length of the cut in frames."""
        return self.head + self.end - self.tail

    @property
    def duration(self) -> float:
        """The length of the cut in seconds."""
        return self.frames / SAMPLE_RATE

    def of(self, sound: FloatArray) -> FloatArray:
        """Return the cut of a sound (frames, channels): the mix, or any stem of it.

        It is linear: cut stems sum to the cut mix. Raises ValueError for another length.
        """
        if len(sound) != self.length:
            raise ValueError(f"The sound must have {self.length} frames, not {len(sound)}")
        cut = np.concatenate([sound[: self.head], sound[self.tail : self.end]])
        if self.join:
            rise = _slope(self.join)
            cut[self.head - self.join : self.head] *= rise[::-1]
            cut[self.head - self.join : self.head] += (
                rise * sound[self.tail - self.join : self.tail]
            )
        if self.fade:
            cut[-self.fade :] *= _slope(self.fade)[::-1]
        return cut


def plan_cut(sound: FloatArray, target: float, basis: RemixBasis) -> Cut:
    """Return the cut that makes a sound (frames, channels) last about `target` seconds.

    It keeps the time before the first bar and whole bars, at least one, so that it differs from
    the target by at most half a bar. Cuts of four bars and more keep the sound's ending. If no
    bar line is nearer to the target than the sound's end, the cut keeps the whole sound.
    """
    length = len(sound)
    bar = BEATS * 60.0 / basis.tempo

    def bar_line_frame(number: int) -> int:
        return frames_in(basis.first_beat + number * bar)

    last = int((length / SAMPLE_RATE - basis.first_beat) / bar + 1e-6)
    wanted = max(round((target - basis.first_beat) / bar), 1)
    if wanted > last or target >= length / SAMPLE_RATE or bar_line_frame(wanted) >= length:
        return Cut(length, length, length, length, 0, 0)
    fade = min(frames_in(bar / BEATS), bar_line_frame(wanted))
    head = end = wanted
    if _SHORTEST_HEAD + _SHORTEST_TAIL <= wanted < last:
        head, end = _smoothest_join(sound, basis, bar, wanted, last)
    if head == end:
        return Cut(
            length, bar_line_frame(wanted), bar_line_frame(wanted), bar_line_frame(wanted), 0, fade
        )
    tail = bar_line_frame(end) - (bar_line_frame(wanted) - bar_line_frame(head))
    return Cut(length, bar_line_frame(head), tail, bar_line_frame(end), frames_in(_JOIN), fade)


def _smoothest_join(
    sound: FloatArray, basis: RemixBasis, bar: float, wanted: int, last: int
) -> tuple[int, int]:
    """Return the bar of the least audible join, and the bar at which the tail ends.

    The tail's first bar should resemble the bar that it replaces, and the bar before the tail the
    last bar of the head: in harmony, level, chord and position in the section. The end is the
    sound's last bar line, or the one before the last chord rings out.
    """
    harmony, level = _bar_features(sound, basis.first_beat, bar, last)

    def cost(head: int, end: int) -> float:
        apart = end - wanted
        total = 0.5 * _interrupts(basis, head, head + apart) + 0.5 * (end < last)
        for before in (head - 1, head):
            total += 1.0 - float(harmony[before] @ harmony[before + apart])
            total += abs(float(level[before] - level[before + apart])) / _LEVEL_STEP
        return total + sum(
            weight * (not _same_chord(basis, bar, bar + apart))
            for bar, weight in ((head, _CHORD), (head - 1, 1.0))
        )

    ends = {last, max(min(basis.bars, last), wanted + 1)}
    heads = range(_SHORTEST_HEAD, wanted - _SHORTEST_TAIL + 1)
    return min(((head, end) for end in sorted(ends) for head in heads), key=lambda at: cost(*at))


def _bar_features(
    sound: FloatArray, first_beat: float, bar: float, bars: int
) -> tuple[DoubleArray, DoubleArray]:
    """Return each bar's chroma at unit length, (bars, 24), and its level in dB, (bars,)."""
    chroma = chroma_of(sound)
    lines = first_beat + bar * np.arange(bars)
    edges = np.minimum(np.ceil(lines * MOMENTS).astype(int), len(chroma) - 1)
    harmony = np.add.reduceat(chroma, edges, axis=0)
    harmony /= np.maximum(np.linalg.norm(harmony, axis=1, keepdims=True), 1e-9)
    frames = np.minimum(np.round(lines * SAMPLE_RATE).astype(int), len(sound) - 1)
    power = np.add.reduceat(np.einsum("fc,fc->f", sound, sound), frames)
    return harmony, 10.0 * np.log10(power / (bar * SAMPLE_RATE) + 1e-6)


def _same_chord(basis: RemixBasis, bar: int, other: int) -> bool:
    """Return whether two bars begin with the same chord; False unless both are known."""
    known = len(basis.chords) // 2
    return max(bar, other) < known and basis.chords[2 * bar] == basis.chords[2 * other]


def _interrupts(basis: RemixBasis, head: int, tail: int) -> bool:
    """Return whether a join falls within a section, or within four bars where none are known."""
    if not basis.sections:
        return head % 4 != 0 and tail % 4 != 0
    starts = set(accumulate(section.bars for section in basis.sections))
    return head not in starts and tail not in starts


def _slope(frames: int) -> FloatArray:
    """Return a raised cosine from 0, (frames, 1); it and its reverse sum to one."""
    steps = np.linspace(0.0, np.pi, frames, dtype=np.float32)
    return np.asarray(0.5 - 0.5 * np.cos(steps), np.float32)[:, None]

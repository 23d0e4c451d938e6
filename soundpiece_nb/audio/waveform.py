"""The waveform of a piece: peak and RMS levels over its length, and an SVG image of them.

The peaks of a loud master fill the image evenly, so the RMS is drawn inside the peaks. The image
goes into a data address, which an untrusted notebook and an exported page show too.
"""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BINS = 200
"""Stretches of equal length that a piece is divided into."""
MOST_LEVELS = 1000
"""Stretches that a waveform in a journal may have; more than `BINS`, as that may change."""
HALF = 24
"""Height in pixels of the louder half of a wave, above and below the middle."""
COLOUR = "#3b82c4"


@dataclass(frozen=True)
class Levels:
    """Peak and RMS over equal stretches of time, each as whole numbers from 0 to 255."""

    peaks: bytes
    rms: bytes

    def to_bytes(self) -> bytes:
        """Return both, one after the other, as the journal stores them."""
        return self.peaks + self.rms

    @classmethod
    def from_bytes(cls, kept: bytes) -> Levels:
        """Return the levels that `to_bytes` made these bytes of; none of what it cannot have made.

        No bytes are the levels of a take that could not be decoded.
        """
        half = len(kept) // 2 if len(kept) <= 2 * MOST_LEVELS else 0
        return cls(kept[:half], kept[half : 2 * half])


class LevelMeter:
    """Computes levels from blocks of whole numbers while a file is decoded."""

    def __init__(self, frames: int) -> None:
        import numpy as np

        self._stretch = max(1, math.ceil(frames / BINS))
        self._peaks = np.zeros(BINS)
        self._energy = np.zeros(BINS)
        self._counts = np.zeros(BINS)
        self._position = 0

    def add(self, block: npt.NDArray[np.int16 | np.int32]) -> None:
        """Add the next `(frames, channels)` samples, loudest at the least number of their type."""
        import numpy as np

        loudest = -float(np.iinfo(block.dtype).min)
        levels = np.abs(block.astype(np.float32) * np.float32(1 / loudest))
        channel = levels[:, 0]
        for other in range(1, levels.shape[1]):  # far faster than a maximum along the short axis
            channel = np.maximum(channel, levels[:, other])
        ends = self._position, self._position + len(channel) - 1
        first, last = (min(end // self._stretch, BINS - 1) for end in ends)
        present = np.arange(first, last + 1)
        starts = np.maximum(present * self._stretch - self._position, 0)
        self._peaks[present] = np.maximum(
            self._peaks[present], np.maximum.reduceat(channel, starts)
        )
        self._energy[present] += np.add.reduceat(channel**2, starts)
        self._counts[present] += np.diff(starts, append=len(channel))
        self._position += len(channel)

    def levels(self) -> Levels:
        """Return the levels; a short piece has fewer stretches."""
        import numpy as np

        used = max(1, int(np.count_nonzero(self._counts)))
        rms = np.sqrt(self._energy[:used] / np.maximum(self._counts[:used], 1))
        return Levels(_octets(self._peaks[:used]), _octets(rms))


def halved(levels: Levels) -> Levels:
    """Return levels for half the width: higher peak and mean RMS of each two stretches.

    A last one without a neighbour stays as it is.
    """
    return Levels(
        bytes(max(pair) for pair in _pairs(levels.peaks)),
        bytes(sum(pair) // len(pair) for pair in _pairs(levels.rms)),
    )


def draw(levels: Levels) -> str:
    """Return the waveform as the text of an SVG image: a flat line where there are no levels."""
    peaks, rms = (sort or _FLAT for sort in (levels.peaks, levels.rms))
    width = 4 * len(peaks)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {2 * HALF}" '
        f'preserveAspectRatio="none" stroke="{COLOUR}" stroke-width="2.6">'
        f'<path opacity=".42" d="{_bars(peaks)}"/>'
        f'<path d="{_bars(rms)}"/></svg>'
    )


def data_address(svg: str) -> str:
    """Return an SVG as the address of an `<img>`."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


_FLAT = bytes(BINS)
"""The levels of silence."""


def _pairs(levels: bytes) -> list[bytes]:
    return [levels[at : at + 2] for at in range(0, len(levels), 2)]


def _bars(levels: bytes) -> str:
    """Return an SVG path of a vertical stroke for each level, in relative moves to be short."""
    strokes = []
    bottom = HALF
    column = 2
    for level in levels:
        height = max(1, round(level * HALF / 255))
        top = HALF - height
        step = top - bottom
        # A step goes up, so that its minus sign separates the numbers.
        strokes.append(f"m{column}{step}v{2 * height}")
        bottom = top + 2 * height
        column = 4
    return f"M0 {HALF}" + "".join(strokes)


def _octets(levels: npt.NDArray[np.float64]) -> bytes:
    import numpy as np

    return np.clip(np.round(levels * 255), 0, 255).astype(np.uint8).tobytes()

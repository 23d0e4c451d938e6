"""Loudness, tempo and centroid of a take, measured in one pass over its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from soundpiece_nb.audio.decoding import CannotDecode, opened
from soundpiece_nb.audio.verification import NotIntact

from .loudness import LoudnessMeter
from .tempo import LONGEST, tempo_of

VERSION = 2
"""Version of the methods, stored with the figures so that a later one measures again."""

METHODS = {
    "loudness": "LUFS, integrated over the whole take by ITU-R BS.1770-4.",
    "tempo": "Beats per minute, from how onsets repeat in the middle two minutes; "
    "left out where it is not clear.",
    "centroid": "Hz, the mean frequency weighted by magnitude over all that sounds: "
    "higher is brighter.",
}
"""Each figure's unit and method, in words for people."""

_SIZE = 2048
"""Frames of a spectrum; a block is a whole number of them."""

_SILENCE = 10.0 ** (-70.0 / 20.0)
"""RMS, relative to full scale, below which a spectrum is left out as silence."""


@dataclass(frozen=True)
class Figures:
    """The measurements of a take; None where it has no such figure, as silence has no loudness."""

    loudness: float | None
    """LUFS."""
    tempo: float | None
    """Beats per minute."""
    centroid: float | None
    """Hz."""


def measure(path: Path) -> Figures:
    """Measure a FLAC file; raises NotIntact where it cannot be decoded, else OSError.

    Takes about 0.4 seconds of processor time for 90 seconds of stereo, mostly without holding the
    interpreter: call it off the main thread. An hour takes hardly more memory than three minutes.
    """
    try:
        with opened(path) as sound:
            loudness, centroid = LoudnessMeter(sound.sample_rate), _CentroidMeter(sound.sample_rate)
            first, last = _middle(sound.frames, sound.sample_rate)
            middle = [np.zeros(0, np.float32)]
            position = 0
            for block in sound.floats():
                mono = np.einsum("fc->f", block) / sound.channels
                loudness.add(block)
                centroid.add(mono)
                in_middle = mono[max(first - position, 0) : max(last - position, 0)]
                middle.append(in_middle.copy())  # even an empty view would keep its whole block
                position += len(block)
            tempo = tempo_of(np.concatenate(middle), sound.sample_rate)
    except CannotDecode:
        raise NotIntact("The file cannot be decoded as audio.") from None
    return Figures(loudness.lufs(), tempo, centroid.hertz())


def _middle(frames: int, sample_rate: int) -> tuple[int, int]:
    """Return the first frame of the part that has the tempo, and the one after its last."""
    length = min(frames, round(LONGEST * sample_rate))
    first = (frames - length) // 2
    return first, first + length


class _CentroidMeter:
    """Measures the centroid of the mean spectrum from blocks of mono samples, without silence."""

    def __init__(self, sample_rate: int) -> None:
        self._frequencies = np.fft.rfftfreq(_SIZE, 1 / sample_rate)
        self._spectrum = np.zeros(len(self._frequencies))

    def add(self, block: npt.NDArray[np.float32]) -> None:
        """Add the next `(frames,)` samples: whole spectra, except at the end."""
        pieces = np.pad(block, (0, -len(block) % _SIZE)).reshape(-1, _SIZE)
        pieces -= pieces.mean(axis=1, keepdims=True)  # a constant is inaudible
        audible = pieces[np.einsum("pf,pf->p", pieces, pieces) > _SIZE * _SILENCE**2]
        spectra = np.abs(np.fft.rfft(audible * np.hanning(_SIZE).astype(np.float32)))
        self._spectrum += spectra.sum(axis=0)

    def hertz(self) -> float | None:
        """Return the centroid of the mean spectrum in Hz; None for silence."""
        whole = float(self._spectrum.sum())
        return float(self._spectrum @ self._frequencies) / whole if whole else None

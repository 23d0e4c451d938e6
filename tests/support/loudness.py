"""Loudness as others measure it."""

from __future__ import annotations

import numpy as np


def lufs(sound: np.ndarray, rate: int = 44_100) -> float:
    """Return a sound's integrated loudness, (frames, channels), by ITU-R BS.1770."""
    import pyloudnorm  # takes a second, which most of the processes that collect tests can spare

    return float(pyloudnorm.Meter(rate).integrated_loudness(sound))

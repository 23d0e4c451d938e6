"""Loudness as pyloudnorm measures it."""

from __future__ import annotations

import numpy as np


def lufs(sound: np.ndarray, rate: int = 44_100) -> float:
    """Return a sound's integrated loudness, (frames, channels), by ITU-R BS.1770."""
    import pyloudnorm  # its import takes a second, which most test processes do not need

    return float(pyloudnorm.Meter(rate).integrated_loudness(sound))

"""Sound files: reading any, writing FLAC. Runs in the worker processes."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from soundpiece_sandbox.rendering.take_request import Sound, UnreadableSoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DISCLAIMER = "Made by the Soundpiece sandbox, not by Soundpiece's model"

SAMPLE_RATE = 44_100

_LONGEST_SOURCE = 600 * 48_000
"""Frames, ten minutes at 48 kHz: a service takes songs, not archives."""

_BLOCK = 2**18


def as_pcm(sound: "NDArray[np.float32]") -> "NDArray[np.int16]":
    """Round (frames, channels) samples to 16 bit, as libsndfile reads them back."""
    import numpy as np

    rounded = np.clip(np.rint(sound * np.float32(32_768)), -32_768, 32_767)
    return np.asarray(rounded, np.int16)


def as_sound(samples: "NDArray[np.int16]") -> "NDArray[np.float32]":
    """Turn 16-bit samples into float32 in -1 to 1, as libsndfile reads them."""
    import numpy as np

    return np.asarray(samples, np.float32) / np.float32(32_768)


def read_pcm(sound: Sound) -> "NDArray[np.int32]":
    """Read a sound as (frames, 2) samples of 16 bit, with room to add and subtract them."""
    import numpy as np
    import soundfile

    if sound.made_by is None:
        return as_pcm(read_sound(sound)).astype(np.int32)
    samples, _ = soundfile.read(sound.file, dtype="int16", always_2d=True)
    return np.asarray(samples, np.int32)


def read_sound(sound: Sound) -> "NDArray[np.float32]":
    """Read any sound as (frames, 2) float32 at 44.1 kHz.

    The first two channels are read. Raises UnreadableSoundError for a file that is no sound, is
    empty or lasts over ten minutes (at 48 kHz).
    """
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(sound.file) as file:
            rate, frames = file.samplerate, file.frames
            if not 0 < frames <= _LONGEST_SOURCE:
                raise UnreadableSoundError("The provided source is empty or over ten minutes.")
            blocks = file.blocks(_BLOCK, dtype="float32", always_2d=True)
            samples = np.concatenate([block[:, :2].copy() for block in blocks])
    except soundfile.LibsndfileError:
        raise UnreadableSoundError("The provided source could not be read as audio.") from None
    if rate != SAMPLE_RATE:
        samples = _resampled(samples, rate)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    return np.asarray(np.nan_to_num(samples, posinf=1.0, neginf=-1.0), np.float32)


def write_flac(samples: "NDArray[np.int16]", title: str, file: Path) -> float:
    """Write (frames, channels) samples into a FLAC file, which appears whole or not at all.

    Returns its length in seconds.
    """
    import soundfile

    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    with soundfile.SoundFile(
        unfinished, "w", SAMPLE_RATE, samples.shape[1], "PCM_16", format="FLAC"
    ) as sound:
        sound.title = title
        sound.comment = DISCLAIMER
        sound.write(samples)
    unfinished.replace(file)
    return float(round(len(samples) / SAMPLE_RATE, 3))


def _resampled(samples: "NDArray[np.float32]", rate: int) -> "NDArray[np.float32]":
    from math import gcd

    import numpy as np
    from scipy.signal import resample_poly

    common = gcd(rate, SAMPLE_RATE)
    return np.asarray(resample_poly(samples, SAMPLE_RATE // common, rate // common), np.float32)

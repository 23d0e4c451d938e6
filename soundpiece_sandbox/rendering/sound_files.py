"""Sound files: audio files of any format are read, FLAC files written. It runs in the workers."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from soundpiece_sandbox.rendering.take_request import SourceFile, UnreadableSoundError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DISCLAIMER = "Made by the Soundpiece sandbox, not by Soundpiece's model"

SAMPLE_RATE = 44_100

_MAX_SOURCE_SECONDS = 600
_MAX_SOURCE_FRAMES = _MAX_SOURCE_SECONDS * 48_000
"""Ten minutes at 48 kHz."""

_MAX_SOURCE_RATE = 384_000
"""The highest in use; the memory to change a rate grows with it, and a file may state any."""

_BLOCK_SAMPLES = 2**19
"""Of all channels together: a file may have a thousand."""


def to_pcm16(sound: "NDArray[np.float32]") -> "NDArray[np.int16]":
    """Return (frames, channels) float32 samples rounded to 16 bit, as libsndfile scales them."""
    import numpy as np

    rounded = np.clip(np.rint(sound * np.float32(32_768)), -32_768, 32_767)
    return np.asarray(rounded, np.int16)


def from_pcm16(samples: "NDArray[np.int16]") -> "NDArray[np.float32]":
    """Return 16-bit samples as float32 from -1 to 1, as libsndfile scales them."""
    import numpy as np

    return np.asarray(samples, np.float32) / np.float32(32_768)


def read_pcm16(sound: SourceFile) -> "NDArray[np.int32]":
    """Return a sound's (frames, 2) samples of 16 bit, as int32 so that sums cannot overflow."""
    import numpy as np
    import soundfile

    if sound.made_by is None:
        return to_pcm16(read_audio(sound)).astype(np.int32)
    samples, _ = soundfile.read(sound.file, dtype="int16", always_2d=True)
    return np.asarray(samples, np.int32)


def read_audio(sound: SourceFile) -> "NDArray[np.float32]":
    """Return the first two channels of any audio file, (frames, 2) float32 at 44.1 kHz.

    Raises UnreadableSoundError for a file that libsndfile cannot read, is empty, lasts over ten
    minutes (at 48 kHz, or less at a higher rate), or states a rate over 384 kHz.
    """
    import numpy as np
    import soundfile

    try:
        with soundfile.SoundFile(sound.file) as file:
            rate, frames = file.samplerate, file.frames
            if rate > _MAX_SOURCE_RATE:
                raise UnreadableSoundError("The provided source has a sample rate over 384 kHz.")
            if not 0 < frames <= min(_MAX_SOURCE_FRAMES, _MAX_SOURCE_SECONDS * rate):
                raise UnreadableSoundError("The provided source is empty or over ten minutes.")
            block = max(_BLOCK_SAMPLES // file.channels, 1)
            blocks = file.blocks(block, dtype="float32", always_2d=True)
            samples = np.concatenate([block[:, :2].copy() for block in blocks])
    except soundfile.LibsndfileError:
        raise UnreadableSoundError("The provided source could not be read as audio.") from None
    if rate != SAMPLE_RATE:
        samples = _resampled(samples, rate)
    if samples.shape[1] == 1:
        samples = np.repeat(samples, 2, axis=1)
    return np.asarray(np.nan_to_num(samples, posinf=1.0, neginf=-1.0), np.float32)


def write_flac(samples: "NDArray[np.int16]", title: str, file: Path) -> float:
    """Write (frames, channels) samples to a FLAC file and return its length in seconds.

    The file appears whole or not at all.
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

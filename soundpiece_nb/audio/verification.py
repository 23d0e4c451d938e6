"""Verification of a FLAC file by the checksums of its frames and the MD5 of its samples.

A walk over the frames shows that the file is whole, that nothing else is in it, and how long it
lasts. Then one pass decodes it, compares the MD5 with the one that its encoder wrote into
STREAMINFO (RFC 9639, section 8.2), and computes the waveform.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .decoding import DIRECT, MOST_SAMPLES, CannotDecode, opened
from .flac_frames import Audio, TooLong, walk
from .flac_metadata import NotIntact, StreamInfo, read_stream_info
from .waveform import LevelMeter

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["NotIntact", "Take", "read", "verify"]

MOST_SECONDS = 3600.0
"""Seconds that a file may last of which nothing was said; pieces last minutes."""

MOST_TIMES, MORE_SECONDS = 1.5, 10.0
"""A file may last so many times as long as was said, and so many seconds more.

A piece may fade out late, yet a small file that decodes to hours is not the one that was asked for.
"""


@dataclass(frozen=True)
class Take:
    """The content of a verified file; `sample_rate` in Hz."""

    frames: int
    sample_rate: int
    channels: int
    md5: str
    """Of the samples. Of depths that cannot be decoded here, as STREAMINFO says, or empty."""
    size: int
    """Bytes of the file."""
    waveform: bytes
    """RMS and peak levels, see `waveform.Levels`; empty where it cannot be decoded."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def verify(path: Path, claimed_seconds: float | None = None) -> Take:
    """Compare a whole file with its own checksums; raises NotIntact, or OSError.

    Every frame has one. An encoder that writes to a pipe leaves out the number of frames and the
    MD5 of all samples; what it tells is compared. MD5 needs decoding, which libsndfile does of 8,
    12, 16, 20, 24 and 32 bits; other depths are verified without.

    What lasts longer than the service claimed is refused before it is decoded; see MOST_TIMES.
    """
    with path.open("rb") as file:
        info = read_stream_info(file)
        most = _most_frames(info, claimed_seconds)
        try:
            if info.frames > most:
                raise TooLong
            audio = walk(file, info, most)
        except TooLong:
            seconds = f"{most / info.sample_rate:,.0f} seconds"
            raise NotIntact(f"The audio is longer than the {seconds} that it may last.") from None
        size = file.seek(0, os.SEEK_END)
    if info.frames not in (0, audio.frames):
        raise NotIntact(f"The audio has {audio.frames} of {info.frames} frames.")
    told = info.md5.hex() if any(info.md5) else ""
    try:
        md5, waveform = _decode(path, info, audio)
    except CannotDecode:
        if info.bits in DIRECT:
            raise NotIntact("The FLAC file is damaged: it cannot be decoded.") from None
        md5, waveform = told, b""
    if told not in ("", md5):
        raise NotIntact("The audio is not what its own checksum says.")
    return Take(
        frames=audio.frames,
        sample_rate=info.sample_rate,
        channels=info.channels,
        md5=md5,
        size=size,
        waveform=waveform,
    )


def read(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """Return a file's samples as `(frames, channels)` float32 within ±1, and its rate in Hz.

    Raises CannotDecode, or OSError.
    """
    import numpy as np

    with opened(path) as sound:
        samples = np.empty((sound.frames, sound.channels), np.float32)
        position = 0
        for block in sound.floats():
            samples[position : position + len(block)] = block
            position += len(block)
    return samples, sound.sample_rate


def _most_frames(info: StreamInfo, claimed_seconds: float | None) -> int:
    """Return the most frames that a file may have."""
    most = MOST_SAMPLES // info.channels
    seconds = MOST_SECONDS
    if claimed_seconds is not None and 0 <= claimed_seconds < math.inf:
        seconds = MOST_TIMES * claimed_seconds + MORE_SECONDS
    return min(most, int(seconds * info.sample_rate))


def _decode(path: Path, info: StreamInfo, audio: Audio) -> tuple[str, bytes]:
    """Return the MD5 of a file's samples, and its waveform; raises CannotDecode."""
    digest = hashlib.md5(usedforsecurity=False)
    meter = LevelMeter(audio.frames)
    with opened(path, (info, audio)) as sound:
        for block in sound.blocks():
            digest.update(_stored_bytes(block, info.bits))
            meter.add(block)
    return digest.hexdigest(), meter.levels().to_bytes()


def _stored_bytes(block: npt.NDArray[np.int32], bits: int) -> bytes:
    """Return samples as STREAMINFO's MD5 takes them: little-endian, whole bytes, interleaved.

    libsndfile returns samples of any depth in the upper bits of 32.
    """
    whole_bytes = (bits + 7) // 8
    lowered = block >> (32 - bits)
    if whole_bytes != _BYTES_OF_24_BITS:
        return lowered.astype(f"<i{whole_bytes}").tobytes()
    octets = lowered.astype("<i4").view("u1").reshape(-1, 4)
    return octets[:, :whole_bytes].tobytes()


_BYTES_OF_24_BITS = 3
"""Bytes of a 24-bit sample, for which numpy has no type."""

"""Verification of a FLAC file by the checksums of its frames and the MD5 of its samples.

A walk over the frames shows that the file is whole, that nothing else is in it, and how long it
lasts. What it has found whole is decoded, for the MD5 that its encoder wrote into STREAMINFO
(RFC 9639, section 8.2) and for the waveform, while the rest is still being downloaded.
"""

from __future__ import annotations

import hashlib
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from .decoding import DIRECT, MOST_SAMPLES, CannotDecode, bits_to_tell, decode, opened
from .flac_frame_headers import LONGEST
from .flac_frames import Stretch, Walk
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

WORTH_DECODING = 256 * 1024
"""Bytes that are decoded before the rest has come; a second of stereo is half of it."""


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
    return Verification(path, claimed_seconds).finish()


class Verification:
    """Verifies a file while it grows, so that there is little left to do when its last byte comes.

    It holds no file open between two steps. Whatever is wrong, `finish` says it.
    """

    def __init__(self, path: Path, claimed_seconds: float | None = None) -> None:
        self.claimed_seconds = claimed_seconds
        self._path = path
        self._audio: _AudioCheck | None = None
        self._problem: Exception | None = None

    def go_on(self) -> None:
        """Verify as many whole frames as have come since."""
        if self._problem is None:
            try:
                with self._path.open("rb") as file:
                    if self._audio or _has_begun(file):
                        self._check(file)
            except Exception as problem:  # noqa: BLE001 - `finish` raises it
                self._problem = problem

    def finish(self) -> Take:
        """Verify the rest of the file, which is whole now; raises as `verify` does."""
        if self._problem is not None:
            raise self._problem
        with self._path.open("rb") as file:
            return self._check(file).finish(file)

    def _check(self, file: BinaryIO) -> _AudioCheck:
        """Check what is there, from where that ended before."""
        if self._audio is None:
            self._audio = _AudioCheck(file, read_stream_info(file), self.claimed_seconds)
        self._audio.go_on(file)
        return self._audio


class _AudioCheck:
    """The frames of one file, checked, decoded and measured one after the other."""

    def __init__(self, file: BinaryIO, info: StreamInfo, claimed_seconds: float | None) -> None:
        self._info = info
        self._walk = Walk(file, info, _most_frames(info, claimed_seconds))
        self._decoded = info.end, 0
        self._digest = hashlib.md5(usedforsecurity=False)
        self._meter = LevelMeter(info.frames)

    def go_on(self, file: BinaryIO) -> None:
        """Check all that is there.

        Whole frames are decoded at once if it is said how many there are, and that may be true.
        """
        info, walk = self._info, self._walk
        while walk.go_on(file):
            end, samples = walk.whole
            much = end - self._decoded[0] >= WORTH_DECODING
            if much and info.bits in DIRECT and walk.samples <= info.frames:
                try:
                    self._decode(file, end, samples, bits=info.bits, frames=info.frames)
                except CannotDecode:
                    raise NotIntact(_UNDECODABLE) from None

    def finish(self, file: BinaryIO) -> Take:
        """Check the end, decode what is left, and compare."""
        info, audio = self._info, self._walk.finish(file)
        if info.frames not in (0, audio.frames):
            raise NotIntact(f"The audio has {audio.frames} of {info.frames} frames.")
        told = info.md5.hex() if any(info.md5) else ""
        try:
            bits = bits_to_tell(info, audio)
            if not info.frames:
                self._meter = LevelMeter(audio.frames)
            self._decode(file, audio.end, audio.frames, bits=bits, frames=audio.frames)
            md5, waveform = self._digest.hexdigest(), self._meter.levels().to_bytes()
        except CannotDecode:
            if info.bits in DIRECT:
                raise NotIntact(_UNDECODABLE) from None
            md5, waveform = told, b""
        if told not in ("", md5):
            raise NotIntact("The audio is not what its own checksum says.")
        return Take(
            frames=audio.frames,
            sample_rate=info.sample_rate,
            channels=info.channels,
            md5=md5,
            size=file.seek(0, os.SEEK_END),
            waveform=waveform,
        )

    def _decode(self, file: BinaryIO, end: int, samples: int, *, bits: int, frames: int) -> None:
        """Decode on to a position, up to which there are so many samples of each channel."""
        start, before = self._decoded
        stretch = Stretch(start, end, samples - before)
        for block in decode(file, self._info, stretch, bits=bits, frames=frames):
            self._digest.update(_stored_bytes(block, self._info.bits))
            self._meter.add(block)
        self._decoded = end, samples


def _has_begun(file: BinaryIO) -> bool:
    """Tell whether all metadata of a growing file is there, and a beginning of its sound."""
    try:
        return read_stream_info(file).end + LONGEST <= file.seek(0, os.SEEK_END)
    except NotIntact:
        return False


_UNDECODABLE = "The FLAC file is damaged: it cannot be decoded."


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


def _stored_bytes(block: npt.NDArray[np.int16 | np.int32], bits: int) -> bytes | memoryview:
    """Return samples as STREAMINFO's MD5 takes them: little-endian, whole bytes, interleaved."""
    if block.dtype == "int16":
        return block.astype("<i2", copy=False).data
    whole_bytes = (bits + 7) // 8
    lowered = block >> (32 - bits)
    if whole_bytes != _BYTES_OF_24_BITS:
        return lowered.astype(f"<i{whole_bytes}").tobytes()
    octets = lowered.astype("<i4").view("u1").reshape(-1, 4)
    return octets[:, :whole_bytes].tobytes()


_BYTES_OF_24_BITS = 3
"""Bytes of a 24-bit sample, for which numpy has no type."""

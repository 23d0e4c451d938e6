"""Verification of a FLAC file by the checksums of its frames and the MD5 of its samples.

A walk over the frames shows that the file is whole, that nothing else is in it, and how long it
lasts. What it has found whole is decoded, for the MD5 that its encoder wrote into STREAMINFO
(RFC 9639, section 8.2) and for the waveform, while the rest is still being downloaded.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

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

AHEAD = 8
"""Blocks that a thread decodes while another is at those before them: up to 17 MB of 8 channels,
however many samples a few bytes hold."""


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

    Several threads may do so at once. No file is held open between two steps.
    """

    def __init__(self, path: Path, claimed_seconds: float | None = None) -> None:
        self.claimed_seconds = claimed_seconds
        self._path = path
        self._audio: _AudioCheck | None = None
        self._beginning = threading.Lock()

    def go_on(self) -> None:
        """Verify the whole frames that have come since; `finish` says what is wrong with them."""
        with suppress(NotIntact, OSError), self._path.open("rb") as file:
            if self._audio or _has_begun(file):
                self._begun(file).go_on(file)

    def finish(self) -> Take:
        """Verify the rest of the file, which is whole now; raises as `verify` does."""
        try:
            with self._path.open("rb") as file:
                return self._begun(file).finish(file)
        except CannotDecode:
            raise NotIntact("The FLAC file is damaged: it cannot be decoded.") from None

    def _begun(self, file: BinaryIO) -> _AudioCheck:
        with self._beginning:
            if self._audio is None:
                self._audio = _AudioCheck(file, read_stream_info(file), self.claimed_seconds)
            return self._audio


class _Part(NamedTuple):
    """A part of a file that one thread decodes."""

    stretch: Stretch
    before: Future[None]
    """The part before it, once that is measured."""
    measured: Future[None]


class _AudioCheck:
    """The frames of one file: found in order, decoded by several threads, measured in order."""

    def __init__(self, file: BinaryIO, info: StreamInfo, claimed_seconds: float | None) -> None:
        self._info = info
        self._walk = Walk(file, info, _most_frames(info, claimed_seconds))
        self._walking = threading.Lock()
        self._refusal: Exception | None = None
        self._walked = info.end, 0
        self._measured: Future[None] = Future()
        self._measured.set_result(None)
        self._digest = hashlib.md5(usedforsecurity=False)
        self._meter = LevelMeter(info.frames)

    def go_on(self, file: BinaryIO) -> None:
        """Check all that is there.

        Whole frames are decoded at once if it is said how many there are, and that may be true.
        Raises NotIntact, CannotDecode, or OSError.
        """
        info, more = self._info, True
        while more:
            part = None
            with self._walk_of_one_thread() as walk:
                more = walk.go_on(file)
                end, samples = walk.whole
                much = end - self._walked[0] >= WORTH_DECODING
                if much and info.bits in DIRECT and walk.samples <= info.frames:
                    part = self._next_part(end, samples)
            if part is not None:
                self._decode(file, part, bits=info.bits, frames=info.frames)

    def finish(self, file: BinaryIO) -> Take:
        """Check the rest, decode what is left, and compare; raises as `go_on` does."""
        info = self._info
        self.go_on(file)
        with self._walk_of_one_thread() as walk:
            audio = walk.finish(file)
            part = self._next_part(audio.end, audio.frames)
        if info.frames not in (0, audio.frames):
            raise NotIntact(f"The audio has {audio.frames} of {info.frames} frames.")
        if not info.frames:
            self._meter = LevelMeter(audio.frames)
        told = info.md5.hex() if any(info.md5) else ""
        try:
            self._decode(file, part, bits=bits_to_tell(info, audio), frames=audio.frames)
            md5, waveform = self._digest.hexdigest(), self._meter.levels().to_bytes()
        except CannotDecode:
            if info.bits in DIRECT:
                raise
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

    @contextmanager
    def _walk_of_one_thread(self) -> Iterator[Walk]:
        """Lend the walk to one thread at a time; what it raised once, it raises again."""
        with self._walking:
            if self._refusal is not None:
                raise self._refusal
            try:
                yield self._walk
            except Exception as refusal:
                self._refusal = refusal
                raise

    def _next_part(self, end: int, samples: int) -> _Part:
        """Return the part up to a position, before which there are so many samples in all."""
        start, before = self._walked
        self._walked = end, samples
        part = _Part(Stretch(start, end, samples - before), self._measured, Future())
        self._measured = part.measured
        return part

    def _decode(self, file: BinaryIO, part: _Part, *, bits: int, frames: int) -> None:
        """Decode a part, and measure it after those before it, whose errors it raises too."""
        try:
            blocks = decode(file, self._info, part.stretch, bits=bits, frames=frames)
            ahead = list(islice(blocks, AHEAD))
            part.before.result()
            for block in chain(ahead, blocks):
                self._digest.update(_stored_bytes(block, self._info.bits))
                self._meter.add(block)
            part.measured.set_result(None)
        except Exception as error:
            part.measured.set_exception(error)
            raise


def _has_begun(file: BinaryIO) -> bool:
    """Tell whether all metadata of a growing file is there, and a beginning of its sound."""
    try:
        return read_stream_info(file).end + LONGEST <= file.seek(0, os.SEEK_END)
    except NotIntact:
        return False


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

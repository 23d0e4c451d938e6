"""Decoding of FLAC files by libsndfile, with those that it would decline by their first bytes.

libsndfile decodes 8, 16 and 24 bits of a known number of frames. Its decoder can do more, so files
of 12, 20 or 32 bits, or of unknown length, are lent to it with another STREAMINFO.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from .flac_frames import Audio, walk
from .flac_metadata import NotIntact, StreamInfo, read_stream_info

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BLOCK = 1 << 16
"""Frames decoded at a time, so that an hour takes no more memory than a minute."""

MOST_SAMPLES = 1_000_000_000
"""Frames times channels of a file that is decoded: three hours of stereo at 44.1 kHz.

That takes about ten seconds, and fits into the four gigabytes of a WAV file at any depth.
"""

DIRECT = (8, 16, 24)
"""Bits a sample that libsndfile takes as they are."""

_LENT_AS = {12: 16, 20: 24, 32: 24}
"""Bits that STREAMINFO is made to say; the frames themselves say theirs, which counts."""


class CannotDecode(OSError):
    """A file's sound cannot be decoded or played here; `strerror` says why, in a sentence."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.strerror = why


@dataclass(frozen=True)
class Sound:
    """An open file's sound; `sample_rate` in Hz, `bits` a sample, `frames` in all."""

    sample_rate: int
    channels: int
    bits: int
    frames: int
    _file: Any

    def blocks(self) -> Iterator[npt.NDArray[np.int32]]:
        """Yield all `(frames, channels)` samples, of whatever depth in the upper bits of 32.

        Raises CannotDecode, also if they are fewer than `frames`.
        """
        left = self.frames
        while left:
            with _translated():
                block = self._file.read(min(BLOCK, left), dtype="int32", always_2d=True)
            if not len(block):
                raise CannotDecode(_DAMAGED)
            left -= len(block)
            yield block

    def floats(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield all samples as float32 within ±1; raises CannotDecode as `blocks` does."""
        import numpy as np

        for block in self.blocks():
            yield block.astype(np.float32) * np.float32(2.0**-31)


@contextmanager
def opened(path: Path, found: tuple[StreamInfo, Audio] | None = None) -> Iterator[Sound]:
    """Open a FLAC file to decode it; `found` is what was already found in it.

    Raises CannotDecode, or OSError where the file cannot be read.
    """
    import soundfile

    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        with _translated():
            info, audio = found or (read_stream_info(file), None)
            most = MOST_SAMPLES // info.channels
            if info.frames > most:
                raise CannotDecode("The audio is too long to be decoded.")
            source: Any = path
            if info.bits not in DIRECT or not info.frames or info.start:
                audio = audio or walk(file, info, most)
                source = _lent(file, info, audio)
            decoder = stack.enter_context(soundfile.SoundFile(source))
        frames = audio.frames if audio else info.frames
        yield Sound(info.sample_rate, info.channels, info.bits, frames, decoder)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise errors of the decoder and of a damaged file as CannotDecode."""
    import soundfile

    try:
        yield
    except NotIntact as error:
        raise CannotDecode(str(error)) from None
    except soundfile.SoundFileError:
        raise CannotDecode(_DAMAGED) from None


_DAMAGED = "The FLAC file is damaged or cut short: it cannot be decoded."


def _lent(file: BinaryIO, info: StreamInfo, audio: Audio) -> _Lent:
    """Return a file as libsndfile takes it; raises CannotDecode where there is no such way."""
    bits = info.bits if info.bits in DIRECT else _LENT_AS.get(info.bits)
    if bits is None or (bits != info.bits and not audio.names_bits):
        raise CannotDecode(f"FLAC of {info.bits} bits a sample cannot be decoded here.")
    return _Lent(file, info.start, audio.end, info.retold(bits=bits, frames=audio.frames))


class _Lent(io.RawIOBase):
    """A file from `start` to `end`, with other bytes at its beginning."""

    def __init__(self, file: BinaryIO, start: int, end: int, beginning: bytes) -> None:
        super().__init__()
        self._file = file
        self._start = start
        self._size = end - start
        self._beginning = beginning
        self._at = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from any position."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position and return it."""
        origin = (0, self._at, self._size)[whence]
        self._at = max(0, origin + offset)
        return self._at

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Read as many bytes as there are, and fit."""
        wanted = min(len(buffer), self._size - self._at)
        part = self._beginning[self._at : self._at + max(0, wanted)]
        if not part and wanted > 0:
            try:
                self._file.seek(self._start + self._at)
                part = self._file.read(wanted)
            except OSError:  # a traceback of a callback would be printed
                part = b""
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

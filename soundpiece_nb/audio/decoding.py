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

from .flac_frames import Audio, Stretch, walk
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
        return _blocks(self._file, self.frames, "int32")

    def floats(self) -> Iterator[npt.NDArray[np.float32]]:
        """Yield all samples as float32 within ±1; raises CannotDecode as `blocks` does."""
        import numpy as np

        for block in self.blocks():
            yield block.astype(np.float32) * np.float32(2.0**-31)


@contextmanager
def opened(path: Path) -> Iterator[Sound]:
    """Open a FLAC file to decode it; raises CannotDecode, or OSError where it cannot be read."""
    from .sequential_reading import SequentialSoundFile

    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        with _translated():
            info = read_stream_info(file)
            most = MOST_SAMPLES // info.channels
            if info.frames > most:
                raise CannotDecode("The audio is too long to be decoded.")
            source: Any = path
            frames = info.frames
            if info.bits not in DIRECT or not info.frames or info.start:
                audio = walk(file, info, most)
                frames = audio.frames
                begun = info.retold(bits=bits_to_tell(info, audio), frames=frames)
                source = _lent(file, begun, info.end, audio.end)
            decoder = stack.enter_context(SequentialSoundFile(source))
        yield Sound(info.sample_rate, info.channels, info.bits, frames, decoder)


def decode(
    file: BinaryIO, info: StreamInfo, stretch: Stretch, *, bits: int, frames: int
) -> Iterator[npt.NDArray[np.int16 | np.int32]]:
    """Yield the `(frames, channels)` samples of some of a file's frames, all others aside.

    Those of 16 bits come as they are, others in the upper bits of 32. `bits` and `frames` are what
    STREAMINFO has to say of the whole: see `bits_to_tell`. Raises CannotDecode, or OSError.
    """
    from .sequential_reading import SequentialSoundFile

    begun = info.retold(bits=bits, frames=frames)
    with _translated():
        decoder = SequentialSoundFile(_lent(file, begun, stretch.start, stretch.end))
    with decoder:
        kind = "int16" if info.bits == 16 else "int32"  # noqa: PLR2004 - numpy has a type for it
        yield from _blocks(decoder, stretch.frames, kind)


def bits_to_tell(info: StreamInfo, audio: Audio) -> int:
    """Return the bits a sample that STREAMINFO has to say; raises CannotDecode where none do."""
    bits = info.bits if info.bits in DIRECT else _LENT_AS.get(info.bits)
    if bits is None or (bits != info.bits and not audio.names_bits):
        raise CannotDecode(f"FLAC of {info.bits} bits a sample cannot be decoded here.")
    return bits


def _blocks(decoder: Any, frames: int, kind: str) -> Iterator[npt.NDArray[Any]]:
    """Yield so many frames of an open sound; raises CannotDecode, also if there are fewer."""
    while frames:
        with _translated():
            block = decoder.read(min(BLOCK, frames), dtype=kind, always_2d=True)
        if not len(block):
            raise CannotDecode(_DAMAGED)
        frames -= len(block)
        yield block


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


def _lent(file: BinaryIO, beginning: bytes, start: int, end: int) -> BinaryIO:
    """Return a file's bytes from `start` to `end` as a file, behind another beginning."""
    return io.BufferedReader(_Lent(file, beginning, start, end), LENT_AT_ONCE)


LENT_AT_ONCE = 1 << 16
"""Bytes; libFLAC asks for eight times fewer."""


class _Lent(io.RawIOBase):
    """A beginning, and a file from `start` to `end`."""

    def __init__(self, file: BinaryIO, beginning: bytes, start: int, end: int) -> None:
        super().__init__()
        self._file = file
        self._start = start - len(beginning)
        self._size = end - self._start
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

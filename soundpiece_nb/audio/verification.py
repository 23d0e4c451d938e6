"""Verification of a FLAC file by the MD5 of its samples, and reading of its samples.

One pass decodes the file, compares the MD5 with the one that its encoder wrote into STREAMINFO
(RFC 9639, section 8.2), and computes the waveform.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BLOCK = 1 << 16
"""Frames decoded at a time, so that an hour takes no more memory than a minute."""


class NotIntact(Exception):
    """The file is not FLAC, is cut short, or holds other samples than its encoder wrote."""


@dataclass(frozen=True)
class Take:
    """The content of a verified file; `md5` is of its samples, `sample_rate` in Hz."""

    frames: int
    sample_rate: int
    channels: int
    md5: str
    size: int
    """Bytes of the file."""
    waveform: bytes
    """RMS and peak levels, see `waveform.Levels`."""

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.frames / self.sample_rate


def verify(path: Path) -> Take:
    """Decode a whole file and compare it with its own checksum; raises NotIntact.

    A checksum of zero means that the encoder did not write one: then only the number of frames is
    compared. Decoders ignore bytes after the last frame, so the file must also end with a frame;
    its length in bytes is checked by the download.
    """
    import mutagen
    import soundfile
    from mutagen.flac import FLAC

    from .waveform import LevelMeter

    try:
        info = FLAC(path).info
        with soundfile.SoundFile(path) as sound:
            meter = LevelMeter(info.total_samples)
            digest = hashlib.md5(usedforsecurity=False)
            frames = 0
            for block in sound.blocks(blocksize=BLOCK, dtype="int32", always_2d=True):
                frames += len(block)
                digest.update(_stored_bytes(block, info.bits_per_sample))
                meter.add(block)
    except (mutagen.MutagenError, soundfile.SoundFileError, EOFError, OSError) as error:
        raise NotIntact(_reason(path, error)) from None
    if frames != info.total_samples:
        raise NotIntact(f"The audio has {frames} of {info.total_samples} frames.")
    if info.md5_signature and digest.hexdigest() != f"{info.md5_signature:032x}":
        raise NotIntact("The audio is not what its own checksum says.")
    if frames and not _ends_with_a_frame(path, info.max_framesize or _LARGEST_FRAME):
        raise NotIntact("Something else follows the audio in the file.")
    return Take(
        frames=frames,
        sample_rate=info.sample_rate,
        channels=info.channels,
        md5=digest.hexdigest(),
        size=path.stat().st_size,
        waveform=meter.levels().to_bytes(),
    )


def read(path: Path) -> tuple[npt.NDArray[np.float32], int]:
    """Return a file's samples as `(frames, channels)` float32 within ±1, and its rate in Hz."""
    import soundfile

    samples, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    return samples, int(sample_rate)


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


def _ends_with_a_frame(path: Path, most: int) -> bool:
    """Tell whether the last bytes of a file, at most `most`, are a frame with its checksum.

    RFC 9639: a frame begins with a sync code (9.1) and ends with its own CRC-16 (9.3), so that the
    CRC-16 of all of it is zero.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - most))
        tail = file.read()
    starts = (match.start() for match in re.finditer(b"\xff[\xf8\xf9]", tail))
    return any(_crc16(tail[start:]) == 0 for start in starts)


def _crc16(octets: bytes) -> int:
    table, crc = _crc16_table(), 0
    for octet in octets:
        crc = (crc << 8 & 0xFFFF) ^ table[crc >> 8 ^ octet]
    return crc


@functools.cache
def _crc16_table() -> list[int]:
    table = []
    for octet in range(256):
        crc = octet << 8
        for _ in range(8):
            crc = (crc << 1 ^ _POLYNOMIAL) & 0xFFFF if crc & 0x8000 else crc << 1
        table.append(crc)
    return table


_POLYNOMIAL = 0x8005
_LARGEST_FRAME = 1 << 20
"""Bytes assumed for the largest frame where the encoder did not note it."""


def _reason(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        beginning = file.read(64).lstrip()
    if beginning[:1] == b"<":
        return "A web page came instead of audio."
    if not beginning.startswith((b"fLaC", b"ID3")):
        return "It is no FLAC file."
    return f"The FLAC file is damaged ({type(error).__name__})."

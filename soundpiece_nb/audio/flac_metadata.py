"""The metadata at the beginning of a FLAC file (RFC 9639, chapter 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

MOST_BLOCKS = 1000
"""Blocks of metadata that are read; taggers write up to ten."""

_STREAMINFO, _LAST_BLOCK = 0, 0x80
_BEGINNING = 4 + 4 + 34
"""Bytes of the signature, of a block's header, and of STREAMINFO."""

_SHAPE, _MD5 = slice(18, 26), slice(26, 42)
_DEPTH_AND_LENGTH = (1 << 41) - 1
_LEAST_BITS = 4


class NotIntact(Exception):
    """The file is not FLAC, is cut short, or holds other samples than its encoder wrote."""


@dataclass(frozen=True)
class StreamInfo:
    """STREAMINFO: the form of the sound; `sample_rate` in Hz, `bits` a sample."""

    sample_rate: int
    channels: int
    bits: int
    frames: int
    """Samples of each channel; 0 where the encoder did not know, as it wrote to a pipe."""
    md5: bytes
    """Of all samples; zeros where the encoder did not compute it."""
    start: int
    """Position of `fLaC` in the file, behind the ID3v2 tag that some write before it."""
    end: int
    """Position of the first frame."""
    beginning: bytes
    """The file's bytes from `fLaC` to the end of STREAMINFO."""

    def retold(self, *, bits: int, frames: int) -> bytes:
        """Return a file's beginning with this depth and length in STREAMINFO, its only metadata."""
        shape = int.from_bytes(self.beginning[_SHAPE], "big") & ~_DEPTH_AND_LENGTH
        shape |= bits - 1 << 36 | frames
        octets = bytearray(self.beginning)
        octets[4] |= _LAST_BLOCK
        octets[_SHAPE] = shape.to_bytes(8, "big")
        return bytes(octets)


def read_stream_info(file: BinaryIO) -> StreamInfo:
    """Read a file's STREAMINFO and find its first frame; raises NotIntact, or OSError."""
    start = _skip_id3(file)
    file.seek(start)
    beginning = file.read(64)
    if not beginning.startswith(b"fLaC"):
        web_page = beginning.lstrip().startswith(b"<")
        raise NotIntact("A web page came instead of audio." if web_page else "It is no FLAC file.")
    beginning = beginning[:_BEGINNING]
    if len(beginning) < _BEGINNING or beginning[4] & 0x7F != _STREAMINFO:
        raise NotIntact("The FLAC file is damaged or cut short at its beginning.")
    shape = int.from_bytes(beginning[_SHAPE], "big")
    info = StreamInfo(
        sample_rate=shape >> 44,
        channels=(shape >> 41 & 0x7) + 1,
        bits=(shape >> 36 & 0x1F) + 1,
        frames=shape & (1 << 36) - 1,
        md5=beginning[_MD5],
        start=start,
        end=_skip_blocks(file, start + 4),
        beginning=beginning,
    )
    if info.sample_rate == 0 or info.bits < _LEAST_BITS:
        raise NotIntact("The FLAC file holds something else than sound.")
    return info


def _skip_id3(file: BinaryIO) -> int:
    """Return the position behind an ID3v2 tag at the beginning; 0 where there is none."""
    file.seek(0)
    return id3_size(file.read(10))


def id3_size(header: bytes) -> int:
    """Return the bytes of an ID3v2 tag by its header of 10, or footer; 0 of anything else."""
    if len(header) < 10 or header[:3] not in (b"ID3", b"3DI") or max(header[6:10]) > 0x7F:  # noqa: PLR2004 - a header's own 10
        return 0
    size = sum(octet << shift for octet, shift in zip(header[6:10], (21, 14, 7, 0), strict=True))
    return size + (20 if header[5] & 0x10 else 10)  # ID3v2.4 may have a footer


def _skip_blocks(file: BinaryIO, at: int) -> int:
    """Return the position behind the last block of metadata, of those that begin at `at`."""
    for _ in range(MOST_BLOCKS):
        file.seek(at)
        header = file.read(4)
        if len(header) < 4:  # noqa: PLR2004 - a header's own size
            break
        at += 4 + int.from_bytes(header[1:], "big")
        if header[0] & _LAST_BLOCK:
            return at
    raise NotIntact("The FLAC file is cut short or damaged in its metadata.")

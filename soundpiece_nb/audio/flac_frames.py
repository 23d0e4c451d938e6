"""The frames of a FLAC file (RFC 9639, chapter 9), found and checked without decoding them.

A frame ends where the next one begins: at a valid header up to which the frame's CRC-16 is zero.
That takes one pass. CRC-16 does not tell zeros after a frame from the frame's own, nor a second
copy of the last one: where there may be any, the frame's end is read from its subframes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO

from fastcrc import crc16

from .appended_tags import sound_ends
from .flac_frame_headers import LONGEST, Header, Headers
from .flac_metadata import NotIntact, StreamInfo
from .flac_subframes import frame_size

CHUNK = 1 << 20
"""Bytes read at a time."""


@dataclass(frozen=True)
class Audio:
    """The frames of a file; `sample_rate` in Hz, `bits` a sample."""

    frames: int
    """Samples of each channel."""
    end: int
    """Position behind the last frame."""
    sample_rate: int
    channels: int
    bits: int
    names_bits: bool
    """Whether each frame says its bits itself, instead of leaving that to STREAMINFO."""


class TooLong(NotIntact):
    """The file holds more sound than it may."""


def walk(file: BinaryIO, info: StreamInfo, most: int, *, chunk: int = CHUNK) -> Audio:
    """Find and check the frames of a file, of at most `most` samples of each channel.

    It reads `chunk` bytes at a time.

    The time is linear in the file's size and the memory bounded, whatever it holds. Raises TooLong
    for more samples, NotIntact for bytes that are neither frame nor appended tag, or OSError.
    """
    found = _Walk(file, info, most)
    found.find_frames(chunk)
    return Audio(
        frames=found.samples,
        end=found.find_end(),
        sample_rate=info.sample_rate,
        channels=info.channels,
        bits=info.bits,
        names_bits=found.names_bits,
    )


class _Walk:
    """A walk over the frames of one file."""

    def __init__(self, file: BinaryIO, info: StreamInfo, most: int) -> None:
        self.samples = 0
        self.names_bits = True
        self._file = file
        self._info = info
        self._most = most
        self._count = 0
        self._last: tuple[int, Header] | None = None
        file.seek(info.end)
        self._headers = Headers(info, file.read(2))
        self._number = self._headers.number(0, 0)

    def find_frames(self, size: int) -> None:
        """Find where each frame begins, reading `size` bytes at a time."""
        position, buffer, crc = self._info.end - _BEFORE, b"", 0
        self._file.seek(position)
        while chunk := self._file.read(size):
            buffer += chunk
            until = max(_BEFORE, len(buffer) - LONGEST)  # a later header may be cut off
            crc = self._find_in(buffer, until, position, crc)
            position, buffer = position + until - _BEFORE, buffer[until - _BEFORE :]
        self._find_in(buffer, len(buffer), position, crc)

    def _find_in(self, buffer: bytes, until: int, position: int, crc: int) -> int:
        """Find the frames that begin before `until` in a buffer from this position of the file.

        Its first byte was looked through before. Takes and returns the CRC-16 of the frame
        that is open, as far as it was looked through.
        """
        view, done = memoryview(buffer), _BEFORE
        for start in self._headers.candidates(buffer, _BEFORE, until):
            header = self._headers.read(buffer, start)
            if header is not None:
                crc, done = crc16.umts(view[done:start], crc), start
                if crc == 0:
                    self._begin(position + start, header, after_zero=not buffer[start - 1])
        return crc16.umts(view[done:until], crc)

    def _begin(self, position: int, header: Header, *, after_zero: bool) -> None:
        """Note a frame, which ends the one before, of which a zero may not be its own."""
        if self._last is None:
            if position != self._info.end:
                raise NotIntact(_NO_BEGINNING)
        elif after_zero and self._read_end(*self._last, position) != position:
            raise NotIntact(_DAMAGED)
        if header.number != self._number:
            raise NotIntact("The FLAC file is damaged: a part is missing or there twice.")
        self._last = position, header
        self._count += 1
        self.samples += header.block
        self.names_bits &= header.names_bits
        if self.samples > self._most:
            raise TooLong("The audio is too long.")
        self._number = self._headers.number(self._count, self.samples)

    def find_end(self) -> int:
        """Return the end of the last frame, after which there are at most tags."""
        if self._last is None:
            raise NotIntact(_NO_BEGINNING)
        size = self._file.seek(0, os.SEEK_END)
        end = self._read_end(*self._last, size)
        if end not in sound_ends(self._file, size):
            raise NotIntact("The FLAC file is damaged, or something else follows its audio.")
        return end

    def _read_end(self, start: int, header: Header, limit: int) -> int:
        """Return the end of the frame at `start`, by its subframes; at most `limit`."""
        here = self._file.tell()
        self._file.seek(start)
        data = self._file.read(min(limit - start, _most_bytes(header.block, self._info)))
        self._file.seek(here)
        try:
            size = frame_size(data, header, self._info.bits)
        except ValueError:
            raise NotIntact(_DAMAGED) from None
        if len(data) < size or crc16.umts(data[:size]) != 0:
            raise NotIntact(_DAMAGED)
        return start + size


def _most_bytes(block: int, info: StreamInfo) -> int:
    """Return the bytes of the largest frame that is read: twice one without compression.

    Encoders leave samples uncompressed where compression makes them no smaller.
    """
    return LONGEST + info.channels * (block * (info.bits + 1) // 4 + 100)


_BEFORE = 1
"""Bytes before a header that are looked at."""

_DAMAGED = "The FLAC file is damaged or cut short."
_NO_BEGINNING = "The FLAC file is damaged or cut short where its audio begins."

"""The frames of a FLAC file (RFC 9639, chapter 9), found and checked without decoding them.

A frame ends where the next one begins: at a valid header up to which the frame's CRC-16 is zero.
That takes one pass. CRC-16 does not tell zeros after a frame from the frame's own, nor a second
copy of the last one: where there may be any, the frame's end is read from its subframes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

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


class Stretch(NamedTuple):
    """Whole frames of a file, from one position to another."""

    start: int
    end: int
    frames: int
    """Samples of each channel."""


def walk(file: BinaryIO, info: StreamInfo, most: int, *, chunk: int = CHUNK) -> Audio:
    """Find and check the frames of a file, of at most `most` samples of each channel.

    It reads `chunk` bytes at a time.

    The time is linear in the file's size and the memory bounded, whatever it holds. Raises TooLong
    for more samples, NotIntact for bytes that are neither frame nor appended tag, or OSError.
    """
    found = Walk(file, info, most)
    while found.go_on(file, chunk):
        pass
    return found.finish(file)


class Walk:
    """A walk over the frames of one file, which may be growing; it is lent the file at each step.

    Every step raises as `walk` does.
    """

    def __init__(self, file: BinaryIO, info: StreamInfo, most: int) -> None:
        """Begin with a file that holds the beginning of its first frame, if it is to grow."""
        if info.frames > most:
            raise _too_long(info, most)
        self.samples = 0
        """Of each channel, in all frames whose beginnings were found."""
        self._names_bits = True
        self._info = info
        self._most = most
        self._count = 0
        self._last: tuple[int, Header] | None = None
        file.seek(info.end)
        self._headers = Headers(info, file.read(2))
        self._number = self._headers.number(0, 0)
        self._position, self._buffer, self._crc = info.end - _BEFORE, b"", 0

    @property
    def whole(self) -> tuple[int, int]:
        """The end of the frames that another one follows, and their samples of each channel."""
        if self._last is None:
            return self._info.end, 0
        end, header = self._last
        return end, self.samples - header.block

    def go_on(self, file: BinaryIO, size: int = CHUNK) -> bool:
        """Find the frames in the next `size` bytes; tell whether there were any bytes."""
        file.seek(self._position + len(self._buffer))
        chunk = file.read(size)
        self._buffer += chunk
        whole_headers = len(self._buffer) - LONGEST
        self._look_through(file, max(_BEFORE, whole_headers))
        return bool(chunk)

    def finish(self, file: BinaryIO) -> Audio:
        """Return the frames of a file of which all bytes were read."""
        self._look_through(file, len(self._buffer))
        return Audio(
            frames=self.samples,
            end=self._find_end(file),
            sample_rate=self._info.sample_rate,
            channels=self._info.channels,
            bits=self._info.bits,
            names_bits=self._names_bits,
        )

    def _look_through(self, file: BinaryIO, until: int) -> None:
        """Find the frames that begin in what was read, before `until`.

        The first byte was looked through before. The CRC-16 is that of the frame that is open.
        """
        buffer, crc, done = self._buffer, self._crc, _BEFORE
        view = memoryview(buffer)
        for start in self._headers.candidates(buffer, _BEFORE, until):
            header = self._headers.read(buffer, start)
            if header is not None:
                crc, done = crc16.umts(view[done:start], crc), start
                if crc == 0:
                    position = self._position + start
                    self._begin(file, position, header, after_zero=not buffer[start - 1])
        self._crc = crc16.umts(view[done:until], crc)
        self._position += until - _BEFORE
        self._buffer = buffer[until - _BEFORE :]

    def _begin(self, file: BinaryIO, position: int, header: Header, *, after_zero: bool) -> None:
        """Note a frame, which ends the one before, of which a zero may not be its own."""
        if self._last is None:
            if position != self._info.end:
                raise NotIntact(_NO_BEGINNING)
        elif after_zero and self._read_end(file, *self._last, position) != position:
            raise NotIntact(_DAMAGED)
        if header.number != self._number:
            raise NotIntact("The FLAC file is damaged: a part is missing or there twice.")
        self._last = position, header
        self._count += 1
        self.samples += header.block
        self._names_bits &= header.names_bits
        if self.samples > self._most:
            raise _too_long(self._info, self._most)
        self._number = self._headers.number(self._count, self.samples)

    def _find_end(self, file: BinaryIO) -> int:
        """Return the end of the last frame, after which there are at most tags."""
        if self._last is None:
            raise NotIntact(_NO_BEGINNING)
        size = file.seek(0, os.SEEK_END)
        end = self._read_end(file, *self._last, size)
        if end not in sound_ends(file, size):
            raise NotIntact("The FLAC file is damaged, or something else follows its audio.")
        return end

    def _read_end(self, file: BinaryIO, start: int, header: Header, limit: int) -> int:
        """Return the end of the frame at `start`, by its subframes; at most `limit`."""
        file.seek(start)
        data = file.read(min(limit - start, _most_bytes(header.block, self._info)))
        try:
            size = frame_size(data, header, self._info.bits)
        except ValueError:
            raise NotIntact(_DAMAGED) from None
        if len(data) < size or crc16.umts(data[:size]) != 0:
            raise NotIntact(_DAMAGED)
        return start + size


def _too_long(info: StreamInfo, most: int) -> TooLong:
    seconds = f"{most / info.sample_rate:,.0f} seconds"
    return TooLong(f"The audio is longer than the {seconds} that it may last.")


def _most_bytes(block: int, info: StreamInfo) -> int:
    """Return the bytes of the largest frame that is read: twice one without compression.

    Encoders leave samples uncompressed where compression makes them no smaller.
    """
    return LONGEST + info.channels * (block * (info.bits + 1) // 4 + 100)


_BEFORE = 1
"""Bytes before a header that are looked at."""

_DAMAGED = "The FLAC file is damaged or cut short."
_NO_BEGINNING = "The FLAC file is damaged or cut short where its audio begins."

"""The headers of FLAC frames (RFC 9639, section 9.1)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fastcrc import crc8

from .flac_metadata import StreamInfo

LONGEST = 16
"""Bytes of a header: 4, a number of up to 7, block size and sample rate of up to 2, a CRC-8."""

LEFT_SIDE, SIDE_RIGHT, MID_SIDE = 8, 9, 10
"""Codes of two channels of which one is a difference."""


class Header(NamedTuple):
    """The header of a frame, as far as it is not the same in all frames of a file."""

    size: int
    """Bytes of the header."""
    number: bytes
    """The coded number of the frame, or of its first sample."""
    block: int
    """Samples of each channel."""
    assignment: int
    """The code of its channels."""
    names_bits: bool
    """Whether it says the bits of a sample itself, instead of leaving that to STREAMINFO."""


class Headers:
    """Finds and reads the headers of one stream, which all tell the form that STREAMINFO tells."""

    def __init__(self, info: StreamInfo, sync: bytes) -> None:
        """Prepare for a stream whose first frame begins with these two bytes."""
        self._counts_frames = sync != _SYNC_OF_VARIABLE_BLOCKS
        self._rate = info.sample_rate
        assignments = [info.channels - 1]
        if info.channels == 2:  # noqa: PLR2004 - stereo
            assignments += [LEFT_SIDE, SIDE_RIGHT, MID_SIDE]
        depths = {0, _DEPTHS.get(info.bits, 0)}
        rates = [0, *_RATES_IN_FULL, *(code for code, rate in _RATES.items() if rate == self._rate)]
        second = bytes(block << 4 | rate for block in range(1, 16) for rate in rates)
        third = bytes(code << 4 | bits << 1 for code in assignments for bits in depths)
        self._pattern = re.compile(
            (_SYNC if self._counts_frames else _SYNC_OF_VARIABLE_BLOCKS)
            + b"".join(b"[" + re.escape(octets) + b"]" for octets in (second, third))
        )

    def number(self, frames: int, samples: int) -> bytes:
        """Return the coded number of the header that has so many frames and samples before it."""
        return coded(frames if self._counts_frames else samples)

    def candidates(self, buffer: bytes, start: int, until: int) -> Iterator[int]:
        """Yield the positions from `start`, before `until`, at which a header may begin."""
        following = 3  # bytes after the first of those that the pattern matches
        return (at.start() for at in self._pattern.finditer(buffer, start, until + following))

    def read(self, buffer: bytes, at: int) -> Header | None:
        """Return the header at a candidate's position; None if there is none."""
        end = at + 4
        end += 1 + _FOLLOWING[buffer[end]] if end < len(buffer) else 0
        number = buffer[at + 4 : end]
        block_code, rate_code = buffer[at + 2] >> 4, buffer[at + 2] & 0xF
        block = _BLOCKS[block_code]
        if not block:
            size = block_code - 5
            block = int.from_bytes(buffer[end : end + size], "big") + 1
            end += size
        if rate_code in _RATES_IN_FULL:
            size, hertz = _RATES_IN_FULL[rate_code]
            if int.from_bytes(buffer[end : end + size], "big") * hertz != self._rate:
                return None
            end += size
        if end >= len(buffer) or crc8.smbus(buffer[at : end + 1]) != 0:
            return None
        form = buffer[at + 3]
        return Header(end + 1 - at, number, block, form >> 4, bool(form & 0xF))


def coded(number: int) -> bytes:
    """Return a frame's or sample's number as it is coded: as in UTF-8, of up to 36 bits."""
    if number < 1 << 7:
        return bytes([number])
    following = next(octets for octets in range(1, 7) if number < 1 << 5 * octets + 6)
    lead = 0xFF << 7 - following & 0xFF | number >> 6 * following
    rest = (number >> 6 * octet & 0x3F | 0x80 for octet in reversed(range(following)))
    return bytes([lead, *rest])


_SYNC, _SYNC_OF_VARIABLE_BLOCKS = b"\xff\xf8", b"\xff\xf9"

_FOLLOWING = [max(0, 7 - (octet ^ 0xFF).bit_length()) for octet in range(256)]
"""Bytes of a coded number that follow its first one."""

_BLOCKS = (0, 192, 576, 1152, 2304, 4608, 0, 0, *(256 << code for code in range(8)))
"""Block sizes by their code; those of 6 and 7 stand behind the number, in one and two bytes."""

_RATES = {
    1: 88_200, 2: 176_400, 3: 192_000, 4: 8_000, 5: 16_000, 6: 22_050, 7: 24_000, 8: 32_000,
    9: 44_100, 10: 48_000, 11: 96_000,
}  # fmt: skip

_RATES_IN_FULL = {12: (1, 1000), 13: (2, 1), 14: (2, 10)}
"""Codes of sample rates that stand in the header: bytes, and the unit in Hz."""

_DEPTHS = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}
"""Codes of the bits of a sample, of those that have one."""

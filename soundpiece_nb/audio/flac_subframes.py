"""The length of a FLAC frame by its subframes (RFC 9639, sections 9.2 and 9.3)."""

from __future__ import annotations

import re
from functools import cache

from .flac_frame_headers import LEFT_SIDE, MID_SIDE, SIDE_RIGHT, Header

_SIDES = {LEFT_SIDE: 1, SIDE_RIGHT: 0, MID_SIDE: 1}
"""By the code of two channels: the one that is their difference, which takes one bit more."""

_CONSTANT, _VERBATIM, _FIXED, _LPC = 0, 1, 8, 32
"""Types of subframes, the last two being those of the lowest order."""

_MOST_FIXED = 4
_CHECKSUM = 2


def frame_size(data: bytes, header: Header, bits: int) -> int:
    """Return the bytes of the frame that `data` begins with, of `bits` a sample.

    The time it takes is linear in the frame's samples. Raises ValueError for what is no frame; the
    size may be larger than `data`.
    """
    side = _SIDES.get(header.assignment)
    channels = header.assignment + 1 if side is None else 2
    reader = _Bits(data, 8 * header.size)
    for channel in range(channels):
        _skip_subframe(reader, header.block, bits + (channel == side))
    return -(-reader.at // 8) + _CHECKSUM


class _Bits:
    """Reads bits; as text, in which a search for the next 1 is fast."""

    def __init__(self, data: bytes, at: int) -> None:
        self.at = at
        self._text = bin(int.from_bytes(b"\1" + data, "big"))[3:]  # without "0b1"

    def take(self, bits: int) -> int:
        """Return the next bits as a whole number."""
        self.at += bits
        return int(self._text[self.at - bits : self.at], 2)

    def skip_zeros(self) -> int:
        """Skip zeros and the 1 behind them; return the number of zeros."""
        start = self.at
        self.at = self._text.index("1", start) + 1
        return self.at - start - 1

    def skip_rice(self, samples: int, bits: int) -> None:
        """Skip Rice codes, each of which has `bits` behind its 1."""
        many, find, at = _many_rice_codes(bits), self._text.index, self.at
        while samples >= _MANY and (found := many.match(self._text, at)):
            at, samples = found.end(), samples - _MANY
        for _ in range(samples):
            at = find("1", at) + 1 + bits
        self.at = at


_MANY = 64
"""Rice codes that are looked for at a time, which is three times as fast as one by one."""


@cache
def _many_rice_codes(bits: int) -> re.Pattern[str]:
    return re.compile(f"(?:0*1.{{{bits}}}){{{_MANY}}}")


def _skip_subframe(reader: _Bits, block: int, bits: int) -> None:
    if reader.take(1):
        raise ValueError
    kind = reader.take(6)
    if reader.take(1):
        bits -= reader.skip_zeros() + 1  # so many lowest bits are always 0
    if bits < 1:
        raise ValueError
    if kind == _CONSTANT:
        reader.at += bits
    elif kind == _VERBATIM:
        reader.at += block * bits
    elif _FIXED <= kind <= _FIXED + _MOST_FIXED:
        order = kind - _FIXED
        reader.at += order * bits
        _skip_residual(reader, block, order)
    elif kind >= _LPC:
        order = kind - _LPC + 1
        reader.at += order * bits
        precision = reader.take(4) + 1
        reader.at += 5 + order * precision
        _skip_residual(reader, block, order)
    else:
        raise ValueError


def _skip_residual(reader: _Bits, block: int, order: int) -> None:
    method = reader.take(2)
    if method > 1:
        raise ValueError
    width = 4 + method
    partitions = 1 << reader.take(4)
    size = block // partitions
    if block % partitions or size < order:
        raise ValueError
    for partition in range(partitions):
        samples = size - order if partition == 0 else size
        bits = reader.take(width)
        if bits == (1 << width) - 1:  # escaped: without Rice codes
            raw = reader.take(5)
            reader.at += samples * raw
        else:
            reader.skip_rice(samples, bits)

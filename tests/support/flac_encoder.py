"""FLAC files that libsndfile does not write: any depth, unknown length, variable blocks.

Every subframe is verbatim (RFC 9639, section 9.2.2), so a file is as large as its samples.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from fastcrc import crc8, crc16

_RATE_IN_HERTZ, _RATE_OF_STREAM = 13, 0
_DEPTHS = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6, 32: 7}


def flac(
    samples: np.ndarray,
    rate: int = 44_100,
    *,
    bits: int = 16,
    block: int | Sequence[int] = 4096,
    total: int | None = None,
    md5: bytes | None = None,
) -> bytes:
    """Return `(frames, channels)` whole numbers as a FLAC file.

    `block` is the size of all blocks, or that of each (a stream of variable blocks). `total` and
    `md5` are what STREAMINFO says instead of the truth; zeros mean that it does not say.
    """
    frames, channels = samples.shape
    fixed = isinstance(block, int)
    sizes = [min(block, frames - at) for at in range(0, frames, block)] if fixed else list(block)
    starts = np.cumsum([0, *sizes])
    pieces = [samples[start : start + size] for start, size in zip(starts, sizes, strict=False)]
    numbers = range(len(sizes)) if fixed else starts
    body = [
        frame(piece, rate, bits, int(number), fixed=fixed)
        for piece, number in zip(pieces, numbers, strict=False)
    ]
    most = block if fixed else max(sizes)
    least = block if fixed else min(sizes)
    told = stream_info(
        (max(16, least), max(16, most)),
        rate,
        channels=channels,
        bits=bits,
        total=frames if total is None else total,
        md5=digest(samples, bits) if md5 is None else md5,
    )
    return told + b"".join(body)


def digest(samples: np.ndarray, bits: int) -> bytes:
    """Return the MD5 of samples as STREAMINFO has it."""
    octets = samples.astype("<i4")[..., None].view("u1").reshape(*samples.shape, 4)
    return hashlib.md5(octets[..., : -(-bits // 8)].tobytes(), usedforsecurity=False).digest()


def stream_info(
    blocks: tuple[int, int], rate: int, *, channels: int, bits: int, total: int, md5: bytes
) -> bytes:
    """Return a file's beginning: the signature and STREAMINFO as its only metadata."""
    shape = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | total
    sizes = b"".join(size.to_bytes(2, "big") for size in blocks) + bytes(6)
    return b"fLaC\x80\0\0\x22" + sizes + shape.to_bytes(8, "big") + md5


def frame(samples: np.ndarray, rate: int, bits: int, number: int, *, fixed: bool = True) -> bytes:
    """Return one frame of verbatim subframes, with both of its checksums."""
    size, channels = samples.shape
    code = _RATE_IN_HERTZ if rate < 1 << 16 else _RATE_OF_STREAM
    header = bytes([0xFF, 0xF8 | (not fixed), 7 << 4 | code, (channels - 1) << 4 | depth(bits)])
    header += coded(number) + (size - 1).to_bytes(2, "big")
    header += rate.to_bytes(2, "big") if code else b""
    header += bytes([crc8.smbus(header)])
    weights = np.arange(bits - 1, -1, -1)
    columns = (samples.T[..., None].astype(np.int64) >> weights & 1).astype("u1")
    verbatim = np.array([0, 0, 0, 0, 0, 0, 1, 0], "u1")
    subframes = [np.concatenate([verbatim, column.ravel()]) for column in columns]
    whole = header + np.packbits(np.concatenate(subframes)).tobytes()
    return whole + crc16.umts(whole).to_bytes(2, "big")


def depth(bits: int) -> int:
    """Return a frame header's bits for a depth; 0, for "as STREAMINFO says", where it has none."""
    return _DEPTHS.get(bits, 0) << 1


def coded(number: int) -> bytes:
    """Return a frame header's number, which is coded like UTF-8 but has up to 36 bits."""
    if number < 1 << 7:
        return bytes([number])
    more = next(more for more in range(1, 7) if number < 1 << (6 + 5 * more))
    octets = [0x80 | number >> 6 * at & 0x3F for at in range(more - 1, -1, -1)]
    lead = (0xFF00 >> (more + 1)) & 0xFF | (number >> 6 * more)
    return bytes([lead, *octets])

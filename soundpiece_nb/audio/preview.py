"""MP3 encoding, and small MP3 previews for notebooks that cannot point at the FLAC file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from soundpiece_nb.files.writing import written_beside

from .decoding import CannotDecode, opened

BIT_RATE = 112
"""kbit/s: a minute takes 1.12 MB of a notebook as base64."""

LOWER_BIT_RATES = (96, 80, 64, 56, 48, 40, 32)
"""kbit/s of previews of longer pieces."""

MOST_BYTES = 8_000_000
"""Bytes of a preview: nine minutes at BIT_RATE, 33 at the lowest, where longer pieces are cut."""

QUALITY = 7
"""LAME's speed setting; 87 s of stereo took 1.4 s, libsndfile's MP3 writer 3.5 to 7 s."""

_PADDING = 0.25
"""Seconds of silence that LAME puts before and after the sound, at most; 0.16 were measured."""


def make_preview(source: Path, target: Path) -> Path:
    """Write a FLAC file as a small MP3 at `target`, whole or not at all; returns `target`.

    Takes seconds of processor time without holding the interpreter: call it off the main thread.
    Raises CannotDecode for sound that cannot be decoded, or that MP3 cannot hold, else OSError.
    """
    with written_beside(target, private=True) as partial:
        encode(source, partial, most_bytes=MOST_BYTES)
    return target


def usable_preview(path: Path) -> bool:
    """Tell whether a file begins like an MP3 and is no larger than a preview.

    A power failure may leave it empty, or zeros.
    """
    try:
        with path.open("rb") as file:
            begins = _BEGINNING.match(file.read(3)) is not None
            return begins and file.seek(0, os.SEEK_END) <= MOST_BYTES
    except OSError:
        return False


def encode(
    source: Path,
    target: Path,
    *,
    bit_rate: int = BIT_RATE,
    quality: int = QUALITY,
    most_bytes: int | None = None,
) -> None:
    """Write a FLAC file's first two channels as MP3 of `bit_rate` kbit/s.

    `quality` is LAME's, from 0 (slowest, best) to 9. Where the file would have more than
    `most_bytes`, the bit rate is lower, and at the lowest the end is left out. Raises CannotDecode
    for sound that cannot be decoded, or that MP3 cannot hold, else OSError.
    """
    import lameenc

    with opened(source) as sound, target.open("wb") as file:
        left = sound.frames
        if most_bytes is not None:
            bit_rate, seconds = _fit(sound.frames / sound.sample_rate, bit_rate, most_bytes)
            left = min(left, max(1, int(seconds * sound.sample_rate)))
        try:
            encoder = lameenc.Encoder()
            encoder.silence()
            encoder.set_bit_rate(bit_rate)
            encoder.set_in_sample_rate(sound.sample_rate)
            encoder.set_channels(min(sound.channels, 2))
            encoder.set_quality(quality)
            for block in sound.blocks():
                part = (block[:left, :2] >> 16).astype("<i2")
                file.write(encoder.encode(part.tobytes()))
                left -= len(part)
                if not left:
                    break
            file.write(encoder.flush())
        except RuntimeError:  # LAME resamples down to its own rates, but not up from far below
            raise CannotDecode(
                f"Sound of {sound.sample_rate:,} Hz cannot be made into MP3."
            ) from None


def _fit(seconds: float, bit_rate: int, most_bytes: int) -> tuple[int, float]:
    """Return the highest bit rate, and the seconds, that have no more than so many bytes."""
    rates = [bit_rate, *(rate for rate in LOWER_BIT_RATES if rate < bit_rate)]
    most_seconds = {rate: most_bytes * 8 / (1000 * rate) - _PADDING for rate in rates}
    rate = next((rate for rate in rates if seconds <= most_seconds[rate]), rates[-1])
    return rate, most_seconds[rate]


_BEGINNING = re.compile(rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")
"""A tag, or the header of a frame of MPEG 2.5, 2 or 1, layer III, without or with a checksum."""

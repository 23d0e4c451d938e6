"""MP3 encoding, and small MP3 previews for notebooks that cannot point at the FLAC file."""

from __future__ import annotations

from pathlib import Path

from soundpiece_nb.files import written_beside

BIT_RATE = 112
"""kbit/s: a minute takes 1.12 MB of a notebook as base64."""

QUALITY = 7
"""LAME's speed setting; 87 s of stereo took 1.4 s, libsndfile's MP3 writer 3.5 to 7 s."""

BLOCK = 1 << 18
"""Frames encoded at a time."""


def make_preview(source: Path, target: Path) -> Path:
    """Write a FLAC file as a small MP3 at `target`, whole or not at all; returns `target`.

    Takes seconds of processor time without holding the interpreter: call it off the main thread.
    """
    with written_beside(target) as partial:
        encode(source, partial)
    return target


def encode(source: Path, target: Path, *, bit_rate: int = BIT_RATE, quality: int = QUALITY) -> None:
    """Write a FLAC file's first two channels as MP3 of `bit_rate` kbit/s.

    `quality` is LAME's, from 0 (slowest, best) to 9.
    """
    import lameenc
    import soundfile

    with soundfile.SoundFile(source) as sound, target.open("wb") as file:
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_bit_rate(bit_rate)
        encoder.set_in_sample_rate(sound.samplerate)
        encoder.set_channels(min(sound.channels, 2))
        encoder.set_quality(quality)
        for block in sound.blocks(blocksize=BLOCK, dtype="int16", always_2d=True):
            file.write(encoder.encode(block[:, :2].tobytes()))
        file.write(encoder.flush())

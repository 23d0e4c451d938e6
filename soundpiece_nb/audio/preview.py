"""A small MP3 of a take, for notebooks that cannot point at the FLAC file itself."""

from __future__ import annotations

import os
from pathlib import Path

BIT_RATE = 112
"""kbit/s: a minute costs 1.12 MB of notebook once it is base64."""

QUALITY = 7
"""LAME's speed setting; 87 s of stereo took 1.4 s, libsndfile's MP3 writer 3.5 to 7 s."""

BLOCK = 1 << 18


def make_preview(source: Path, target: Path) -> Path:
    """Encode a FLAC file as MP3 beside `target`, then rename it there; returns `target`.

    Takes seconds of processor time without holding the interpreter: call it off the main thread.
    """
    import lameenc
    import soundfile

    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    with soundfile.SoundFile(source) as sound, partial.open("wb") as file:
        encoder = lameenc.Encoder()
        encoder.silence()
        encoder.set_bit_rate(BIT_RATE)
        encoder.set_in_sample_rate(sound.samplerate)
        encoder.set_channels(min(sound.channels, 2))
        encoder.set_quality(QUALITY)
        for block in sound.blocks(blocksize=BLOCK, dtype="int16", always_2d=True):
            file.write(encoder.encode(block[:, :2].tobytes()))
        file.write(encoder.flush())
    partial.replace(target)
    return target

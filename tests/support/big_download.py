"""A take of any size, fetched by a process whose memory is watched."""

from __future__ import annotations

import mmap
import time
from dataclasses import dataclass
from pathlib import Path

from support.fx_service import Studio
from support.services import quiet_environment
from support.session_processes import Process

RATE, CHANNELS = 44_100, 2
_BYTES_A_SECOND = RATE * CHANNELS * 2  # noise of 16 bit is as big as FLAC as it is plain

_WATCH = """
import os, psutil, threading
peak, watching = 0, threading.Event()

def watch():
    global peak
    while not watching.wait(0.005):
        peak = max(peak, psutil.Process().memory_info().rss)
"""


@dataclass(frozen=True)
class Fetched:
    """What was fetched: bytes, by how many bytes the process grew meanwhile, and the seconds."""

    size: int
    grown: int
    seconds: float
    same: bool


def write_noise(path: Path, megabytes: float) -> None:
    """Write a FLAC file of noise, which cannot be compressed, of about this size."""
    import numpy as np
    import soundfile

    minute = np.random.default_rng(1).integers(-(2**15), 2**15, (60 * RATE, CHANNELS), np.int16)
    left = int(megabytes * 1e6 / _BYTES_A_SECOND * RATE)
    with soundfile.SoundFile(
        path, "w", RATE, CHANNELS, "PCM_16", format="FLAC", compression_level=0.0
    ) as sound:
        while left > 0:
            sound.write(minute[:left])
            left -= len(minute)


def fetch(megabytes: float, folder: Path) -> Fetched:
    """Make an operation with one take of this size, and have another process fetch it."""
    write_noise(folder / "noise.flac", megabytes)
    with (folder / "noise.flac").open("rb") as file:
        audio = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    service = Studio()
    service.seconds = megabytes * 1e6 / _BYTES_A_SECOND
    environment = quiet_environment(
        folder / "home",
        SOUNDPIECE_BASE_URL=service.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    process = Process(environment)
    try:
        process.do("sp.fx('a small one first', duration=1).result(30)\nNone")
        service.audio = memoryview(audio)
        process.do(_WATCH)
        before = process.do("psutil.Process().memory_info().rss")
        process.do("threading.Thread(target=watch, daemon=True).start()")
        began = time.monotonic()
        process.do("op = sp.fx('a big one', duration=1).result(600)", seconds=600)
        seconds = time.monotonic() - began
        process.do("watching.set()")
        stored = Path(process.do("str(op.outputs[0].path)"))
        return Fetched(
            len(audio), process.do("peak") - before, seconds, _same(stored, folder / "noise.flac")
        )
    finally:
        process.close()
        service.close()


def _same(one: Path, other: Path) -> bool:
    import hashlib

    def digest(path: Path) -> str:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    return digest(one) == digest(other)

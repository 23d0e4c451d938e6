"""From the service saying ready to a verified file, and to a player, beside what each step takes.

    python bench/ready_to_playable.py --songs 9 --seconds 90

A service in a process of its own says ready at once and gives a stereo file of 44.1 kHz and 16 bit.
In every round the same file is downloaded by a plain client, decoded with its MD5, and fetched by
an operation, one after the other, so that whatever else the machine does concerns all three alike.
Then the take is shown in each kind of player, beside `IPython.display.Audio` with the file in it.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

TESTS = Path(__file__).parents[1] / "tests"
RATE = 44_100
BLOCK = 1 << 16
"""Frames that plain decoding takes at a time."""


@dataclass(frozen=True)
class Figures:
    """Medians in seconds, of takes of so many `seconds` and bytes each."""

    seconds: float
    size: int
    download: float
    """A plain client's, to a file."""
    decode: float
    """Plain decoding of the file, and the MD5 of its samples."""
    verified: float
    """From the service saying ready to the verified file, noted in the journal."""
    linked: float
    """From ready to a player that is linked to the file."""
    embedded: float
    """From ready to a player with a preview inside."""
    plain: float
    """Download, and `IPython.display.Audio` with the file inside."""

    @property
    def ratio(self) -> float:
        """How many times download plus decode a verified file took."""
        return self.verified / (self.download + self.decode)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--songs", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=90.0)
    options = parser.parse_args()
    report(measure(options.songs, options.seconds))


def measure(songs: int, seconds: float) -> Figures:
    """Fetch so many takes of so many seconds each; closes this process's session."""
    from soundpiece_nb.operations.current_session import current

    audio = music(seconds)
    took: defaultdict[str, list[float]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder, served(audio, seconds) as root:
        os.environ |= {
            "SOUNDPIECE_HOME": str(Path(folder) / "home"),
            "SOUNDPIECE_BASE_URL": f"{root}/v1",
            "SOUNDPIECE_API_KEY": "spk_bench",
        }
        try:
            with httpx.Client(trust_env=False) as client:
                for number in range(songs + 1):
                    found = one_round(client, f"{root}/take", Path(folder))
                    for name, each in found.items() if number else ():  # the first loads modules
                        took[name].append(each)
        finally:
            current.close()
    medians = {name: statistics.median(each) for name, each in took.items()}
    return Figures(seconds=seconds, size=len(audio), **medians)


def one_round(client: httpx.Client, address: str, folder: Path) -> dict[str, float]:
    """Return the seconds of everything, done once."""
    from IPython.display import Audio

    from soundpiece_nb.display.finished_output import compose
    from soundpiece_nb.display.sound_source import Holding, Place

    plain = folder / "plain.flac"
    downloaded = timed(lambda: download(client, address, plain))
    decoded = timed(lambda: decode(plain))
    verified, entry, home = fetch()
    embedded, linked = (
        timed(partial(compose, entry, Place(home, folder, holding)))
        for holding in (Holding.EMBED, Holding.LINK)
    )
    shown = timed(lambda: Audio(filename=str(plain), embed=True)._repr_html_())
    return {
        "download": downloaded,
        "decode": decoded,
        "verified": verified,
        "linked": verified + linked,
        "embedded": verified + embedded,
        "plain": downloaded + shown,
    }


def download(client: httpx.Client, address: str, target: Path) -> None:
    """Download a file as a plain client does."""
    with client.stream("GET", address) as response, target.open("wb") as file:
        for chunk in response.iter_raw():
            file.write(chunk)


def decode(file: Path) -> str:
    """Decode a 16-bit file; returns the MD5 of its samples."""
    import soundfile

    digest = hashlib.md5(usedforsecurity=False)
    with soundfile.SoundFile(file) as sound:
        for block in sound.blocks(BLOCK, dtype="int16", always_2d=True):
            digest.update(block)
    return digest.hexdigest()


def fetch() -> tuple[float, Any, Path]:
    """Make an operation; returns the seconds from ready to its file, its entry, and the home."""
    import soundpiece_nb as sp
    from soundpiece_nb.engine.run_state import Phase

    operation = sp.fx("a click", duration=1)
    run = operation.session.engine.run(operation.key)
    if run is None:
        raise AssertionError("An operation ended before it could be watched.")
    heard: dict[Any, float] = {}

    def note(changed: Any) -> None:
        heard.setdefault(changed.phase, time.perf_counter())

    run.subscribe(note)
    operation.result(300)
    while Phase.ENDED not in heard:
        time.sleep(0.001)
    took = heard[Phase.ENDED] - heard[Phase.DOWNLOADING]
    return took, operation.entry, operation.session.home


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def music(seconds: float) -> bytes:
    """Return a stereo FLAC file that compresses about as well as music does."""
    import numpy as np
    import soundfile

    at = np.arange(int(RATE * seconds)) / RATE
    chord = sum(np.sin(2 * np.pi * pitch * at) for pitch in (55, 110, 220, 277, 330, 440, 880))
    sound = 0.08 * np.stack([chord * np.exp(-(2 * at % 1)), chord * np.exp(-(3 * at % 1))], 1)
    sound += np.random.default_rng(1).normal(0, 0.012, sound.shape)
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, RATE, "PCM_16", format="FLAC")
    return buffer.getvalue()


@contextmanager
def served(audio: bytes, seconds: float) -> Iterator[str]:
    """Serve a take, made at once whatever is asked for, from another process; yields the root."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    service = spawn.Process(target=serve, args=(audio, seconds, theirs), daemon=True)
    service.start()
    try:
        yield ours.recv()
    finally:
        service.terminate()
        service.join()


def serve(audio: bytes, seconds: float, tell: Any) -> None:
    """Serve until the process is ended, once the root is told."""
    sys.path.insert(0, str(TESTS))
    from support.fx_service import Studio  # type: ignore[import-not-found]

    service = Studio(audio=audio)
    service.seconds = seconds
    tell.send(service.root)
    time.sleep(3600)


def report(found: Figures) -> None:
    """Print what was measured."""
    megabytes = found.size / 1e6
    print(f"a take of {found.seconds:g} s of stereo, {megabytes:.2f} MB; medians in one run\n")
    limit = found.download + found.decode
    print(f"  plain download                    {1000 * found.download:7.1f} ms")
    print(f"  plain decode, with its MD5        {1000 * found.decode:7.1f} ms")
    print(f"  both                              {1000 * limit:7.1f} ms")
    print(f"  ready to verified file            {1000 * found.verified:7.1f} ms", end="")
    print(f"   {found.ratio:.2f} times both (at most 1.2)\n")
    print(f"  ready to a linked player          {1000 * found.linked:7.1f} ms")
    print(f"  ready to a player with a preview  {1000 * found.embedded:7.1f} ms")
    print(f"  download, IPython.display.Audio   {1000 * found.plain:7.1f} ms")


if __name__ == "__main__":
    main()

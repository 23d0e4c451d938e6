"""From the service saying ready to a player that can be played, for a song of about 90 seconds.

Runs a real song through the sandbox and prints what each step costs: download, verification (which
draws the waveform's levels on the way), waveform image, preview. Targets: under 1 s where the file
is linked, under 3 s where a preview is embedded, for one take.
"""

from __future__ import annotations

import argparse
import inspect
import os
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

VERSE = ["[Verse]", *["I have been driving all night with my hands on the wheel"] * 8]
CHORUS = ["[Chorus]", *["Night drive, carry me home to the sea"] * 8]
LYRICS = "\n".join([*VERSE, *CHORUS])


class Stopwatch:
    """Adds up the seconds spent in named functions, whichever thread runs them."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def watch(self, owner: Any, name: str, label: str) -> None:
        """Time every call of `owner.name`, a function or coroutine function."""
        inner = getattr(owner, name)

        @contextmanager
        def timed() -> Iterator[None]:
            began = time.perf_counter()
            yield
            with self._lock:
                self.spent[label] += time.perf_counter() - began

        async def later(*given: Any, **named: Any) -> Any:
            with timed():
                return await inner(*given, **named)

        def now(*given: Any, **named: Any) -> Any:
            with timed():
                return inner(*given, **named)

        setattr(owner, name, later if inspect.iscoroutinefunction(inner) else now)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--songs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SOUNDPIECE_HOME"] = str(Path(folder) / "home")
        measure(options.songs, Path(folder))


def measure(songs: int, folder: Path) -> None:
    """Make songs and print the steps of each kind of player."""
    import soundpiece_nb as sp
    from soundpiece_nb.audio import store as shelf
    from soundpiece_nb.audio import waveform
    from soundpiece_nb.display import finished_output as permanent
    from soundpiece_nb.display import sound_source as sound
    from soundpiece_nb.engine import downloads as fetching
    from soundpiece_nb.operations.current_session import current

    watch = Stopwatch()
    watch.watch(fetching, "_stream", "download")
    watch.watch(shelf, "verify", "verification and levels")
    watch.watch(waveform, "draw", "waveform image")
    watch.watch(sound, "make_preview", "preview")
    watch.watch(sound, "place_beside", "link")

    session = current()
    session.sandbox.start(pace=0)
    session.services.uses_sandbox = True
    totals: defaultdict[str, list[float]] = defaultdict(list)
    try:
        for number in range(songs):
            to_files, operation = fetch_one(sp, number)
            entry = operation.entry
            for holding in (sound.Holding.LINK, sound.Holding.EMBED):
                place = sound.Place(session.home, folder, holding)
                composed = seconds(partial(permanent.compose, entry, place))
                totals[holding.value].append(to_files + composed)
            totals["length"].append(entry.takes[0].duration or 0)
            totals["takes"].append(len(entry.takes))
    finally:
        session.sandbox.stop()
        current.close()
    report(totals, watch)


def fetch_one(sp: Any, number: int) -> tuple[float, Any]:
    """Make a song; returns the seconds from the service's ready to verified files."""
    from soundpiece_nb.engine.run_state import Phase

    operation = sp.song(LYRICS, prompt=f"Synthwave, melancholic, {100 + number} bpm")
    run = operation.session.engine.run(operation.key)
    heard: dict[Any, float] = {}
    run.subscribe(lambda changed: heard.setdefault(changed.phase, time.perf_counter()))
    operation.result(300)
    while Phase.ENDED not in heard:
        time.sleep(0.001)
    return heard[Phase.ENDED] - heard[Phase.DOWNLOADING], operation


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(totals: dict[str, list[float]], watch: Stopwatch) -> None:
    """Print medians, worst cases and shares."""
    takes = int(sum(totals["takes"]))
    length = statistics.mean(totals["length"])
    print(f"{len(totals['length'])} songs, {takes} takes of about {length:.0f} s of stereo\n")
    print("from ready to a playable player, both takes of a song, in seconds")
    for holding, target in (("link", 1.0), ("embed", 3.0)):
        found = totals[holding]
        print(
            f"  {holding:<6} median {statistics.median(found):.2f}  worst {max(found):.2f}"
            f"  (target {target:g} for one take)"
        )
    print("\nspent in each step, for one take, and its share of all steps")
    whole = sum(watch.spent.values())
    for label, spent in sorted(watch.spent.items(), key=lambda item: -item[1]):
        print(f"  {label:<26} {spent / takes:7.3f} s  {spent / whole:6.1%}")


if __name__ == "__main__":
    main()

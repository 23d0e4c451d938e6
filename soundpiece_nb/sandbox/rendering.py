"""What a render worker does: turn a request into a sound file. Runs in processes of its own.

numpy, soundfile and the music are imported where they are used: only workers need them, and the
service would start more slowly with them.
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping
from multiprocessing import parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DISCLAIMER = "Made by the Soundpiece sandbox, not by Soundpiece's model"

SAMPLE_RATE = 44_100

Performance = Callable[[Mapping[str, Any], int], "NDArray[np.float32]"]
"""Makes one take of a request: (frames, 2) samples in -1 to 1, the same every time."""


def prepare_worker() -> None:
    """Make this process a considerate worker: it yields to others and goes with its parent."""
    # An interrupt typed in a terminal reaches the whole family: the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Two workers fill the machine already: each must not start a thread per core for its algebra.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if hasattr(os, "nice"):  # not on Windows
        os.nice(10)
    threading.Thread(target=_go_with_parent, daemon=True).start()


def _go_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def perform_song(request: Mapping[str, Any], take: int) -> "NDArray[np.float32]":
    """Sing the lyrics, in the manner of the prompt or of the reference's address."""
    from soundpiece_nb.sandbox.music import make_song

    reference = request.get("reference", {"url": ""})
    song = make_song(
        request["lyrics"], request.get("prompt", ""), variation=take, seed=reference["url"]
    )
    return song.mix


def record(perform: Performance, request: Mapping[str, Any], take: int, file: Path) -> float:
    """Perform one take into a 16-bit FLAC file, which appears whole or not at all.

    Returns its length in seconds. The same request and take make the same bytes.
    """
    import numpy as np
    import soundfile

    mix = perform(request, take)
    samples = np.rint(np.clip(mix, -1.0, 1.0) * 32_767).astype(np.int16)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    with soundfile.SoundFile(
        unfinished, "w", SAMPLE_RATE, samples.shape[1], "PCM_16", format="FLAC"
    ) as sound:
        sound.title = f"Sandbox song, take {take + 1}"
        sound.comment = DISCLAIMER
        sound.write(samples)
    unfinished.replace(file)
    return float(round(len(samples) / SAMPLE_RATE, 3))

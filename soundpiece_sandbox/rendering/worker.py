"""The code that runs in a render worker process: it renders one take into FLAC files."""

import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

from soundpiece_sandbox.rendering.route_sounds import ROUTE_SOUNDS
from soundpiece_sandbox.rendering.sound_files import write_flac
from soundpiece_sandbox.rendering.take_request import TakeRequest
from soundpiece_sandbox.store.operation import Output, output_file_name


def prepare_worker() -> None:
    """Lower this process's priority, and end it when its parent ends."""
    # Ctrl-C in a terminal reaches every process of the group: the parent decides when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Two workers use the whole machine: neither must start a numpy thread for each core.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if hasattr(os, "nice"):  # not on Windows
        os.nice(10)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@dataclass(frozen=True)
class RenderJob:
    """One take to be rendered, and the folder for its sound files."""

    operation_id: str
    take: TakeRequest
    folder: Path


def render_take(job: RenderJob) -> list[Output]:
    """Render one take into 16-bit FLAC files, which appear whole or not at all.

    Equal take requests make the same bytes. Raises UnreadableSoundError for a source or reference
    that cannot be read as audio.
    """
    take = job.take
    outputs = []
    for track in ROUTE_SOUNDS[take.route].render(take):
        name = output_file_name(job.operation_id, take.variation, track.kind)
        title = f"Sandbox {take.route}, {track.kind or f'take {take.variation + 1}'}"
        duration = write_flac(track.samples, title, job.folder / name)
        outputs.append(Output(name, duration, track.kind))
    return outputs

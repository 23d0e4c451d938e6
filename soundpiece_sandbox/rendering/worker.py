"""What a render worker does: turn a commission into sound files. Runs in processes of its own."""

import os
import signal
import threading
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path

from soundpiece_sandbox.rendering.route_sounds import Performance
from soundpiece_sandbox.rendering.sound_files import write_flac
from soundpiece_sandbox.rendering.take_request import Commission
from soundpiece_sandbox.store.operation import Output, output_file


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


@dataclass(frozen=True)
class Job:
    """One take to be made, and where its sound goes."""

    operation_id: str
    commission: Commission
    perform: Performance
    folder: Path


def record(job: Job) -> list[Output]:
    """Perform one take into 16-bit FLAC files, which appear whole or not at all.

    The same commission makes the same bytes. Raises UnreadableSoundError when what it is to be
    made from is no sound.
    """
    take = job.commission.variation
    outputs = []
    for track in job.perform(job.commission):
        name = output_file(job.operation_id, take, track.kind)
        title = f"Sandbox {job.commission.route}, {track.kind or f'take {take + 1}'}"
        duration = write_flac(track.samples, title, job.folder / name)
        outputs.append(Output(name, duration, track.kind))
    return outputs

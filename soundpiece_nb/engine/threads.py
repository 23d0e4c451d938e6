"""Threads in the background, and what is said where the machine starts no more of them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from soundpiece_nb.api.errors import MachineLimit


def start_thread(work: Callable[[], object], name: str) -> threading.Thread:
    """Start a daemon thread and return it; raises MachineLimit where that is refused."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise no_thread(error) from None
    return thread


def no_thread(error: RuntimeError) -> MachineLimit:
    """Return the error to raise where Python could not start a thread."""
    return MachineLimit(
        f"This machine starts no more threads for this kernel ({error}).",
        next="End other programs or kernels, or raise the limit of processes; then run it again.",
    )


def is_no_thread(error: BaseException) -> bool:
    """Tell whether an error is Python's own for a thread that could not start."""
    return isinstance(error, RuntimeError) and "start new thread" in str(error)

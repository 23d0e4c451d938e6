"""Interrupts that wait until a step that must not be left half done has ended."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def defer_interrupts() -> Iterator[None]:
    """Let an interrupt wait until the block has ended; KeyboardInterrupt is raised then.

    Python raises it in the main thread, between any two steps, where nobody chose otherwise: an
    operation that is written down and not yet handed over would be held and carried by nobody.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    came: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt

"""Log records as lines on stderr, which `%config SoundpieceMagics.log` shows."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING

from soundpiece_nb.shown_text import print_line, shown

if TYPE_CHECKING:
    from soundpiece_nb.engine.workers import ThreadPool

LAST_LINES_SECONDS = 1.0
"""Seconds that the end of the process waits for the last lines."""


class LogLines(logging.Handler):
    """Shows log records where errors are written now, unless a handler of all records does so.

    On a terminal they are printed by a thread: it may be paused, and who logs goes on.
    """

    def __init__(self) -> None:
        super().__init__()
        self._printing: ThreadPool | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record; a closed or broken stream is no error."""
        if any(type(each) is logging.StreamHandler for each in logging.root.handlers):
            return
        line, stream = shown(self.format(record)), sys.stderr
        if not isinstance(stream, TextIOWrapper):
            print_line(line, stream)
            return
        if self._printing is None:
            from soundpiece_nb.engine.workers import ThreadPool

            self._printing = ThreadPool(1, "soundpiece-log")
        self._printing.submit(print_line, line, stream)

    def flush(self) -> None:
        """Wait a moment for the last lines, as `logging` asks for when the process ends."""
        if self._printing is not None:
            with suppress(Exception):  # the terminal is paused, or there is no thread any more
                self._printing.submit(int).result(LAST_LINES_SECONDS)

    def rest(self) -> None:
        """End the thread until there is a line again."""
        if self._printing is not None:
            self._printing.close(drop=False)
        self._printing = None

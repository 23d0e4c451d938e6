"""The file in the home folder that keeps unforeseen errors, scrubbed, with their tracebacks."""

from __future__ import annotations

import logging
from contextlib import suppress
from io import TextIOWrapper
from pathlib import Path

from soundpiece_nb.api.error_logging import LOG_FILE
from soundpiece_nb.files.private_files import private_file

LARGEST_LOG = 1_000_000
"""Bytes after which the next session begins a new file, and keeps this one as `.old.log`."""


class _File(logging.FileHandler):
    """A log file that its owner alone can read; its failures, on a full disk, are not printed."""

    def _open(self) -> TextIOWrapper:
        private_file(Path(self.baseFilename))
        return super()._open()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; lose it where the file cannot be opened."""
        try:
            super().emit(record)
        except OSError:
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's own name
        """Lose the record."""


class ErrorLog:
    """Writes errors of `soundpiece_nb` and its children to `errors.log`."""

    def __init__(self, home: Path) -> None:
        self._file = home / LOG_FILE
        self._handler: _File | None = None

    def open(self) -> None:
        """Begin to write, unless it does; if the disk refuses, records are lost."""
        if self._handler is not None:
            return
        with suppress(OSError):
            if self._file.exists() and self._file.stat().st_size > LARGEST_LOG:
                self._file.replace(self._file.with_suffix(".old.log"))
        self._handler = _File(self._file, encoding="utf-8", delay=True)
        self._handler.setLevel(logging.ERROR)
        self._handler.setFormatter(
            logging.Formatter("%(asctime)s %(process)d %(name)s %(levelname)s %(message)s")
        )
        logging.getLogger("soundpiece_nb").addHandler(self._handler)

    def close(self) -> None:
        """Stop writing."""
        if self._handler is not None:
            logging.getLogger("soundpiece_nb").removeHandler(self._handler)
            self._handler.close()
            self._handler = None

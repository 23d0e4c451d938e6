"""The standard streams of the command, which may be closed, full, gone or of any encoding."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedWriter, FileIO, TextIOWrapper


@contextmanager
def forgiving_streams() -> Iterator[None]:
    """Let nothing that is printed end the program, nor change how it ends.

    What an encoding lacks is escaped. What a closed pipe or a full disk has not taken in the end
    is dropped, where Python would complain and exit with status 120.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # uvicorn asks it whether it is a terminal
            setattr(sys, name, _nowhere())
    streams = [each for each in (sys.stdout, sys.stderr) if isinstance(each, TextIOWrapper)]
    for stream in streams:
        with suppress(OSError, ValueError):  # it is full or closed already
            stream.reconfigure(errors="backslashreplace")
    try:
        yield
    finally:
        for stream in streams:
            with suppress(ValueError):  # it is closed
                _flush(stream)


def say(line: str) -> None:
    """Print a line on stdout at once, whether or not anybody reads it."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


def complain(line: str) -> None:
    """Print a line on stderr, whether or not anybody reads it."""
    with suppress(OSError, ValueError):
        print(line, file=sys.stderr, flush=True)


def _nowhere() -> TextIOWrapper:
    return TextIOWrapper(BufferedWriter(FileIO(os.devnull, "w")), encoding="utf-8")


def _flush(stream: TextIOWrapper) -> None:
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
        stream.flush()

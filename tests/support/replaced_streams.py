"""A program whose standard streams are replaced one after the other, while it makes effects.

It prints last, as JSON, the status that each operation ended with, or the error of its magic.
"""

from __future__ import annotations

import io
import json
import sys
import threading

from IPython.core.interactiveshell import InteractiveShell


class Bare:
    """An object that can only write."""

    def write(self, text):
        return len(text)


class Raising(Bare):
    """An object of which nothing works."""

    encoding = errors = property(lambda _: 1 / 0)

    def __init__(self, error):
        self.error = error

    def write(self, _):
        raise self.error


class Paused(Bare):
    """A terminal that is paused after its first line."""

    def __init__(self):
        self.lines = []
        self.goes_on = threading.Event()

    def write(self, text):
        self.lines.append(text)
        if len(self.lines) > 1:
            self.goes_on.wait()


def closed(stream):
    stream.close()
    return stream


STREAMS = {
    "none": None,
    "bare": Bare(),
    "text": io.StringIO(),
    "narrow": io.TextIOWrapper(io.BytesIO(), encoding="ascii"),
    "closed text": closed(io.StringIO()),
    "closed file": closed(io.TextIOWrapper(io.BytesIO())),
    "gone": Raising(OSError(5, "gone")),
    "no value": Raising(ValueError("closed")),
    "no encoding": Raising(UnicodeEncodeError("x", "y", 0, 1, "z")),
    "exit": Raising(SystemExit(3)),
    "own": Raising(type("Own", (BaseException,), {})()),
}


def magic(name, line=""):
    InteractiveShell.instance().find_line_magic(f"soundpiece_{name}")(line)


def make_while(stream, attribute):
    """Make an effect while a stream stands for `stdout` or `stderr`; return how it ended."""
    usual = getattr(sys, attribute)
    setattr(sys, attribute, stream)
    try:
        magic("fx", "made --prompt click --duration 1 --wait")
        magic("history")
        magic("status")
        magic("wait")
        return InteractiveShell.instance().user_ns["made"].status
    except BaseException as error:  # noqa: BLE001 - the test reads it
        return repr(error)
    finally:
        setattr(sys, attribute, usual)


def make_while_paused():
    """Make effects while the line of the first one's end cannot be printed."""
    import soundpiece_nb as sp

    usual, sys.stdout = sys.stdout, Paused()
    try:
        magic("fx", "made --prompt click --duration 1 --no-wait")
        made = [InteractiveShell.instance().user_ns["made"]]
        made += [sp.fx("click", duration=1) for _ in range(3)]
        for each in made:
            each.result(30)
        return sorted({each.status for each in made})
    finally:
        sys.stdout.goes_on.set()
        sys.stdout = usual


def main():
    InteractiveShell.instance().run_cell(
        "%load_ext soundpiece_nb\n%config SoundpieceMagics.log='info'"
    )
    ended = {
        f"{name} {attribute}": make_while(stream, attribute)
        for name, stream in STREAMS.items()
        for attribute in ("stdout", "stderr")
    }
    print(json.dumps({**ended, "paused": make_while_paused()}))


if __name__ == "__main__":
    main()

"""The command ``soundpiece-sandbox``: an offline Soundpiece for one machine."""

import argparse
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, TypeVar

_HOST = "127.0.0.1"

Number = TypeVar("Number", int, float)


def main() -> None:
    """Serve until a signal or, with --idle-exit, until nobody needs it. Exits with 0.

    Prints one line on stdout once it listens. What keeps it from starting is one sentence on
    stderr and exit code 2.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _leave)
    options = _parser().parse_args()
    with _listener(options.port) as listener, _folder(options.data) as data:
        _serve(options, data, listener)


def _serve(options: argparse.Namespace, data: Path, listener: socket.socket) -> None:
    # Loaded only now, so that --help and a port that is taken answer at once.
    from soundpiece_nb.sandbox.ledger import Ledger, LedgerUnusableError
    from soundpiece_nb.sandbox.server import SandboxServer
    from soundpiece_nb.sandbox.service import Sandbox, Settings

    with ExitStack() as open_rooms:
        try:
            ledger = open_rooms.enter_context(Ledger(data / "ledger.sqlite3"))
        except LedgerUnusableError as error:
            _refuse(f"{data} cannot be the data folder: {error}.")
        settings = Settings(data, options.pace, options.hold, options.url_lifetime)
        port = listener.getsockname()[1]
        announcement = f"Soundpiece sandbox on http://{_HOST}:{port}/v1"
        server = SandboxServer(Sandbox(settings, ledger), announcement, options.idle_exit)
        server.run([listener])


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((_HOST, port), backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _refuse(f"Port {port} is taken. Choose another with --port, or --port 0 for any.")
        _refuse(f"Port {port} cannot be used: {error.strerror}.")
    # Its connections inherit this; asyncio would not see to it for a listener that it did not make,
    # and every answer would wait 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        yield listener


@contextmanager
def _folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="soundpiece-sandbox-") as temporary:
            yield Path(temporary)
        return
    folder = chosen.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _refuse(f"{folder} cannot be the data folder: {error.strerror}.")
    if not os.access(folder, os.W_OK):
        _refuse(f"{folder} cannot be the data folder: it is not writable.")
    yield folder


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="soundpiece-sandbox",
        description="An offline sandbox that answers like Soundpiece's API on this machine. "
        "It is not Soundpiece's model.",
    )
    add = parser.add_argument
    add("--port", type=_number(int, 0, 65535), default=8765, help="%(default)s; 0 picks a free one")
    add("--data", type=Path, metavar="DIR", help="keep all state here (else in a temporary folder)")
    add(
        "--pace",
        type=_number(float, 0),
        default=1.0,
        help="scales how long operations take (%(default)s)",
    )
    add(
        "--hold",
        type=_number(float, 0),
        default=20.0,
        help="seconds a long poll is held (%(default)s)",
    )
    add(
        "--url-lifetime",
        type=_number(float, 0),
        default=900.0,
        metavar="SECONDS",
        help="how long a download address stays good (%(default)s)",
    )
    add(
        "--idle-exit",
        type=_number(float, 0),
        metavar="SECONDS",
        help="stop after so long without a request or unfinished work",
    )
    return parser


def _number(kind: type[Number], least: float, most: float = 1e6) -> Callable[[str], Number]:
    def read(text: str) -> Number:
        number = kind(text)
        if not least <= number <= most:  # which "nan" is not either
            raise ValueError
        return number

    read.__name__ = "number"  # what argparse calls it when it is wrong
    return read


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

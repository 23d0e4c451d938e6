"""The command ``soundpiece-sandbox``: an offline Soundpiece for one machine."""

import argparse
import errno
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from soundpiece_sandbox.command_line import parser

_HOST = "127.0.0.1"
_CONNECTIONS = 16_384


def main() -> None:
    """Serve until a signal or, with --idle-exit, until nobody needs it. Exits with 0.

    Prints one line on stdout once it listens. What keeps it from starting is one sentence on
    stderr and exit code 2.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _leave)
    options = parser().parse_args()
    with _listener(options.port) as listener, _folder(options.data) as data:
        _serve(options, data, listener)


def _serve(options: argparse.Namespace, data: Path, listener: socket.socket) -> None:
    # Loaded only now, so that --help and a port that is taken answer at once.
    from soundpiece_sandbox.service.app import Sandbox, Settings
    from soundpiece_sandbox.service.server import SandboxServer
    from soundpiece_sandbox.store.operation_store import Ledger, LedgerUnusableError

    with ExitStack() as open_rooms:
        try:
            ledger = open_rooms.enter_context(Ledger(data / "ledger.sqlite3"))
        except LedgerUnusableError as error:
            _refuse(f"{data} cannot be the data folder: {error}.")
        origin = f"http://{_HOST}:{listener.getsockname()[1]}"
        settings = Settings(
            data=data,
            origin=origin,
            pace=options.pace,
            hold=options.hold,
            url_lifetime=options.url_lifetime,
            rate_limit=options.rate_limit,
            credits=options.credits,
            webhook_secret=options.webhook_secret,
            admin_token=options.admin_token,
            reach=tuple(options.reach),
            faults=tuple(options.fault),
        )
        try:
            sandbox = Sandbox(settings, ledger)
        except OSError as error:
            _refuse(f"{data} cannot be the data folder: {error.filename}: {error.strerror}.")
        announcement = f"Soundpiece sandbox on {origin}/v1"
        _allow_many_connections()
        SandboxServer(sandbox, announcement, options.idle_exit).run([listener])


def _allow_many_connections() -> None:
    """Raise the number of files this process may have open: each held long poll is one."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _CONNECTIONS if most == resource.RLIM_INFINITY else min(_CONNECTIONS, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


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


def _refuse(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

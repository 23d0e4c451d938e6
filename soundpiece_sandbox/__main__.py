"""The command ``soundpiece-sandbox``, which runs the sandbox on this machine."""

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
_MAX_CONNECTIONS = 16_384


def main() -> None:
    """Serve until a signal or, with --idle-exit, until idle; then exit with code 0.

    Prints one line on stdout once it listens. If it cannot start, it prints one sentence on
    stderr and exits with code 2.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _exit)
    options = parser().parse_args()
    with _listener(options.port) as listener, _data_folder(options.data) as data:
        _serve(options, data, listener)


def _serve(options: argparse.Namespace, data: Path, listener: socket.socket) -> None:
    # Imported only now, so that --help and the error for a taken port come at once.
    from soundpiece_sandbox.service.app import Sandbox, Settings
    from soundpiece_sandbox.service.server import SandboxServer
    from soundpiece_sandbox.store.operation_store import OperationStore, StoreUnusableError

    with ExitStack() as resources:
        try:
            store = resources.enter_context(OperationStore(data / "ledger.sqlite3"))
        except StoreUnusableError as error:
            _fail(f"{data} cannot be the data folder: {error}.")
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
            allowed_origins=tuple(options.reach),
            faults=tuple(options.fault),
        )
        try:
            sandbox = Sandbox(settings, store)
        except OSError as error:
            _fail(f"{data} cannot be the data folder: {error.filename}: {error.strerror}.")
        announcement = f"Soundpiece sandbox on {origin}/v1"
        _allow_many_connections()
        SandboxServer(sandbox, announcement, options.idle_exit).run([listener])


def _allow_many_connections() -> None:
    """Raise the limit of open files of this process: each held long poll is one."""
    with suppress(ImportError, OSError, ValueError):  # Windows has no such limit
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _MAX_CONNECTIONS if most == resource.RLIM_INFINITY else min(_MAX_CONNECTIONS, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@contextmanager
def _listener(port: int) -> Iterator[socket.socket]:
    try:
        listener = socket.create_server((_HOST, port), backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            _fail(f"Port {port} is taken. Choose another with --port, or --port 0 for any.")
        _fail(f"Port {port} cannot be used: {error.strerror}.")
    # Connections inherit this. asyncio sets it only for listeners of its own; without it, each
    # response would wait 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with listener:
        yield listener


@contextmanager
def _data_folder(chosen: Path | None) -> Iterator[Path]:
    if chosen is None:
        with tempfile.TemporaryDirectory(prefix="soundpiece-sandbox-") as temporary:
            yield Path(temporary)
        return
    folder = chosen.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _fail(f"{folder} cannot be the data folder: {error.strerror}.")
    if not os.access(folder, os.W_OK):
        _fail(f"{folder} cannot be the data folder: it is not writable.")
    yield folder


def _fail(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    raise SystemExit(2)


def _exit(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

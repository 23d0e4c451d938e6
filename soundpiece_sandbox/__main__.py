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
from soundpiece_sandbox.standard_streams import complain, forgiving_streams
from soundpiece_sandbox.store.data_folder import FolderUnusableError, lock_data_folder

_HOST = "127.0.0.1"
_MAX_CONNECTIONS = 16_384
_LONGEST_SECRET = 256


def main() -> None:
    """Serve until a signal or, with --idle-exit, until idle; then exit with code 0.

    Prints one line on stdout once it listens. If it cannot start, it prints one sentence on
    stderr and exits with code 2. Whether anybody reads them changes nothing.
    """
    for stop in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop, _exit)
    os.umask(0o077)  # whatever it makes is its owner's alone
    # Its workers are processes of their own, and import nothing that lies where it was started.
    os.environ["PYTHONSAFEPATH"] = "1"
    with forgiving_streams():
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
            request_timeout=options.request_timeout,
            secret=_secret_on_stdin() if options.secret_on_stdin else "",
            rate_limit=options.rate_limit,
            rate_seconds=options.rate_seconds,
            rate_window=options.rate_window,
            credits=options.credits,
            webhook_secret=options.webhook_secret,
            admin_token=options.admin_token,
            allowed_origins=tuple(options.reach),
            faults=tuple(options.fault),
        )
        try:
            sandbox = Sandbox(settings, store)
        except OSError as error:
            _fail(f"{data} cannot be the data folder: {error.filename or data}: {error.strerror}.")
        announcement = f"Soundpiece sandbox on {origin}/v1"
        _allow_many_connections()
        server = SandboxServer(
            sandbox,
            announcement,
            idle_exit=options.idle_exit,
            request_timeout=options.request_timeout,
        )
        server.run([listener])


def _secret_on_stdin() -> str:
    """Return the line on stdin; "" where that is closed, as it is without a console."""
    return sys.stdin.readline(_LONGEST_SECRET).strip() if sys.stdin else ""


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
    """Lend the data folder, and work in it: where it was started may be deleted meanwhile."""
    with ExitStack() as held:
        try:
            if chosen is None:
                temporary = tempfile.TemporaryDirectory(
                    prefix="soundpiece-sandbox-", ignore_cleanup_errors=True
                )
                folder = Path(held.enter_context(temporary))
            else:
                folder = chosen.expanduser().absolute()
                held.enter_context(lock_data_folder(folder))
            os.chdir(folder)
        except FolderUnusableError as error:
            _fail(f"{folder} cannot be the data folder: {error}.")
        except (RuntimeError, OSError) as error:
            reason = str(getattr(error, "strerror", None) or error).rstrip(".")
            _fail(f"{chosen or 'A temporary folder'} cannot be the data folder: {reason}.")
        yield folder


def _fail(sentence: str) -> NoReturn:
    complain(sentence)
    raise SystemExit(2)


def _exit(*_: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    main()

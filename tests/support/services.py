"""Real servers for the tests: the sandbox as a process, and a service that answers by script."""

from __future__ import annotations

import io
import json
import os
import threading
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.forked_processes import SandboxProcess


class RunningSandbox:
    """The sandbox in its own process, over a folder that outlives it."""

    def __init__(self, data: Path, **options: float) -> None:
        self.data = data
        self.options = {"pace": 0, "hold": 20, **options}
        self.port = 0
        self.start()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def start(self) -> None:
        options = ["--port", str(self.port), "--data", str(self.data)]
        for name, value in self.options.items():
            options += [f"--{name.replace('_', '-')}", str(value)]
        self.process = SandboxProcess(*options)
        self.port = int(self.process.line.rsplit(":", 1)[1].split("/")[0])

    def counters(self) -> dict[str, Any]:
        root = self.base_url.removesuffix("/v1")
        with urllib.request.urlopen(f"{root}/sandbox/counters", timeout=10) as answer:
            return json.load(answer)

    def kill(self) -> None:
        self.process.end()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@dataclass
class Heard:
    """One request as the scripted service heard it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Reply:
    """One answer: `cut` closes the connection after that many bytes of the body."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    hang_up: bool = False


def as_json(value: Any, status: int = 200, **headers: str) -> Reply:
    """Return a JSON answer."""
    return Reply(status, json.dumps(value).encode(), headers)


class ManyAtOnce(ThreadingHTTPServer):
    """A server that many connect to in the same moment, as a real one bears; five are usual."""

    request_queue_size = 512


class ScriptedService:
    """A real HTTP server whose answers are one function of what it hears and how often."""

    def __init__(self, answer: Callable[[Heard, int], Reply]) -> None:
        self.heard: list[Heard] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                heard = Heard(
                    self.command, self.path, dict(self.headers.items()), self.rfile.read(length)
                )
                service.heard.append(heard)
                times = len(service.of(heard.method, heard.path.split("?")[0]))
                reply = answer(heard, times)
                if reply.hang_up:
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.body[: reply.cut])
                if reply.cut is not None:
                    self.close_connection = True

            do_GET = do_PUT = do_HEAD = _answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        self._server = ManyAtOnce(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # a client that left is part of these tests
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{self.root}/v1"
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()

    def of(self, method: str, path: str) -> list[Heard]:
        """Return what was heard of one method and path."""
        return [h for h in self.heard if h.method == method and h.path.split("?")[0] == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


OPERATION_ID = "op_" + "0" * 26


def operation(status: str = "processing", **fields: Any) -> dict[str, Any]:
    """Return an operation as the service answers it."""
    return {"song": {"id": OPERATION_ID, "status": status, "outputs": None, "error": None} | fields}


@cache
def tone(seconds: float = 1.0, bits: str = "PCM_16") -> bytes:
    """Return a FLAC file of a stereo tone."""
    import numpy as np
    import soundfile

    time = np.arange(int(44_100 * seconds)) / 44_100
    left = 0.4 * np.sin(2 * np.pi * 220 * time)
    buffer = io.BytesIO()
    soundfile.write(buffer, np.stack([left, left / 2], 1), 44_100, bits, format="FLAC")
    return buffer.getvalue()


def quiet_environment(home: Path, **more: str) -> dict[str, str]:
    """Return an environment without this machine's Soundpiece settings."""
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("SOUNDPIECE_", "JPY_"))}
    return {**kept, "SOUNDPIECE_HOME": str(home), **_NO_KEYRING, **more}


_NO_KEYRING = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}

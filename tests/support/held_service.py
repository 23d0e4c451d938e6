"""A service whose operations are done when the test says so, and that sees who asks for what."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
import uuid
from collections import Counter, defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from support.services import tone

LOOK_SECONDS = 0.02


class HeldService:
    """Every request makes an operation of one take; polls are held until it is done.

    `done` says that operations end, `flowing` that downloads come; without the latter, half of
    a file is sent, and then nothing.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.done, self.flowing = threading.Event(), threading.Event()
        self.flowing.set()
        self.file = tone(seconds)
        self.requests: Counter[str] = Counter()
        """PUTs by key."""
        self.downloads: Counter[str] = Counter()
        """Downloads that were begun, by key."""
        self.most_pollers: Counter[str] = Counter()
        """The most polls held at the same time, by key."""
        self._held: defaultdict[str, list[socket.socket]] = defaultdict(list)
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.service = self
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        self.base_url = f"{self.root}/v1"
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(LOOK_SECONDS,), daemon=True).start()

    def operation(self, key: str, status: str) -> dict[str, object]:
        """Return an operation as the service answers it."""
        output = {"url": f"{self.root}/files/{key}", "duration": 1.0} if status == "ready" else None
        return {"fx": {"id": f"op_{uuid.UUID(key).hex}", "status": status, "output": output}}

    def hold(self, key: str, caller: socket.socket) -> bool:
        """Hold a poll until all is done; False where its caller has left."""
        with self._lock:
            held = self._held[key] = [each for each in self._held[key] if not _has_left(each)]
            held.append(caller)
            self.most_pollers[key] = max(self.most_pollers[key], len(held))
        while not (left := _has_left(caller)) and not self.done.wait(LOOK_SECONDS):
            pass
        with self._lock:
            if caller in self._held[key]:
                self._held[key].remove(caller)
        return not left

    def held(self) -> dict[str, int]:
        """Return how many polls are held now, by key."""
        with self._lock:
            now = {
                key: sum(not _has_left(caller) for caller in callers)
                for key, callers in self._held.items()
            }
        return {key: number for key, number in now.items() if number}

    def close(self) -> None:
        self.done.set()
        self.flowing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512  # many connect in the same moment
    service: HeldService

    def handle_error(self, *_: object) -> None:
        """Say nothing: clients that left are what this is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    @property
    def _service(self) -> HeldService:
        return self.server.service

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._service.requests[body["idempotency_key"]] += 1
        self._say(self._service.operation(body["idempotency_key"], "processing"))

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        if asked.path.startswith("/files/"):
            self._send(asked.path.removeprefix("/files/"))
            return
        key = _key(parse_qs(asked.query)["id"][0])
        if "wait" in parse_qs(asked.query) and not self._service.hold(key, self.connection):
            self.close_connection = True
            return
        self._say(
            self._service.operation(key, "ready" if self._service.done.is_set() else "processing")
        )

    def _send(self, key: str) -> None:
        self._service.downloads[key] += 1
        offset = int((self.headers["Range"] or "bytes=0-")[6:-1])
        part, size = self._service.file[offset:], len(self._service.file)
        self.send_response(206 if offset else 200)
        self.send_header("Content-Length", str(len(part)))
        self.send_header("ETag", '"one"')
        if offset:
            self.send_header("Content-Range", f"bytes {offset}-{size - 1}/{size}")
        self.end_headers()
        self.wfile.write(part[: len(part) // 2])
        while not self._service.flowing.wait(LOOK_SECONDS):
            if _has_left(self.connection):
                return
        self.wfile.write(part[len(part) // 2 :])

    def _say(self, operation: object) -> None:
        body = json.dumps(operation).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def _key(operation_id: str) -> str:
    return str(uuid.UUID(operation_id.removeprefix("op_")))


def _has_left(caller: socket.socket) -> bool:
    """Tell whether the other side of a connection has closed it."""
    try:
        readable = select.select([caller], [], [], 0)[0]
        return bool(readable) and caller.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def eventually(true: object, seconds: float = 20.0) -> None:
    """Wait until a function returns something true; fails after so many seconds."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(LOOK_SECONDS)

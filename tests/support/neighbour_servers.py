"""HTTP servers on this machine that receive webhooks and offer sounds to the sandbox."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One webhook as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)


class Neighbour:
    """A server on this machine that receives POSTs and offers files."""

    def __init__(self, answer: Callable[[int], int] = lambda _: 200) -> None:
        """Answer the n-th POST (from 1) with the status that ``answer`` gives."""
        self.received: list[Received] = []
        self.asked: list[str] = []
        self.offers: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        neighbour = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                neighbour.received.append(Received(self.path, dict(self.headers.items()), body))
                self.send_response(answer(len(neighbour.received)))
                self.end_headers()

            def do_GET(self) -> None:
                neighbour.asked.append(self.path)
                if self.path in neighbour.redirects:
                    self.send_response(302)
                    self.send_header("Location", neighbour.redirects[self.path])
                    self.end_headers()
                    return
                offer = neighbour.offers.get(self.path)
                self.send_response(404 if offer is None else 200)
                self.end_headers()
                self.wfile.write(offer or b"")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, count: int, seconds: float = 15) -> list[Received]:
        """Wait until so many webhooks have arrived, and give them."""
        deadline = time.monotonic() + seconds
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return list(self.received)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

"""Somebody between the service and the server, who does as he likes with what is delivered."""

from __future__ import annotations

import base64
import json
import socket
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Self
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from support.kept_take import SECRET
from support.services import ManyAtOnce

Delivery = tuple[dict[str, str], bytes]
"""The headers that sign it, and the body."""

ANOTHER_SECRET = "whsec_" + base64.b64encode(b"what somebody guessed, as long").decode()
REPEATS = 10


class Meddler:
    """A relay in front of one address: what it hears, `deals` passes on, or something else."""

    def __init__(self, deals: Callable[[Meddler, Delivery], None], address: str) -> None:
        self.address = address
        self.answers: list[int | None] = []
        self._deals = partial(deals, self)

    def __enter__(self) -> Self:
        deals = self._deals

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = {n: v for n, v in self.headers.items() if n.startswith("webhook-")}
                deals((signed, body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ManyAtOnce(("127.0.0.1", 0), Handler)
        self.root = f"http://127.0.0.1:{self._server.server_port}"
        serve = partial(self._server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def send(self, delivery: Delivery) -> None:
        headers, body = delivery
        self.answers.append(httpx.post(self.address, headers=headers, content=body).status_code)

    def send_half(self, delivery: Delivery) -> None:
        """Say how long the body is, and hang up in its middle."""
        headers, body = delivery
        at = urlsplit(self.address)
        lines = [f"POST {at.path} HTTP/1.1", f"Host: {at.netloc}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        with socket.create_connection((at.hostname, at.port)) as line:
            line.sendall("\r\n".join([*lines, "", ""]).encode() + body[: len(body) // 2])
        self.answers.append(None)


def signed(body: bytes, secret: str, *, ago: timedelta = timedelta()) -> Delivery:
    """Sign a body as the service does."""
    number, then = f"msg_{uuid.uuid4().hex}", datetime.now(UTC) - ago
    headers = {
        "webhook-id": number,
        "webhook-timestamp": str(int(then.timestamp())),
        "webhook-signature": Webhook(secret).sign(number, then, body.decode()),
    }
    return headers, body


def saying_failed(body: bytes) -> bytes:
    """Return what a delivery says, turned into its opposite."""
    said = json.loads(body)
    error = {"code": "content_policy", "message": "It was refused."}
    said["data"] |= {"status": "failed", "outputs": None, "error": error}
    said["type"] = said["type"].replace("ready", "failed")
    return json.dumps(said).encode()


def forges(meddler: Meddler, delivery: Delivery) -> None:
    meddler.send(signed(saying_failed(delivery[1]), ANOTHER_SECRET))


def alters(meddler: Meddler, delivery: Delivery) -> None:
    headers, body = delivery
    meddler.send((headers, saying_failed(body)))


def is_late(meddler: Meddler, delivery: Delivery) -> None:
    meddler.send(signed(delivery[1], SECRET, ago=timedelta(hours=1)))


def cuts(meddler: Meddler, delivery: Delivery) -> None:
    meddler.send_half(delivery)


def replays(meddler: Meddler, delivery: Delivery) -> None:
    for _ in range(REPEATS):
        meddler.send(delivery)


def contradicts(meddler: Meddler, delivery: Delivery) -> None:
    meddler.send(signed(saying_failed(delivery[1]), SECRET))

"""A service whose operations take so many seconds each, too cheap to be what a client waits for.

    python -m bench.timed_service SECONDS

Prints its address in one line and serves until it is ended. It answers every PUT at once, holds a
long poll until the operation is ready (20 s at most), and gives each the same take: one second of
stereo at 44.1 kHz as FLAC. An operation whose prompt is `WARM_UP` is ready at once and not counted.
`/counters` tells what was asked.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
import urllib.request
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any, Self

ROOT = Path(__file__).parents[1]
WARM_UP = "Warm up"
HOLD = 20.0
"""Seconds that a long poll is held at most, as its documentation says of the real service."""

CONNECTIONS_WAITING = 8_192


class TimedService:
    """The service as a process of its own, which ends with the `with` block."""

    def __init__(self, seconds: float) -> None:
        command = [sys.executable, "-m", "bench.timed_service", str(seconds)]
        self._process = Popen(command, cwd=ROOT, stdout=PIPE, text=True)  # noqa: S603 - our own
        line = self._process.stdout.readline() if self._process.stdout else ""
        self.root = line.strip()
        self.base_url = f"{self.root}/v1"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()

    def counters(self) -> dict[str, int]:
        """Return how many `PUT`s, `polls`, `downloads` and `connections` there were."""
        with urllib.request.urlopen(f"{self.root}/counters", timeout=30) as answer:  # noqa: S310
            counted: dict[str, int] = json.load(answer)
        return counted


@dataclass(frozen=True)
class Made:
    """One operation: when it is ready, by the clock of the event loop, and whether it counts."""

    ready_at: float
    counts: bool


class Operations:
    """What the service has made, and what it was asked."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.root = ""
        self.asked: Counter[str] = Counter()
        self.made: dict[str, Made] = {}
        self.take = _take()

    def begin(self, body: bytes, now: float) -> bytes:
        """Make what a PUT asks for, once for each key, and return the answer's body."""
        wanted: dict[str, Any] = json.loads(body)
        counts = wanted.get("prompt") != WARM_UP
        operation_id = f"op_{wanted['idempotency_key']}"
        self.made.setdefault(operation_id, Made(now + self.seconds * counts, counts))
        self.asked["PUT"] += counts
        return self.tell(operation_id, ready=False)

    def tell(self, operation_id: str, *, ready: bool) -> bytes:
        """Return the body that tells of an operation."""
        output = {"url": f"{self.root}/takes/{operation_id}", "duration": 1.0}
        state = {"status": "ready", "output": output} if ready else {"status": "processing"}
        return json.dumps({"fx": {"id": operation_id, **state}}).encode()


class _Connection(asyncio.Protocol):
    """One connection, which brings any number of requests, one after the other."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._loop = asyncio.get_running_loop()
        self._heard = b""
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type
        self._transport = transport
        self._operations.asked["connections"] += 1

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, ended, rest = self._heard.partition(b"\r\n\r\n")
        if not ended:
            return
        length = _content_length(head)
        if len(rest) < length:
            return
        body, self._heard = rest[:length], rest[length:]
        method, path = head.split(b" ", 2)[:2]
        self._answer(method, path.decode(), body)

    def _answer(self, method: bytes, path: str, body: bytes) -> None:
        operations, now = self._operations, self._loop.time()
        if method == b"PUT":
            self._say(operations.begin(body, now))
        elif path == "/counters":
            self._say(json.dumps(operations.asked).encode())
        elif path.startswith("/takes/"):
            operations.asked["downloads"] += operations.made[path.rpartition("/")[2]].counts
            self._say(operations.take, "audio/flac")
        else:
            operation_id = path.partition("id=")[2].partition("&")[0]
            made = operations.made[operation_id]
            operations.asked["polls"] += made.counts
            held = min(made.ready_at - now, HOLD) if "wait=true" in path else 0.0
            self._loop.call_later(max(0.0, held), self._tell, operation_id)

    def _tell(self, operation_id: str) -> None:
        ready = self._loop.time() >= self._operations.made[operation_id].ready_at
        self._say(self._operations.tell(operation_id, ready=ready))

    def _say(self, body: bytes, kind: str = "application/json") -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._transport.write(head.encode() + body)


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _take() -> bytes:
    """Return one second of a stereo tone as FLAC, whose STREAMINFO has its length and MD5."""
    import numpy as np
    import soundfile

    left = 0.4 * np.sin(2 * np.pi * 220 * np.arange(44_100) / 44_100)
    file = io.BytesIO()
    soundfile.write(file, np.stack([left, left / 2], 1), 44_100, "PCM_16", format="FLAC")
    return file.getvalue()


async def _serve(seconds: float) -> None:
    operations = Operations(seconds)
    server = await asyncio.get_running_loop().create_server(
        lambda: _Connection(operations), "127.0.0.1", 0, backlog=CONNECTIONS_WAITING
    )
    operations.root = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    print(operations.root, flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(float(sys.argv[1])))

"""A service of bytes written by hand, for what no HTTP library would send."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

Script = Callable[[str, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request, of which it gets the head and the body as text."""


class RawService:
    """Listens on a free port of a host, on a thread of its own.

    Each connection has one answer, unless `lasting` says that it has as many as are asked for.
    """

    def __init__(self, script: Script, host: str = "127.0.0.1", *, lasting: bool = False) -> None:
        self.script = script
        self.lasting = lasting
        self.heard: list[str] = []
        self.connections = self.open = 0
        self._loop = asyncio.new_event_loop()
        self._host = host
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        self.root = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self.base_url = f"{self.root}/v1"

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self, started: threading.Event) -> None:
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, self._host, 0, backlog=512)
        )
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self._loop.run_forever()
        server.close()
        self._loop.run_until_complete(end_all())
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await self._answer(reader, writer)
            while self.lasting:
                await self._answer(reader, writer)
        writer.close()
        self.open -= 1

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = [line[15:] for line in head.split("\r\n") if line[:15].lower() == CONTENT]
        body = await reader.readexactly(int(length[0])) if length else b""
        heard = head + body.decode()
        self.heard.append(heard)
        await self.script(heard, writer)
        await writer.drain()


async def end_all() -> None:
    """Cancel all tasks of this loop, and let the connections that they close be gone."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.sleep(0.01)


CONTENT = "content-length:"


def reply(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return an answer of a known length, after which the connection is closed."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def as_json(value: Any, status: str = "200 OK", **headers: str) -> bytes:
    return reply(json.dumps(value).encode(), status, **headers)


def say(answer: bytes) -> Script:
    """Say the same to everybody."""

    async def script(heard: str, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return script


def go_on(beginning: bytes, piece: bytes, every: float = 0.0) -> Script:
    """Begin so, and then send a piece again and again, without end."""

    async def script(heard: str, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    return script

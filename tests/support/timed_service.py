"""A service whose operations take so many seconds each, and whose polls are held until then."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from support.raw_service import RawService
from support.services import tone


class TimedService(RawService):
    """Makes one output of everything; connections last, as with a real one."""

    def __init__(self, seconds: float, hold: float = 20.0) -> None:
        self.seconds, self.hold = seconds, hold
        self.ends: dict[str, float] = {}
        self.take = tone(1.0)
        super().__init__(self._script, lasting=True)

    async def _script(self, heard: str, writer: asyncio.StreamWriter) -> None:
        method, path = heard.split(" ", 2)[:2]
        if path == "/take":
            _say(writer, self.take)
            return
        if method == "PUT":
            key = json.loads(heard.partition("\r\n\r\n")[2])["idempotency_key"]
            self.ends.setdefault(f"op_{key}", time.monotonic() + self.seconds)
            _say(writer, self._operation(f"op_{key}"))
            return
        operation_id = path.partition("id=")[2].partition("&")[0]
        if "wait=true" in path:
            left = self.ends[operation_id] - time.monotonic()
            await asyncio.sleep(max(0.0, min(left, self.hold)))
        _say(writer, self._operation(operation_id))

    def _operation(self, operation_id: str) -> bytes:
        ready = time.monotonic() >= self.ends[operation_id]
        output: dict[str, Any] = {"url": f"{self.root}/take", "duration": 1.0}
        status = {"status": "ready", "output": output} if ready else {"status": "processing"}
        return json.dumps({"fx": {"id": operation_id, **status}}).encode()


def _say(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

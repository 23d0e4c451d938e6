"""A service of one route for bad machines: it makes each key once, and tells what is happening."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from support.services import Heard, Reply, ScriptedService, as_json, tone

AUDIO = tone(3.0)
MOMENTS = ("PUT", "GET", "download")


class Studio(ScriptedService):
    """Answers `create.new_fx`; `when[moment]` is called once, before that request is answered.

    No request of a moment is answered before `after[moment]` is set, or 20 s have passed.
    Its addresses are good for a quarter of an hour, by the clock of this machine. Unless it
    `keeps` connections, each request needs a new one.
    """

    def __init__(self, host: str = "127.0.0.1", audio: bytes | memoryview = AUDIO) -> None:
        super().__init__(self._answer)
        self.audio = audio
        self.seconds = 3.0
        self.keeps = True
        self.root = self.root.replace("127.0.0.1", host)
        self.base_url = f"{self.root}/v1"
        self.made: dict[str, str] = {}
        self.when: dict[str, Callable[[], None]] = {}
        self.after: dict[str, threading.Event] = {}
        self.instead: dict[str, list[Reply]] = {moment: [] for moment in MOMENTS}

    def _answer(self, heard: Heard, _: int) -> Reply:
        reply = self._reply(heard)
        ends = {} if self.keeps else {"Connection": "close"}
        return replace(reply, headers={**reply.headers, **ends})

    def _reply(self, heard: Heard) -> Reply:
        moment = heard.method if heard.path.startswith("/v1/") else "download"
        self.when.pop(moment, lambda: None)()
        if moment in self.after:
            self.after[moment].wait(20)
        if self.instead[moment]:
            return self.instead[moment].pop(0)
        if moment == "download":
            return self._part(heard)
        if moment == "PUT":
            key = json.loads(heard.body)["idempotency_key"]
            number = self.made.setdefault(key, f"op_{len(self.made):026}")
            return as_json({"fx": {"id": number, "status": "processing"}})
        number = heard.path.split("id=")[1].split("&")[0]
        good_until = (datetime.now(UTC) + timedelta(minutes=15)).isoformat()
        output = {"url": f"{self.root}/take", "duration": self.seconds, "expires_at": good_until}
        return as_json({"fx": {"id": number, "status": "ready", "output": output}})

    def _part(self, heard: Heard) -> Reply:
        """Give the file, or the part of it that was asked for."""
        headers, size = {"ETag": '"v1"'}, len(self.audio)
        if "Range" not in heard.headers:
            return Reply(200, self.audio, headers)
        start = int(heard.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        if start >= size:
            return Reply(416, b"", {**headers, "Content-Range": f"bytes */{size}"})
        span = {"Content-Range": f"bytes {start}-{size - 1}/{size}"}
        return Reply(206, self.audio[start:], headers | span)


def in_seconds(seconds: float) -> str:
    """Return the HTTP date that is so far away."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)

"""A service whose every answer is wrong in a way of its own, and operations that have to bear it.

Only what is asked about an operation called healthy is answered well, in the midst of all that.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.raw_service import RawService, reply
from support.services import quiet_environment, tone
from support.session_processes import Process

HEALTHY = "healthy"
AT_ONCE = 6
PREPARE = """
import os, resource, psutil
from soundpiece_nb.settings import SETTINGS
SETTINGS.request_timeout, SETTINGS.retry_budget, SETTINGS.operation_deadline = 1.0, 4.0, 6.0
seen = {}

def begin(number):
    global ops
    ops = [sp.fx(f"mad {n}", duration=1) for n in range(number)]

def end():
    for op in ops:
        try:
            op.result(60)
            seen["ready"] = seen.get("ready", 0) + 1
        except sp.SoundpieceError as error:
            assert len(error.message) < 5_000, len(error.message)
            assert "unforeseen" not in error.message, error.message
            seen[type(error).__name__] = seen.get(type(error).__name__, 0) + 1
        op.status, repr(op), op.error

def healthy():
    began = time.monotonic()
    sp.fx("healthy", duration=1).result(60)
    return time.monotonic() - began

def memory():
    return psutil.Process().memory_info().rss
"""


@dataclass
class Fuzzed:
    """What came of it: answers by kind, ends by class, seconds of healthy ones, growth in bytes."""

    answers: Counter[str] = field(default_factory=Counter)
    ends: dict[str, int] = field(default_factory=dict)
    healthy: list[float] = field(default_factory=list)
    grown: int = 0
    descriptors: int = 0

    def __str__(self) -> str:
        return (
            f"{sum(self.answers.values())} answers of {len(self.answers)} kinds, ends "
            f"{self.ends}, {len(self.healthy)} healthy operations within "
            f"{max(self.healthy):.1f} s, {self.grown / 1e6:.0f} MB more memory, "
            f"{self.descriptors} more descriptors"
        )


def fuzz(seconds: float, seed: int, home: Path) -> Fuzzed:
    """Let operations meet a mad service for some seconds, with a healthy one now and then."""
    service = MadService(seed)
    environment = quiet_environment(
        home, SOUNDPIECE_BASE_URL=service.base_url, SOUNDPIECE_API_KEY="spk_tests_only_0123456789"
    )
    process, done = Process(environment), Fuzzed()
    try:
        process.do(PREPARE)
        process.do("healthy()", 60)
        process.do(f"begin({AT_ONCE})")
        process.do("end()", 200)  # what is imported and cached at the first of each
        before, open_before = process.do("memory(), psutil.Process().num_fds()")
        until = time.monotonic() + seconds
        while time.monotonic() < until or not done.healthy:
            process.do(f"begin({AT_ONCE})")
            done.healthy.append(process.do("healthy()", 60))
            process.do("end()", 200)
        done.ends = process.do("seen")
        after, open_after = process.do("memory(), psutil.Process().num_fds()")
        done.grown, done.descriptors = after - before, open_after - open_before
        process.do("current.close()")
    finally:
        process.close()
        service.close()
    done.answers = service.answers
    log = home / "errors.log"
    assert not log.exists() or not log.read_bytes(), log.read_text(errors="replace")[-3000:]
    return done


class MadService(RawService):
    """Speaks the API to operations called healthy, and nonsense to all others."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.answers: Counter[str] = Counter()
        self.number = 0
        self.well: set[str] = set()
        self.audio = tone()
        super().__init__(self._say)

    async def _say(self, heard: str, writer: asyncio.StreamWriter) -> None:
        target = heard.split(" ")[1]
        if target.startswith("/take"):
            await (self._file(writer) if HEALTHY in target else self._bad_file(writer))
        elif heard.startswith("PUT"):
            body = json.loads(heard.partition("\r\n\r\n")[2])
            self.number += 1
            identity = f"op_{self.number:026}"
            if body["prompt"] == HEALTHY:
                self.well.add(identity)
                writer.write(reply(json.dumps(self._operation(identity, "processing")).encode()))
            else:
                await self._mad(identity, "processing", writer)
        else:
            identity = (re.findall("op_[0-9a-z]+", target) or ["op_other"])[0]
            if identity in self.well:
                writer.write(reply(json.dumps(self._operation(identity, "ready")).encode()))
            else:
                await self._mad(identity, "ready", writer)

    def _operation(self, identity: str, status: str) -> dict[str, Any]:
        name = HEALTHY if identity in self.well else "mad"
        output = {"url": f"{self.root}/take-{name}", "duration": 1.0, "expires_at": None}
        return {"fx": {"id": identity, "status": status, "output": output, "error": None}}

    async def _file(self, writer: asyncio.StreamWriter) -> None:
        writer.write(reply(self.audio, ETag='"v1"'))

    # ------------------------------------------------------------------ what is wrong

    async def _mad(self, identity: str, status: str, writer: asyncio.StreamWriter) -> None:
        operation = self._operation(identity, status)
        if self.chance.random() < 0.45:  # else hardly any would come as far as its file
            self.answers["well"] += 1
            writer.write(reply(json.dumps(operation).encode()))
            return
        kind = self.chance.choice(
            (self._other_values, self._other_bytes, self._other_head, self._packed, self._endless)
        )
        self.answers[kind.__name__] += 1
        await kind(json.dumps(operation).encode(), writer)

    async def _other_values(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        operation = json.loads(body)
        inner = operation["fx"]
        for _ in range(self.chance.randint(1, 4)):
            where = self.chance.choice([inner, inner["output"] or {}, operation])
            if isinstance(where, dict) and where:
                where[self.chance.choice([*where, "error", "outputs", "x"])] = self._value()
            if not isinstance(operation.get("fx"), dict):
                break
            inner = {"output": {}, **operation["fx"]}
        writer.write(reply(json.dumps(operation).encode(errors="replace")))

    def _value(self) -> Any:
        chance = self.chance
        deep: Any = "deep"
        for _ in range(chance.choice((1, 50, 400))):
            deep = [deep]
        return chance.choice(
            (
                None,
                True,
                -1,
                10**400,
                1e308,
                "",
                "ready",
                "failed",
                "unheard of",
                "\ud800",
                "x" * chance.choice((1, 1_000, 300_000)),
                "spk_live_0123456789abcdef",
                "http://169.254.169.254/latest",
                "https://[::1",
                f"{self.root}/take?X-Signature=secret",
                {"code": "\x1b[2J" * 9, "message": "<script>" * 999},
                [{"url": f"{self.root}/take", "duration": chance.choice((0, -1, 1e9, 1))}]
                * chance.choice((1, 3, 300)),
                "9999-99-99",
                deep,
                {"id": "op_other", "status": "failed"},
            )
        )

    async def _other_bytes(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        whole = bytearray(reply(body))
        for _ in range(self.chance.randint(1, 6)):
            place = self.chance.randrange(len(whole))
            whole[place : place + self.chance.choice((0, 1, 4))] = self.chance.randbytes(
                self.chance.choice((0, 1, 3))
            )
        writer.write(bytes(whole[: self.chance.choice((len(whole), len(whole) // 2, 3))]))

    async def _other_head(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        chance = self.chance
        status = chance.choice((100, 101, 199, 204, 206, 302, 304, 401, 402, 404, 408, 409, 418))
        status = chance.choice((status, 422, 429, 500, 503, 599, 999))
        headers = chance.choice(
            (
                {"Retry-After": chance.choice(("1764264000", "-1", "nan", "1e400", "x", "0.1"))},
                {"Location": chance.choice(("/", "//", "http://10.0.0.1/", "x:y", "\x01"))},
                {"Set-Cookie": "a=b; Domain=.example", "Date": "Fri, 99 Foo 9999 99:99:99 GMT"},
                {"Content-Encoding": chance.choice(("br", "zstd", "gzip, gzip, gzip", "x"))},
                {"Transfer-Encoding": "chunked"},
                {f"X-{number}": "y" * 500 for number in range(chance.choice((2, 150)))},
            )
        )
        if chance.random() < 0.5:
            body = json.dumps({"detail": self._value()}).encode(errors="replace")
        writer.write(reply(body, f"{status} So", **headers))

    async def _packed(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        packed = gzip.compress(self.chance.choice((body, bytes(3_000_000))))
        layers = self.chance.choice((1, 2))
        for _ in range(layers - 1):
            packed = gzip.compress(packed)
        writer.write(reply(packed, Content_Encoding=", ".join(["gzip"] * layers)))

    async def _endless(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        head = self.chance.choice(
            (
                b"HTTP/1.1 200 OK\r\n\r\n" + body,
                b"HTTP/1.1 200 OK\r\nX-Long: ",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n",
                b"",
            )
        )
        piece = self.chance.choice(
            (b" ", b"x" * 65_536, b"1;e=1\r\nx\r\n", b"HTTP/1.1 100 C\r\n\r\n")
        )
        await self._go_on(writer, head, piece)

    async def _go_on(self, writer: asyncio.StreamWriter, head: bytes, piece: bytes) -> None:
        every = self.chance.choice((0.001, 0.2))
        writer.write(head)
        for _ in range(int(self.chance.choice((0.5, 8)) / every)):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(every)

    async def _bad_file(self, writer: asyncio.StreamWriter) -> None:
        chance = self.chance
        kind = chance.choice(("well", "flips", "cut", "junk", "parts", "refusals", "endless"))
        self.answers[f"file: {kind}"] += 1
        whole = bytearray(self.audio)
        headers = {"ETag": chance.choice(('"v1"', '"v2"', "W/x", '"\xe9"', '"' * 3, "x" * 9_000))}
        match kind:
            case "well":
                writer.write(reply(self.audio))
            case "flips":
                for _ in range(chance.randint(1, 20)):
                    whole[chance.randrange(chance.choice((42, len(whole))))] = chance.randrange(256)
                writer.write(reply(bytes(whole), **headers))
            case "cut":
                answer = reply(bytes(whole), **headers)
                writer.write(answer[: chance.randrange(len(answer))])
            case "junk":
                junk = chance.choice((b"\xff\xf8", bytes(2), chance.randbytes(2))) * 100_000
                writer.write(
                    reply(chance.choice((bytes(whole) + junk, junk, b"<html>")), **headers)
                )
            case "parts":
                span = chance.choice(("5-9/10", "*/0", "0-/", "x", "99999999999999999999-1/2"))
                status = chance.choice(("206 Partial", "416 No"))
                writer.write(reply(bytes(whole), status, Content_Range=f"bytes {span}", **headers))
            case "refusals":
                status = chance.choice(("302 Found", "307 T", "403 F", "404 N", "410 G", "500 I"))
                place = chance.choice(
                    ("http://10.1.2.3/x", "/take-mad", "file:///etc/passwd", "::")
                )
                writer.write(reply(b"no", status, Location=place))
            case "endless":
                head = b"HTTP/1.1 200 OK\r\n\r\n" + chance.choice((b"", bytes(whole)))
                await self._go_on(writer, head, chance.choice((b"f", bytes(65_536))))

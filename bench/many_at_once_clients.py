"""One client's work on many operations at once, in a process that does nothing else.

    python -m bench.many_at_once_clients CLIENT BASE_URL NUMBER FOLDER

Prints what it measured as JSON; `many_at_once.py` calls it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from bench.timed_service import WARM_UP

PATIENCE = 30.0
"""Seconds that an exchange may take, a poll's 20 included."""

HEADERS = {"Authorization": "Bearer spk_bench_0123456789"}
MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Work:
    """What a client has to do: an operation of each prompt, and its file in the folder."""

    base_url: str
    folder: Path
    prompts: list[str]

    @property
    def address(self) -> str:
        """The address of the route."""
        return f"{self.base_url}/create.new_fx"


Wait = Callable[[], object]
Client = Callable[[Work], Wait]
"""Submits everything and returns what waits until the last file is on the disk."""


def this_project(work: Work) -> Wait:
    """Have this project make them, with a journal and every file verified."""
    import soundpiece_nb as sp

    operations = [sp.fx(prompt, duration=1) for prompt in work.prompts]
    return lambda: [operation.result(PATIENCE * 20) for operation in operations]


def requests_on_threads(work: Work) -> Wait:
    """Have a thread make each, with a `requests` session of its own."""
    import requests

    def make(prompt: str) -> None:
        with requests.Session() as session:
            session.headers.update(HEADERS)
            made = session.put(work.address, json=_body(prompt), timeout=PATIENCE).json()["fx"]
            while made["status"] == "processing":
                asked = {"id": made["id"], "wait": "true"}
                made = session.get(work.address, params=asked, timeout=PATIENCE).json()["fx"]
            take = session.get(made["output"]["url"], timeout=PATIENCE)
            _file(work, made).write_bytes(take.content)

    workers = ThreadPoolExecutor(len(work.prompts))
    made = [workers.submit(make, prompt) for prompt in work.prompts]
    return lambda: [each.result() for each in made]


def httpx_gathered(work: Work) -> Wait:
    """Gather all over one `httpx` client without a limit of connections."""
    import httpx

    async def make_all() -> None:
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        async with httpx.AsyncClient(timeout=PATIENCE, limits=limits, headers=HEADERS) as client:
            await asyncio.gather(*(make(client, prompt) for prompt in work.prompts))

    async def make(client: httpx.AsyncClient, prompt: str) -> None:
        made = (await client.put(work.address, json=_body(prompt))).json()["fx"]
        while made["status"] == "processing":
            asked = {"id": made["id"], "wait": "true"}
            made = (await client.get(work.address, params=asked)).json()["fx"]
        _file(work, made).write_bytes((await client.get(made["output"]["url"])).content)

    return _on_a_thread(make_all)


def aiohttp_gathered(work: Work) -> Wait:
    """Gather all over one `aiohttp` session without a limit of connections."""
    import aiohttp

    async def make_all() -> None:
        connector = aiohttp.TCPConnector(limit=0)
        patience = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(
            connector=connector, timeout=patience, headers=HEADERS
        ) as session:
            await asyncio.gather(*(make(session, prompt) for prompt in work.prompts))

    async def make(session: Any, prompt: str) -> None:
        async with session.put(work.address, json=_body(prompt)) as answer:
            made = (await answer.json())["fx"]
        while made["status"] == "processing":
            asked = {"id": made["id"], "wait": "true"}
            async with session.get(work.address, params=asked) as answer:
                made = (await answer.json())["fx"]
        async with session.get(made["output"]["url"]) as answer:
            _file(work, made).write_bytes(await answer.read())

    return _on_a_thread(make_all)


CLIENTS: dict[str, Client] = {
    "this": this_project,
    "requests": requests_on_threads,
    "httpx": httpx_gathered,
    "aiohttp": aiohttp_gathered,
}


def _body(prompt: str) -> dict[str, Any]:
    return {"idempotency_key": str(uuid.uuid4()), "prompt": prompt, "duration": 1}


def _file(work: Work, made: dict[str, Any]) -> Path:
    return work.folder / f"{made['id']}.flac"


def _on_a_thread(make_all: Callable[[], Awaitable[None]]) -> Wait:
    """Run it in an event loop beside the main thread, which is as free as with any other client."""

    async def run() -> None:
        await make_all()

    return ThreadPoolExecutor(1).submit(lambda: asyncio.run(run())).result


def measure(client: Client, work: Work) -> dict[str, float]:
    """Return what `many_at_once.Run` has of it, as far as the process itself can tell."""
    before = psutil.Process().memory_info().rss
    client(Work(work.base_url, work.folder, [WARM_UP]))()  # its libraries are imported once
    files = _files(work)
    began = time.perf_counter()
    wait = client(work)
    submitted = time.perf_counter()
    lags, over = _lags(ThreadPoolExecutor(1).submit(_until, wait))
    return {
        "seconds": over - began,
        "submitting": submitted - began,
        "lag": 1_000 * sorted(lags)[int(len(lags) * 0.99)],
        "growth": (_peak() - before) / MEBIBYTE,
        "files": _files(work) - files,
    }


def _until(wait: Wait) -> float:
    wait()
    return time.perf_counter()


def _lags(over: Future[float]) -> tuple[list[float], float]:
    """Sleep for 1 ms again and again until it is over; returns how late each ended, and when."""
    late = []
    while not over.done():
        began = time.perf_counter()
        time.sleep(0.001)
        late.append(time.perf_counter() - began - 0.001)
    return late or [0.0], over.result()


def _files(work: Work) -> int:
    return sum(1 for _ in work.folder.rglob("*.flac"))


def _peak() -> int:
    """Return the highest resident memory, in bytes."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return 1_024 * int(line.split()[1])
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1_024 * most


if __name__ == "__main__":
    chosen, base_url, number, folder = sys.argv[1:]
    prompts = [f"Impact {each}" for each in range(int(number))]
    print(json.dumps(measure(CLIENTS[chosen], Work(base_url, Path(folder), prompts))))

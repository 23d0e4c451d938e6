"""Many at once: a thousand held polls, thousands of repeated submissions."""

import asyncio
import json
import re
import time
import uuid

import httpx
import numpy as np
import psutil
import pytest

POLLS = 1000


@pytest.mark.measured
async def test_a_thousand_long_polls_are_held_in_little_memory_and_answered_at_once(start):
    sandbox = start("--pace", "0.6", "--hold", "20")
    # A failure on demand takes its time and no rendering: the ends come spread over seconds.
    operations = [sandbox.submit(lyrics="content_policy")["id"] for _ in range(50)]
    port = int(sandbox.origin.rpartition(":")[2])
    answered: list[tuple[str, float]] = []
    seen: list[tuple[float, int]] = []
    async with httpx.AsyncClient() as watcher:

        async def poll(operation_id: str) -> None:
            # A bare connection: a pool of a thousand costs more than what is measured here.
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                f"GET /v1/create.new_song?id={operation_id}&wait=true HTTP/1.1\r\n"
                f"Host: localhost\r\nAuthorization: Bearer spk_test\r\n\r\n".encode()
            )
            head = await reader.readuntil(b"\r\n\r\n")
            answered.append((operation_id, time.monotonic()))
            assert head.startswith(b"HTTP/1.1 200 ")
            length = int(re.search(rb"content-length: (\d+)", head)[1])
            song = json.loads(await reader.readexactly(length))["song"]
            assert song["status"] == "failed"
            writer.close()

        polls = [
            asyncio.create_task(poll(operations[number % len(operations)]))
            for number in range(POLLS)
        ]
        most_held, memory = 0, 0
        while not all(each.done() for each in polls):
            counters = (await watcher.get(f"{sandbox.origin}/sandbox/counters")).json()
            seen.append((time.monotonic(), counters["statuses"]["failed"]))
            most_held = max(most_held, counters["held"])
            memory = max(memory, psutil.Process(sandbox.process.pid).memory_info().rss)
            await asyncio.sleep(0.02)
        await asyncio.gather(*polls)
    seen.append((time.monotonic(), sandbox.counters()["statuses"]["failed"]))

    assert most_held == POLLS
    assert memory < 300 * 2**20
    # What ended was counted a moment later by a watcher of its own: the k-th operation to be
    # answered had ended, at the latest, when k were counted.
    firsts = dict(reversed(answered))
    counted = {
        operation_id: next(moment for moment, failed in seen if failed > rank)
        for rank, operation_id in enumerate(sorted(firsts, key=firsts.__getitem__))
    }
    after_first = [moment - firsts[operation_id] for operation_id, moment in answered]
    after_count = [moment - counted[operation_id] for operation_id, moment in answered]
    assert len(answered) == POLLS
    assert np.quantile(after_first, 0.95) < 0.1
    assert np.quantile(after_count, 0.95) < 0.1


async def test_two_thousand_submissions_of_two_hundred_keys_make_two_hundred_operations(start):
    sandbox = start("--pace", "1")
    requests = [
        {"idempotency_key": str(uuid.uuid4()), "lyrics": "La", "prompt": f"Number {number}"}
        for number in range(200)
    ]
    order = np.random.default_rng(7).permutation([*range(200)] * 10)
    connections = asyncio.Semaphore(50)
    async with httpx.AsyncClient(headers=sandbox.http.headers, timeout=60) as http:

        async def submit(request: dict[str, str]) -> dict[str, str]:
            async with connections:
                answer = await http.put(f"{sandbox.root}/create.new_song", json=request)
            return answer.raise_for_status().json()["song"]

        songs = await asyncio.gather(*(submit(requests[key]) for key in order))
    assert len({song["id"] for song in songs}) == 200
    assert len({(song["id"], song["idempotency_key"]) for song in songs}) == 200
    counters = sandbox.counters()
    assert (counters["operations"], counters["created"]) == (200, 200)

"""Downloads that get on slowly hold up no other for long."""

from __future__ import annotations

import asyncio
import time

import pytest

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.descriptor_limits import Places
from soundpiece_nb.api.errors import Unreachable
from support.raw_service import RawService, reply

KEY = "spk_tests_only_0123456789"
SOUND = b"s" * 200_000


async def script(heard, writer):
    """Send a file at once; or without end at two kilobytes a second; or nothing at all."""
    if "GET /quick" in heard:
        writer.write(reply(SOUND))
        return
    if "GET /slow" in heard:
        writer.write(b'HTTP/1.1 200 OK\r\nETag: "v1"\r\n\r\n')
    while True:
        writer.write(b"x" * 200 if "GET /slow" in heard else b"")
        await writer.drain()
        await asyncio.sleep(0.1)


@pytest.fixture
def service():
    started = RawService(script)
    yield started
    started.close()


async def fetch(client, address):
    async with client.download(address) as download:
        return b"".join([chunk async for chunk in download.chunks])


@pytest.mark.parametrize("kind", ["slow", "silent"])
async def test_whoever_waits_gets_a_place_in_seconds(service, kind):
    client = Client(service.base_url, KEY, places=Places(control=1, polls=1, downloads=2))
    holding = [asyncio.create_task(fetch(client, f"{service.root}/{kind}")) for _ in range(2)]
    await asyncio.sleep(0.2)
    began = time.monotonic()
    assert await fetch(client, f"{service.root}/quick") == SOUND
    assert time.monotonic() - began < 5
    for task in holding:
        task.cancel()
    told = await asyncio.gather(*holding, return_exceptions=True)
    assert any(isinstance(end, Unreachable) and "others wait" in end.what for end in told)
    await client.close()


async def test_while_nobody_waits_a_slow_one_keeps_its_place(service):
    client = Client(service.base_url, KEY, places=Places(control=1, polls=1, downloads=2))
    slow = asyncio.create_task(fetch(client, f"{service.root}/slow"))
    await asyncio.sleep(4)
    assert not slow.done()
    slow.cancel()
    await asyncio.gather(slow, return_exceptions=True)
    await client.close()


async def test_being_cancelled_is_not_making_way(service):
    client = Client(service.base_url, KEY, places=Places(control=1, polls=1, downloads=1))
    held = asyncio.create_task(fetch(client, f"{service.root}/slow"))
    waiting = asyncio.create_task(fetch(client, f"{service.root}/quick"))
    await asyncio.sleep(0.3)
    held.cancel()
    with pytest.raises(asyncio.CancelledError):
        await held
    assert await waiting == SOUND
    await client.close()

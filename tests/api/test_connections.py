"""Connections: used again while they are good, and closed when they are not or nobody uses them."""

from __future__ import annotations

import asyncio
import json
import socket

import pytest

from soundpiece_nb.api import connections
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Unreachable
from soundpiece_nb.api.network import MOST_UNREAD
from support.raw_service import RawService
from support.services import OPERATION_ID

KEY = "spk_tests_only_0123456789"


async def answer(_heard, writer):
    body = json.dumps({"fx": {"id": OPERATION_ID, "status": "processing"}}).encode()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


@pytest.fixture
def service():
    made = RawService(answer, lasting=True)
    yield made
    made.close()


async def read(client):
    return await client.read("create.new_fx", OPERATION_ID, wait=False)


async def test_one_after_the_other_they_share_one_connection(service):
    client = Client(service.base_url, KEY)
    for _ in range(5):
        await read(client)
    assert service.connections == 1
    await asyncio.gather(*(read(client) for _ in range(3)))
    assert service.connections == 3
    await client.close()


async def test_one_that_the_service_has_closed_meanwhile_is_not_used(service):
    client = Client(service.base_url, KEY)
    await read(client)
    service.lasting = False
    await read(client)  # which is the last on this connection
    await asyncio.sleep(0.05)
    await read(client)
    assert service.connections == 2
    await client.close()


async def test_one_that_nobody_uses_is_closed_after_a_while(service, monkeypatch):
    monkeypatch.setattr(connections, "KEEP_SECONDS", 0.2)
    client = Client(service.base_url, KEY)
    await asyncio.gather(*(read(client) for _ in range(3)))
    assert service.open == 3
    await asyncio.sleep(0.5)
    assert service.open == 0
    await read(client)
    assert service.connections == 4
    await client.close()


async def test_one_whose_answer_was_given_up_is_closed(service):
    async def silent(_heard, _writer):
        await asyncio.sleep(10)

    client = Client(service.base_url, KEY, request_timeout=lambda: 0.2)
    service.script = silent
    with pytest.raises(Unreachable):
        await read(client)
    service.script = answer
    await read(client)
    assert service.connections == 2
    await asyncio.sleep(0.05)
    await client.close()


async def test_an_answer_of_many_bytes_is_taken_as_it_is_read(service):
    """What comes faster than it is read stays with the system, not in memory."""
    body = bytes(8 * MOST_UNREAD)

    async def much(_heard, writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body))
        writer.write(body)

    service.script = much
    client = Client(service.base_url, KEY)
    came = 0
    async with client.download(f"{service.root}/take") as download:
        async for chunk in download.chunks:
            came += len(chunk)
            await asyncio.sleep(0.001)
    assert came == len(body)
    await client.close()


async def test_a_host_whose_every_address_refuses_is_said_to_refuse(monkeypatch):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        several = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"127.0.0.{n}", port)) for n in (1, 2)
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: several)
        client = Client(f"http://localhost:{port}/v1", KEY)
        with pytest.raises(Unreachable, match="refuses connections: nothing listens there"):
            await read(client)
        await client.close()

"""Connections fit below the process's limit of open files, and leave some to the person."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.descriptor_limits import OURS, Places, places_for
from support.raw_service import RawService
from support.services import OPERATION_ID

KEY = "spk_tests_only_0123456789"


@pytest.mark.parametrize(
    ("free", "places"),
    [
        (100_000, Places(32, 512, 8)),
        (970, Places(32, 512, 8)),
        (216, Places(29, 87, 8)),
        (88, Places(8, 26, 5)),
        (50, Places(1, 3, 1)),
        (30, Places(1, 0, 1)),
        (0, Places(1, 0, 1)),
        (-20, Places(1, 0, 1)),
    ],
)
def test_so_many_free_descriptors_allow_so_many_connections(free, places):
    assert places_for(free) == places


@pytest.mark.parametrize("free", range(48, 2_000))
def test_a_third_and_at_least_thirty_two_are_left_to_the_persons_own_code(free):
    places = places_for(free)
    taken = places.control + places.polls + 2 * places.downloads + OURS
    assert free - taken >= max(32, free // 3)


LIMITED = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
from soundpiece_nb.api.descriptor_limits import make_places
places = make_places()
json.dump([resource.getrlimit(resource.RLIMIT_NOFILE), vars(places)], sys.stdout)
"""


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [(256, 4_096, 1_024), (64, 400, 400), (2_000, 4_096, 2_000), (256, 256, 256)],
)
def test_the_limit_is_raised_to_what_the_system_allows_and_select_bears(soft, hard, raised):
    script = LIMITED.format(soft=soft, hard=hard)
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30
    )
    limits, places = json.loads(ran.stdout)
    assert limits == [raised, hard]
    assert (places["polls"] == 512) is (raised >= 1_024)
    assert places["polls"] >= 50


async def test_where_no_place_for_a_long_poll_gets_free_it_is_asked_without_being_held():
    async def held_if_asked_to(heard, writer):
        if "wait=true" in heard:
            await asyncio.sleep(1)
        body = json.dumps({"fx": {"id": OPERATION_ID, "status": "processing"}}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    service = RawService(held_if_asked_to, lasting=True)
    places = Places(control=2, polls=1, downloads=1)
    client = Client(service.base_url, KEY, hold=0.2, places=places)
    reads = (client.read("create.new_fx", OPERATION_ID, wait=True) for _ in range(5))
    answers = await asyncio.wait_for(asyncio.gather(*reads), 5)
    assert [answer.held for answer in answers] == [True, False, False, False, False]
    assert sum("wait=true" in heard for heard in service.heard) == 1
    assert service.connections == 3
    assert (await client.read("create.new_fx", OPERATION_ID, wait=False)).held is False
    await client.close()
    service.close()


async def test_what_waits_for_a_place_takes_the_next_that_gets_free():
    async def held_for_a_moment(heard, writer):
        await asyncio.sleep(0.1)
        body = json.dumps({"fx": {"id": OPERATION_ID, "status": "processing"}}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    service = RawService(held_for_a_moment, lasting=True)
    client = Client(service.base_url, KEY, places=Places(control=2, polls=1, downloads=1))
    reads = (client.read("create.new_fx", OPERATION_ID, wait=True) for _ in range(5))
    answers = await asyncio.wait_for(asyncio.gather(*reads), 10)
    assert all(answer.held for answer in answers)
    assert all("wait=true" in heard for heard in service.heard)
    assert service.connections == 1
    await client.close()
    service.close()


async def test_idle_connections_to_other_hosts_take_no_more_places():
    """Each download is from another server, as those that a service gone mad might name."""
    services = [RawService(_sound, lasting=True) for _ in range(6)]
    client = Client(services[0].base_url, KEY, places=Places(control=1, polls=1, downloads=2))
    for service in services:
        async with client.download(service.root) as download:
            assert [chunk async for chunk in download.chunks] == [b"sound"]
    await asyncio.sleep(0.1)
    assert sum(service.open for service in services) <= 4, "as many as there are places in all"
    await client.close()
    for service in services:
        service.close()


async def _sound(heard, writer):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nsound")

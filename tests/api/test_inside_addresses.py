"""Download addresses that lead inside are not asked, unless the service is inside as well."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager

import pytest

from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Unreachable
from soundpiece_nb.api.inside_addresses import Inside, inside, literal
from support.raw_service import RawService, as_json, reply, say
from support.services import OPERATION_ID

KEY = "spk_tests_only_0123456789"
PUBLIC = "https://service.example/v1"
FAR = "192.0.32.8"
"""An address of the internet; nothing is sent there."""

# ------------------------------------------------------------------ what an address is


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", Inside.LOOPBACK),
        ("127.255.0.9", Inside.LOOPBACK),
        ("::1", Inside.LOOPBACK),
        ("0.0.0.0", Inside.LOOPBACK),  # noqa: S104 - nobody listens there
        ("::", Inside.LOOPBACK),
        ("10.1.2.3", Inside.PRIVATE),
        ("172.31.255.255", Inside.PRIVATE),
        ("192.168.0.1", Inside.PRIVATE),
        ("fd00:ec2::254", Inside.PRIVATE),
        ("fec0::1", Inside.PRIVATE),
        ("169.254.169.254", Inside.LINK_LOCAL),
        ("fe80::1", Inside.LINK_LOCAL),
        ("100.100.100.200", Inside.SHARED),
        ("224.0.0.1", Inside.MULTICAST),
        ("ff02::1", Inside.MULTICAST),
        ("255.255.255.255", Inside.RESERVED),
        ("192.0.0.192", Inside.RESERVED),
        ("198.18.0.1", Inside.RESERVED),
        ("203.0.113.5", Inside.RESERVED),
        ("2001:db8::1", Inside.RESERVED),
        ("0.1.2.3", Inside.RESERVED),
        ("::ffff:127.0.0.1", Inside.LOOPBACK),
        ("::ffff:10.0.0.1", Inside.PRIVATE),
        ("::127.0.0.1", Inside.LOOPBACK),
        ("2002:7f00:1::", Inside.LOOPBACK),
        ("2002:c0a8:1::1", Inside.PRIVATE),
        ("64:ff9b::a9fe:a9fe", Inside.LINK_LOCAL),
        ("64:ff9b:1::a00:1", Inside.PRIVATE),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", Inside.LOOPBACK),
        ("8.8.8.8", None),
        ("172.32.0.1", None),
        ("100.128.0.1", None),
        ("2606:4700::1111", None),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::808:808", None),
        ("2002:808:808::1", None),
    ],
)
def test_an_address_is_inside_in_one_way_or_not(address, kind):
    assert inside(ipaddress.ip_address(address)) is kind


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "localhost",
        "LOCALHOST.",
        "anything.localhost",
        "[::1]",
        "::1%lo",
        "[::ffff:7f00:1]",
    ],
)
def test_this_machine_is_seen_however_it_is_spelled(host):
    assert inside(literal(host)) is Inside.LOOPBACK


@pytest.mark.parametrize("host", ["example.com", "127.0.0.1.example.com", "localhost.example", ""])
def test_a_name_is_no_address(host):
    assert literal(host) is None


# ------------------------------------------------------------------ what is asked


class Resolver(asyncio.SelectorEventLoop):
    """An event loop whose names lead where a test says, one look-up after the other."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, list[str]] = {}
        self.looked_up: list[str] = []

    async def getaddrinfo(self, host, port, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in self.names:
            return await super().getaddrinfo(host, port, **options)
        self.looked_up.append(name)
        leads = self.names[name]
        address = leads.pop(0) if len(leads) > 1 else leads[0]
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [(family, socket.SOCK_STREAM, 6, "", (address, port or 0))]


@pytest.fixture
def resolver() -> Iterator[Resolver]:
    loop = Resolver()
    yield loop
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


@pytest.fixture
def server() -> Iterator[RawService]:
    """A server on this machine, which a service elsewhere must not reach."""
    started = RawService(say(reply(b"sound")))
    yield started
    started.close()


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@asynccontextmanager
async def connected(base_url: str):
    client = Client(base_url, KEY, request_timeout=lambda: 2.0)
    try:
        yield client
    finally:
        await client.close()


async def fetch(base_url: str, url: str) -> bytes:
    async with connected(base_url) as client, client.download(url) as download:
        return b"".join([chunk async for chunk in download.chunks])


def is_refused(resolver: Resolver, base_url: str, url: str) -> str:
    """Fetch an address that must not be asked, and return what is said of it."""
    with pytest.raises(Unreachable) as caught:
        resolver.run_until_complete(fetch(base_url, url))
    assert caught.value.never, caught.value
    return str(caught.value)


INSIDE = "inside this machine or network"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
        "localhost",
        "localhost.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",  # noqa: S104 - nobody listens there
    ],
)
def test_this_machine_is_not_asked_for_a_service_elsewhere(host, server, resolver):
    resolver.names["service.example"] = [FAR]
    words = is_refused(resolver, PUBLIC, f"https://{host}:{server.port}/x")
    assert INSIDE in words or "unusable" in words  # what httpx takes for no address
    assert server.connections == 0


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "169.254.169.254", "[fd00:ec2::254]", "100.100.100.200", "224.0.0.1"]
)
def test_the_network_is_not_asked_for_a_service_elsewhere(host, resolver):
    resolver.names["service.example"] = [FAR]
    assert INSIDE in is_refused(resolver, PUBLIC, f"https://{host}/latest/meta-data")
    assert INSIDE in is_refused(resolver, "http://127.0.0.1:1/v1", f"https://{host}/x")


def test_a_name_that_leads_inside_is_not_asked(server, resolver):
    resolver.names |= {"service.example": [FAR], "files.example": ["127.0.0.1"]}
    assert INSIDE in is_refused(resolver, PUBLIC, f"https://files.example:{server.port}/x")
    assert server.connections == 0


def test_a_name_that_leads_elsewhere_once_it_is_looked_at_is_sent_nothing(server, resolver):
    resolver.names |= {"service.example": [FAR], "files.example": [FAR, "127.0.0.1"]}
    assert INSIDE in is_refused(resolver, PUBLIC, f"https://files.example:{server.port}/x")
    assert resolver.looked_up.count("files.example") == 2
    time.sleep(0.2)  # what was sent to it would be heard by now
    assert server.heard == []


def test_a_redirect_inside_is_not_followed(server, resolver):
    server.script = say(reply(status="302 Found", Location="https://10.0.0.1/x"))
    assert INSIDE in is_refused(resolver, server.base_url, server.root)
    server.script = say(reply(status="302 Found", Location="http://files.example/x"))
    assert "not https" in is_refused(resolver, server.base_url, server.root)


def test_a_service_on_this_machine_has_its_files_here(server, resolver):
    assert resolver.run_until_complete(fetch(server.base_url, server.root)) == b"sound"
    assert resolver.looked_up == []


def test_a_service_that_is_inside_may_name_what_is_inside_in_the_same_way(server, resolver):
    """It is asked, though what listens here speaks no TLS."""
    resolver.names |= {"service.example": ["127.0.0.1"], "files.example": ["127.0.0.1"]}
    with pytest.raises(Unreachable, match="did not answer in time") as caught:
        resolver.run_until_complete(fetch(PUBLIC, f"https://files.example:{server.port}/x"))
    assert not caught.value.never
    assert server.connections >= 1
    assert INSIDE in is_refused(resolver, PUBLIC, "https://10.0.0.1/x")


def test_where_the_service_answered_from_counts_for_more_than_its_name(resolver):
    """Its name is the service's to change, from one look-up to the next."""
    service = RawService(say(as_json({"fx": {"id": OPERATION_ID, "status": "processing"}})))
    resolver.names["localhost"] = ["127.0.0.1"]

    async def answered_then_named(url: str) -> None:
        base_url = service.base_url.replace("127.0.0.1", "localhost")
        async with connected(base_url) as client:
            await client.read("create.new_fx", OPERATION_ID, wait=False)
            resolver.names["localhost"] = ["10.0.0.1"]
            async with client.download(url):
                pass

    with pytest.raises(Unreachable, match=INSIDE):
        resolver.run_until_complete(answered_then_named("https://10.0.0.1/x"))
    service.close()


def test_a_name_that_nobody_knows_is_said_at_once(resolver):
    resolver.names["service.example"] = [FAR]
    with pytest.raises(Unreachable, match="cannot be found") as caught:
        resolver.run_until_complete(fetch(PUBLIC, "https://nobody.invalid/x"))
    assert "nobody.invalid" in str(caught.value)
    assert caught.value.undelivered
    assert caught.value.never
    assert "unusable" in is_refused(resolver, PUBLIC, f"https://{'x' * 300}.example/x")


def test_a_proxy_may_be_inside_and_looks_names_up_itself(server, resolver, monkeypatch):
    """It is on this machine, and is asked to connect to a name that this machine does not know."""
    monkeypatch.setenv("https_proxy", server.root)
    server.script = say(reply(status="502 No"))
    with pytest.raises(Unreachable) as caught:
        resolver.run_until_complete(fetch(PUBLIC, "https://files.invalid/x"))
    assert not caught.value.never
    assert server.heard[0].startswith("CONNECT files.invalid:443 ")
    assert INSIDE in is_refused(resolver, PUBLIC, "https://169.254.169.254/x")
    assert len(server.heard) == 1


def test_what_the_proxy_is_not_for_is_checked_as_ever(server, resolver, monkeypatch):
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "other.example,.example")
    resolver.names |= {"service.example": [FAR], "files.example": [FAR, "127.0.0.1"]}
    assert INSIDE in is_refused(resolver, PUBLIC, f"https://files.example:{server.port}/x")
    assert server.heard == []

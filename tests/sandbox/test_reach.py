"""What the sandbox never reaches by itself, whatever a name stands for."""

import httpcore
import pytest

from soundpiece_sandbox.network.access import NotPublicError, PublicInternet, Reach

PRIVATE = [
    "127.0.0.1",
    "10.0.0.8",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "::1",
    "fd00::1",
]


@pytest.mark.parametrize("address", [*PRIVATE, "localhost"])
async def test_a_name_that_stands_for_a_private_address_is_not_connected_to(monkeypatch, address):
    """A name's meaning is judged at the moment it is connected to, and pinned."""
    import asyncio

    async def resolve(*_, **__):
        found = "127.0.0.1" if address == "localhost" else address
        return [(2, 1, 6, "", ("93.184.215.14", 443)), (2, 1, 6, "", (found, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    async with httpcore.AsyncConnectionPool(network_backend=PublicInternet()) as network:
        with pytest.raises(NotPublicError):
            await network.request("POST", "https://hooks.example.com/")


def test_a_named_server_is_its_scheme_host_and_port_and_nothing_else():
    reach = Reach(["http://127.0.0.1:9000"])
    assert reach.names("http://127.0.0.1:9000/any/path?at=all")
    for other in (
        "http://127.0.0.1:9001/",
        "https://127.0.0.1:9000/",
        "http://127.0.0.1.example.com:9000/",
        "http://127.0.0.1:9000@evil.example/",
        "http://localhost:9000/",
    ):
        assert not reach.names(other)

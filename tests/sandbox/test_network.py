"""The servers that the sandbox connects to, whatever addresses their names have."""

import httpcore
import pytest

from soundpiece_sandbox.network.allowed_origins import AllowedOrigins
from soundpiece_sandbox.network.public_network import NotPublicError, PublicNetwork

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
async def test_a_name_that_stands_for_a_private_address_is_not_connected_to(address):
    """A name's meaning is judged at the moment it is connected to, and pinned."""

    async def resolve(*_):
        return ["93.184.215.14", "127.0.0.1" if address == "localhost" else address]

    backend = PublicNetwork(resolve)
    async with httpcore.AsyncConnectionPool(network_backend=backend) as network:
        with pytest.raises(NotPublicError):
            await network.request("POST", "https://hooks.example.com/")


async def test_this_machines_own_name_is_resolved_and_not_connected_to():
    async with httpcore.AsyncConnectionPool(network_backend=PublicNetwork()) as network:
        with pytest.raises(NotPublicError):
            await network.request("POST", "http://localhost:9/")


def test_a_named_server_is_its_scheme_host_and_port_and_nothing_else():
    allowed_origins = AllowedOrigins(["http://127.0.0.1:9000"])
    assert allowed_origins.includes("http://127.0.0.1:9000/any/path?at=all")
    for other in (
        "http://127.0.0.1:9001/",
        "https://127.0.0.1:9000/",
        "http://127.0.0.1.example.com:9000/",
        "http://127.0.0.1:9000@evil.example/",
        "http://localhost:9000/",
    ):
        assert not allowed_origins.includes(other)

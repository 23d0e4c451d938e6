"""A service gone mad, a proxy or a redirect's target: each byte has a most, each wait an end."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
import time
import zlib
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from soundpiece_nb.api.bounded_body import LARGEST_ANSWER
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Refusal, Unreachable, Unreadable, WireFailure
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from support.raw_service import RawService, as_json, go_on, reply, say
from support.services import OPERATION_ID

KEY = "spk_tests_only_0123456789"
FX = find_route("fx")
PROCESSING = {"id": OPERATION_ID, "status": "processing"}
MEGABYTE = 1024 * 1024


@pytest.fixture
def service() -> Iterator[RawService]:
    started = RawService(say(as_json({"fx": PROCESSING})))
    yield started
    started.close()


@pytest.fixture
def connect(service):
    """Connect to the service, with so many seconds for an exchange."""

    @asynccontextmanager
    async def connected(seconds: float = 10.0):
        client = Client(service.base_url, KEY, hold=0.0, request_timeout=lambda: seconds)
        try:
            yield client
        finally:
            await client.close()

    return connected


async def read(client: Client):
    return await client.read(FX.path, OPERATION_ID, wait=False)


async def fetch(client: Client, url: str, **options: object) -> bytes:
    async with client.download(url, **options) as download:
        return b"".join([chunk async for chunk in download.chunks])


# ------------------------------------------------------------------ compression


def packed(size: int, layers: int = 1) -> bytes:
    """Return so many zeros in layers of gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = b"".join(packer.compress(bytes(MEGABYTE)) for _ in range(size // MEGABYTE))
    body += packer.flush()
    for _ in range(layers - 1):
        body = gzip.compress(body, 9)
    return body


async def test_no_compression_is_asked_for(service, connect):
    async with connect() as client:
        await read(client)
    assert "Accept-Encoding: identity" in service.heard[0]


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("X-GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("identity", bytes),
        ("identity, gzip", gzip.compress),
    ],
)
async def test_the_one_layer_that_a_proxy_put_on_is_undone(encoding, pack, service, connect):
    body = pack(json.dumps({"fx": PROCESSING}).encode())
    service.script = say(reply(body, Content_Encoding=encoding))
    async with connect() as client:
        assert (await read(client)).id == OPERATION_ID


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(64 * MEGABYTE)),
        ("gzip, gzip", packed(MEGABYTE, layers=2)),
        ("br", b"{}"),
        ("zstd", b"{}"),
        ("gzip", b"{}"),
        ("deflate", b"{}"),
        ("gzip", gzip.compress(b"{}")[:-9]),
        ("gzip", b""),
    ],
    ids=["a bomb", "two layers", "br", "zstd", "not gzip", "not deflate", "cut off", "nothing"],
)
async def test_what_is_packed_otherwise_is_unreadable_and_asked_again(
    encoding, body, service, connect
):
    service.script = say(reply(body, Content_Encoding=encoding))
    async with connect() as client:
        with pytest.raises(Unreadable):
            await read(client)


@pytest.mark.parametrize("status", ["422 No", "503 Busy"])
async def test_a_refusal_is_one_by_its_status_whatever_its_body(status, service, connect):
    for body in (packed(64 * MEGABYTE), b"not gzip"):
        service.script = say(reply(body, status, Content_Encoding="gzip"))
        async with connect() as client:
            with pytest.raises(Refusal, match=r"^The service gave no reason\."):
                await read(client)


# ------------------------------------------------------------------ length


@pytest.mark.parametrize("status", ["200 OK", "422 No"])
async def test_an_endless_answer_is_left(status, service, connect):
    service.script = go_on(f"HTTP/1.1 {status}\r\n\r\n".encode(), b" " * 65_536)
    async with connect() as client:
        with pytest.raises(WireFailure, match=r"too long|no reason"):
            await read(client)


async def test_an_answer_in_single_bytes_is_left(service, connect):
    beginning = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    service.script = go_on(beginning, b"1\r\n \r\n" * 10_000)
    async with connect() as client:
        with pytest.raises(Unreadable, match="too many pieces"):
            await read(client)


@pytest.mark.parametrize(
    "detail",
    [
        "x" * 900_000,
        "https://a.example/x?sig=secret " * 25_000,
        [{"loc": ["body", "lyrics"], "msg": "x" * 900_000}],
        [{"msg": "x"}] * 60_000,
        {str(number): [[number]] for number in range(40_000)},
        {"x" * 900_000: "x"},
    ],
    ids=["text", "addresses", "one field", "many fields", "an object", "a name"],
)
async def test_a_refusal_says_two_thousand_characters_at_most(detail, service, connect):
    service.script = say(as_json({"detail": detail}, "422 No"))
    async with connect() as client:
        with pytest.raises(Refusal) as caught:
            await read(client)
    assert len(caught.value.detail) <= 2_000
    assert caught.value.detail.endswith("…")
    assert "secret" not in str(caught.value)


async def test_the_place_of_a_wrong_field_is_said_in_part(service, connect):
    detail = [{"loc": ["body", *["x"] * 50_000], "msg": "is wrong"}]
    service.script = say(as_json({"detail": detail}, "422 No"))
    async with connect() as client:
        with pytest.raises(Refusal, match=r"^x\.x[x.]+: is wrong \(422\)$"):
            await read(client)


async def test_an_error_of_three_megabytes_is_said_in_a_sentence(service, connect):
    service.script = say(as_json({"detail": "x" * 3_000_000}, "422 No"))
    async with connect() as client:
        with pytest.raises(Refusal) as caught:
            await read(client)
    assert str(caught.value) == "The service gave no reason. (422)"


async def test_cookies_are_not_kept(service, connect):
    service.script = say(as_json({"fx": PROCESSING}, Set_Cookie="a=b"))
    async with connect() as client:
        await read(client)
        await read(client)
    assert "cookie:" not in service.heard[1].lower()


# ------------------------------------------------------------------ JSON


def filled(piece: bytes, beginning: bytes = b"[", end: bytes = b"0]") -> bytes:
    """Return JSON of the largest size that is read at all."""
    room = LARGEST_ANSWER - len(beginning) - len(end)
    return beginning + piece * (room // len(piece)) + end


NASTY = {
    "open lists": b"[" * LARGEST_ANSWER,
    "open objects": b'{"":' * (LARGEST_ANSWER // 4),
    "lists": filled(b"[],"),
    "deep lists": filled(b"[" * 900 + b"]" * 900 + b","),
    "objects": filled(b'{"":0},'),
    "numbers": filled(b"1,"),
    "a huge number": b"9" * LARGEST_ANSWER,
    "large numbers": filled(b"9" * 4_200 + b","),
    "a long fraction": b"0." + b"1" * (LARGEST_ANSWER - 2),
    "names": b"{" + b",".join(b'"%x":0' % number for number in range(100_000)) + b"}",
    "nan": b"[NaN, Infinity, -Infinity, 1e999]",
    "halves": b'{"\\ud800": "\\udfff"}',
    "raw halves": b'{"\xed\xa0\x80": 1}',
    "no utf-8": b'{"\xff": 1}',
    "utf-16": '{"x": 1}'.encode("utf-16"),
    "the same name twice": b'{"fx": 1, "fx": 2}',
    "nothing": b"",
    "zeros": bytes(LARGEST_ANSWER),
}


@pytest.mark.parametrize("status", ["200 OK", "422 No"])
@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY)
async def test_no_json_does_more_than_be_unreadable(body, status, service, connect):
    service.script = say(reply(body, status))
    async with connect() as client:
        with pytest.raises((Unreadable, Refusal)):
            await read(client)


async def longest_turn(watched, client) -> float:
    """Return the seconds for which the event loop did nothing but this."""
    turns, on = [], True
    gc.collect()
    gc.freeze()  # what the tests have made so far is not to be looked through meanwhile

    async def watch() -> None:
        while on:
            began = time.thread_time()  # of this thread alone: the machine may be busy
            await asyncio.sleep(0)
            turns.append(time.thread_time() - began)

    watching = asyncio.ensure_future(watch())
    with pytest.raises(WireFailure):
        await watched(client)
    on = False
    await watching
    gc.unfreeze()
    return max(turns)


@pytest.mark.measured
@pytest.mark.parametrize("body", NASTY.values(), ids=NASTY)
async def test_none_of_them_holds_the_event_loop_up(body, service, connect):
    service.script = say(reply(body))
    async with connect() as client:
        assert await longest_turn(read, client) < 0.1


# ------------------------------------------------------------------ whose answer it is


OTHER_ID = "op_" + "1" * 26


async def test_an_answer_about_another_operation_is_not_believed(service, connect):
    service.script = say(as_json({"fx": PROCESSING | {"id": OTHER_ID}}))
    async with connect() as client:
        with pytest.raises(Unreadable, match=r"^The service's answer is about another operation"):
            await read(client)


async def test_an_answer_under_another_key_is_not_believed(service, connect):
    request = new_request(FX, {"prompt": "x"})
    other = new_request(FX, {"prompt": "x"})
    service.script = say(as_json({"fx": PROCESSING | {"idempotency_key": other.key}}))
    async with connect() as client:
        with pytest.raises(Unreadable, match=r"^The service's answer is about another operation"):
            await client.submit(request)
        with pytest.raises(Unreadable, match=r"^The service's answer is about another operation"):
            await client.read(FX.path, OPERATION_ID, wait=False, key=request.key)
        assert (await client.submit(other)).id == OPERATION_ID


# ------------------------------------------------------------------ time


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TRICKLES = {
    "headers": (b"HTTP/1.1 200 OK\r\nX: ", b"a"),
    "more and more headers": (b"HTTP/1.1 200 OK\r\n", b"X: a\r\n"),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a chunk's extension": (CHUNKED + b"1;", b"a"),
    "trailers": (CHUNKED + b"0\r\nX: ", b"a"),
    "the body": (b"HTTP/1.1 200 OK\r\n\r\n", b" "),
    "nothing": (b"", b""),
}


@pytest.mark.parametrize(("beginning", "piece"), TRICKLES.values(), ids=TRICKLES)
@pytest.mark.parametrize("kind", ["read", "download"])
async def test_an_answer_that_trickles_is_left_in_time(kind, beginning, piece, service, connect):
    service.script = go_on(beginning, piece, every=0.05)
    async with connect(seconds=0.5) as client:
        began = time.monotonic()
        with pytest.raises(Unreachable, match=r"did not answer in time|comes too slowly") as caught:
            await (read(client) if kind == "read" else fetch(client, service.root))
    assert time.monotonic() - began < 3
    assert not caught.value.never


async def test_a_download_at_the_least_rate_may_take_its_time(service, connect):
    body = b"x" * 600
    service.script = go_on(b"HTTP/1.1 200 OK\r\nContent-Length: 6000\r\n\r\n", body, every=0.2)
    async with connect(seconds=0.5) as client:
        began = time.monotonic()
        assert len(await fetch(client, service.root)) == 6_000
    assert time.monotonic() - began > 1


async def test_a_caller_that_is_slow_is_not_taken_for_a_slow_download(service, connect):
    service.script = say(reply(b"x" * 4_000_000))
    async with connect(seconds=0.2) as client, client.download(service.root) as download:
        size = 0
        async for chunk in download.chunks:
            size += len(chunk)
            if size < 1_000_000:
                await asyncio.sleep(0.1)
    assert size == 4_000_000


# ------------------------------------------------------------------ how much is downloaded


@pytest.mark.parametrize(
    "headers",
    [
        "200 OK\r\nContent-Length: 100000",
        "200 OK",
        "206 Part\r\nContent-Range: bytes 5-9/100000",
        "206 Part\r\nContent-Range: bytes 5-9/*",
        "206 Part\r\nContent-Range: bytes 5-9/10",
    ],
)
async def test_more_than_the_most_is_left(headers, service, connect):
    service.script = go_on(f"HTTP/1.1 {headers}\r\n\r\n".encode(), b"x" * 8_192)
    async with connect() as client:
        with pytest.raises(Unreachable, match="larger than") as told:
            await fetch(client, service.root, offset=5, etag='"v1"', most=50_000)
    assert told.value.never


async def test_a_file_of_exactly_the_most_is_taken(service, connect):
    service.script = say(reply(b"x" * 50_000))
    async with connect() as client:
        assert len(await fetch(client, service.root, most=50_000)) == 50_000


async def test_a_flood_of_single_bytes_lets_others_have_their_turn(service, connect):
    service.script = go_on(CHUNKED, b"1\r\n \r\n" * 10_000)

    async def fetch_some(client: Client) -> None:
        await fetch(client, service.root, most=60_000)

    async with connect() as client:
        assert await longest_turn(fetch_some, client) < 0.1


# ------------------------------------------------------------------ redirects


async def test_redirects_are_followed_and_their_bodies_left(service, connect):
    endless = go_on(b"HTTP/1.1 302 Found\r\nLocation: /take\r\n\r\n", b"x" * 65_536)

    async def script(heard, writer):
        if heard.startswith("GET /take"):
            writer.write(reply(b"sound"))
        else:
            await endless(heard, writer)

    service.script = script
    async with connect() as client:
        began = time.monotonic()
        assert await fetch(client, f"{service.root}/x", offset=5, etag='"v1"') == b"sound"
    assert time.monotonic() - began < 3
    assert all("Range: bytes=5-" in heard for heard in service.heard)


async def test_a_circle_of_redirects_ends_after_five(service, connect):
    service.script = say(reply(b"", "302 Found", Location="/again"))
    async with connect() as client:
        with pytest.raises(Unreachable) as caught:
            await fetch(client, service.root)
    assert caught.value.never
    assert len(service.heard) == 6


@pytest.mark.parametrize("location", ["http://[", "", "\xff\xfe", "//", "http://", "x" * 70_000])
async def test_a_redirect_to_no_address_is_no_more_than_a_failure(location, service, connect):
    service.script = say(
        b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\nLocation: "
        + location.encode("latin-1")
        + b"\r\n\r\n"
    )
    async with connect() as client:
        with pytest.raises(WireFailure):
            await fetch(client, service.root)


# ------------------------------------------------------------------ descriptors


def open_descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.mark.parametrize("kind", ["read", "download"])
async def test_a_handshake_that_is_left_leaves_no_descriptor_open(kind, service):
    """Nobody answers the first words of TLS; the waiting is cut off from outside."""
    origin = service.root.replace("http:", "https:")
    client = Client(f"{origin}/v1", KEY, request_timeout=lambda: 20.0)
    before = open_descriptors()
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await (read(client) if kind == "read" else fetch(client, origin))
    assert service.connections >= 15
    assert open_descriptors() < before + 25  # the service's own ends are here too
    await client.close()


# ------------------------------------------------------------------ headers of nonsense


@pytest.mark.parametrize(
    "etag",
    ['W/"v1"', "v1", '"v\n1"', '"\xe4"', '"' + "x" * 300 + '"', '"a"b"', "", "\ud800", '"v1'],
)
async def test_a_kept_etag_that_cannot_be_sent_means_to_begin_anew(etag, service, connect):
    service.script = say(reply(b"sound"))
    async with connect() as client, client.download(service.root, offset=3, etag=etag) as download:
        assert download.offset == 0
        assert b"".join([chunk async for chunk in download.chunks]) == b"sound"
    assert "Range" not in service.heard[0]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (b'"v1"', '"v1"'),
        (b'""', '""'),
        (b'W/"v1"', None),
        (b'"\xe4"', None),
        (b'"' + b"x" * 255 + b'"', None),
        (b'"a" "b"', None),
        (b"v1", None),
    ],
)
async def test_only_a_strong_etag_in_plain_ascii_is_kept(sent, kept, service, connect):
    service.script = say(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: " + sent + b"\r\n\r\n")
    async with connect() as client, client.download(service.root) as download:
        assert download.etag == kept


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Range: bytes */" + b"9" * 5_000,
        b"Content-Range: bytes " + b"9" * 5_000 + b"-5/6",
        b"Content-Length: " + b"9" * 5_000,
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Retry-After: " + b"9" * 50_000,
        b"Retry-After: " + b"Sun, " * 10_000,
        b"Date: " + b"Sun, " * 10_000,
        b"Set-Cookie: " + b"a=b;" * 10_000,
        b"Content-Encoding: " + b"gzip," * 10_000,
        b"X: " + b"x" * 200_000,
    ],
    ids=lambda header: header[:24].decode(),
)
@pytest.mark.parametrize("status", [b"200 OK", b"206 Part", b"416 No", b"429 Slow", b"100 Go on"])
async def test_no_header_does_more_than_fail_an_exchange(status, header, service, connect):
    service.script = say(b"HTTP/1.1 " + status + b"\r\n" + header + b"\r\n\r\n")
    async with connect() as client:
        with pytest.raises(WireFailure):
            await read(client)
        try:
            await fetch(client, service.root, offset=5, etag='"v1"')
        except WireFailure:
            return

"""Requests that are too long, too slow or endless, at every endpoint: refused, in little memory."""

import json
import re
import socket
import time
from contextlib import suppress

import httpx
import psutil
import pytest

READING = [
    ("PUT", "/v1/create.new_song"),
    ("PUT", "/v1/adapt.auto_cut_down"),
    ("POST", "/sandbox/faults"),
]
NOT_READING = [
    ("GET", "/"),
    ("GET", "/v1/create.new_song?id=op_00000000000000000000000000"),
    ("GET", "/files/x.flac"),
    ("GET", "/docs"),
    ("GET", "/sandbox/counters"),
    ("DELETE", "/sandbox/faults"),
    ("POST", "/sandbox/credits?count=1"),
    ("GET", "/nothing/here"),
]
CHUNK = b"10000\r\n" + b"[" * 2**16 + b"\r\n"


class Caller(socket.socket):
    """A connection whose requests are written by hand."""

    def __init__(self, origin: str) -> None:
        super().__init__()
        self.settimeout(10)
        self.connect(("127.0.0.1", int(origin.rpartition(":")[2])))

    def say(self, *lines: str, body: bytes = b"") -> None:
        self.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def begin(self, verb: str, path: str, *headers: str) -> None:
        token = "spk_test" if path.startswith("/v1/") else "t0ken"
        self.say(
            f"{verb} {path} HTTP/1.1",
            "Host: localhost",
            f"Authorization: Bearer {token}",
            "Content-Type: application/json",
            *headers,
        )

    def flood(self, piece: bytes, most: int) -> int:
        """Send a piece again and again until the other end closes; return the bytes sent."""
        sent = 0
        with suppress(OSError):
            while sent < most:
                self.sendall(piece)
                sent += len(piece)
        return sent

    def answer(self) -> tuple[int, str]:
        """Return status and body of one response."""
        heard = b""
        while b"\r\n\r\n" not in heard:
            piece = self.recv(2**16)
            if not piece:
                return 0, ""
            heard += piece
        head, _, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        while length and len(body) < int(length[1]):
            body += self.recv(2**16)
        return int(head.split()[1]), body.decode()

    def seconds_until_closed(self) -> float:
        began = time.monotonic()
        with suppress(ConnectionError):
            while self.recv(2**16):
                pass
        return time.monotonic() - began


@pytest.mark.parametrize(("verb", "path"), READING)
def test_a_chunked_body_over_the_limit_is_refused_before_it_is_whole(hasty, verb, path):
    with Caller(hasty.origin) as caller:
        caller.begin(verb, path, "Transfer-Encoding: chunked")
        caller.sendall(CHUNK * 17)  # and no end
        status, body = caller.answer()
    assert (status, json.loads(body)) == (413, {"detail": "The body is over 1 MiB."})


@pytest.mark.parametrize(("verb", "path"), READING)
def test_a_declared_length_over_the_limit_is_refused_before_any_of_it_came(hasty, verb, path):
    with Caller(hasty.origin) as caller:
        caller.begin(verb, path, "Content-Length: 1048577", "Expect: 100-continue")
        assert caller.answer()[0] == 413


@pytest.mark.parametrize(("verb", "path"), READING)
@pytest.mark.parametrize("length", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_body_that_does_not_come_is_refused_in_time(hasty, verb, path, length):
    with Caller(hasty.origin) as caller:
        caller.begin(verb, path, length)
        began = time.monotonic()
        status, body = caller.answer()
    assert (status, "did not arrive within 1 second" in body) == (408, True)
    assert 0.9 < time.monotonic() - began < 5


def test_a_body_that_trickles_has_a_total_time(hasty):
    with Caller(hasty.origin) as caller:
        caller.begin("PUT", "/v1/create.new_song", "Content-Length: 1000")
        caller.settimeout(0.2)
        began = time.monotonic()
        status = 0
        while not status and time.monotonic() - began < 8:
            with suppress(TimeoutError):
                caller.sendall(b" ")
                status, _ = caller.answer()
    assert status == 408
    assert time.monotonic() - began < 4


def test_a_body_of_the_most_allowed_length_is_read_chunked_or_not(hasty, a_song):
    body = json.dumps(a_song()).encode().ljust(2**20)
    for content in (body, iter([body[: 2**19], body[2**19 :]])):
        headers = {"Content-Type": "application/json"}
        path = "/v1/create.new_song"
        assert hasty.http.put(path, content=content, headers=headers).status_code == 200


def test_an_honest_client_hears_the_refusal_of_its_long_body(hasty):
    pieces = (b"x" * 2**16 for _ in range(80))
    headers = {"Content-Type": "application/json"}
    assert hasty.http.put("/v1/create.new_song", content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize(("verb", "path"), NOT_READING)
@pytest.mark.parametrize("length", ["Content-Length: 99999999999", "Transfer-Encoding: chunked"])
def test_an_endless_body_that_no_endpoint_reads_ends_with_its_connection(hasty, verb, path, length):
    with Caller(hasty.origin) as caller:
        caller.begin(verb, path, length)
        began = time.monotonic()
        caller.settimeout(0.05)
        with suppress(ConnectionError, TimeoutError):
            while time.monotonic() - began < 8:
                caller.sendall(CHUNK[:1000] if length[0] == "C" else b"1\r\nx\r\n")
                time.sleep(0.05)
    assert time.monotonic() - began < 5


def test_a_held_poll_with_an_endless_body_is_answered(start):
    sandbox = start("--pace", "1", "--request-timeout", "1")
    operation = sandbox.submit()["id"]
    with Caller(sandbox.origin) as caller:
        path = f"/v1/create.new_song?id={operation}&wait=true"
        caller.begin("GET", path, "Transfer-Encoding: chunked")
        status, body = caller.answer()
    assert (status, json.loads(body)["song"]["status"]) == (200, "processing")


@pytest.mark.parametrize("said", ["", "GET / HTTP/1.1\r\nHost: loc"])
def test_headers_that_do_not_come_end_in_time(hasty, said):
    with Caller(hasty.origin) as caller:
        caller.sendall(said.encode())
        status, body = caller.answer()
        assert caller.seconds_until_closed() < 1
    assert status == (408 if said else 0)
    assert not said or "did not arrive within 1 second" in json.loads(body)["detail"]


def test_headers_that_trickle_have_a_total_time(hasty):
    with Caller(hasty.origin) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
        began = time.monotonic()
        with suppress(ConnectionError):
            while time.monotonic() - began < 8:
                caller.sendall(b"x")
                time.sleep(0.1)
    assert time.monotonic() - began < 4


@pytest.mark.parametrize(
    "line", [b"X: " + b"x" * 2**16, b"X: y\r\n" * 2**13], ids=["one long line", "many lines"]
)
def test_a_flood_of_headers_is_cut_off(hasty, line):
    with Caller(hasty.origin) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        assert caller.flood(line, most=2**26) < 2**25


@pytest.mark.parametrize(
    "lie",
    [
        "Content-Length: -1",
        "Content-Length: 5\r\nContent-Length: 6",
        "Content-Length: 99999999999999999999999999",
        "Content-Length: five",
        "Transfer-Encoding: gzip",
    ],
)
def test_a_length_that_is_none_is_refused(hasty, lie):
    with Caller(hasty.origin) as caller:
        caller.begin("PUT", "/v1/create.new_song", lie)
        assert caller.answer()[0] in (400, 501)


def test_more_than_the_declared_length_is_not_part_of_the_body(hasty, a_song):
    body = json.dumps(a_song()).encode()
    with Caller(hasty.origin) as caller:
        caller.begin("PUT", "/v1/create.new_song", f"Content-Length: {len(body)}")
        caller.sendall(body + b"and what is no request\r\n\r\n")
        assert caller.answer()[0] == 200


def test_floods_at_every_endpoint_take_little_memory(start):
    sandbox = start("--pace", "0", "--request-timeout", "2", "--admin-token", "t0ken")
    assert sandbox.put({}).status_code == 422
    process = psutil.Process(sandbox.process.pid)
    most = process.memory_info().vms + 48 * 2**20
    process.rlimit(psutil.RLIMIT_AS, (most, most))
    for verb, path in READING + NOT_READING:
        with Caller(sandbox.origin) as caller:
            caller.begin(verb, path, "Transfer-Encoding: chunked")
            caller.flood(CHUNK, most=2**26)
    assert httpx.get(f"{sandbox.origin}/sandbox/counters").status_code == 200
    assert sandbox.put({}).status_code == 422


def test_json_that_is_nested_too_deeply_or_has_a_huge_number_is_refused(hasty):
    headers = {"Content-Type": "application/json"}
    for body in (b"[" * 10**6, b'{"duration": ' + b"9" * 10**5 + b"}"):
        for path in ("/v1/create.new_sample", "/v1/create.new_song"):
            answer = hasty.http.put(path, content=body, headers=headers)
            assert answer.status_code == 400
            assert isinstance(answer.json()["detail"], str)

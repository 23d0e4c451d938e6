"""The names under which the sandbox answers, and what pages of other sites can do: nothing."""

import json

import httpx
import pytest

KEY = {"Authorization": "Bearer spk_test"}
SONG = "/v1/create.new_song"


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_it_answers_under_this_machines_names_and_so_do_its_addresses(sandbox, finished_song, name):
    host = f"{name}:{sandbox.origin.rpartition(':')[2]}"
    song = sandbox.http.get(
        SONG, params={"id": finished_song["id"]}, headers={"Host": host}
    ).json()["song"]
    assert song["outputs"][0]["url"].startswith(f"http://{host}/files/")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1.evil.example",
        "localhost.evil.example:1",
        "localhost@evil.example",
        "evil.example/localhost",
        "localhost:8765@evil.example",
        "127.0.0.2",
        "[::2]",
        "localhost:",
        "localhost:port",
        "localhost:123456",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/", SONG, "/files/x.flac", "/docs", "/sandbox/counters"])
def test_any_other_name_is_refused_at_every_endpoint(sandbox, host, path):
    answer = httpx.get(f"{sandbox.origin}{path}", headers={**KEY, "Host": host})
    assert answer.status_code == 421
    assert answer.json() == {
        "detail": "The sandbox is spoken to as 127.0.0.1, localhost or [::1] only."
    }


def test_a_request_under_another_name_starts_nothing(start, a_song):
    sandbox = start("--pace", "0")
    answer = sandbox.http.put(SONG, json=a_song(), headers={"Host": "evil.example"})
    assert answer.status_code == 421
    assert sandbox.counters()["operations"] == 0


def test_a_request_without_a_name_is_refused(sandbox):
    import socket

    with socket.create_connection(("127.0.0.1", int(sandbox.origin.rpartition(":")[2]))) as caller:
        caller.sendall(b"GET / HTTP/1.0\r\n\r\n")
        assert caller.recv(100).startswith(b"HTTP/1.1 421 ")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null", ""])
def test_a_page_of_another_site_neither_starts_work_nor_reads(start, a_song, origin):
    sandbox = start("--pace", "0")
    page = {"Origin": origin}
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "*"}
    answers = [
        sandbox.http.put(SONG, json=a_song(), headers=page),
        # What a browser sends without asking first.
        sandbox.http.post(SONG, content=json.dumps(a_song()), headers=page),
        sandbox.http.get("/sandbox/counters", headers=page),
        sandbox.http.get("/", headers=page),
        # What it asks first.
        sandbox.http.options(SONG, headers={**page, **asked}),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert not [name for each in answers for name in each.headers if name.startswith("access-")]
    assert sandbox.counters()["operations"] == 0


def test_its_own_page_may_use_it(sandbox, a_song):
    answer = sandbox.http.put(SONG, json=a_song(), headers={"Origin": sandbox.origin})
    assert answer.status_code == 200
    assert not [name for name in answer.headers if name.startswith("access-")]

"""Faults on demand: each kind of trouble, for the requests it was meant for and no others."""

import re
import subprocess
import sys
import threading
import time

import httpx
import pytest

from soundpiece_sandbox.command_line import parser

SONG = "create.new_song"
ADMIN = {"Authorization": "Bearer the-admins-own"}


@pytest.fixture
def mark_stuck(start):
    """Start a sandbox with these faults."""

    def begin(*faults: str):
        options = [part for fault in faults for part in ("--fault", fault)]
        return start("--pace", "0", "--admin-token", "the-admins-own", *options)

    return begin


def test_a_status_strikes_as_often_as_told_and_its_route_and_verb_only(mark_stuck, a_song):
    sandbox = mark_stuck(f"PUT {SONG} status=503 times=2 retry_after=7")
    request = a_song()
    assert sandbox.send("create.new_fx", {}).status_code == 422
    answers = [sandbox.put(request) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert isinstance(answers[0].json()["detail"], str)
    assert sandbox.counters()["created"] == 1
    assert sandbox.counters()["faults"] == 2


def test_a_status_after_the_work_was_made_is_still_one_operation(mark_stuck, a_song):
    sandbox = mark_stuck(f"PUT {SONG} status=500 after times=1")
    request = a_song()
    assert sandbox.put(request).status_code == 500
    assert sandbox.counters()["created"] == 1
    assert sandbox.put(request).status_code == 200
    assert sandbox.counters()["created"] == 1


@pytest.mark.parametrize(("when", "made"), [("", 0), (" after", 1)])
def test_a_dropped_connection_before_or_after_the_work(mark_stuck, a_song, when, made):
    sandbox = mark_stuck(f"PUT {SONG} drop{when} times=1")
    request = a_song()
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.put(request)
    assert sandbox.counters()["created"] == made
    assert sandbox.put(request).status_code == 200
    assert sandbox.counters()["created"] == 1


@pytest.mark.parametrize(("when", "made_meanwhile"), [("", 0), (" after", 1)])
def test_a_delay_before_or_after_the_work(mark_stuck, a_song, when, made_meanwhile):
    sandbox = mark_stuck(f"PUT {SONG} delay=1{when}")
    impatient = httpx.Timeout(0.4)
    with pytest.raises(httpx.ReadTimeout):
        httpx.put(
            f"{sandbox.root}/{SONG}", json=a_song(), headers=sandbox.http.headers, timeout=impatient
        )
    assert sandbox.counters()["created"] == made_meanwhile
    began = time.monotonic()
    assert sandbox.put(a_song()).status_code == 200
    assert 1 <= time.monotonic() - began < 2


def test_garbage_is_no_json_though_it_says_200(mark_stuck):
    sandbox = mark_stuck("GET * garbage times=1")
    operation = sandbox.submit()
    answer = sandbox.get(operation["id"])
    assert (answer.status_code, answer.headers["Content-Type"][:9]) == (200, "text/html")
    assert sandbox.get(operation["id"]).json()["song"]["id"] == operation["id"]


def test_a_truncated_answer_ends_half_way(mark_stuck, a_song):
    sandbox = mark_stuck(f"PUT {SONG} truncate times=1")
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.put(a_song())
    assert sandbox.counters()["created"] == 1


def test_downloads_break_in_each_way(mark_stuck):
    sandbox = mark_stuck(
        "download truncate times=1",
        "download corrupt times=1",
        "download expire times=1",
        "download garbage times=1",
        "download stall=0.5 times=1",
        "download drop times=1",
        "download status=500 times=1",
    )
    url = sandbox.make("create.new_fx", prompt="Impact", duration=3)["output"]["url"]
    with pytest.raises(httpx.RemoteProtocolError):
        sandbox.storage.get(url)
    corrupted = sandbox.storage.get(url)
    expired = sandbox.storage.get(url)
    page = sandbox.storage.get(url)
    began = time.monotonic()
    slow = sandbox.storage.get(url)
    assert time.monotonic() - began >= 0.5
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.storage.get(url)
    broken = sandbox.storage.get(url)
    whole = sandbox.storage.get(url)

    assert expired.status_code == 403
    assert page.text.startswith("<!doctype html>")
    assert broken.status_code == 500
    assert slow.content == whole.content
    assert len(corrupted.content) == len(whole.content)
    assert corrupted.content != whole.content
    assert whole.content[:4] == b"fLaC"


def test_a_star_alone_is_every_route(mark_stuck):
    sandbox = mark_stuck("* status=503 times=1")
    assert [sandbox.put({}).status_code for _ in range(2)] == [503, 422]


def test_a_connection_is_cut_though_a_proxy_says_who_came(mark_stuck, a_song):
    sandbox = mark_stuck(f"PUT {SONG} drop times=1")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        sandbox.send(SONG, a_song(), **{"X-Forwarded-For": "1.2.3.4"})


def test_a_delayed_answer_does_not_keep_a_sandbox_that_stops(mark_stuck, a_song):
    sandbox = mark_stuck("* delay=30")
    waiting = threading.Thread(target=lambda: sandbox.put(a_song()))
    waiting.start()
    time.sleep(0.3)
    began = time.monotonic()
    sandbox.process.terminate()
    assert sandbox.process.wait(5) == 0
    assert time.monotonic() - began < 1
    waiting.join(5)


def test_requests_may_pass_first(mark_stuck):
    sandbox = mark_stuck(f"PUT {SONG} status=502 skip=2 times=1")
    assert [sandbox.put({}).status_code for _ in range(4)] == [422, 422, 502, 422]


def test_chance_strikes_about_as_often_as_told_and_the_same_by_the_same_seed(mark_stuck):
    def struck(seed: int) -> list[int]:
        sandbox = mark_stuck(f"PUT {SONG} status=500 chance=0.3 seed={seed}")
        return [sandbox.put({}).status_code for _ in range(200)]

    first, again, other = struck(1), struck(1), struck(2)
    assert 40 <= first.count(500) <= 80
    assert first == again != other


def test_the_first_fault_that_meets_a_request_is_the_only_one(mark_stuck):
    sandbox = mark_stuck("PUT * status=500 times=1", f"PUT {SONG} status=503 times=1")
    assert [sandbox.put({}).status_code for _ in range(3)] == [500, 503, 422]


def test_faults_come_and_go_at_run_time(mark_stuck):
    sandbox = mark_stuck()
    address = "/sandbox/faults"
    added = sandbox.http.post(address, json=f"PUT {SONG} status=503", headers=ADMIN)
    assert added.status_code == 201
    fields = {"verb": "GET", "trouble": "status", "value": 502, "times": 1}
    assert sandbox.http.post(address, json=fields, headers=ADMIN).status_code == 201
    operation_id = "op_" + "0" * 26
    assert sandbox.put({}).status_code == 503
    assert [sandbox.get(operation_id).status_code for _ in range(2)] == [502, 422]
    listed = sandbox.http.get(address, headers=ADMIN).json()
    assert [(fault["trouble"], fault["struck"]) for fault in listed] == [
        ("status", 1),
        ("status", 1),
    ]
    assert sandbox.http.delete(address, headers=ADMIN).status_code == 204
    assert sandbox.put({}).status_code == 422
    assert sandbox.http.get(address, headers=ADMIN).json() == []


@pytest.mark.parametrize(
    ("token", "status"),
    [("", 401), ("Basic dGhl", 401), ("Bearer spk_test", 403), ("Bearer wrong", 403)],
)
def test_only_the_admins_own_token_opens_the_admins_endpoints(mark_stuck, token, status):
    sandbox = mark_stuck()
    for verb, path in [("GET", "faults"), ("POST", "faults"), ("POST", "credits")]:
        answer = httpx.request(
            verb, f"{sandbox.origin}/sandbox/{path}", headers={"Authorization": token}, json="x"
        )
        assert answer.status_code == status


def test_without_a_token_nobody_is_the_admin(sandbox):
    answer = sandbox.http.get("/sandbox/faults", headers=ADMIN)
    assert answer.status_code == 403
    assert "--admin-token" in answer.json()["detail"]


WRONG = {
    "drop": "A fault is",
    "PUT create.new_song explode": "trouble",
    "PUT create.new_song status": "needs a value",
    "PUT create.new_song status=200": "400 to 599",
    "PUT create.new_song drop=3": "takes no value",
    "PUT create.new_song drop chance=2": "chance",
    "PUT create.new_song drop sometimes": "sometimes",
    "PUT create.new_song drop times=0": "times",
    "PUT download drop": "drop",
    "download truncate retry_after=4": "retry_after",
    "PUT create.nonsense drop": "create.nonsense",
    "PUT create.new_song expire": "downloads",
    "download corrupt after": "always after",
}


@pytest.mark.parametrize(("fault", "said"), WRONG.items())
def test_a_fault_that_cannot_be_is_one_sentence_on_the_command_line(capsys, fault, said):
    with pytest.raises(SystemExit) as left:
        parser().parse_args(["--fault", fault])
    assert left.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert re.search(re.escape(said), last), last


def test_a_command_that_cannot_be_starts_nothing():
    command = [sys.executable, "-m", "soundpiece_sandbox", "--port", "0", "--fault", "drop"]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "A fault is" in refused.stderr.strip().splitlines()[-1]


def test_a_fault_that_cannot_be_is_one_sentence_at_run_time(mark_stuck):
    sandbox = mark_stuck()
    for fault, said in WRONG.items():
        answer = sandbox.http.post("/sandbox/faults", json=fault, headers=ADMIN)
        assert answer.status_code == 422
        assert said in answer.json()["detail"][0]["msg"]

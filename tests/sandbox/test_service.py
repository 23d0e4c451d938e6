"""The sandbox's API over HTTP: submitting, reading, long polls and refusals."""

import asyncio
import json
import re
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime

import httpx
import pytest

PATH = "/v1/create.new_song"


def test_answers_at_once_with_the_request_echoed(sandbox, a_song):
    request = a_song(lyrics="[Verse]\nSø 🎵", prompt="Jazz", callback_url="https://here.example/")
    began = time.perf_counter()
    response = sandbox.put(request)
    assert time.perf_counter() - began < 0.5
    assert response.status_code == 200
    assert list(response.json()) == ["song"]
    song = response.json()["song"]
    assert re.fullmatch(r"op_[0-9a-z]{26}", song.pop("id"))
    created_at = datetime.fromisoformat(song.pop("created_at"))
    assert abs((datetime.now(UTC) - created_at).total_seconds()) < 5
    assert song == {
        "status": "processing",
        "idempotency_key": request["idempotency_key"],
        "lyrics": "[Verse]\nSø 🎵",
        "prompt": "Jazz",
        "reference": None,
        "outputs": None,
        "error": None,
    }


def test_takes_a_reference_instead_of_a_prompt(sandbox):
    reference = {"url": "https://sound.example/source_unreachable.flac"}
    song = sandbox.submit(prompt=None, reference=reference)
    assert song["prompt"] is None
    assert song["reference"] == reference


def test_ids_sort_by_the_time_they_were_made(sandbox):
    ids = []
    for _ in range(5):
        ids.append(sandbox.submit(lyrics="content_policy")["id"])
        time.sleep(0.002)
    assert ids == sorted(ids)


def test_the_same_request_again_gets_the_original_response(sandbox, a_song):
    request = a_song(lyrics="content_policy")
    first = sandbox.put(request)
    sandbox.finished(first.json()["song"]["id"])
    assert sandbox.put(request).json() == first.json()


def test_sameness_is_of_meaning_not_of_bytes(sandbox, a_song):
    request = a_song(lyrics="content_policy é")
    first = sandbox.put(request)
    other_bytes = json.dumps(
        {
            "new_field": 1,
            "reference": None,
            **dict(reversed(request.items())),
            "idempotency_key": request["idempotency_key"].upper(),
        },
        indent=2,
    )
    again = sandbox.http.put(
        PATH, content=other_bytes, headers={"Content-Type": "application/json"}
    )
    assert again.json() == first.json()


@pytest.mark.parametrize(
    "change", [{"lyrics": "content_policy!"}, {"callback_url": "https://here.example/"}]
)
def test_the_same_key_with_another_request_is_refused(sandbox, a_song, change):
    request = a_song(lyrics="content_policy")
    sandbox.put(request).raise_for_status()
    refused = sandbox.put(request | change)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["body", "idempotency_key"]
    assert refused.json()["detail"][0]["type"] == "idempotency_key_reused"


async def test_a_hundred_concurrent_requests_of_ten_keys_make_ten_operations(start, a_song):
    sandbox = start("--pace", "0")
    requests = [a_song(lyrics="content_policy") for _ in range(10)] * 10
    async with httpx.AsyncClient(base_url=sandbox.origin, headers=sandbox.http.headers) as http:
        answers = await asyncio.gather(*(http.put(PATH, json=body) for body in requests))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["song"]["id"] for answer in answers}) == 10
    counters = sandbox.counters()
    assert counters["operations"] == counters["created"] == 10
    assert counters["requests"]["PUT create.new_song"] == 100
    assert counters["responses"]["PUT create.new_song"] == {"200": 100}


@pytest.mark.parametrize(
    "header", [None, "Bearer", "Bearer sk_1", "Basic spk_1", "spk_1", "Bearer spk_revoked_1"]
)
def test_a_missing_malformed_or_revoked_key_gets_401(sandbox, a_song, header):
    headers = {} if header is None else {"Authorization": header}
    for method in ("PUT", "GET"):
        url = sandbox.origin + PATH
        refused = sandbox.storage.request(method, url, json=a_song(), headers=headers)
        assert refused.status_code == 401
        assert isinstance(refused.json()["detail"], str)


@pytest.mark.parametrize("body", [b"{", b"not json", b'{"lyrics": "\xff"}'])
def test_malformed_json_gets_400(sandbox, body):
    headers = {"Content-Type": "application/json"}
    refused = sandbox.http.put(PATH, content=body, headers=headers)
    assert refused.status_code == 400
    assert isinstance(refused.json()["detail"], str)


@pytest.mark.parametrize(
    ("change", "location", "kind"),
    [
        ({"lyrics": ""}, ["body", "lyrics"], "string_too_short"),
        ({"lyrics": "x" * 3001}, ["body", "lyrics"], "string_too_long"),
        ({"lyrics": None}, ["body", "lyrics"], "missing"),
        ({"lyrics": 7}, ["body", "lyrics"], "string_type"),
        ({"lyrics": "\ud800"}, ["body", "lyrics"], "string_unicode"),
        ({"prompt": ""}, ["body", "prompt"], "string_too_short"),
        ({"prompt": "x" * 1025}, ["body", "prompt"], "string_too_long"),
        ({"prompt": None}, ["body"], "prompt_or_reference"),
        ({"reference": {"url": "https://a.example"}}, ["body"], "prompt_or_reference"),
        ({"reference": {}}, ["body", "reference", "url"], "missing"),
        ({"reference": {"url": "file:///a"}}, ["body", "reference", "url"], "url_parsing"),
        ({"callback_url": "http://a.example"}, ["body", "callback_url"], "url_not_public"),
        ({"callback_url": "https://"}, ["body", "callback_url"], "url_parsing"),
        ({"callback_url": ""}, ["body", "callback_url"], "string_too_short"),
        (
            {"callback_url": "https://a.example/" + "x" * 2048},
            ["body", "callback_url"],
            "string_too_long",
        ),
        ({"idempotency_key": "op-1"}, ["body", "idempotency_key"], "uuid_parsing"),
        ({"idempotency_key": None}, ["body", "idempotency_key"], "missing"),
    ],
)
def test_a_wrong_field_gets_422_that_names_it(sandbox, a_song, change, location, kind):
    before = sandbox.counters()["operations"]
    refused = sandbox.put(a_song(**change))
    assert refused.status_code == 422
    [error] = refused.json()["detail"]
    assert set(error) == {"loc", "msg", "type"}
    assert (error["loc"], error["type"]) == (location, kind)
    assert sandbox.counters()["operations"] == before


@pytest.mark.parametrize("fields", [{"lyrics": "x" * 3000}, {"prompt": "é" * 1024}])
def test_the_longest_texts_are_accepted(sandbox, fields):
    fields = {"lyrics": "content_policy"} | fields
    # No sound is wanted of them: the last word makes the operation fail.
    if fields["lyrics"] != "content_policy":
        fields["prompt"] = "content_policy"
    assert sandbox.submit(**fields)["status"] == "processing"


def test_only_an_unknown_route_gets_404(sandbox):
    for path in ("/v1/create.new_symphony", "/v1/create.new_song/", "/v2/create.new_song"):
        refused = sandbox.http.get(path)
        assert refused.status_code == 404
        assert refused.json() == {"detail": "Not Found"}


@pytest.mark.parametrize("operation_id", ["op_" + "0" * 26, "op_1", "", None])
def test_an_unknown_operation_gets_422(sandbox, operation_id):
    query = {} if operation_id is None else {"id": operation_id}
    refused = sandbox.http.get(PATH, params=query)
    assert refused.status_code == 422
    assert refused.json()["detail"][0]["loc"] == ["query", "id"]


def test_a_song_becomes_ready_with_two_outputs(finished_song):
    assert finished_song["status"] == "ready"
    assert finished_song["error"] is None
    assert len(finished_song["outputs"]) == 2
    for output in finished_song["outputs"]:
        assert set(output) == {"url", "expires_at", "duration"}
        assert output["duration"] > 0
        assert datetime.fromisoformat(output["expires_at"]) > datetime.now(UTC)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"lyrics": "A line of content_policy here"}, "content_policy"),
        ({"prompt": "Rock, INTERNAL_ERROR"}, "internal_error"),
        (
            {"prompt": None, "reference": {"url": "https://a.example/source_unreachable"}},
            "source_unreachable",
        ),
    ],
)
def test_a_word_in_the_request_makes_it_fail(sandbox, fields, code):
    song = sandbox.finished(sandbox.submit(**fields)["id"])
    assert song["status"] == "failed"
    assert song["outputs"] is None
    assert song["error"]["code"] == code
    assert song["error"]["message"].endswith(".")


def test_it_takes_a_plausible_time_scaled_by_the_pace(start):
    sandbox = start("--pace", "0.1")
    began = time.monotonic()
    operation_id = sandbox.submit(lyrics="content_policy")["id"]
    assert sandbox.get(operation_id).json()["song"]["status"] == "processing"
    sandbox.finished(operation_id)
    assert 0.6 <= time.monotonic() - began < 2


async def test_everything_is_answered_quickly_while_a_burst_queues(start, a_song):
    sandbox = start("--pace", "0")
    delays = []
    async with httpx.AsyncClient(base_url=sandbox.origin, headers=sandbox.http.headers) as http:
        for _ in range(50):
            began = time.perf_counter()
            (await http.put(PATH, json=a_song())).raise_for_status()
            delays.append(time.perf_counter() - began)
            await asyncio.sleep(0.02)
    assert sandbox.counters()["statuses"]["processing"] > 20
    assert sorted(delays)[len(delays) // 2] < 0.03
    assert max(delays) < 0.5


def test_a_read_without_wait_answers_at_once(start):
    sandbox = start("--pace", "100")
    operation_id = sandbox.submit()["id"]
    began = time.monotonic()
    for query in ({}, {"wait": "false"}):
        assert sandbox.get(operation_id, **query).json()["song"]["status"] == "processing"
    assert time.monotonic() - began < 0.5


def test_a_long_poll_is_answered_with_processing_after_the_hold(start):
    sandbox = start("--pace", "100", "--hold", "0.5")
    operation_id = sandbox.submit(lyrics="content_policy")["id"]
    began = time.monotonic()
    song = sandbox.get(operation_id, wait="true").json()["song"]
    assert 0.5 <= time.monotonic() - began < 1
    assert song["status"] == "processing"


@pytest.mark.measured
async def test_a_long_poll_is_answered_within_100_ms_of_the_end(start):
    sandbox = start("--pace", "0.1")
    operation_id = sandbox.submit(lyrics="content_policy")["id"]
    async with httpx.AsyncClient(base_url=sandbox.origin, headers=sandbox.http.headers) as http:

        async def held():
            query = {"id": operation_id, "wait": "true"}
            assert (await http.get(PATH, params=query)).json()["song"]["status"] == "failed"
            return time.monotonic()

        async def watched():
            while True:
                song = (await http.get(PATH, params={"id": operation_id})).json()["song"]
                if song["status"] == "failed":
                    return time.monotonic()
                await asyncio.sleep(0.01)

        answered, *others, ended = await asyncio.gather(*(held() for _ in range(20)), watched())
    assert all(abs(moment - ended) < 0.1 for moment in (answered, *others))


async def test_callers_who_leave_are_held_no_longer(start):
    sandbox = start("--pace", "100")
    operation_id = sandbox.submit(lyrics="content_policy")["id"]
    async with httpx.AsyncClient(base_url=sandbox.origin, headers=sandbox.http.headers) as http:
        query = {"id": operation_id, "wait": "true"}
        polls = [asyncio.create_task(http.get(PATH, params=query)) for _ in range(50)]
        await until(lambda: sandbox.counters()["held"] == 50)
        for poll in polls:
            poll.cancel()
        await asyncio.gather(*polls, return_exceptions=True)
        await until(lambda: sandbox.counters()["held"] == 0)


def test_it_says_everywhere_that_it_is_not_the_model(sandbox):
    notice = "an offline sandbox, not Soundpiece's model"
    for path in ("/", "/docs", "/openapi.json", PATH, "/nowhere"):
        assert sandbox.http.get(path).headers["Soundpiece-Sandbox"] == notice
    assert "not Soundpiece&rsquo;s model" in sandbox.http.get("/").text
    assert notice in sandbox.http.get("/openapi.json").json()["info"]["description"]
    assert "Soundpiece sandbox" in sandbox.http.get("/docs").text


def test_it_imports_nothing_of_the_client_nor_what_only_workers_need():
    script = (
        "import sys, soundpiece_sandbox.__main__, soundpiece_sandbox.service.server\n"
        "print(*sys.modules)"
    )
    listed = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    modules = set(listed.stdout.split())
    assert not {name for name in modules if name.startswith("soundpiece_nb")}
    assert not modules & {"numpy", "scipy", "soundfile", "pandas", "httpx"}


def test_the_same_request_makes_the_same_sound_under_every_key(sandbox, finished_song):
    twin = sandbox.finished(sandbox.submit(idempotency_key=str(uuid.uuid4()))["id"])
    urls = [output["url"] for song in (finished_song, twin) for output in song["outputs"]]
    # Addresses of a song's first answer stay good for minutes: the whole file is quicker.
    first, second, first_again, second_again = (sandbox.storage.get(url).content for url in urls)
    assert first == first_again
    assert second == second_again
    assert first != second


async def until(condition) -> None:
    """Wait for something that must come true soon."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - it comes true in another process
            await asyncio.sleep(0.02)

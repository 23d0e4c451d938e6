"""The limits of the account: requests per minute, and credits."""

import time

import httpx
import pytest

SONG = "create.new_song"
ADMIN = {"Authorization": "Bearer the-admins-own"}


def test_a_request_over_the_rate_is_told_when_to_try_again(start):
    sandbox = start("--pace", "0", "--rate-limit", "3")
    assert [sandbox.put({}).status_code for _ in range(5)] == [422, 422, 422, 429, 429]
    refused = sandbox.put({})
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert "Too many requests" in refused.json()["detail"]
    assert not [name for name in refused.headers if name.lower().startswith("x-ratelimit")]
    seen = sandbox.counters()
    assert seen["rate"]["refused"] == 3
    assert seen["operations"] == 0


def test_every_verb_and_route_counts_but_neither_downloads_nor_refused_keys(start):
    sandbox = start("--pace", "0", "--rate-limit", "4")
    for _ in range(9):
        stranger = httpx.put(f"{sandbox.root}/{SONG}", json={})
        assert stranger.status_code == 401
        assert sandbox.storage.get(f"{sandbox.origin}/files/x.flac").status_code == 403
    operation = sandbox.submit()
    answers = [sandbox.get(operation["id"]).status_code for _ in range(3)]
    assert answers == [200, 200, 200]
    assert sandbox.send("create.new_fx", {}).status_code == 429


def test_a_refusal_comes_before_the_body_is_read(start):
    sandbox = start("--pace", "0", "--rate-limit", "1")
    sandbox.put({})
    headers = {"Content-Type": "application/json"}
    answer = sandbox.http.put(f"/v1/{SONG}", content=b"{no json", headers=headers)
    assert answer.status_code == 429


def test_who_does_not_wait_as_long_as_told_is_counted(start):
    sandbox = start("--pace", "0", "--rate-limit", "1")
    sandbox.put({})
    assert sandbox.put({}).status_code == 429
    sandbox.put({})  # at once: it may have been under way already
    assert sandbox.counters()["rate"]["early"] == 0
    time.sleep(0.7)
    sandbox.put({})
    assert sandbox.counters()["rate"]["early"] == 1


@pytest.mark.parametrize(
    ("kind", "after"),
    [("sliding", 3), ("fixed", 3), ("bucket", 1)],
    ids=["sliding", "fixed", "bucket"],
)
def test_the_rate_may_be_for_another_time_and_of_another_kind(kind, after, start):
    """Of three in three seconds, a bucket regains one each second."""
    options = ("--rate-limit", "3", "--rate-seconds", "3", "--rate-window", kind)
    sandbox = start("--pace", "0", *options)
    assert [sandbox.put({}).status_code for _ in range(4)] == [422, 422, 422, 429]
    assert int(sandbox.put({}).headers["Retry-After"]) == after
    time.sleep(after)
    admitted = [sandbox.put({}).status_code for _ in range(4)].count(422)
    assert admitted == after


def test_without_credits_an_operation_is_refused_until_a_top_up(start, a_song):
    sandbox = start("--pace", "0", "--credits", "1", "--admin-token", "the-admins-own")
    paid, unpaid = a_song(), a_song()
    accepted = sandbox.put(paid)
    assert accepted.status_code == 200
    refused = sandbox.put(unpaid)
    assert refused.status_code == 402
    assert "top up" in refused.json()["detail"].lower()
    # What is known costs nothing, whatever is left.
    assert sandbox.put(paid).json() == accepted.json()
    assert sandbox.counters()["operations"] == 1

    topped = sandbox.http.post("/sandbox/credits", params={"count": 2}, headers=ADMIN)
    assert topped.json() == {"balance": 2}
    assert sandbox.put(unpaid).status_code == 200
    assert sandbox.counters()["credits"] == 1


def test_a_failed_operation_costs_nothing(start):
    sandbox = start("--pace", "0", "--credits", "1")
    failed = sandbox.finished(sandbox.submit(lyrics="content_policy")["id"])
    assert failed["status"] == "failed"
    assert sandbox.counters()["credits"] == 1


def test_what_an_earlier_start_accepted_gives_no_credit_to_this_one(start, tmp_path):
    first = start("--pace", "0.5", "--credits", "1", "--data", tmp_path)
    operation = first.submit(lyrics="content_policy")
    first.process.kill()
    first.process.wait()
    second = start("--pace", "0", "--credits", "0", "--data", tmp_path)
    assert second.finished(operation["id"])["status"] == "failed"
    assert second.counters()["credits"] == 0


def test_a_body_that_no_request_can_have_is_not_read(start, a_song):
    sandbox = start("--pace", "0")
    huge = a_song(lyrics="x" * 2**20)
    assert sandbox.put(huge).status_code == 413


def test_a_wrong_request_costs_nothing(start):
    sandbox = start("--pace", "0", "--credits", "1")
    assert sandbox.put({"lyrics": ""}).status_code == 422
    assert sandbox.counters()["credits"] == 1

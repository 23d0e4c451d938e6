"""Webhooks: signed, retried, and sent only to allowed URLs."""

import base64
import itertools
import json
import secrets
import socket
import subprocess
import sys
import threading
from contextlib import suppress

import psutil
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from support.neighbour_servers import Neighbour

SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
PRIVATE = [
    "https://127.0.0.1/hook",
    "https://127.1/hook",
    "https://0x7f000001/hook",
    "https://2130706433/hook",
    "https://localhost/hook",
    "https://printer.local/hook",
    "https://10.1.2.3/hook",
    "https://192.168.0.1/hook",
    "https://169.254.169.254/latest/meta-data",
    "https://[::1]/hook",
    "https://[::ffff:127.0.0.1]/hook",
    "https://[fe80::1]/hook",
    "https://intranet/hook",
    "https://[64:ff9b::a00:1]/hook",
    "https://[2002:a00:1::]/hook",
    "https://[::127.0.0.1]/hook",
    "https://[fec0::1]/hook",
    "https://ex\u00e4mple.com/hook",
    "https://example.com/\u00fc",
    "https://a..b.com/hook",
    f"https://{'a' * 64}.com/hook",
    "http://sound.example.com/hook",
]


@pytest.fixture
def receiver():
    """Start receivers that answer the n-th webhook with these statuses."""
    started = []

    def begin(answer=lambda _: 200):
        started.append(Neighbour(answer))
        return started[-1]

    yield begin
    for neighbour in started:
        neighbour.close()


def webhooks(start, neighbour, *options):
    """Start a sandbox that may deliver to a neighbour."""
    signing = ["--webhook-secret", SECRET, "--reach", neighbour.origin]
    return start("--pace", "0", *signing, *options)


def test_an_end_is_told_in_the_documented_shape_and_verifies(start, receiver):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    callback = f"{neighbour.origin}/hook?room=4"
    operation = sandbox.ask("create.new_fx", prompt="Impact", duration=1, callback_url=callback)
    (received,) = neighbour.wait_for(1)
    assert received.path == "/hook?room=4"
    told = Webhook(SECRET).verify(received.body, received.headers)
    ended = sandbox.end("create.new_fx", operation["id"])
    assert told["type"] == "create.new_fx.ready"
    assert sandbox.storage.get(told["data"]["output"].pop("url")).status_code == 200
    for side in (told["data"]["output"], ended["output"]):
        side.pop("expires_at")
        side.pop("url", None)
    assert told["data"] == ended
    assert sandbox.counters()["webhooks"] == {"delivered": 1, "given_up": 0}


def test_a_failure_is_told_too(start, receiver):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    (received,) = neighbour.wait_for(1)
    told = json.loads(received.body)
    assert told["type"] == "create.new_song.failed"
    assert told["data"]["error"]["code"] == "content_policy"


def test_who_answers_500_is_told_again_with_the_same_id_and_growing_gaps(start, receiver):
    neighbour = receiver(lambda count: 500 if count < 4 else 204)
    sandbox = webhooks(start, neighbour)
    sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    received = neighbour.wait_for(4)
    assert len({each.headers["webhook-id"] for each in received}) == 1
    for each in received:
        Webhook(SECRET).verify(each.body, each.headers)
    gaps = [after.at - before.at for before, after in itertools.pairwise(received)]
    assert all(after > 1.5 * before for before, after in itertools.pairwise(gaps))
    assert len(neighbour.wait_for(5, seconds=1)) == 4


def test_another_end_has_another_id(start, receiver):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    for _ in range(3):
        sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    received = neighbour.wait_for(3)
    assert len({each.headers["webhook-id"] for each in received}) == 3


def test_the_same_request_again_is_told_once(start, receiver, a_song):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    request = a_song(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    for _ in range(5):
        sandbox.put(request)
    neighbour.wait_for(1)
    assert len(neighbour.wait_for(2, seconds=0.5)) == 1


def test_a_restart_goes_on_telling_with_the_same_id(start, receiver, tmp_path):
    neighbour = receiver(lambda count: 500 if count == 1 else 200)
    options = ["--data", str(tmp_path)]
    # At the usual pace the second attempt comes after five seconds.
    signing = ["--webhook-secret", SECRET, "--reach", neighbour.origin]
    first = start("--pace", "0.2", *signing, *options)
    first.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    neighbour.wait_for(1)
    first.process.kill()
    first.process.wait()
    start("--pace", "0", *signing, *options)
    one, two = neighbour.wait_for(2)
    assert one.headers["webhook-id"] == two.headers["webhook-id"]


def test_a_receiver_that_is_not_there_is_given_up_in_the_end(start, receiver):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    neighbour.close()
    operation = sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    assert sandbox.finished(operation["id"])["status"] == "failed"
    for _ in range(400):
        if sandbox.counters()["webhooks"]["given_up"]:
            break
        neighbour.wait_for(1, seconds=0.05)
    assert sandbox.counters()["webhooks"] == {"delivered": 0, "given_up": 1}


def test_many_silent_receivers_use_up_no_attempt_of_others(start, receiver):
    """Each attempt is a request that was sent: waiting for a connection does not count."""
    gate = threading.Event()

    def answer_late(_: int) -> int:
        gate.wait(4)
        return 200

    neighbour = receiver(answer_late)
    sandbox = webhooks(start, neighbour)
    for _ in range(30):
        sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    received = neighbour.wait_for(30, seconds=3)
    gate.set()
    assert len({each.headers["webhook-id"] for each in received}) == len(received) == 30


def test_an_endless_answer_is_not_read(start):
    """Only the status counts; a body without an end fills no memory."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sandbox = start(
            *("--pace", "0", "--webhook-secret", SECRET),
            *("--reach", f"http://127.0.0.1:{listener.getsockname()[1]}"),
        )

        def talk() -> None:
            connection, _ = listener.accept()
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            with suppress(OSError):
                while True:
                    connection.sendall(b"x" * 2**20)

        talking = threading.Thread(target=talk)
        talking.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
        sandbox.submit(lyrics="content_policy", callback_url=address)
        talking.join(8)
        assert not talking.is_alive()
        assert sandbox.counters()["webhooks"]["delivered"] == 1
        assert psutil.Process(sandbox.process.pid).memory_info().rss < 250 * 2**20


def test_without_a_secret_nothing_is_told(start, receiver):
    neighbour = receiver()
    sandbox = start("--pace", "0", "--reach", neighbour.origin)
    operation = sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    sandbox.finished(operation["id"])
    assert neighbour.wait_for(1, seconds=0.5) == []


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(sandbox, a_song, address):
    answer = sandbox.put(a_song(callback_url=address))
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"] == ["body", "callback_url"]


def test_a_public_address_is_accepted(sandbox, a_song):
    answer = sandbox.put(a_song(callback_url="https://hooks.example.com/soundpiece"))
    assert answer.status_code == 200


def test_a_body_that_was_changed_does_not_verify(start, receiver):
    neighbour = receiver()
    sandbox = webhooks(start, neighbour)
    sandbox.submit(lyrics="content_policy", callback_url=f"{neighbour.origin}/hook")
    (received,) = neighbour.wait_for(1)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(received.body.replace(b"failed", b"ready_"), received.headers)


@pytest.mark.parametrize("secret", ["hush", "whsec_", "whsec_%%%", "c2VjcmV0"])
def test_a_secret_that_is_none_is_one_sentence(secret):
    command = [sys.executable, "-m", "soundpiece_sandbox", "--webhook-secret", secret]
    refused = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    assert refused.returncode == 2
    assert "whsec_" in refused.stderr.splitlines()[-1]
    assert "Traceback" not in refused.stderr

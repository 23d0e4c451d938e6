"""Webhooks at the Jupyter server: accepted by signature alone, noted once, and answered at once."""

from __future__ import annotations

import asyncio
import base64
import json
import math
import sqlite3
import time
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from soundpiece_nb.journal.quick_reads import FILE_NAME
from soundpiece_nb.server.webhook_route import Receiver
from support.kept_take import KEY, SECRET

pytestmark = pytest.mark.usefixtures("stored")

OTHER = "whsec_" + base64.b64encode(b"another secret, of somebody else").decode()


def delivery(body=None, *, number=None, at=None, secret=SECRET):
    """Return the headers and body of a delivery, signed as the service does."""
    number, at = number or f"msg_{uuid.uuid4().hex}", at or datetime.now(UTC)
    if not isinstance(body, bytes):
        said = {"type": "create.new_fx.ready", "data": {"id": f"op_{uuid.uuid4().hex[:26]}"}}
        body = json.dumps(said | (body or {})).encode()
    signature = Webhook(secret).sign(number, at, body.decode(errors="replace"))
    headers = {
        "webhook-id": number,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": signature,
    }
    return headers, body


def noted(kept_home):
    with closing(sqlite3.connect(kept_home / FILE_NAME)) as connection:
        return connection.execute("SELECT webhook_id, operation_id FROM deliveries").fetchall()


def soon_noted(kept_home, number):
    """Return the ids that are noted once this one is, or after ten seconds."""
    until = time.monotonic() + 10
    while (
        number not in (ids := [each for each, _ in noted(kept_home)]) and time.monotonic() < until
    ):
        time.sleep(0.02)
    return ids


def test_a_signed_one_is_noted_without_login_or_token(visitor, kept_home):
    headers, body = delivery()
    answer = visitor.post("webhook", headers=headers, content=body)
    assert (answer.status_code, answer.content) == (204, b"")
    operation = json.loads(body)["data"]["id"]
    soon_noted(kept_home, headers["webhook-id"])
    assert (headers["webhook-id"], operation) in noted(kept_home)


def test_a_repeated_one_is_noted_once(visitor, kept_home):
    headers, body = delivery()
    before = len(noted(kept_home))
    answers = [visitor.post("webhook", headers=headers, content=body) for _ in range(10)]
    assert {answer.status_code for answer in answers} == {204}
    last, content = delivery()
    visitor.post("webhook", headers=last, content=content)
    assert last["webhook-id"] in soon_noted(kept_home, last["webhook-id"])
    assert len(noted(kept_home)) == before + 2


def test_one_of_several_signatures_is_enough(visitor):
    headers, body = delivery()
    strange = Webhook(OTHER).sign(headers["webhook-id"], datetime.now(UTC), body.decode())
    headers["webhook-signature"] = f"{strange} v2,nonsense {headers['webhook-signature']}"
    assert visitor.post("webhook", headers=headers, content=body).status_code == 204


def forged():
    """Yield requests that must be refused, each with what is wrong with it."""
    headers, body = delivery()
    yield "a changed body", headers, body.replace(b"ready", b"failed")
    yield "another id", {**headers, "webhook-id": "msg_other"}, body
    yield "another time", {**headers, "webhook-timestamp": str(int(time.time()) + 9)}, body
    yield "a stranger's", *delivery(secret=OTHER)
    now = datetime.now(UTC)
    yield "too old", *delivery(at=now - timedelta(minutes=5, seconds=5))
    yield "too new", *delivery(at=now + timedelta(minutes=5, seconds=5))
    yield "an hour late", *delivery(at=now - timedelta(hours=1))
    for missing in headers:
        yield f"no {missing}", {n: v for n, v in headers.items() if n != missing}, body
    for signature in ("", "v1", "v1,", "v1,***", "v1,é", ",", "v1,a,b"):
        yield f"signed {signature!r}", {**headers, "webhook-signature": signature}, body
    for stamp in ("", "now", "nan", "inf", "-1", "1e400", "9" * 400):
        yield f"of {stamp[:9]!r}", {**headers, "webhook-timestamp": stamp}, body
    for words in (b"", b"[]", b"null", b'{"data":null}', b'{"data":{"id":3}}', b'"data"', b"{"):
        yield f"saying {words!r}", *delivery(words)
    yield "no text", *delivery(b"\xff\xfe")
    yield "a long id", *delivery({"data": {"id": "o" * 5000}})
    yield "more than 64 KiB", *delivery({"more": "x" * 70_000})


def test_whatever_is_invalid_is_refused_alike_and_changes_nothing(visitor, kept_home):
    before = noted(kept_home)
    for wrong, headers, body in forged():
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = visitor.post("webhook", headers=raw, content=body)
        assert (answer.status_code, answer.content) == (400, b""), wrong
    assert noted(kept_home) == before


def test_no_refusal_leaves_a_traceback(server):
    assert "Traceback" not in server.log.read_text()


def test_a_body_without_an_announced_length_is_bounded_too(visitor, kept_home):
    headers, body = delivery({"more": "x" * 70_000})
    before = noted(kept_home)
    parts = (body[first : first + 1_000] for first in range(0, len(body), 1_000))
    assert visitor.post("webhook", headers=headers, content=parts).status_code == 400
    assert noted(kept_home) == before


def test_only_posts_are_heard(visitor, person):
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert visitor.request(method, "webhook").status_code in {403, 405}
    assert person.get("webhook").status_code == 405


def test_the_signature_opens_nothing_else(visitor):
    headers, body = delivery()
    assert visitor.post(f"audio/{KEY}/1", headers=headers, content=body).status_code in {403, 405}


def test_nobody_waits_for_the_journal(visitor, kept_home):
    headers, body = delivery()
    with closing(sqlite3.connect(kept_home / FILE_NAME, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        assert visitor.post("webhook", headers=headers, content=body).status_code == 204
        assert time.monotonic() - began < 1
        time.sleep(1)
        writer.execute("ROLLBACK")
    assert headers["webhook-id"] in soon_noted(kept_home, headers["webhook-id"])


@pytest.mark.parametrize(
    "odd", [b'{"data": {"id": "op_\\ud800"}}', b"[" * 20_000, b'{"data": {"id": {"id": 1}}}']
)
def test_an_odd_one_is_refused_though_it_is_signed_and_the_next_is_heard(visitor, kept_home, odd):
    headers, body = delivery(odd)
    assert visitor.post("webhook", headers=headers, content=body).status_code == 400
    headers, body = delivery()
    assert visitor.post("webhook", headers=headers, content=body).status_code == 204
    assert headers["webhook-id"] in soon_noted(kept_home, headers["webhook-id"])


def test_a_journal_that_cannot_be_written_for_a_moment_costs_no_later_delivery(tmp_path):
    """Whatever the disk says, the receiver goes on."""
    receiver = Receiver(tmp_path)
    heard, refusals = [], [PermissionError(13, "Permission denied")] * 3

    class Deliveries:
        def note(self, some):
            if refusals:
                raise refusals.pop()
            heard.extend(some)

    receiver._deliveries = Deliveries()
    receiver._secrets, receiver._read_again_at = [SECRET], math.inf
    for _ in range(2):
        headers, body = delivery()
        asyncio.run(receiver.receive(headers, body))
    until = time.monotonic() + 10
    while len(heard) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(heard) == 2

"""Explanations: what happened, what it means for the money, what to do next."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from soundpiece_nb.api.errors import OperationFailed, Refusal, RequestRejected, Unreadable
from soundpiece_nb.engine.explanations import explain, outcome, refusal_words, trouble_words
from soundpiece_nb.journal.entry import Entry

KEY = "550e8400-e29b-41d4-a716-446655440000"
ONCE = str(uuid.uuid5(uuid.NAMESPACE_URL, "once"))


def entry(status, code=None, message=None, key=KEY):
    unsaid = dict.fromkeys(("name", "note", "sweep", "notebook", "accepted_at", "finished_at"))
    return Entry(
        key=key,
        route="create.new_song",
        service="sandbox",
        body=b"{}",
        status=status,
        operation_id="op_1",
        tags=(),
        error_code=code,
        error_message=message,
        submitted_at=datetime.now(UTC),
        outputs=None,
        polls=0,
        retries=0,
        takes=(),
        **unsaid,
    )


@pytest.mark.parametrize("status", ["submitting", "processing", "ready"])
def test_where_all_is_well_there_is_nothing_to_explain(status):
    assert explain(entry(status)) is None
    assert outcome(entry(status)) is None


@pytest.mark.parametrize(
    ("status", "sent", "says"),
    [
        ("submitting", False, ["Nothing was sent", "under the same key"]),
        ("submitting", True, ["Whether it was accepted is not known", "under the same key"]),
        ("processing", True, ["goes on at the service and is paid for once", "asks for it again"]),
        ("ready", True, ["stays yours; fetching it again costs nothing", "downloads it again"]),
    ],
)
@pytest.mark.parametrize("message", ["It broke off.", None])
def test_what_is_stuck_says_what_it_costs_and_how_to_go_on(status, sent, says, message):
    stuck = replace(
        entry(status, "unreachable", message), sent_at=datetime.now(UTC) if sent else None
    )
    words = str(explain(stuck))
    for part in [*says, "%soundpiece_resume 550e8400", message or "did not succeed|no answer"]:
        assert any(each in words for each in part.split("|"))
    assert outcome(stuck) is None, "it may still be had"


@pytest.mark.parametrize(
    ("code", "message", "key", "says"),
    [
        ("content_policy", None, KEY, ["rejected by the content policy.", "Change the text"]),
        ("content_policy", "Not this", KEY, ["Not this. Nothing was made.", "Change the text"]),
        ("generation_failed", None, KEY, ["could not make it.", "Run the cell again"]),
        ("generation_failed", "Oh no!", ONCE, ["Oh no! Nothing", "--take 2"]),
        (None, None, KEY, ["could not make it.", "new key"]),
    ],
)
def test_what_failed_says_why_and_how_to_try_again(code, message, key, says):
    error = outcome(entry("failed", code, message, key))
    assert isinstance(error, OperationFailed)
    assert (error.code, error.key, error.operation_id) == (code or "internal_error", key, "op_1")
    for part in says:
        assert part in str(error)


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("401", ["does not accept the API key: so it is.", "SOUNDPIECE_API_KEY", "resume"]),
        ("402", ["Not enough credits.", "Top up", "%soundpiece_resume 550e8400"]),
        ("404", ["has no route create.new_song.", "SOUNDPIECE_BASE_URL"]),
        ("400", ["refused the request: so it is.", "a new operation with a new key"]),
        ("409", ["refused the request: so it is.", "a new operation with a new key"]),
        ("422", ["refused the request: so it is.", "a new operation with a new key"]),
        ("451", ["The service refused: so it is.", "%soundpiece_resume 550e8400"]),
        ("source", ["So it is.", "Make it again"]),
    ],
)
def test_what_was_refused_cost_nothing_and_says_what_to_change(code, says):
    message = "So it is" if code == "source" else "so it is"
    error = outcome(entry("rejected", code, message))
    assert isinstance(error, RequestRejected)
    assert error.status_code == (int(code) if code.isdecimal() else 0)
    assert error.detail == message
    for part in [*says, "Nothing was made or charged."]:
        assert part in str(error)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Refusal(429, "x"), "The service asks to slow down. (429)"),
        (Refusal(408, "x"), "The service timed out. (408)"),
        (Refusal(502, "x"), "The service has a problem. (502)"),
        (Unreadable("It was cut off."), "It was cut off."),
    ],
)
def test_trouble_that_passes_is_a_few_words(failure, words):
    assert trouble_words(failure) == words


def test_a_refusal_is_one_sentence():
    assert refusal_words(Refusal(403, "expired")) == "The service refused (403): expired."

"""Answers are read with tolerance: what is unknown is kept and never breaks."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundpiece_nb.api.answer import OutputLink, read_answer, read_time
from soundpiece_nb.api.errors import Unreadable

NOON = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)

KEY = "7c9e6679-7425-40de-944b-e07fc1f90ae7"

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("envelope", ["song", "auto_cut", "an_envelope_of_tomorrow"])
def test_the_operation_is_whatever_carries_id_and_status(envelope):
    answer = read_answer({"meta": {"v": 2}, envelope: {"id": "op_1", "status": "processing"}})
    assert (answer.id, answer.status) == ("op_1", "processing")


def test_an_operation_without_envelope_is_read_too():
    assert read_answer({"id": "op_1", "status": "failed"}).failed


def test_an_unknown_status_is_not_an_end():
    answer = read_answer({"song": {"id": "op_1", "status": "mastering", "mood": "good"}})
    assert not answer.ready
    assert not answer.failed
    assert answer.fields["mood"] == "good"


def test_a_single_output_and_a_list_are_read_alike():
    output = {"url": "https://cdn.example/1", "duration": 8, "expires_at": "2026-05-20T12:50:21Z"}
    single = read_answer({"sample": {"id": "op_1", "status": "ready", "output": output}})
    listed = read_answer({"song": {"id": "op_1", "status": "ready", "outputs": [output]}})
    assert single.outputs == listed.outputs
    assert single.outputs[0].duration == 8.0
    assert single.outputs[0].expires_at.utcoffset().total_seconds() == 0


def song(status="ready", **fields):
    """Read a song as the service tells of it, with one output if nothing else is said."""
    outputs = [{"url": "https://cdn.example/1"}]
    return read_answer({"song": {"id": "op_1", "status": status, "outputs": outputs} | fields})


def test_an_output_tells_where_it_is_what_it_is_and_for_how_long():
    [link] = song(
        outputs=[
            {
                "url": "https://cdn.example/1",
                "duration": 8,
                "kind": "vocals",
                "expires_at": "2026-11-22T12:00:00Z",
            }
        ]
    ).outputs
    assert link == OutputLink("https://cdn.example/1", NOON, 8.0, "vocals")


@pytest.mark.parametrize("kind", [None, 7, ["vocals"]])
def test_a_kind_that_is_no_text_is_none(kind):
    assert song(outputs=[{"url": "https://cdn.example/1", "kind": kind}]).outputs[0].kind is None


@pytest.mark.parametrize("output", [None, "https://cdn.example/2", {"kind": "drums"}, {"url": 2}])
def test_what_names_no_address_is_no_output(output):
    answer = song(outputs=[output, {"url": "https://cdn.example/1"}])
    assert [link.url for link in answer.outputs] == ["https://cdn.example/1"]


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (0, 0.0),
        (0.5, 0.5),
        (90, 90.0),
        (999_999, 999_999.0),
        (1_000_000, None),
        (float("inf"), None),
        (float("nan"), None),
        (-1, None),
        (True, None),
        (None, None),
        ("90", None),
    ],
)
def test_a_duration_is_seconds_or_unknown(said, seconds):
    [link] = song(outputs=[{"url": "https://cdn.example/1", "duration": said}]).outputs
    assert link.duration == seconds


@pytest.mark.parametrize(
    ("expires_at", "expired"),
    [
        (NOON - timedelta(seconds=1), True),
        (NOON, True),
        (NOON + timedelta(seconds=1), False),
        (None, False),
    ],
)
def test_a_link_expires_at_the_moment_it_names_and_else_never(expires_at, expired):
    assert OutputLink("https://cdn.example/1", expires_at, None, None).expired(NOON) is expired


@pytest.fixture
def far_away(monkeypatch):
    """A machine whose own clock shows another time than UTC."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "FAR+5")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("far_away")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T12:00:00Z", NOON),
        ("2026-11-22T12:00:00", NOON),
        ("2026-11-22T14:00:00+02:00", NOON),
        ("noon", None),
        ("", None),
        (1_795_000_000, None),
        (None, None),
    ],
)
def test_a_time_is_read_as_utc_whatever_zone_it_names(text, moment):
    read = read_time(text)
    assert read == moment
    assert read is None or read.tzinfo is UTC


def test_when_an_operation_was_created_is_told():
    assert song(created_at="2026-11-22T12:00:00Z").created_at == NOON
    assert song().created_at is None


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ({"code": "policy", "message": "Not this."}, "policy", "Not this."),
        ({"code": "policy"}, "policy", None),
        ({"message": "Not this."}, None, "Not this."),
        ({"code": 7, "message": ["Not", "this"]}, None, None),
        ({"code": "policy", "message": ""}, "policy", None),
        ("policy", None, None),
        (["code", "message"], None, None),
        (None, None, None),
    ],
)
def test_a_failed_operation_says_why_as_far_as_it_can_be_read(error, code, message):
    answer = song("failed", outputs=None, error=error)
    assert answer.failed
    assert not answer.ready
    assert (answer.error_code, answer.error_message) == (code, message)


def test_a_key_in_the_services_words_is_not_repeated():
    answer = song("failed", error={"message": "No account has spk_precious_0123456789."})
    assert "precious" not in answer.error_message


def test_everything_the_service_said_is_kept_aside():
    assert song(mood="good", outputs=[{"url": "u", "key": "c"}]).fields == {
        "id": "op_1",
        "status": "ready",
        "mood": "good",
        "outputs": [{"url": "u", "key": "c"}],
    }


def test_the_first_of_several_operations_is_the_answer():
    answer = read_answer(
        {"song": {"id": "op_1", "status": "failed"}, "next": {"id": "op_2", "status": "ready"}}
    )
    assert answer.id == "op_1"


def test_of_several_operations_the_one_that_was_asked_about_is_the_answer():
    payload = {"song": {"id": "op_1", "status": "failed"}, "next": {"id": "op_2", "status": "new"}}
    assert read_answer(payload, operation_id="op_2").id == "op_2"
    payload["song"]["idempotency_key"] = str(uuid.uuid4())
    payload["next"]["idempotency_key"] = KEY
    assert read_answer(payload, key=KEY).id == "op_2"
    del payload["song"]["idempotency_key"]
    assert read_answer(payload, key=KEY).id == "op_2", "one that says so is meant, not one that may"


@pytest.mark.parametrize(
    "named", [KEY, KEY.upper(), f"{{{KEY}}}", f"urn:uuid:{KEY}", KEY.replace("-", ""), None]
)
def test_the_same_key_in_another_form_is_the_same(named):
    song = {"id": "op_1", "status": "processing", "idempotency_key": named}
    assert read_answer({"song": song}, key=KEY).id == "op_1"


@pytest.mark.parametrize("named", ["", "x", str(uuid.UUID(int=2)), 7, [], {}])
def test_an_answer_under_another_key_is_unreadable(named):
    song = {"id": "op_1", "status": "ready", "idempotency_key": named}
    with pytest.raises(Unreadable, match=r"^The service's answer is about another operation\.$"):
        read_answer({"song": song}, key=KEY)


@pytest.mark.parametrize("asked", ["op_2", "OP_1", "op_1 ", ""])
def test_an_answer_about_another_operation_is_unreadable(asked):
    with pytest.raises(Unreadable, match=r"^The service's answer is about another operation\.$"):
        read_answer({"song": {"id": "op_1", "status": "ready"}}, operation_id=asked)


@pytest.mark.parametrize("plain", ["op_1", "a", "x" * 128, KEY, "2026-11.22:7"])
def test_an_id_is_a_plain_word(plain):
    assert read_answer({"id": plain, "status": "processing"}).id == plain


@pytest.mark.parametrize(
    "odd",
    [
        "",
        "x" * 129,
        "a b",
        "op/../1",
        "op_1\n",
        "öp",
        "<b>",
        "\ud800",
        "spk_live_1",
        "op_SPK_live_1",
        "whsec_1",
    ],
)
def test_an_id_that_may_be_anything_else_is_unreadable(odd):
    with pytest.raises(Unreadable, match=r"^The service's answer has no usable operation id\.$"):
        read_answer({"id": odd, "status": "processing"})


def test_more_outputs_than_anybody_makes_are_unreadable():
    output = {"url": "https://cdn.example/1"}
    assert len(song(outputs=[output] * 256).outputs) == 256
    with pytest.raises(Unreadable, match="256"):
        song(outputs=[output] * 257)


def test_an_address_of_unheard_of_length_is_unreadable():
    address = "https://cdn.example/"
    assert song(outputs=[{"url": address.ljust(8_192, "x")}])
    with pytest.raises(Unreadable, match="too long"):
        song(outputs=[{"url": address.ljust(8_193, "x")}])


@pytest.mark.parametrize(
    "word", ["x" * 65, "a\nb", "<b>", "spk_live_1", "my whsec_1", "\ud800", "\u202ex", ""]
)
def test_a_code_or_kind_that_is_no_short_plain_word_is_none(word):
    assert song("failed", error={"code": word, "message": "No."}).error_code is None
    assert song(outputs=[{"url": "https://cdn.example/1", "kind": word}]).outputs[0].kind is None
    assert song(word or "<i>").status == "unknown"


@pytest.mark.parametrize("word", ["vocals", "content_policy", "x" * 64, "Schlag-Zeug 2", "人声"])
def test_a_code_or_kind_that_is_one_is_kept(word):
    assert song("failed", error={"code": word}).error_code == word
    assert song(outputs=[{"url": "https://cdn.example/1", "kind": word}]).outputs[0].kind == word


def test_a_message_of_any_length_is_cut_to_two_thousand_characters():
    for message in (
        "x" * 3_000_000,
        "https://a.example/?sig=secret " * 10_000,
        "https://a? " * 999,
    ):
        told = song("failed", error={"message": message}).error_message
        assert len(told) <= 2_000
        assert told.endswith("…")
        assert "secret" not in told
    assert song("failed", error={"message": "x" * 2_000}).error_message == "x" * 2_000


def test_half_of_a_surrogate_pair_becomes_a_sign_of_its_own():
    answer = song(error={"message": "cut \ud800 off"}, outputs=[{"url": "https://a/\udfff"}])
    assert answer.error_message == "cut ? off"
    assert answer.outputs[0].url == "https://a/?"


def test_a_signed_url_is_not_in_any_repr():
    output = {"url": "https://cdn.example/1?signature=secret", "duration": 8}
    answer = read_answer({"song": {"id": "op_1", "status": "ready", "outputs": [output]}})
    assert "secret" not in repr(answer)
    assert "secret" not in repr(answer.outputs)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "ready",
        {},
        {"song": None},
        {"song": {"id": 1, "status": "ready"}},
        {"song": {"id": "op_1"}},
        {"song": {"status": "ready"}},
    ],
)
def test_an_answer_without_operation_is_unreadable(payload):
    with pytest.raises(Unreadable, match=r"^The service's answer holds no operation\.$"):
        read_answer(payload)


def test_ready_without_outputs_is_unreadable_and_so_asked_again():
    with pytest.raises(Unreadable, match=r"^The service calls the operation ready but names no"):
        read_answer({"song": {"id": "op_1", "status": "ready", "outputs": []}})


@given(JSON, JSON)
def test_no_json_does_more_than_be_unreadable(anything, outputs):
    for payload in (anything, {"song": {"id": "op_1", "status": "ready", "outputs": outputs}}):
        with suppress(Unreadable):
            read_answer(payload)


@pytest.mark.parametrize("beyond", ["9999-12-31T23:59:59-05:00", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_no_calendar_in_utc_has_is_none(beyond):
    assert read_time(beyond) is None
    assert song(created_at=beyond).created_at is None

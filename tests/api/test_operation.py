"""Answers are read with tolerance: what is unknown is kept and never breaks."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundpiece_nb.api.errors import Unreadable
from soundpiece_nb.api.operation import read_answer

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


def test_a_signed_url_is_not_in_any_repr():
    output = {"url": "https://cdn.example/1?signature=secret", "duration": 8}
    answer = read_answer({"song": {"id": "op_1", "status": "ready", "outputs": [output]}})
    assert "secret" not in repr(answer)
    assert "secret" not in repr(answer.outputs)


@pytest.mark.parametrize(
    "payload", [None, [], "ready", {}, {"song": None}, {"song": {"id": 1, "status": "ready"}}]
)
def test_an_answer_without_operation_is_unreadable(payload):
    with pytest.raises(Unreadable):
        read_answer(payload)


def test_ready_without_outputs_is_unreadable_and_so_asked_again():
    with pytest.raises(Unreadable):
        read_answer({"song": {"id": "op_1", "status": "ready", "outputs": []}})


@given(JSON, JSON)
def test_no_json_does_more_than_be_unreadable(anything, outputs):
    for payload in (anything, {"song": {"id": "op_1", "status": "ready", "outputs": outputs}}):
        with suppress(Unreadable):
            read_answer(payload)

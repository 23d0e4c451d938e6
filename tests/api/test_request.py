"""Bad input gets one sentence before anything is sent; good input becomes exact bytes."""

from __future__ import annotations

import json
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.api.request import (
    has_derived_key,
    new_request,
    restore_request,
)
from soundpiece_nb.api.routes import ROUTES, find_route
from support.derived_requests import with_derived_key

SONG = find_route("song")
GOOD = {"lyrics": "la la", "prompt": "jazz"}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"lyrics": "", "prompt": "x"}, "Lyrics must not be empty"),
        ({"lyrics": " \n ", "prompt": "x"}, "Lyrics must not be empty"),
        ({"lyrics": "a" * 3001, "prompt": "x"}, "at most 3000 characters; here are 3001"),
        ({"lyrics": "a", "prompt": "x" * 1025}, "at most 1024 characters"),
        ({"lyrics": "a"}, "--prompt or --reference"),
        ({"lyrics": "a", "prompt": "x", "reference": "https://a.example/x"}, "not both"),
        ({"prompt": "x"}, "needs lyrics"),
        ({"lyrics": "a", "reference": "http://a.example/x.flac"}, "https URL"),
        ({"lyrics": "a", "reference": "song.flac"}, "https URL"),
        ({"lyrics": "a", "reference": "https://"}, "https URL"),
        ({"lyrics": "a", "reference": "https://[bad/x"}, "https URL"),
        ({"lyrics": "a", "prompt": 5}, "must be text"),
        ({"lyrics": "a \ud800", "prompt": "x"}, "surrogate"),
        ({"lyrics": "a", "prompt": "x", "tempo": 90}, "no field 'tempo'"),
    ],
)
def test_wrong_songs_get_a_sentence(fields, says):
    with pytest.raises(Mistake) as caught:
        new_request(SONG, fields)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["", "x", "550e8400", "550e8400-e29b-41d4-a716-44665544000g"])
def test_a_key_that_is_no_uuid_is_refused(key):
    with pytest.raises(Mistake, match="must be a UUID"):
        new_request(SONG, GOOD, key)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), "soon", True])
def test_a_duration_must_be_a_length_of_time(seconds):
    with pytest.raises(Mistake):
        new_request(find_route("fx"), {"prompt": "rain", "duration": seconds})


@pytest.mark.parametrize("number", [0, 4, 1.5, "many"])
def test_variations_are_one_to_three(number):
    with pytest.raises(Mistake):
        new_request(
            find_route("remix_instrumental"),
            {"source": "https://a.example/x.flac", "n_variations": number},
        )


def test_the_body_is_what_the_service_documents():
    request = new_request(SONG, GOOD, "550E8400-E29B-41D4-A716-446655440000")
    assert json.loads(request.body) == {
        "idempotency_key": "550e8400-e29b-41d4-a716-446655440000",
        "lyrics": "la la",
        "prompt": "jazz",
    }


def test_links_travel_as_objects_and_numbers_as_numbers():
    fields = {"source": " https://a.example/x.flac ", "target_duration": "30"}
    body = json.loads(new_request(find_route("cut"), fields).body)
    assert body["source"] == {"url": "https://a.example/x.flac"}
    assert body["target_duration"] == 30


def test_every_request_has_a_key_of_its_own():
    keys = {new_request(SONG, GOOD).key for _ in range(50)}
    assert len(keys) == 50
    assert all(uuid.UUID(key) for key in keys)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300))
def test_any_text_arrives_unchanged(text):
    if not text.strip():
        return
    request = new_request(SONG, {"lyrics": text, "prompt": "x"})
    assert json.loads(request.body)["lyrics"] == text


def test_there_are_eight_routes_and_an_unknown_one_lists_them():
    assert len(ROUTES) == 8
    with pytest.raises(Mistake, match=r"create\.new_song"):
        find_route("create.new_symphony")


@pytest.mark.parametrize(
    ("noun", "fields", "says"),
    [
        ("fx", {"prompt": "x", "callback_url": "https://a.example/" + "x" * 3000}, "has more than"),
        ("stems", {"source": "https://a.example/\ud800"}, "half of a surrogate pair"),
        ("stems", {"source": "https://a.example/a b"}, "https URL"),
        ("fx", {"prompt": "rain", "duration": 10**400}, "must be a number"),
        ("fx", {"prompt": "rain", "duration": []}, r"must be a number of seconds, not \[\]"),
        ("sample", {"prompt": "rain", "loopable": "yes"}, "True or False"),
    ],
)
def test_other_fields_get_a_sentence_too(noun, fields, says):
    with pytest.raises(Mistake, match=says):
        new_request(find_route(noun), fields)


# ------------------------------------------------------------------ once


def test_the_same_request_to_the_same_service_has_the_same_key():
    keys = {with_derived_key(new_request(SONG, GOOD), "sandbox").key for _ in range(3)}
    assert len(keys) == 1
    assert has_derived_key(keys.pop())
    assert not has_derived_key(new_request(SONG, GOOD).key)


def test_another_request_service_or_take_has_another_key():
    request = new_request(SONG, GOOD)
    requests = [
        with_derived_key(request, "sandbox"),
        with_derived_key(request, "elsewhere"),
        with_derived_key(request, "sandbox", take=2),
        with_derived_key(new_request(SONG, GOOD | {"prompt": "rock"}), "sandbox"),
    ]
    assert len({each.key for each in requests}) == 4
    for each in requests:
        assert json.loads(each.body)["idempotency_key"] == each.key


@pytest.mark.parametrize("take", [0, -1, 1.5, True, "2"])
def test_a_take_that_cannot_be_counted_is_refused(take):
    with pytest.raises(Mistake, match="must be a whole number from 1"):
        with_derived_key(new_request(SONG, GOOD), "sandbox", take)


# ------------------------------------------------------------------ made from an earlier output

EARLIER = OutputRef("550e8400-e29b-41d4-a716-446655440000", 2)


def test_an_earlier_output_is_written_as_one_and_addressed_when_sent():
    request = new_request(find_route("stems"), {"source": EARLIER})
    assert request.output_refs == {EARLIER}
    sent = json.loads(request.with_addresses({EARLIER: "https://cdn.example/ö"}).body)
    assert sent["source"] == {"url": "https://cdn.example/ö"}
    assert {**sent, "source": None} == {**json.loads(request.body), "source": None}


def test_a_request_of_the_journal_is_the_one_that_was_written_down():
    request = new_request(find_route("stems"), {"source": EARLIER})
    kept = {"source": str(EARLIER)}
    assert restore_request("adapt.separate_stems", request.key, kept, request.body) == request


def test_fields_that_a_later_version_wrote_are_sent_as_they_are():
    request = new_request(find_route("stems"), {"source": EARLIER})
    body = request.body[:-1] + b',"later":1}'
    kept = restore_request("adapt.separate_stems", request.key, {"source": str(EARLIER)}, body)
    sent = json.loads(kept.with_addresses({EARLIER: "https://cdn.example/1"}).body)
    assert (sent["later"], sent["source"]) == (1, {"url": "https://cdn.example/1"})


@pytest.mark.parametrize(
    "other", [None, 5, "", "https://a.example/b", str(EARLIER)[:-1], f"{EARLIER}x"]
)
def test_what_is_not_written_so_is_no_earlier_output(other):
    assert parse_output_ref(str(EARLIER)) == EARLIER
    assert parse_output_ref(other) is None

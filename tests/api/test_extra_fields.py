"""Fields that this version does not know, and limits that the service may have raised."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.extra_fields import MOST_BYTES
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import (
    needs_unchecked,
    new_request,
    restore_request,
)
from soundpiece_nb.api.routes import find_route
from support.derived_requests import with_derived_key

FX = find_route("fx")
EARLIER = OutputRef("550e8400-e29b-41d4-a716-446655440000", 2)


def sent(noun="fx", extra=None, *, unchecked=False, **fields):
    """Return what is sent but for the key."""
    request = new_request(find_route(noun), fields, extra=extra, unchecked=unchecked)
    return {n: v for n, v in json.loads(request.body).items() if n != "idempotency_key"}


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (42, 42),
        (np.int64(42), 42),
        (0.5, 0.5),
        (Decimal("0.5"), 0.5),
        (Decimal(2), 2),
        (timedelta(seconds=1.5), 1.5),
        (False, False),
        ("wårm", "wårm"),
        (np.array([1, 2]), [1, 2]),
        (range(2), [0, 1]),
        ({"a": [np.float32(0.5), None, {}]}, {"a": [0.5, None, {}]}),
        ({"url": "https://a.example/x", "weight": 1}, {"url": "https://a.example/x", "weight": 1}),
        (str(EARLIER), str(EARLIER)),
    ],
)
def test_an_extra_field_is_sent_as_json_has_it(value, meant):
    assert sent(prompt="rain", extra={"new": value}) == {"prompt": "rain", "new": meant}


def test_a_missing_one_is_left_out_and_no_extra_ones_leave_the_bytes_as_they_were():
    for extra in (None, {}, {"seed": None}, {"seed": np.nan}):
        assert sent(prompt="rain", extra=extra) == {"prompt": "rain"}


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"prompt": "hail"}, "'prompt' is no extra field: it is a field of its own"),
        ({"duration": 99}, "'duration' is no extra field"),
        ({"callback_url": "http://a"}, "'callback_url' is no extra field"),
        ({"idempotency_key": "x"}, "each request has its key; --key"),
        ({"Prompt": "hail"}, "'Prompt', which is prompt otherwise spelled"),
        ({"idempotencyKey": "x"}, "which is idempotency_key otherwise spelled"),
        ({"idempotency-key": "x"}, "which is idempotency_key otherwise spelled"),
        ({"": 1}, "cannot be the name"),
        ({"two words": 1}, "cannot be the name"),
        ({1: 1}, "1 cannot be the name"),
        ({"new": object()}, "which JSON cannot say"),
        ({"new": {1, 2}}, "holds {1, 2}, which JSON cannot say"),
        ({"new": {1: 2}}, "which JSON cannot say"),
        ({"new": float("inf")}, "holds inf, which JSON cannot say"),
        ({"new": datetime(2026, 11, 28, tzinfo=UTC)}, "which JSON cannot say"),
        ({"new": b"bytes"}, "which JSON cannot say"),
        ({"new": "\ud800"}, "half of a surrogate pair"),
        ({"new": 10**5000}, "a number of very many digits"),
        ({"new": "x" * MOST_BYTES}, "at most 65,536 are sent"),
    ],
)
def test_what_cannot_be_an_extra_field_is_refused_in_a_sentence(extra, said):
    with pytest.raises(Mistake) as refused:
        sent(prompt="rain", extra=extra)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_list_that_holds_itself_is_refused():
    endless = []
    endless.append(endless)
    with pytest.raises(Mistake, match="nested deeper than 20 levels"):
        sent(prompt="rain", extra={"new": endless})


def test_a_field_of_another_route_may_be_an_extra_one():
    assert sent(prompt="rain", extra={"n_variations": 2})["n_variations"] == 2
    with pytest.raises(Mistake, match="'variations' is no extra field"):
        sent("remix_instrumental", source="https://a.example/x", extra={"variations": 2})


def test_the_derived_key_follows_from_the_extra_fields_and_is_as_it_was_without():
    fields = {"prompt": "rain", "duration": 2}
    keys = [
        with_derived_key(new_request(FX, fields, extra=extra), "sandbox").key
        for extra in ({}, {"seed": 1}, {"seed": 2}, {"seed": "1"}, {"seed": 1}, {"seed": None})
    ]
    assert len(set(keys)) == 4
    assert keys[1] == keys[4]
    assert keys[0] == keys[5] == "af2160fe-35e9-52d3-be43-9a43f0476d9a"
    numpy = {"prompt": np.str_("rain"), "duration": np.float64(2)}
    assert with_derived_key(new_request(FX, numpy), "sandbox").key == keys[0]


def test_an_extra_text_that_looks_like_an_earlier_output_stays_text_and_a_link_is_addressed():
    extra = {"note": str(EARLIER), "style": {"url": str(EARLIER), "weight": 2}}
    request = new_request(find_route("stems"), {"source": EARLIER}, extra=extra)
    kept = restore_request(
        "adapt.separate_stems", request.key, {**extra, "source": str(EARLIER)}, request.body
    )
    wire = json.loads(kept.with_addresses({EARLIER: "https://cdn.example/1"}).body)
    assert wire["source"] == {"url": "https://cdn.example/1"}
    assert wire["style"] == {"url": "https://cdn.example/1", "weight": 2}
    assert wire["note"] == str(EARLIER)


# ------------------------------------------------------------------ unchecked

SOURCE = "https://a.example/x.flac"
BEYOND = [
    ("fx", {"prompt": "x" * 1025}),
    ("fx", {"prompt": "rain", "duration": 0}),
    ("fx", {"prompt": "rain", "callback_url": "https://a.example/" + "x" * 3000}),
    ("song", {"lyrics": "x" * 3001, "prompt": "jazz"}),
    ("remix_instrumental", {"source": SOURCE, "n_variations": 4}),
    ("remix_instrumental", {"source": SOURCE, "n_variations": 0}),
]


@pytest.mark.parametrize(("noun", "fields"), BEYOND)
def test_what_is_beyond_a_limit_is_refused_and_unchecked_it_is_sent(noun, fields):
    with pytest.raises(Mistake, match="--unchecked"):
        sent(noun, **fields)
    assert sent(noun, unchecked=True, **fields).keys() == fields.keys()
    assert needs_unchecked(find_route(noun), fields)


@pytest.mark.parametrize(
    ("noun", "fields"),
    [
        ("fx", {"prompt": ""}),
        ("fx", {"prompt": 5}),
        ("fx", {"prompt": "rain", "duration": "soon"}),
        ("fx", {"prompt": "rain", "duration": float("inf")}),
        ("fx", {"prompt": "rain", "duration": True}),
        ("fx", {"prompt": "\ud800"}),
        ("fx", {"prompt": "rain", "seed": 1}),
        ("fx", {}),
        ("remix_instrumental", {"source": SOURCE, "n_variations": 1.5}),
        ("remix_instrumental", {"source": "http://a.example/x"}),
        ("song", {"lyrics": "la", "prompt": "x", "reference": SOURCE}),
        ("sample", {"prompt": "rain", "loopable": "perhaps"}),
    ],
)
def test_what_cannot_be_a_request_at_all_is_refused_unchecked_too(noun, fields):
    with pytest.raises(Mistake) as refused:
        sent(noun, unchecked=True, **fields)
    assert "--unchecked" not in str(refused.value)
    assert not needs_unchecked(find_route(noun), fields)


@pytest.mark.parametrize("text", ["true", "True", " TRUE "])
def test_truth_may_be_written_as_in_a_csv_file(text):
    assert sent("sample", prompt="rain", loopable=text)["loopable"] is True
    assert sent("sample", prompt="rain", loopable=np.bool_(False))["loopable"] is False

"""Keys that are derived are the same for the same text, composed or decomposed."""

from __future__ import annotations

import json
import unicodedata
import uuid

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.request import derive_key, new_request, with_key
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.plan import Draft, plan_operation

COMPOSED = "Ein T\u00fcrklopfen im Caf\u00e9"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)
MIXED = "Ein T\u00fcrklopfen im Cafe\u0301"
FX = find_route("fx")


def planned_key(prompt):
    draft = Draft(route=FX, fields={"prompt": prompt, "duration": 1}, once=True)
    return plan_operation(current(), draft).request.key


def recorded_before(prompt, scope="", take=1, **labels):
    """Record an operation as a version did that derived keys from the bytes alone."""
    session = current()
    service, account = session.services.require_account()
    request = new_request(FX, {"prompt": prompt, "duration": 1})
    key = derive_key(FX, request.fields, service + scope, take)
    request = with_key(request, key)
    session.journal.record_all([request], [{}], service=service, account=account, **labels)
    return key


@pytest.mark.parametrize("first", [COMPOSED, DECOMPOSED, MIXED])
@pytest.mark.parametrize("second", [COMPOSED, DECOMPOSED, MIXED])
def test_the_same_text_is_made_once_however_it_is_encoded(connected, sandbox, first, second):
    of_this_test = f" {uuid.uuid4()}"  # the sandbox knows what other tests made
    first, second = first + of_this_test, second + of_this_test
    one = sp.fx(first, 1, once=True).result(60)
    made = sandbox.counters()["created"]
    two = sp.fx(second, 1, once=True)
    assert two.key == one.key
    assert sandbox.counters()["created"] == made
    assert two.request["prompt"] == first  # what was sent is what was typed


@pytest.mark.parametrize("typed", [DECOMPOSED, MIXED, COMPOSED, "Ein Klopfen"])
def test_and_a_key_that_was_derived_from_its_bytes_is_found_again(connected, typed):
    key = recorded_before(typed)
    assert planned_key(typed) == key
    assert (planned_key(COMPOSED) == key) == (typed in (COMPOSED, DECOMPOSED))


def test_the_key_of_a_text_that_was_normal_is_as_ever():
    said = ["https://x.example/v1", "create.new_fx", {"prompt": COMPOSED}, 1]
    once = uuid.uuid5(uuid.NAMESPACE_URL, "https://soundpiece.co/once")
    expected = str(uuid.uuid5(once, json.dumps(said, sort_keys=True)))
    assert derive_key(FX, {"prompt": COMPOSED}, "https://x.example/v1", 1) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [("x\u00b2", "x2"), ("\u00bd", "1/2"), ("\ufb01re", "fire"), ("\uff21", "A"),
     ("a b", "a\u00a0b"),
     ("ma\u00dfe", "masse"), ("e\u0301", "e"), ("No", "no"), ("\u0130", "I")],
)  # fmt: skip
def test_texts_that_a_reader_tells_apart_have_two_keys(connected, one, other):
    assert planned_key(one) != planned_key(other)


def test_a_batch_is_found_again_in_another_encoding_and_makes_no_row_twice(connected, sandbox):
    rows = [{"prompt": COMPOSED, "duration": 1}, {"prompt": DECOMPOSED, "duration": 1}]
    first = sp.batch(rows, route="fx", name="\ufb01res")
    assert len(set(first.keys)) == 2
    first.result(60)
    made = sandbox.counters()["created"]
    for again in (rows, rows[::-1]):
        assert set(sp.batch(again, route="fx", name="fires").keys) == set(first.keys)
    assert sp.batch(name="\uff46ires").keys == first.keys
    assert sandbox.counters()["created"] == made


def test_a_batch_of_an_earlier_version_is_found_under_its_name_as_typed(connected):
    keys = [
        recorded_before(text, scope="#\ufb01res", batch="\ufb01res")
        for text in ("Regen", COMPOSED, DECOMPOSED)
    ]
    rows = [{"prompt": text, "duration": 1} for text in ("Regen", COMPOSED, DECOMPOSED)]
    again = sp.batch(rows, route="fx", name="\ufb01res")
    assert again.keys == tuple(keys)
    assert all(again.result(60)["status"] == "ready")
    assert sp.batch(name="\ufb01res").keys == tuple(keys)


def test_a_sweep_over_one_text_in_two_encodings_makes_it_once(connected, sandbox):
    made = sandbox.counters()["created"]
    of_this_test = f" {uuid.uuid4()}"
    varied = {"\ufb01re": [COMPOSED + of_this_test, DECOMPOSED + of_this_test]}
    swept = sp.sweep("fx", vary=varied, prompt="{{fire}}", duration=1, once=True)
    swept.result(60)
    again = sp.sweep("fx", vary=varied, prompt="{{\ufb01re}}", duration=1, once=True)
    assert (len(swept), again.id) == (1, swept.id)
    assert swept.id.startswith("fire-")
    assert sandbox.counters()["created"] == made + 1
    with pytest.raises(sp.Mistake, match="does not fit"):
        sp.sweep("fx", vary={"\ufb01re": ["a"], "fire": ["b"]}, prompt="{{fire}}")


def test_words_tags_and_notes_are_found_in_either_encoding(connected):
    op = sp.fx(DECOMPOSED, 1, tags=["T\u00fcr"], note=f"f\u00fcr {MIXED}").result(60)
    op.outputs[0].rate(3, "sch\u00f6n")
    op.tag("Tu\u0308r", "zu")
    assert op.entry.tags == ("T\u00fcr", "zu")
    for words in ("Tu\u0308rklopfen", "T\u00fcrklopfen", "f\u00fcr ", "fu\u0308r ", "scho\u0308n"):
        assert list(sp.history(search=words).index) == [op.key], words
    for tag in ("T\u00fcr", "Tu\u0308r"):  # kept as typed
        assert list(sp.history(tag=tag).index) == [op.key]

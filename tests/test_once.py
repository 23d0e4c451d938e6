"""`--once`: the key follows from the request, so that running it again makes nothing new."""

from __future__ import annotations

import uuid

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.plan import Draft, plan_operation


def test_the_same_request_is_the_same_operation(connected, sandbox):
    first = sp.fx("Impact", 1, once=True).result(60)
    made = sandbox.counters()["created"]
    again = sp.fx("Impact", 1, once=True)
    assert again.key == first.key
    assert again.status == "ready"
    assert sandbox.counters()["created"] == made
    assert uuid.UUID(first.key).version == 5


def test_another_request_or_take_is_another_operation(connected):
    keys = {
        sp.fx("Impact", 1, once=True).key,
        sp.fx("Impact", 2, once=True).key,
        sp.fx("Impact!", 1, once=True).key,
        sp.sample("Impact", 1, once=True).key,
        sp.fx("Impact", 1, once=True, take=2).key,
        sp.fx("Impact", 1, once=True, take=3).key,
        sp.fx("Impact", 1).key,
    }
    assert len(keys) == 7
    assert sp.fx("Impact", 1, once=True, take=1).key in keys


def test_labels_do_not_change_the_key(connected):
    first = sp.fx("Impact", 1, once=True, name="one")
    again = sp.fx("Impact", 1, once=True, name="two", tags=["demo"])
    assert again.key == first.key
    assert again.name == "two"


def test_the_key_follows_from_the_service_too(connected, monkeypatch):
    here = sp.fx("Impact", 1, once=True)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "https://api.elsewhere.example/v1")
    fields = {"prompt": "Impact", "duration": 1}
    draft = Draft(route=find_route("fx"), fields=fields, once=True)
    assert plan_operation(current(), draft).request.key != here.key


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"take": 2}, "--once"),
        ({"once": True, "take": 0}, "must be a whole number from 1"),
        ({"once": True, "key": str(uuid.uuid4())}, "Leave --key out"),
    ],
)
def test_what_makes_no_sense_is_said(connected, options, said):
    with pytest.raises(sp.Mistake, match=said):
        sp.fx("Impact", 1, **options)


def test_a_refused_one_is_sent_again_under_its_key(home, tmp_path, monkeypatch):
    from support.services import RunningSandbox

    sandbox = RunningSandbox(tmp_path / "poor", credits=0)
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    first = sp.fx("Impact", 1, once=True)
    with pytest.raises(sp.RequestRejected, match="Not enough credits"):
        first.result(60)
    sandbox.stop()
    sandbox.options["credits"] = 5
    sandbox.start()
    again = sp.fx("Impact", 1, once=True)
    assert again.key == first.key
    assert again.result(60).status == "ready"
    sandbox.stop()


def test_a_failed_one_says_how_to_try_again(connected):
    failed = sp.fx("internal_error", 1, once=True)
    with pytest.raises(sp.OperationFailed, match="With --take 2"):
        failed.result(60)
    assert sp.fx("internal_error", 1, once=True).key == failed.key
    with pytest.raises(sp.OperationFailed, match="Run the cell again"):
        sp.fx("internal_error", 1).result(60)

"""`--once`: the key follows from the request, so that running it again makes nothing new."""

from __future__ import annotations

import uuid

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.plan import Draft, plan_operation
from soundpiece_nb.settings import SETTINGS


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


@pytest.fixture
def once(connected, monkeypatch):
    """The setting `once` is on."""
    monkeypatch.setattr(SETTINGS, "once", True)


def start_everything():
    """Start operations in every way of Python; return all, a batch as its operations."""
    hit = sp.fx("Once", 1)
    rows = [{"prompt": "Row", "duration": 1}, {"prompt": "Row", "duration": 1}, {"prompt": "Once"}]
    swept = sp.sweep("fx", vary={"prompt": ["a", "b"]}, duration=1, repeat=2)
    several = [sp.batch(rows, route="fx"), sp.batch(rows, route="fx", name="named"), swept]
    changed = hit.rerun(prompt="Changed")
    again = hit.rerun()
    once_more = again.rerun()
    single = [hit, changed, again, once_more, once_more.rerun(), changed.rerun(duration=2)]
    return [*single, *(op for each in several for op in each.operations)]


def test_with_the_setting_on_everything_run_twice_makes_nothing_new(once, sandbox):
    first = [op.result(60) for op in start_everything()]
    made = sandbox.counters()["created"]
    assert len(set(first)) == len(first), "and each is one of its own"
    assert [op.result(60) for op in start_everything()] == first
    assert sandbox.counters()["created"] == made


def test_an_unchanged_rerun_is_the_next_take(once):
    hit = sp.fx("Next", 1)
    assert [hit.rerun(), hit.rerun().rerun()] == [sp.fx("Next", 1, take=n) for n in (2, 3)]
    assert hit.rerun(prompt="Other") == sp.fx("Other", 1)
    assert sp.fx("Other", 1).rerun(prompt="Next") == hit, "that request is made already"
    assert hit.rerun(once=False) not in (hit, hit.rerun())
    assert hit.rerun(take=5) == sp.fx("Next", 1, take=5)
    loose = sp.fx("Loose", 1, once=False)
    assert loose.rerun() == loose.rerun() == sp.fx("Loose", 1) != loose


def test_the_same_row_is_made_as_often_as_it_stands_there(connected):
    rows = [{"prompt": "Twice", "duration": 1}] * 2
    first, second = sp.batch(rows, route="fx", once=True).keys
    assert (first, second) == tuple(sp.fx("Twice", 1, once=True, take=n).key for n in (1, 2))
    assert sp.batch(rows[:1], route="fx", once=True).keys == (first,)
    assert not {first, second} & set(sp.batch(rows, route="fx").keys)
    own = str(uuid.uuid4())
    assert sp.batch([{**rows[0], "key": own}], route="fx", once=True).keys == (own,)
    named = sp.batch(rows, route="fx", name="twice", once=False)
    assert named.keys == sp.batch(rows, route="fx", name="twice").keys, "the name decides"


def test_without_it_a_rerun_and_a_row_are_new_each_time(connected):
    hit = sp.fx("Anew", 1, once=True)
    assert len({hit.rerun(), hit.rerun(), hit}) == 3
    assert hit.rerun(once=True) == hit.rerun(once=True) == sp.fx("Anew", 1, once=True, take=2)


def test_each_press_in_the_lab_is_a_new_one(once):
    page = {"do": "make", "route": "fx", "fields": {"prompt": "Press", "duration": 1}}
    lab = LabForm(current(), lambda *_: None)
    for press in ("1", "1", "2"):
        lab.answer({**page, "key": str(uuid.UUID(int=int(press)))})
    assert len(lab.keys) == 2


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

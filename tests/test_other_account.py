"""Another account's key: nothing is sent under it unasked, and nothing is called lost."""

from __future__ import annotations

import json

import pytest

import soundpiece_nb as sp
from soundpiece_nb.credentials import account_mark
from soundpiece_nb.doctor.examination import Examination
from support.services import Reply, as_json, tone

FIRST, OTHER = "spk_test_of_the_first_account", "spk_test_of_the_other_account"
SILENT = Reply(hang_up=True)


class TwoAccounts:
    """A service that makes a key once an account, and shows an operation to its own alone."""

    def __init__(self, scripted):
        self.made = {}
        self.silent = False
        self.refused = None
        self.service = scripted(self.answer)

    def answer(self, heard, _):
        if heard.path == "/take":
            return Reply(200, tone())
        account = heard.headers["Authorization"].removeprefix("Bearer ")
        if account == self.refused:
            return as_json({"detail": "Revoked."}, 401)
        if heard.method == "PUT":
            key = json.loads(heard.body)["idempotency_key"]
            number = self.made.setdefault((account, key), f"op_{len(self.made):026}")
            if self.silent:
                return SILENT
            return as_json({"fx": {"id": number, "status": "processing"}})
        number = heard.path.split("id=")[1].split("&")[0]
        if number not in [each for (owner, _), each in self.made.items() if owner == account]:
            return as_json({"detail": "No such operation."}, 422)
        output = {"url": f"{self.service.root}/take", "duration": 1.0}
        return as_json({"fx": {"id": number, "status": "ready", "output": output}})


@pytest.fixture
def accounts(scripted, monkeypatch):
    started = TwoAccounts(scripted)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", FIRST)
    return started


@pytest.fixture
def lost_answer(accounts, monkeypatch):
    """An operation whose acknowledgement was lost, when the key becomes another account's."""
    from soundpiece_nb.settings import SETTINGS

    monkeypatch.setattr(SETTINGS, "retry_budget", 0.2)
    accounts.silent = True
    op = sp.fx("a click", 1)
    with pytest.raises(sp.ServiceSilent):
        op.result(20)
    accounts.silent = False
    assert [owner for owner, _ in accounts.made] == [FIRST]
    monkeypatch.setenv("SOUNDPIECE_API_KEY", OTHER)
    return op


def test_it_is_not_sent_under_the_other_key_whatever_goes_on_with_it(accounts, lost_answer):
    with pytest.raises(sp.NotSent):
        lost_answer.result(20)
    assert sp.resume() == []
    [named] = sp.resume(lost_answer.key)
    with pytest.raises(sp.OtherAccount) as told:
        named.result(20)
    assert "another API key" in told.value.what
    assert "again" in told.value.money
    assert f"%soundpiece_resume {lost_answer.key[:8]} --yes" in told.value.next
    assert lost_answer.status == "submitting"
    assert [owner for owner, _ in accounts.made] == [FIRST]


def test_under_the_former_key_it_goes_on(accounts, lost_answer, monkeypatch):
    with pytest.raises(sp.OtherAccount):
        sp.resume(lost_answer)[0].result(20)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", FIRST)
    sp.resume(lost_answer)
    assert lost_answer.result(20).status == "ready"
    assert len(accounts.made) == 1


def test_a_person_may_say_that_both_keys_are_of_one_account(accounts, lost_answer):
    [op] = sp.resume(lost_answer.key, yes=True)
    assert op.result(20).status == "ready"
    assert [owner for owner, _ in accounts.made] == [FIRST, OTHER]


def test_the_same_cell_run_again_sends_nothing_either(accounts, monkeypatch):
    from soundpiece_nb.settings import SETTINGS

    monkeypatch.setattr(SETTINGS, "retry_budget", 0.2)
    accounts.silent = True
    with pytest.raises(sp.ServiceSilent):
        sp.fx("a click", 1, once=True).result(20)
    accounts.silent = False
    monkeypatch.setenv("SOUNDPIECE_API_KEY", OTHER)
    with pytest.raises(sp.OtherAccount):
        sp.fx("a click", 1, once=True).result(20)
    assert len(accounts.made) == 1


def test_what_was_refused_may_go_to_the_other_account(accounts, monkeypatch):
    """A 401 is mended by another key, and nothing was made that could be made twice."""
    accounts.refused = FIRST
    op = sp.fx("a click", 1)
    with pytest.raises(sp.RequestRejected):
        op.result(20)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", OTHER)
    sp.resume(op.key)
    assert op.result(20).status == "ready"
    assert [owner for owner, _ in accounts.made] == [OTHER]


def test_reading_goes_on_under_a_key_that_replaced_another(accounts, monkeypatch):
    op = sp.fx("a click", 1).result(20)
    op.outputs[0].path.unlink()
    monkeypatch.setenv("SOUNDPIECE_API_KEY", OTHER)
    for owner, key in list(accounts.made):
        accounts.made[OTHER, key] = accounts.made[owner, key]  # one account, whose key rotated
    assert op.result(20).outputs[0].path.exists()


def test_the_doctor_calls_nothing_lost_that_is_anothers(accounts, monkeypatch):
    op = sp.fx("a click", 1).result(20)
    op.outputs[0].path.unlink()
    monkeypatch.setenv("SOUNDPIECE_API_KEY", OTHER)
    said = str(Examination().begin().result(30))
    assert "Not seen under the API key that is set, and begun under another: 1 operation" in said
    assert "Unknown to the service" not in said
    assert "cannot be fetched" not in said
    monkeypatch.setenv("SOUNDPIECE_API_KEY", FIRST)
    assert "Without its audio here: 1 operation" in str(Examination().begin().result(30))


def test_the_mark_of_a_key_is_all_that_is_kept_and_tells_sixteen_bits(accounts):
    mark = account_mark(FIRST)
    assert len(mark) == 4
    assert sp.fx("a click", 1).result(20).entry.account == mark
    assert mark == account_mark(FIRST) != account_mark(OTHER)
    marks = {account_mark(f"spk_test_{number}") for number in range(20_000)}
    assert len(marks) < 20_000, "among so many keys several have the same mark"

"""Three clocks with three names: one exchange, a row of failures, the following of an operation.

Whichever ends, the operation does not: what is said names its key, and it goes on later.
"""

from __future__ import annotations

import threading
import time

import pytest

import soundpiece_nb as sp
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.magics.magics import SoundpieceMagics
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.settings import SETTINGS
from support.fx_service import AUDIO, Studio
from support.services import Reply

ROUTE = "/v1/create.new_fx"
LIMITS = ("request_timeout", "retry_budget", "operation_deadline")


@pytest.fixture
def studio(home, monkeypatch):
    service = Studio()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield service
    current.close()
    service.close()


@pytest.mark.parametrize("limit", LIMITS)
def test_each_limit_is_a_setting_with_help_and_one_default(limit, home, monkeypatch):
    trait = SoundpieceMagics.class_traits(config=True)[limit]
    assert "econds" in trait.help
    assert trait.default_value == getattr(Limits(), limit)
    assert getattr(current().limits(), limit) == trait.default_value
    monkeypatch.setattr(SETTINGS, limit, 17.0)
    assert getattr(current().limits(), limit) == 17.0


def test_an_exchange_is_given_up_after_the_request_timeout_and_made_again(studio, monkeypatch):
    """The setting counts that holds when the exchange begins, though the session is older."""
    sp.fx("a click", duration=1).result(20)
    monkeypatch.setattr(SETTINGS, "request_timeout", 0.3)
    answered = threading.Event()
    studio.when["PUT"] = lambda: answered.wait(20)
    op = sp.fx("a click", duration=1).result(20)
    answered.set()
    puts = [put.body for put in studio.of("PUT", ROUTE)[1:]]
    assert len(puts) == 2
    assert puts[0] == puts[1]
    assert sp.history().loc[op.key, "retries"] == 1


def test_a_long_poll_may_be_held_for_longer_than_the_request_timeout(studio, monkeypatch):
    monkeypatch.setattr(SETTINGS, "request_timeout", 0.3)
    studio.when["GET"] = lambda: time.sleep(1)
    sp.fx("a click", duration=1).result(20)
    assert len(studio.of("GET", ROUTE)) == 1


@pytest.mark.parametrize(
    ("moment", "status"), [("PUT", "submitting"), ("GET", "processing"), ("download", "ready")]
)
def test_the_end_of_the_retry_budget_ends_the_trying_alone(
    moment, status, studio, monkeypatch, hurried
):
    monkeypatch.setattr(SETTINGS, "retry_budget", 0.1)
    studio.instead[moment] = [Reply(503)] * 100
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.ServiceSilent) as caught:
        op.result(20)
    assert caught.value.key == op.key
    assert f"%soundpiece_resume {op.key[:8]}" in str(caught.value)
    assert op.status == status
    studio.instead[moment] = []
    sp.resume(op)
    op.result(20)
    assert op.outputs[0].path.exists()
    assert list(studio.made) == [op.key]


def test_the_operation_deadline_ends_the_following_alone(studio, monkeypatch, hurried):
    monkeypatch.setattr(SETTINGS, "operation_deadline", 0.5)
    processing = b'{"fx": {"id": "op_00000000000000000000000000", "status": "processing"}}'
    studio.instead["GET"] = [Reply(body=processing)] * 100
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.ServiceSilent, match=r"longer than the operation deadline") as caught:
        op.result(20)
    assert "goes on at the service and is paid for once" in str(caught.value)
    assert f"%soundpiece_resume {op.key[:8]}" in str(caught.value)
    assert op.status == "processing"
    studio.instead["GET"] = []
    [again] = sp.resume()
    again.result(20)
    assert list(studio.made) == [op.key]


@pytest.mark.parametrize(
    ("moment", "status"), [("PUT", "submitting"), ("GET", "processing"), ("download", "ready")]
)
def test_it_ends_the_waiting_for_a_turn_that_never_comes_too(
    moment, status, studio, monkeypatch, hurried
):
    monkeypatch.setattr(SETTINGS, "operation_deadline", 1.0)
    studio.instead[moment] = [Reply(429)] * 1000
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.ServiceSilent, match=r"asks to slow down\. \(429\)"):
        op.result(20)
    assert op.status == status
    studio.instead[moment] = []
    sp.resume(op)
    op.result(20)
    assert op.outputs[0].path.exists()
    assert list(studio.made) == [op.key]


def test_a_download_that_only_ever_begins_anew_is_not_progress(studio, monkeypatch, hurried):
    """A server without ETag, whose connections break now sooner, now later."""
    monkeypatch.setattr(SETTINGS, "retry_budget", 0.3)
    breaks = [Reply(body=AUDIO, cut=20_000 + 7_000 * (number % 2)) for number in range(200)]
    studio.instead["download"] = breaks
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.ServiceSilent, match="broke off"):
        op.result(20)
    assert breaks
    studio.instead["download"] = []
    op.result(20)
    assert op.outputs[0].path.read_bytes() == AUDIO

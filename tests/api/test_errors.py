"""Errors: what happened, what it means for the money, what to do next; and kept through copying."""

from __future__ import annotations

import copy
import inspect
import pickle

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api import errors
from soundpiece_nb.api.errors import NOTHING_SENT, nothing_sent

MORE = {
    "Refusal": {"status_code": 429, "detail": "Too fast.", "retry_after": 3.0},
    "RequestRejected": {"status_code": 402, "detail": "no credits"},
    "OperationFailed": {"code": "content_policy"},
    "ServiceSilent": {"retry_after": 7.0},
    "Unreachable": {"never": True, "undelivered": True},
}
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.SoundpieceError)
]


def make(kind):
    more = MORE.get(kind.__name__, {})
    error = kind(**more) if kind is errors.Refusal else kind("It happened.", **more)
    error.money, error.next = "Nothing was charged.", "Try again."
    error.key, error.operation_id = "550e8400", "op_1"
    return error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "through",
    [copy.copy, copy.deepcopy, lambda e: pickle.loads(pickle.dumps(e))],  # noqa: S301 - our own
)
def test_every_error_survives_copying_and_pickling(kind, through):
    error = make(kind)
    again = through(error)
    assert type(again) is kind
    assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_public(kind):
    assert getattr(sp, kind.__name__) is kind
    assert kind.__name__ in sp.__all__


def test_its_three_sentences_are_said_together():
    error = sp.OperationFailed("It failed.", money="Nothing was made.", next="Try.", code="x")
    assert (error.what, error.money, error.next) == ("It failed.", "Nothing was made.", "Try.")
    assert str(error) == error.message == "It failed. Nothing was made. Try."
    assert error._render_traceback_() == ["OperationFailed: It failed. Nothing was made. Try."]


def test_words_before_it_leave_the_error_itself_as_it_was():
    error = sp.Mistake("Duration is wrong.", next="Change it.")
    assert str(error.prefixed("Row 1:")) == "Row 1: Duration is wrong. Change it."
    assert str(error) == "Duration is wrong. Change it."


def test_where_requests_are_made_it_is_said_once_that_nothing_was_sent():
    with pytest.raises(sp.Mistake) as caught, nothing_sent(), nothing_sent():
        raise sp.Mistake("The prompt is empty.", next="Write one.")
    assert str(caught.value) == f"The prompt is empty. {NOTHING_SENT} Write one."


def test_what_speaks_of_money_itself_is_left_alone():
    with pytest.raises(sp.Mistake) as caught, nothing_sent():
        raise sp.Mistake("The folder is a file.", money="Nothing was written.")
    assert NOTHING_SENT not in str(caught.value)

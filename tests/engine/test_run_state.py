"""An operation on its way: who listens hears every change, and a view that breaks stops nothing."""

from __future__ import annotations

import logging

import pytest

from soundpiece_nb.engine.run_state import Phase, Run


@pytest.fixture
def run():
    return Run("key")


@pytest.fixture
def heard(run):
    told = []
    run.subscribe(lambda run: told.append((run.phase, run.trouble)))
    return told


def test_who_listens_is_told_at_once_and_at_every_change(run, heard):
    run.change(Phase.PROCESSING)
    run.change(Phase.PROCESSING)
    run.change(Phase.PROCESSING, "It broke off.")
    run.end()
    assert heard == [
        (Phase.SENDING, None),
        (Phase.PROCESSING, None),
        (Phase.PROCESSING, "It broke off."),
        (Phase.ENDED, None),
    ]


def test_a_run_ends_once(run, heard):
    run.end()
    run.end(ValueError("late"))
    assert run.ended.result(0) is None
    assert heard == [(Phase.SENDING, None), (Phase.ENDED, None)]


def test_the_end_raises_why_following_stopped(run):
    run.end(ValueError("why"))
    with pytest.raises(ValueError, match="why"):
        run.ended.result(0)


def test_a_view_that_breaks_keeps_nobody_else_from_hearing(run, caplog):
    def broken(_):
        raise RuntimeError

    told = []
    with caplog.at_level(logging.DEBUG, "soundpiece_nb"):
        run.subscribe(broken)
        run.subscribe(lambda run: told.append(run.phase))
        run.end()
    assert told == [Phase.SENDING, Phase.ENDED]
    assert "unforeseen RuntimeError" in caplog.text


@pytest.mark.parametrize("unsent", [True, False])
def test_what_is_new_cannot_have_arrived(unsent):
    assert Run("key", unsent=unsent).may_have_arrived is not unsent

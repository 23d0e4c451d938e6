"""Every benchmark, with little to measure, so that none is found broken when it is wanted."""

from __future__ import annotations

import pytest

from bench import many_at_once
from bench.__main__ import measured
from bench.parts import PARTS, SMALL
from bench.table import Row, circumstances, table

NUMBER, SECONDS = 8, 0.3


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_every_part_can_be_measured(part):
    rows = measured(part, SMALL)
    assert rows
    for row in rows:
        assert row.what
        assert any(letter.isdigit() for letter in row.ours), row


def test_each_client_that_is_there_makes_all_and_has_their_files():
    runs = many_at_once.measure(NUMBER, SECONDS, ["this", "requests", "httpx"])
    assert [run.client for run in runs if not run.ended] == ["this", "requests", "httpx"], runs
    for run in runs:
        assert (run.files, run.puts, run.polls) == (NUMBER, NUMBER, NUMBER)
        assert run.seconds >= SECONDS
        assert run.descriptors > 0


def test_a_peer_that_is_not_installed_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(many_at_once, "find_spec", lambda _: None)
    (run,) = many_at_once.measure(NUMBER, SECONDS, ["aiohttp"])
    assert run.ended == "not installed"


def test_a_run_that_did_not_end_well_is_later_than_any_that_did(monkeypatch):
    runs = iter([many_at_once.Run("this", seconds=2.0), many_at_once.Run("this", "PoolTimeout")])
    monkeypatch.setattr(many_at_once, "_run", lambda *_: next(runs))
    (run,) = many_at_once.measure(NUMBER, SECONDS, ["this"], rounds=2)
    assert run.seconds == 2.0


def test_a_table_has_a_line_for_each_row_and_says_which_machine():
    head, rule, line = table([Row("loading", "9 ms", "peer 90 ms", "1 ms", "12 ms")])
    assert line == "| loading | 9 ms | peer 90 ms | 1 ms | 12 ms |"
    assert head.count("|") == rule.count("|") == line.count("|")
    assert "cores" in circumstances()
    assert "commit" in circumstances()

"""Batches: checked whole, sent a few at a time, kept through a crash, never a row twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.magics.targets import find_target
from soundpiece_nb.operations.current_session import current
from support.services import RunningSandbox, as_json, operation, quiet_environment
from support.session_processes import Process

ROWS = [{"prompt": f"Click {number}", "duration": 0.5} for number in range(12)]


@pytest.fixture
def own_sandbox(home, tmp_path, monkeypatch):
    """Start sandboxes with these options, and make one the session's service."""
    running = []

    def start(**options) -> RunningSandbox:
        running.append(RunningSandbox(tmp_path / f"sandbox-{len(running)}", **options))
        monkeypatch.setenv("SOUNDPIECE_BASE_URL", running[-1].base_url)
        monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
        return running[-1]

    yield start
    for sandbox in running:
        sandbox.stop()


def test_every_row_becomes_a_verified_file_in_the_order_of_the_rows(connected):
    batch = sp.batch(ROWS, route="fx", max_in_flight=4)
    frame = batch.result(60)
    assert list(frame["prompt"]) == [row["prompt"] for row in ROWS]
    assert (frame["status"] == "ready").all()
    assert all(Path(files[0]).is_file() for files in frame["files"])
    assert batch.counts() == {"ready": 12}
    assert batch.done


def test_a_data_frame_with_missing_values_and_its_own_numbers_is_taken(connected):
    rows = pd.DataFrame(
        {
            "prompt": ["Kick", "Warm pad"],
            "duration": [np.nan, 2],
            "loopable": [None, True],
            "name": ["kick", None],
            "tags": [["drums", "short"], None],
        }
    )
    frame = sp.batch(rows, route="create.new_sample").result(60)
    assert list(frame["name"].isna()) == [False, True]
    assert frame["tags"].iloc[0] == ["drums", "short"]
    assert frame["params"].iloc[1] == {"duration": 2.0, "loopable": True}
    assert sp.operation("kick").status == "ready"


def test_operations_are_given_as_they_end(connected):
    batch = sp.batch(ROWS, route="fx", max_in_flight=3)
    given = [operation.key for operation in batch]
    assert sorted(given) == sorted(operation.key for operation in batch.operations)
    assert all(sp.operation(key).status == "ready" for key in given)


def test_no_more_than_asked_are_on_the_way(own_sandbox):
    sandbox = own_sandbox(pace=0.1)
    batch = sp.batch(ROWS, route="fx", max_in_flight=3)
    most = 0
    while not batch.done:
        most = max(most, sandbox.counters()["statuses"]["processing"])
        time.sleep(0.01)
    assert 1 < most <= 3


def test_one_that_fails_is_a_row_that_says_so(connected):
    rows = [*ROWS[:2], {"prompt": "content_policy"}]
    batch = sp.batch(rows, route="fx")
    frame = batch.result(60)
    assert list(frame["status"]) == ["ready", "ready", "failed"]
    assert frame["error_code"].iloc[2] == "content_policy"
    assert {operation.status for operation in batch} == {"ready", "failed"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*ROWS, {"prompt": ""}], "Row 12: Prompt must not be empty."),
        ([{"prompt": "x", "duration": -1}], "Row 0: Duration must be more than 0"),
        ([{"prompt": "x"}, {"prompt": "x", "tempo": 90}], "Row 1: An fx has no field 'tempo'"),
        ([{"prompt": "x", "name": "not a name"}], "Row 0: 'not a name' cannot be a NAME"),
        ([{"prompt": ""}] * 9, "Rows 0 to 8: Prompt must not be empty. Nothing was sent."),
        ([], "no rows"),
        ("rows", "DataFrame"),
        (
            [{"prompt": "x", "key": "550e8400-e29b-41d4-a716-446655440000"}] * 2,
            "stands in more than one row",
        ),
    ],
)
def test_a_wrong_row_is_named_and_none_is_sent(connected, sandbox, rows, said):
    before = sandbox.counters()["created"]
    with pytest.raises(sp.Mistake) as caught:
        sp.batch(rows, route="fx")
    assert said in str(caught.value)
    assert len(sp.history()) == 0
    assert sandbox.counters()["created"] == before


def test_the_same_named_batch_again_makes_nothing_new_and_costs_nothing(connected, sandbox):
    first = sp.batch(ROWS, route="fx", name="clicks")
    first.result(60)
    made = sandbox.counters()["created"]
    again = sp.batch([ROWS[5], *ROWS, {"prompt": "Another"}], route="fx", name="clicks")
    frame = again.result(60)
    assert sandbox.counters()["created"] == made + 2  # the row that came twice, and the new one
    assert len(frame) == 14
    by_name = sp.batch(name="clicks")
    assert len(by_name) == 14
    assert by_name.done


def test_rows_that_are_alike_are_operations_of_their_own(connected):
    batch = sp.batch([ROWS[0]] * 3, route="fx", name="thrice")
    assert len({operation.key for operation in batch.operations}) == 3
    assert (batch.result(60)["status"] == "ready").all()


def test_a_batch_that_was_never_started_is_a_sentence(connected):
    with pytest.raises(sp.Mistake, match="rows, or the name of a batch"):
        sp.batch(name="unheard_of")
    with pytest.raises(sp.Mistake, match="route"):
        sp.batch(ROWS)


def test_a_crash_in_the_middle_repeats_no_row(own_sandbox, home):
    sandbox = own_sandbox(pace=0.05)
    script = textwrap.dedent(
        """
        import soundpiece_nb as sp
        batch = sp.batch([{"prompt": f"Click {n}", "duration": 0.5} for n in range(40)],
                         route="fx", name="clicks", max_in_flight=4)
        for _ in batch:
            print(batch.ended, flush=True)
        """
    )
    environment = quiet_environment(
        home,
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY=os.environ["SOUNDPIECE_API_KEY"],
    )
    dying = subprocess.Popen(
        [sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True
    )
    while int(dying.stdout.readline()) < 10:
        pass
    os.kill(dying.pid, signal.SIGKILL)
    dying.communicate()
    assert 10 <= sandbox.counters()["created"] < 40

    frame = sp.batch(name="clicks").result(60)
    assert list(frame["prompt"]) == [f"Click {number}" for number in range(40)]
    assert (frame["status"] == "ready").all()
    assert sandbox.counters()["created"] == 40


def test_a_request_limit_is_met_with_nothing_early_and_hardly_a_poll_too_many(own_sandbox):
    """In small what `bench/batch_at_a_limit.py` does with 500 rows at 300 a minute."""
    sandbox = own_sandbox(rate_limit=40)
    rows = [{"prompt": f"Click {number}", "duration": 0.5} for number in range(22)]
    batch = sp.batch(rows, route="fx", max_in_flight=20)
    with pytest.raises(sp.WaitTimeout, match="of 22 operations go on"):
        batch.result(20)
    assert (batch.result(140)["status"] == "ready").all()
    seen = sandbox.counters()
    assert seen["created"] == 22
    assert seen["rate"]["early"] == 0
    assert seen["requests"]["GET create.new_fx"] <= 1.2 * 22 + 4


def test_a_row_that_cannot_set_out_is_told_and_holds_up_no_other(connected):
    """The disk fails one of them for a moment, on the engine's thread."""
    refused = []

    class Refusing(Journal):
        def check_files(self, key):
            if len(refused) < 2:
                refused.append(key)
                if len(refused) == 2:
                    raise StorageFailed("The disk refused: too many open files.")
            return super().check_files(key)

    current().journal = Refusing(connected)
    batch = sp.batch(ROWS[:4], route="fx", max_in_flight=1)
    with pytest.warns(RuntimeWarning, match="3 of 4 are ready, and 1 was never sent"):
        batch.result(30)
    assert batch.counts() == {"ready": 3, "unsent": 1}
    failure = batch.failure()
    assert (failure.key, type(failure)) == (refused[1], StorageFailed)
    assert "1 of 4 operations are not ready. The disk refused: too many open files." in str(failure)
    [left] = sp.resume()
    left.result(30)
    assert batch.failure() is None


def test_what_was_refused_is_sent_again_by_its_call_but_not_by_looking(scripted):
    paid = []

    def answer(heard, _):
        if not paid:
            return as_json({"detail": "Not enough credits"}, 402)
        return as_json(operation("failed", error={"code": "internal_error", "message": "x"}))

    service = scripted(answer)
    rows = [{"prompt": "Rain"}, {"prompt": "Hail"}]
    sp.batch(rows, route="fx", name="weather").result(30)
    swept = sp.sweep("fx", prompt="{{m}}", vary={"m": ["a", "b"]}, name="letters")
    swept.result(30)
    paid.append(True)
    sent = len(service.heard)
    for word in ("weather", "letters", swept.id):
        shown = find_target(word, {}, current())
        shown.result(30)
        assert shown.counts() == {"rejected": 2}
    assert len(service.heard) == sent
    assert sp.batch(name="weather").result(30)["status"].tolist() == ["failed"] * 2
    assert len(service.heard) == sent + 2


def test_two_kernels_that_start_the_same_batch_at_once_share_it(home, own_sandbox):
    sandbox = own_sandbox()
    rows = [{"prompt": f"Click {number}", "duration": 0.5} for number in range(60)]
    start = f"sp.batch({rows!r}, route='fx', name='night').result(60)['status'].tolist()"
    environment = quiet_environment(
        home,
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    kernels = [Process(environment) for _ in range(2)]
    for kernel in kernels:
        kernel.begin(start)
    assert [kernel.finish(90) for kernel in kernels] == [["ready"] * 60] * 2
    for kernel in kernels:
        kernel.close()
    assert sandbox.counters()["created"] == 60


def test_other_rows_under_a_name_that_is_taken_are_refused_and_more_rows_are_said(
    connected, sandbox, capsys
):
    sp.batch(ROWS[:3], route="fx", name="storm").result(60)
    made = sandbox.counters()["created"]
    assert capsys.readouterr().out == ""
    others = [{"prompt": "Sun"}, {"prompt": "Moon"}]
    with pytest.raises(sp.Mistake, match="Nothing was sent") as caught:
        sp.batch(others, route="fx", name="storm")
    told = str(caught.value)
    assert told.startswith("storm is the batch of 3 operations that began on 20")
    assert "with Click 0; these 2 rows are others." in told
    assert told.endswith("Choose another name, or say add=True to add to storm.")
    with pytest.raises(sp.Mistake, match="this row is another"):
        sp.batch(others[:1], route="fx", name="storm")
    assert (len(sp.history()), sandbox.counters()["created"]) == (3, made)

    for rows in (ROWS[:3], ROWS[:1], ROWS[2:0:-1]):  # all of them were begun before
        sp.batch(rows, route="fx", name="storm").result(60)
    assert capsys.readouterr().out == ""
    sp.batch(ROWS[:4], route="fx", name="storm").result(60)
    assert capsys.readouterr().out == "storm: 3 of 4 rows were begun before; 1 is new.\n"
    sp.batch(others, route="fx", name="storm", add=True).result(60)
    assert capsys.readouterr().out == "storm: 4 rows were begun before; 2 are new.\n"
    assert len(sp.history(batch="storm")) == 6
    assert sandbox.counters()["created"] == made + 3


def test_a_name_that_a_thing_of_another_kind_has_is_said_where_it_is_used_again(connected, capsys):
    def told():
        return capsys.readouterr().out

    sp.batch(ROWS[:2], route="fx", name="one").result(60)
    assert told() == ""
    single = sp.fx("Door", 1, name="one").result(60)
    said = told()
    assert said.startswith("one is also the NAME of a batch of 2 operations, begun on 20")
    assert "now on it means this operation. %soundpiece_history --batch one still finds" in said
    sp.fx("Door", 1, name="one", key=single.key).result(60)  # the same once more
    sp.fx("Gate", 1, name="one").result(60)
    assert told() == ""
    swept = sp.sweep("fx", prompt="{{m}}", duration=1, vary={"m": ["a", "b"]}, name="one")
    assert "is also the NAME of an operation, " in told()
    swept.result(60)
    sp.batch(ROWS[:2], route="fx", name="one").result(60)  # it is that batch
    assert told() == ""
    sp.sweep("fx", prompt="{{m}}", duration=1, vary={"m": ["c"]}, name="two").result(60)
    sp.batch(ROWS[:1], route="fx", name="two").result(60)
    assert "a sweep of 1 operation, begun" in told()


def test_an_empty_frame_of_an_unknown_word_comes_with_a_warning_at_its_line(connected):
    for find in (sp.history, sp.takes):
        with pytest.warns(UserWarning, match=r"There is no batch or sweep 'nobody'.") as warned:
            assert find(batch="nobody").empty
        assert warned[0].filename == __file__

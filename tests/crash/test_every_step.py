"""The process dies at every step of an operation's way, one after the other; a new one goes on."""

from __future__ import annotations

import json
import signal
from collections import Counter

import pytest

from support.after_crashes import require_nothing_lost_or_twice, require_unsent_is_unsent


@pytest.mark.timeout(500)  # some two hundred processes, one after the other
def test_a_process_killed_at_any_step_leaves_what_the_next_one_brings_to_its_end(
    nursery, home, own_sandbox, tmp_path
):
    report = tmp_path / "report.json"
    assert nursery.end_of(nursery.start(report=str(report), making=1, chained=True)) == 0
    steps = json.loads(report.read_text())
    # A commit's statement is undone by dying after it as by dying before: one of both will do.
    steps = [step for step in steps if not step[0].startswith(("after UPDATE", "after INSERT t"))]
    died = Counter[str]()
    for name, time in steps:
        task = {"report": str(report), "making": 1, "chained": True, "last": (name, time)}
        code = nursery.end_of(nursery.start(**task))
        assert code in (0, -signal.SIGKILL), f"the one after the last died at {died}, then: {code}"
        died[name] += code == -signal.SIGKILL
        require_unsent_is_unsent(home, own_sandbox)
    assert nursery.end_of(nursery.start(report=str(report), making=0)) == 0

    for name, times in died.items():
        print(f"{times:4} x killed {name}")
    print(f"{sum(died.values())} kills at {len(died)} kinds of step")
    assert set(died) == {name for name, _ in steps}
    assert all(died.values())
    require_nothing_lost_or_twice(home, own_sandbox)

"""A thousand kills in one run: nothing is lost, and nothing is made twice."""

from __future__ import annotations

import signal

import pytest

from support.after_crashes import require_nothing_lost_or_twice
from support.random_kills import kill_at_random

KILLS = 1_000
SEED = 20_261_123


@pytest.mark.timeout(600)
def test_a_thousand_kills_at_random_lose_nothing_and_make_nothing_twice(
    nursery, home, own_sandbox, tmp_path
):
    ends = kill_at_random(nursery, tmp_path, kills=KILLS, seed=SEED)
    killed, quicker = ends[-signal.SIGKILL], ends[0]
    print(f"seed {SEED}: {killed} processes killed, {quicker} were quicker")
    assert killed + quicker == ends.total()
    require_nothing_lost_or_twice(home, own_sandbox)

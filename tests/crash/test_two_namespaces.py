"""Two containers on one home: processes that cannot see each other, killed at random."""

from __future__ import annotations

import random
import signal
from collections import Counter

import pytest

from soundpiece_nb.journal.lease import LEASE_SECONDS
from support.after_crashes import require_nothing_lost_or_twice
from support.process_forker import Nursery
from support.services import quiet_environment

WITHIN = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "--kill-child")
ROUNDS = 12
LONGEST_LIFE = 1.5
SEED = 20_261_127


@pytest.fixture
def containers(home, own_sandbox):
    """Two nurseries in a process namespace each, on one home folder."""
    environment = quiet_environment(
        home,
        SOUNDPIECE_BASE_URL=own_sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    running = [Nursery(environment, within=WITHIN) for _ in range(2)]
    yield running
    for nursery in running:
        nursery.close()


@pytest.mark.timeout(300)  # leases that nobody can see the holder of are waited for
def test_what_either_leaves_ends_once_whoever_goes_on(containers, home, own_sandbox, tmp_path):
    chance = random.Random(SEED)
    reports = [str(tmp_path / f"report-{number}.json") for number in range(2)]
    ends = Counter[int]()
    for _ in range(ROUNDS):
        alive = []
        for nursery, report in zip(containers, reports, strict=True):
            for _ in range(2):
                life = chance.uniform(0.1, LONGEST_LIFE)
                task = {"report": report, "making": 1, "life": life, "resuming": False}
                alive.append((nursery, nursery.start(**task)))
        for nursery, process in alive:
            ends[nursery.end_of(process)] += 1
    assert ends[-signal.SIGALRM] > ROUNDS, ends
    assert set(ends) <= {0, -signal.SIGALRM}
    last = {"making": 0, "patience": 2 * LEASE_SECONDS}
    heirs = [
        (nursery, nursery.start(report=report, **last))
        for nursery, report in zip(containers, reports, strict=True)
    ]
    assert [nursery.end_of(process) for nursery, process in heirs] == [0, 0]
    print(f"seed {SEED}: {ends}")
    require_nothing_lost_or_twice(home, own_sandbox)

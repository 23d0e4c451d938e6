"""The whole wire, fuzzed for a while; `bench/fuzz_wire.py` does it for as long as one likes."""

from __future__ import annotations

import pytest

from support.wire_fuzz import fuzz

SECONDS, SEED = 15, 20_261_127


@pytest.mark.measured
@pytest.mark.timeout(300)
def test_a_service_gone_mad_keeps_no_healthy_operation_waiting_and_takes_no_memory(tmp_path):
    done = fuzz(SECONDS, SEED, tmp_path / "home")
    print(f"seed {SEED}: {done}")
    assert max(done.healthy) < 5
    assert done.grown < 200e6
    assert done.descriptors < 100
    assert len(done.answers) > 8

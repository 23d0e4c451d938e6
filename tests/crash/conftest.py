from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.process_forker import Nursery
from support.services import RunningSandbox, quiet_environment


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[RunningSandbox]:
    """A sandbox that has made nothing yet, as fast as it can."""
    running = RunningSandbox(tmp_path / "sandbox")
    yield running
    running.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def nursery(home: Path, own_sandbox: RunningSandbox) -> Iterator[Nursery]:
    """Processes on one home, whose service is that sandbox."""
    settings = {
        "SOUNDPIECE_BASE_URL": own_sandbox.base_url,
        "SOUNDPIECE_API_KEY": "spk_tests_only_0123456789",
    }
    running = Nursery(quiet_environment(home, **settings))
    yield running
    running.close()

from __future__ import annotations

import pytest

from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.session import Session
from support.turned_clock import HurriedClock


@pytest.fixture
def hurried(home):
    """Pause a tenth as long as usual before trying again; what the service names is kept whole."""
    current.use(Session(clock=HurriedClock()))


@pytest.fixture
def keyed(home, monkeypatch):
    """A home with a key, for sessions that are told where their service is."""
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    return home

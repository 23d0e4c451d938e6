from __future__ import annotations

import pytest

from soundpiece_nb.api.pacing import Backoff
from soundpiece_nb.engine import retrying as persistence


@pytest.fixture(scope="module")
def hurried():
    """Pause a tenth as long as usual before trying again; what the service names is kept whole."""
    usual = Backoff()
    quick = (usual.base / 10, usual.factor, usual.cap / 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Backoff.__init__, "__defaults__", quick)
        patch.setitem(persistence.persist.__kwdefaults__, "backoff", Backoff())
        yield


@pytest.fixture
def keyed(home, monkeypatch):
    """A home with a key, for sessions that are told where their service is."""
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    return home

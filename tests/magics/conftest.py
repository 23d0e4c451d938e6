from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.kernels import Kernel
from support.services import RunningSandbox, quiet_environment


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, sandbox: RunningSandbox) -> Iterator[Kernel]:
    """A kernel of the module's own, over an empty home, with magics and functions loaded."""
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    yield started
    started.close()

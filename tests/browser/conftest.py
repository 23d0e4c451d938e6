from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from support.jupyterlab import CHROMIUM_FLAGS, SCREENSHOTS, chromium
from support.services import RunningSandbox


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; a missing one is a failure, never a skip."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """The folder of screenshots, to be looked at."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture(scope="module")
def slow_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox that takes a few seconds, so that there is something to watch."""
    running = RunningSandbox(tmp_path_factory.mktemp("slow"), pace=0.5)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def environment(
    tmp_path_factory: pytest.TempPathFactory, slow_sandbox: RunningSandbox
) -> dict[str, str]:
    """The environment of a kernel: a home of the module's own, and that sandbox."""
    return {
        "SOUNDPIECE_HOME": str(tmp_path_factory.mktemp("home")),
        "SOUNDPIECE_BASE_URL": slow_sandbox.base_url,
        "SOUNDPIECE_API_KEY": "spk_marked_0123456789",
    }

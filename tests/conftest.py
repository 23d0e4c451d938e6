from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.services import Heard, Reply, RunningSandbox, ScriptedService

pytest_plugins = ["support.leaks"]

BEGUN_FIRST = (
    "test_references.py",
    "sandbox/test_service_routes.py",
    "sandbox/test_sources.py",
    "sandbox/test_service_sources.py",
    "test_batch.py",
    "test_bad_rows.py",
    "crash/test_two_namespaces.py",
    "test_scrubbed_exits.py",
    "browser/test_song_in_lab.py",
    "crash/test_every_step.py",
    "sandbox/test_samples_and_effects.py",
    "sandbox/test_service_process.py",
    "test_headless.py",
    "crash/test_random_kills.py",
    "test_notebooks.py",
    "test_hostile_text.py",
    "browser/test_hostile_text_in_lab.py",
    "browser/test_bench_in_lab.py",
    "browser/test_sound_from_the_server.py",
    "browser/test_lab_form.py",
    "analysis/test_measurement.py",
    "browser/test_completion_in_lab.py",
    "engine/test_storms.py",
    "engine/test_bad_machine.py",
    "browser/test_demo.py",
    "test_secrets.py",
    "server/test_tampering.py",
    "server/test_sound.py",
    "journal/test_rescue.py",
    "test_crash.py",
    "magics/test_song_magic.py",
    "engine/test_engine.py",
    "engine/test_fault_matrix.py",
    "sandbox/test_openapi.py",
    "sandbox/test_service_faults.py",
    "sandbox/test_music.py",
    "browser/test_bundle.py",
    "test_sandbox_process.py",
    "sandbox/test_service_privacy.py",
    "engine/test_hostile_wire.py",
)
"""Files of three minutes to 40 seconds: begun last, one of them would go on alone."""


def pytest_configure() -> None:
    """Hear interrupts, and let what is started hear them: a shell's background jobs are deaf."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first and the first folders, which take least, last."""
    rank = {Path(__file__).parent / name: n for n, name in enumerate(BEGUN_FIRST)}
    files = list(dict.fromkeys(item.path for item in items))
    rest = {path: n for n, path in enumerate(reversed(files), len(rank))}
    items.sort(key=lambda item: rank.get(item.path, rest[item.path]))


@pytest.fixture(scope="module", autouse=True)
def forget_cached_sounds(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let go of what a file's tests shared: a worker that kept all songs would hold gigabytes."""
    yield
    for each in vars(request.module).values():
        if hasattr(each, "cache_clear"):
            each.cache_clear()


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """One sandbox for all tests that do not disturb it, as fast as it can."""
    running = RunningSandbox(tmp_path_factory.mktemp("sandbox"))
    yield running
    running.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, no key, no keyring, and a session that ends with the test."""
    for name in list(os.environ):
        if name.startswith(("SOUNDPIECE_", "JPY_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SOUNDPIECE_HOME", str(tmp_path / "home"))
    import keyring
    from keyring.backends.null import Keyring

    usual = keyring.get_keyring()
    keyring.set_keyring(Keyring())
    yield tmp_path / "home"
    from soundpiece_nb.operations.current_session import current

    current.close()
    keyring.set_keyring(usual)


@pytest.fixture
def connected(home: Path, sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose service is the sandbox, reached like the real one: by address and key."""
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", sandbox.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    return home


@pytest.fixture
def scripted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Callable[[Heard, int], Reply]], ScriptedService]]:
    """Make the session's service one that answers by script."""
    started: list[ScriptedService] = []

    def start(answer: Callable[[Heard, int], Reply]) -> ScriptedService:
        service = ScriptedService(answer)
        started.append(service)
        monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
        monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
        return service

    yield start
    from soundpiece_nb.operations.current_session import current

    current.close()
    for service in started:
        service.close()

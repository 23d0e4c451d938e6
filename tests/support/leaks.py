"""What a run of the tests leaves behind is searched for secrets: no key, no signed address.

A plugin, which `conftest` brings in. When all tests have run it reads every file below the run's
temporary folders and below `build/`, and what each test has printed or logged. A secret in any of
them fails the run, whatever the tests themselves said, and is told with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

KEY = re.compile(rb"spk_(?:test|marked|MARKED|precious)")
"""What every key of these tests begins with."""

SIGNATURE = re.compile(rb"signature=(?<=[?&]signature=)[\w-]{8}")
"""What makes an address a signed one."""

LEDGER = "ledger.sqlite3"
"""Of a sandbox: a service may write down what it was asked for, addresses of sources included."""

BUILD = Path(__file__).parents[2] / "build"

_TOLD = pytest.StashKey[list[str]]()
"""The leaks of this run; only the process that leads it has them, not its workers."""


def find_leaks(folders: Iterable[Path]) -> list[str]:
    """Return each file below these folders that holds a secret."""
    files = (path for folder in folders for path in sorted(folder.rglob("*")))
    return [
        str(path)
        for path in files
        if path.is_file() and not path.name.startswith(LEDGER) and _leaks(path)
    ]


def holds_a_secret(content: bytes) -> bool:
    """Search for one after the other: each begins with a word, which is found at once."""
    return any(secret.search(content) for secret in (KEY, SIGNATURE))


def _leaks(path: Path) -> bool:
    try:
        return holds_a_secret(path.read_bytes())
    except FileNotFoundError:  # of a process that is just going
        return False


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[_TOLD] = []
        config.pluginmanager.register(_Listener(config.stash[_TOLD]))


class _Listener:
    """Hears what each test has printed and logged, in whichever process it ran."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        for title, content in report.sections:
            place = f"{report.nodeid}: {title}"
            if holds_a_secret(content.encode(errors="replace")) and place not in self._told:
                self._told.append(place)  # a test's later reports tell of its earlier ones too


def pytest_sessionfinish(session: pytest.Session) -> None:
    if _TOLD not in session.config.stash:
        return
    told = session.config.stash[_TOLD]
    told += find_leaks([session.config._tmp_path_factory.getbasetemp(), BUILD])
    if told:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for place in config.stash.get(_TOLD, []):
        terminalreporter.write_line(f"SECRET LEFT BEHIND  {place}", red=True)

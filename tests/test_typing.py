"""Editors and type checkers know the public functions, though they are made from the routes."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import soundpiece_nb as sp
from support.type_stub import STUB, make_stub

ROOT = Path(__file__).parents[1]
USES = Path(__file__).parent / "typing" / "uses.py"


def test_mypy_reports_exactly_the_uses_that_are_wrong():
    wrong = {
        number
        for number, line in enumerate(USES.read_text(encoding="utf-8").splitlines(), 1)
        if line.endswith("# wrong")
    }
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(USES)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^[^\n]*uses\.py:(\d+): error", checked.stdout, re.MULTILINE)
    assert {int(number) for number in found} == wrong, checked.stdout
    assert len(wrong) >= 30


def test_the_stub_is_the_one_that_the_routes_make():
    assert STUB.read_text(encoding="utf-8") == make_stub()


def test_the_stub_names_what_the_package_offers():
    named = set(re.findall(r"(?:^def |^class | as )(\w+)", STUB.read_text(), re.MULTILINE))
    assert set(dir(sp)) - {"__version__"} <= named

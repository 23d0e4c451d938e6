"""What the documentation names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NAMED = sorted(
    {
        match
        for page in (
            *(ROOT / "docs").glob("*.md"),
            ROOT / "README.md",
            ROOT / "bench" / "README.md",
        )
        for match in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8"))
    }
)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_a_page_names_is_there(file, test):
    assert re.search(
        rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE
    )


def test_every_failure_of_the_page_has_its_test():
    page = (ROOT / "docs" / "what-survives-what.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("|") and "---" not in line]
    failures = [row for row in rows if not row.startswith("| what happens")]
    assert len(failures) > 20
    assert all("`tests/" in row for row in failures)

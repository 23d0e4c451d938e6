"""What the documentation names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / name / "README.md" for name in ("bench", "jupyter-config", "soundpiece_sandbox")),
    ]
)
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
BELOW = ("", "soundpiece_nb", "soundpiece_sandbox", "bench", "tests/support", "jupyter-config")
"""The folders that pages name files from."""
OTHERS = {"jupyter_server_config.py"}
"""Files of programs that are not ours."""

NAMED = sorted(
    {match for text in TEXTS.values() for match in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)}
)


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_a_page_names_is_there(file, test):
    assert re.search(
        rf"^(async )?def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE
    )


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_and_function_that_a_page_names_is_there(page):
    for file, name in re.findall(r"`([\w/-]+\.py)(?:::(\w+))?`", TEXTS[page]):
        found = [path for each in BELOW if (path := ROOT / each / file).is_file()]
        found = found or [*(ROOT / page).parent.rglob(file)]
        assert found or file in OTHERS, file
        stated = rf"^ *(async )?(def|class) {name}\b|^{name}\b"
        assert not name or any(
            re.search(stated, path.read_text(encoding="utf-8"), re.MULTILINE) for path in found
        ), f"{file}::{name}"


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_of_a_page_leads_to_a_file_and_heading(page):
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", TEXTS[page]):
        file = (ROOT / page).parent / target if target else ROOT / page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in [re.sub(r"[^\w -]", "", t).lower().replace(" ", "-") for t in titles]


def test_every_failure_of_the_page_has_its_test():
    page = TEXTS["docs/what-survives-what.md"]
    rows = [line for line in page.splitlines() if line.startswith("|") and "---" not in line]
    failures = [row for row in rows if not row.startswith("| what happens")]
    assert len(failures) > 20
    assert all("`tests/" in row for row in failures)

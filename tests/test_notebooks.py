"""The notebooks do what they say, from top to bottom, and again."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from support.services import RunningSandbox, quiet_environment

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


@pytest.fixture(scope="module")
def environment(tmp_path_factory, sandbox):
    """One home for all notebooks, over the fast sandbox."""
    return quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )


def run(name: str, environment: dict[str, str], folder: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom; raises where a cell does.

    What a cell prints is one output, into however many pieces a busy kernel has cut it.
    """
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=120, coalesce_streams=True, resources=resources)
    client.execute(env=environment)
    return notebook


def outputs(notebook: nbformat.NotebookNode) -> str:
    """Give everything a notebook shows, as text."""
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(
        output.get("text", "") or output.get("data", {}).get("text/html", "") for output in shown
    )


def test_stems_and_cuts_is_heard_and_makes_nothing_the_second_time(
    environment, tmp_path, sandbox: RunningSandbox
):
    first = run("stems-and-cuts", environment, tmp_path)
    shown = outputs(first)
    assert shown.count("<audio controls") == 2 + 4 + 1 + 1
    assert "difference from the mix: 0.0" in shown
    assert re.search(r"teaser +from late\nlate +from parts\nparts +from night_drive", shown)
    made = sandbox.counters()["created"]
    again = run("stems-and-cuts", environment, tmp_path)
    assert sandbox.counters()["created"] == made
    assert [cell.get("outputs") for cell in again.cells] == [
        cell.get("outputs") for cell in first.cells
    ]


def test_a_batch_becomes_a_table(environment, tmp_path, sandbox: RunningSandbox):
    notebook = run("batch", environment, tmp_path)
    shown = outputs(notebook)
    assert "6 ready" in shown
    assert shown.count("ready    ") == 6
    assert "Row 1: Duration must be more than 0 seconds, not " in shown
    assert shown.count("<audio controls") == 6 + 1  # of the batch's rows, and of one by itself
    made = sandbox.counters()["created"]
    run("batch", environment, tmp_path)
    assert sandbox.counters()["created"] == made


def test_prompt_experiments_are_heard_judged_and_counted(
    environment, tmp_path, sandbox: RunningSandbox
):
    made = sandbox.counters()["created"]
    shown = outputs(run("prompt-experiments", environment, tmp_path))
    assert "12 operations: every colour with every event, 2 times." in shown
    assert shown.count("<audio controls") == 12 + 1 + 1 + 2 + 12 + 3  # 2 boards, 2 comparisons
    assert "deepest, take 1: ★★★★★" in shown
    assert "the one for the titles" in shown
    words = re.findall(r"<th>(\w+)</th>\s*<td>(\d+)</td>\s*<td>(\d+)</td>", shown)
    assert words == [
        ("impact", "4", "4"),
        ("deep", "6", "6"),
        ("riser", "4", "4"),
        ("whoosh", "4", "4"),
        ("bright", "6", "6"),
        ("cinematic", "12", "12"),
    ]
    tempos = re.findall(r"<td>Techno drums, (\d+) bpm</td>\s*<td>([\d.]+)</td>", shown)
    assert {asked for asked, _ in tempos} == {"90", "120", "150"}
    assert all(float(heard) == pytest.approx(float(asked), rel=0.01) for asked, heard in tempos)
    assert sandbox.counters()["created"] == made + 12 + 3
    run("prompt-experiments", environment, tmp_path)
    assert sandbox.counters()["created"] == made + 12 + 3


def test_the_history_is_found_counted_and_kept_elsewhere(environment, tmp_path):
    notebook = run("history", environment, tmp_path)
    searched, paged = (
        outputs(nbformat.v4.new_notebook(cells=[cell]))
        for cell in notebook.cells
        if cell.source.startswith(("%soundpiece_history --search", "%soundpiece_history --tag"))
        and "--to" not in cell.source
    )
    assert "1 to 1 of 1 operations, newest first." in searched
    assert ">rain<" in searched
    assert "3 to 4 of 5 operations, length, longest first." in paged
    shown = outputs(notebook)
    assert re.search(r"<th>adapt.separate_stems</th>\s*<td>1</td>\s*<td>16.0</td>", shown)
    assert f"<td>{'▇' * 16}</td>" in shown
    assert re.search(r"<td>parts</td>\s*<td>drums</td>\s*<td>4.0</td>", shown)
    assert "5 operations in history.csv" in shown
    assert re.search(r"<td>rain</td>\s*<td>[^<]+</td>\s*<td>\[night, weather\]</td>", shown)


def test_every_notebook_is_kept_without_outputs_and_is_run_somewhere():
    """Outputs would go stale; a notebook that nothing runs would too."""
    names = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
    assert names == ["batch", "history", "prompt-experiments", "quickstart", "stems-and-cuts"]
    for name in names:
        notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
        assert not any(cell.get("outputs") for cell in notebook.cells)

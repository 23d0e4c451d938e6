"""A song in JupyterLab, in a real Chromium, from the cell to the reopened notebook."""

from __future__ import annotations

import re

import nbformat
import pytest
import soundfile

from support.jupyterlab import Lab
from support.notebook_page import NotebookPage, play, write_notebook
from support.services import RunningSandbox

SONG = """\
%%soundpiece_song night_drive --prompt "Synthwave, melancholic, mid-tempo" --tag demo
[Verse]
I've been driving all night, my hands wet on the wheel
It costs $5 and then $6, my love
[Chorus]
Night drive, carry me home"""
CELLS = (
    "%load_ext soundpiece_nb",
    SONG,
    "import pathlib, time\nwhile not pathlib.Path('awake').exists():\n    time.sleep(0.05)",
    "%%soundpiece_song refused --prompt jazz\ncontent_policy",
    "%soundpiece_history",
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, environment, browser, screenshots):
    """The folder of a notebook that was run, watched, heard and saved, its kernel shut down."""
    folder = tmp_path_factory.mktemp("notebooks")
    path = write_notebook(folder / "song.ipynb", *CELLS)
    with Lab(folder, tmp_path_factory.mktemp("mine"), environment) as lab:
        notebook = NotebookPage(browser, lab, "song.ipynb")
        notebook.run_to_end(0)
        notebook.run(1)
        card = notebook.output(1)
        card.locator("text=Processing").wait_for(timeout=30_000)
        notebook.run(2)
        notebook.page.screenshot(path=screenshots / "1-live.png")
        first = card.inner_text()
        notebook.page.wait_for_timeout(2_500)
        watched = {"changed": first != card.inner_text(), "sleeping": _is_busy(notebook)}
        card.locator("audio").first.wait_for(timeout=60_000)
        watched["swapped_while_asleep"] = _is_busy(notebook)
        (folder / "awake").touch()
        notebook.run(3)
        notebook.run(4)
        notebook.output(3).locator("text=content_policy").first.wait_for(timeout=60_000)
        notebook.run(4)
        notebook.output(4).locator("audio").first.wait_for(timeout=30_000)
        watched["durations"] = [play(audio) for audio in _players(card)]
        card.locator("summary").click()
        notebook.page.screenshot(path=screenshots / "2-ready.png")
        text = notebook.save(path)
        lab.stop_kernels()
        notebook.close()
    return folder, watched, text


def _is_busy(notebook):
    return "Kernel status: Busy" in notebook.page.locator("body").inner_text(timeout=5_000) or (
        notebook.cell(2).locator(".jp-InputPrompt").inner_text() == "[*]:"
    )


def _players(area):
    return [area.locator("audio").nth(n) for n in range(area.locator("audio").count())]


@pytest.fixture(scope="module")
def reopened(finished, browser, tmp_path_factory):
    """The notebook in another server, whose JUPYTER_DATA_DIR has never seen it: it is untrusted."""
    folder, _, _ = finished
    with Lab(folder, tmp_path_factory.mktemp("theirs"), {}, base_url="/user/someone/") as lab:
        notebook = NotebookPage(browser, lab, "song.ipynb")
        notebook.output(1).locator("audio").first.wait_for(timeout=30_000)
        yield notebook
        notebook.close()


def test_the_card_changes_while_another_cell_sleeps(finished):
    _, watched, _ = finished
    assert watched["changed"]
    assert watched["sleeping"]


def test_it_turns_into_the_player_in_place_while_the_cell_still_sleeps(finished):
    _, watched, _ = finished
    assert watched["swapped_while_asleep"]


def test_the_players_last_as_long_as_their_files_and_play_and_seek(finished):
    folder, watched, _ = finished
    files = sorted((folder / "soundpiece-audio").glob("night_drive-*.flac"))
    assert watched["durations"] == [
        pytest.approx(soundfile.info(file).duration, abs=0.05) for file in files
    ]


def test_the_saved_cell_holds_only_what_lasts(finished):
    _, _, text = finished
    notebook = nbformat.reads(text, as_version=4)
    [output] = notebook.cells[1].outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert "widgets" not in notebook.metadata
    for secret in ("signature=", "/files/", "spk_marked", "widget-view"):
        assert secret not in text
    for tag in ("<script", "<iframe", "<svg", "<source", "onclick"):
        assert tag not in output.data["text/html"]


def test_a_linked_take_costs_at_most_10_kb(finished):
    _, _, text = finished
    [output] = nbformat.reads(text, as_version=4).cells[1].outputs
    size = sum(len(form.encode()) for form in output.data.values())
    assert size < 2 * 10_000


def test_it_still_plays_with_the_kernel_dead_in_another_server_under_a_base_url(
    reopened, screenshots
):
    output = reopened.output(1)
    players = _players(output)
    assert len(players) == 2
    for player in players:
        assert play(player) > 5
    assert output.locator("img").count() == 2
    assert output.locator("img").first.evaluate("i => i.naturalWidth") > 0
    output.locator("summary").click()
    reopened.page.screenshot(path=screenshots / "3-reopened-untrusted.png")
    assert reopened.page.locator("mjx-container, .MathJax").count() == 0
    assert "$5 and then $6" in output.inner_text()


def test_it_is_legible_in_the_dark_and_at_400_pixels(reopened, screenshots):
    output = reopened.output(1)
    reopened.choose_the_dark_theme()
    reopened.page.screenshot(path=screenshots / "5-dark.png")
    colour = output.locator("b").first.evaluate("e => getComputedStyle(e).color")
    assert min(int(part) for part in re.findall(r"\d+", colour)[:3]) > 180
    reopened.page.set_viewport_size({"width": 400, "height": 1500})
    reopened.page.wait_for_timeout(500)
    box = output.bounding_box()
    for element in ("audio", "img", "summary"):
        inner = output.locator(element).first.bounding_box()
        assert inner["x"] + inner["width"] <= box["x"] + box["width"] + 1
    reopened.page.screenshot(path=screenshots / "4-narrow-dark.png")


def test_an_exported_page_plays_without_any_server(finished, browser, screenshots):
    import subprocess
    import sys

    folder, _, _ = finished
    command = [sys.executable, "-m", "nbconvert", "--to", "html", "song.ipynb"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    page = browser.new_page(viewport={"width": 1000, "height": 1400})
    page.route(re.compile("^https?://"), lambda route: route.abort())
    page.goto((folder / "song.html").as_uri(), wait_until="domcontentloaded")
    assert play(page.locator("audio").first) > 5
    page.screenshot(path=screenshots / "6-exported.png")
    page.close()


@pytest.fixture
def leisurely(tmp_path, environment):
    """A sandbox slow enough for a person to look for a button and press it."""
    running = RunningSandbox(tmp_path / "leisurely", pace=1.5)
    yield {**environment, "SOUNDPIECE_BASE_URL": running.base_url}
    running.stop()


def test_watching_can_be_stopped_and_the_key_shown(browser, tmp_path, leisurely, screenshots):
    folder = tmp_path / "notebooks"
    folder.mkdir()
    cells = (CELLS[0], "%%soundpiece_song left --prompt jazz\nla la", "%soundpiece_wait left")
    write_notebook(folder / "song.ipynb", *cells)
    (tmp_path / "data").mkdir()
    with Lab(folder, tmp_path / "data", leisurely) as lab:
        notebook = NotebookPage(browser, lab, "song.ipynb")
        notebook.run_to_end(0)
        notebook.run(1)
        area = notebook.output(1)
        area.locator("text=Show key").click(timeout=30_000)
        area.locator("code").filter(has_text=re.compile(r"[0-9a-f-]{36}")).wait_for()
        area.locator("text=Stop watching").click()
        area.locator("text=It goes on at the service").wait_for(timeout=10_000)
        notebook.page.screenshot(path=screenshots / "7-not-watched.png")
        assert area.locator("button").count() == 0
        notebook.run(2)
        notebook.output(2).locator("text=1 operation done").wait_for(timeout=60_000)
        notebook.close()

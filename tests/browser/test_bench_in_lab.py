"""A sweep's board as a person uses it: it fills in, and is heard, rated and saved."""

from __future__ import annotations

import re
from contextlib import contextmanager

import nbformat
import pytest

from support.accessibility import violations
from support.jupyterlab import SCREENSHOTS, Lab
from support.notebook_page import NotebookPage, play, write_notebook

SWEEP = """\
%%soundpiece_instrumental moods --sweep mood=calm,wild --sweep style=jazz,techno,rock
{{mood}} {{style}}, 12 seconds"""
CELLS = (
    "%load_ext soundpiece_nb",
    SWEEP,
    "get_ipython().run_line_magic('soundpiece_compare', ' '.join(list(moods.values)[:2]))",
    "%soundpiece_history -n 4",
    "import soundpiece_nb as sp\nprint(sorted(map(int, sp.takes()['rating'].dropna())))",
)
MADE = 6


@pytest.fixture(scope="module")
def kept(tmp_path_factory, environment, browser, screenshots):
    """A notebook whose sweep was watched, heard and judged, saved, and its kernel shut down."""
    folder = tmp_path_factory.mktemp("notebooks")
    path = write_notebook(folder / "bench.ipynb", *CELLS)
    seen = {}
    with Lab(folder, tmp_path_factory.mktemp("mine"), environment) as lab:
        notebook = NotebookPage(browser, lab, "bench.ipynb", width=1280)
        notebook.run_to_end(0)
        notebook.run_to_end(1)
        board = notebook.output(1)
        seen["counts"] = _watch(notebook, board)
        board.locator(".soundpiece-tools select").wait_for(timeout=20_000)
        board.get_by_text("LUFS").nth(MADE - 1).wait_for(timeout=60_000)
        players = board.locator("audio")
        seen["sounding"] = _play_two(players)
        seen["judged"] = _judge_by_keyboard(notebook, board)
        seen["went on"] = players.nth(1).evaluate("a => !a.paused && a.currentTime > 0")
        players.nth(1).evaluate("a => a.pause()")
        board.locator(".soundpiece-tools select").select_option("rating")
        notebook.page.wait_for_timeout(800)
        seen["first row"] = board.locator(".soundpiece-judgement input[type=text]").first
        seen["first row"] = seen["first row"].input_value()
        notebook.run_to_end(2)
        notebook.run_to_end(3)
        notebook.output(3).get_by_role("button", name="Next").click()
        notebook.output(3).get_by_text("page 2 of 2").wait_for(timeout=10_000)
        seen["page 2"] = notebook.output(3).inner_text()
        notebook.output(3).get_by_role("button", name="Status").focus()
        notebook.page.keyboard.press("Enter")
        notebook.output(3).locator("button[title=ascending]").wait_for(timeout=10_000)
        seen["focus"] = notebook.page.evaluate("document.activeElement.textContent")
        notebook.run_to_end(4)
        seen["ratings"] = notebook.output(4).inner_text()
        seen["live violations"] = violations(notebook.page)
        notebook.page.screenshot(path=screenshots / "bench-live.png")
        board.get_by_role("radio", name="1 star", exact=True).first.focus()
        text = notebook.save(path)  # from a star, whose keys are otherwise its own
        seen["stars while it lives"] = notebook.page.locator(".soundpiece-stars").count()
        notebook.restart_kernel()
        notebook.page.wait_for_function("!document.querySelector('.soundpiece-stars')")
        notebook.page.wait_for_timeout(2_000)  # a kernel that is starting cannot be shut down
        seen["stars after a restart"] = notebook.page.locator(".soundpiece-stars").count()
        lab.stop_kernels()
        notebook.close()
    return folder, seen, text


def _watch(notebook, board) -> list[int]:
    """Count the board's players until all are there."""
    counts: list[int] = []
    for _ in range(600):
        number = board.locator("audio").count()
        if not counts or counts[-1] != number:
            counts.append(number)
        if number == 2 * MADE:
            break
        notebook.page.wait_for_timeout(100)
    return counts


def _play_two(players) -> list[bool]:
    """Start one player, then another; return which of them sound."""
    for number in (0, 1):
        players.nth(number).evaluate("a => { a.muted = true; return a.play(); }")
        players.nth(number).evaluate("a => new Promise(r => setTimeout(r, 250))")
    return [not players.nth(number).evaluate("a => a.paused") for number in (0, 1)]


def _judge_by_keyboard(notebook, board) -> list[str]:
    """Rate the third and fourth take and write a note, with keys alone; return where focus is."""
    where = []
    keyboard = notebook.page.keyboard
    with _drawn_again(notebook, board):
        board.get_by_role("radio", name="1 star", exact=True).nth(2).focus()
        keyboard.press("3")
    where.append(notebook.page.evaluate("document.activeElement.ariaLabel"))
    with _drawn_again(notebook, board):
        keyboard.press("Tab")
        keyboard.type("love the bass")
        keyboard.press("Enter")
    with _drawn_again(notebook, board):
        board.get_by_role("radio", name="1 star", exact=True).nth(3).focus()
        keyboard.press("Space")
        for _ in range(4):
            keyboard.press("ArrowRight")
    where.append(notebook.page.evaluate("document.activeElement.ariaLabel"))
    return where


@contextmanager
def _drawn_again(notebook, board):
    """Wait until the board has been drawn again, after what was done to it."""
    board.locator(".soundpiece-take").first.evaluate("take => { window.drawnBefore = take; }")
    yield
    notebook.page.wait_for_function("!window.drawnBefore.isConnected")
    notebook.page.wait_for_timeout(300)


def test_the_board_fills_in_while_it_is_watched(kept):
    _, seen, _ = kept
    assert len(seen["counts"]) >= 3, seen["counts"]
    assert seen["counts"][-1] == 2 * MADE


def test_starting_one_player_stops_the_other_and_drawing_again_stops_none(kept):
    _, seen, _ = kept
    assert seen["sounding"] == [False, True]
    assert seen["went on"]


def test_takes_are_judged_by_keyboard_and_the_journal_has_it_at_once(kept):
    _, seen, _ = kept
    assert seen["judged"] == ["3 stars", "5 stars"]
    assert seen["ratings"].strip() == "[3, 5]"
    assert seen["first row"] == "love the bass"  # its fellow take has the five stars


def test_the_history_turns_its_pages_and_sorts_by_its_headings(kept):
    _, seen, _ = kept
    assert "5 to 6 of 6 operations" in seen["page 2"]
    assert seen["focus"].startswith("Status")


def test_what_was_saved_holds_no_widget_no_script_and_little_weight(kept):
    _, _, text = kept
    notebook = nbformat.reads(text, as_version=4)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = {kind for output in shown for kind in output.get("data", {})}
    assert kinds == {"text/html", "text/plain"}
    html = "".join(output.get("data", {}).get("text/html", "") for output in shown)
    assert not re.search(r"<script|<button|<input|<select|onclick", html)
    assert "★★★★★" in html
    assert "widgets" not in notebook.metadata
    assert len(text) < 300_000


def test_what_needs_a_kernel_goes_with_it(kept):
    _, seen, _ = kept
    assert seen["stars while it lives"] > 2 * MADE
    assert seen["stars after a restart"] == 0


def test_axe_finds_nothing_while_it_lives(kept):
    _, seen, _ = kept
    assert seen["live violations"] == []


@pytest.mark.usefixtures("screenshots")
def test_reopened_without_its_kernel_everything_still_shows_and_plays(
    kept, tmp_path_factory, browser
):
    folder, _, _ = kept
    with Lab(folder, tmp_path_factory.mktemp("theirs"), {}) as lab:
        notebook = NotebookPage(browser, lab, "bench.ipynb", width=1280)
        board = notebook.output(1)
        board.get_by_text("★★★★★").wait_for()
        assert board.locator("audio").count() == 2 * MADE
        assert play(board.locator("audio").first) > 10
        _look(notebook, "light", 400)
        _look(notebook, "light", 1280)
        notebook.choose_the_dark_theme()
        _look(notebook, "dark", 1280)
        notebook.close()


def _look(notebook, theme: str, width: int) -> None:
    """Take a screenshot of the board at this width, and check its accessibility."""
    notebook.page.set_viewport_size({"width": width, "height": 1500})
    notebook.page.wait_for_timeout(500)
    assert violations(notebook.page) == [], (theme, width)
    notebook.cell(1).scroll_into_view_if_needed()
    notebook.page.screenshot(path=SCREENSHOTS / f"bench-{theme}-{width}.png")

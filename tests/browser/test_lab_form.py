"""The lab as a person uses it: a form filled in by keyboard, beside the takes it has made."""

from __future__ import annotations

import re

import nbformat
import pytest

from support.accessibility import violations
from support.jupyterlab import SCREENSHOTS, Lab
from support.notebook_page import NotebookPage, play, write_notebook

CELLS = (
    "%load_ext soundpiece_nb",
    "%soundpiece_lab",
    "",
    "print(night.status, again.status, again.request == night.request, again.key == night.key)",
    "%soundpiece_lab",
    "import ctypes; ctypes.PyDLL(None).usleep(5_000_000)  # no thread of the kernel answers",
    "import soundpiece_nb as sp; print(len(sp.history(route='create.new_fx')))",
)
LYRICS = "Night drive, carry me home"
PROMPT = "Synthwave, short"
TYPED = "Dusty boom-bap drum loop, 90 bpm, " * 3


@pytest.fixture(scope="module")
def used(tmp_path_factory, environment, browser, screenshots):
    """A notebook whose lab made a song, saved, and its kernel shut down; with what was seen."""
    folder = tmp_path_factory.mktemp("notebooks")
    path = write_notebook(folder / "lab.ipynb", *CELLS)
    seen = {}
    with Lab(folder, tmp_path_factory.mktemp("mine"), environment) as lab:
        notebook = NotebookPage(browser, lab, "lab.ipynb", width=1280)
        notebook.run_to_end(0)
        notebook.run_to_end(1)
        seen["prompt"] = notebook.cell(1).locator(".jp-InputPrompt").inner_text()
        form = notebook.output(1).locator("form")
        form.wait_for(timeout=20_000)
        _fill_in_a_song(notebook)
        seen["lyrics"] = form.get_by_label("Lyrics").input_value()
        seen["refused"] = _refusal(notebook, form)
        notebook.page.keyboard.type(PROMPT)
        _press(notebook, "Tab", times=2)
        notebook.page.keyboard.type("night")
        seen["cell"] = _as_cell(notebook, form)
        _press(notebook, "Control+Enter")
        form.get_by_role("status").get_by_text("night").wait_for(timeout=10_000)
        seen["name after"] = form.get_by_label("NAME").input_value()
        seen["typing"] = _type_while_it_is_drawn(notebook, form)
        seen["prompt after"] = notebook.cell(1).locator(".jp-InputPrompt").inner_text()
        seen["boxes"] = _boxes(notebook)
        seen["duration"] = play(notebook.output(1).locator("audio").first)
        seen["fields"] = {title: _fields(form, title) for title in ("Sample", "Stems", "Song")}
        _run_the_copied_cell(notebook, seen["cell"])
        seen["made"] = notebook.output(3).inner_text().split()
        seen["axe"] = {"light": violations(notebook.page)}
        notebook.page.screenshot(path=screenshots / "lab-light.png")
        notebook.choose_the_dark_theme()
        seen["axe"]["dark"] = violations(notebook.page)
        notebook.page.screenshot(path=screenshots / "lab-dark.png")
        notebook.page.set_viewport_size({"width": 400, "height": 1500})
        notebook.page.wait_for_timeout(500)
        seen["narrow boxes"] = _boxes(notebook)
        seen["axe"]["narrow"] = violations(notebook.page)
        notebook.page.screenshot(path=screenshots / "lab-400.png")
        notebook.page.set_viewport_size({"width": 1280, "height": 1500})
        seen["presses"] = _press_in_many_ways(notebook)
        text = notebook.save(path)
        seen["another page"] = _press_in_another_page(browser, lab, notebook)
        lab.stop_kernels()
        notebook.close()
    return folder, seen, text


def _fill_in_a_song(notebook) -> None:
    """Begin a song with keys alone: a section by its button, then a line of lyrics."""
    keyboard = notebook.page.keyboard
    notebook.output(1).get_by_label("Make a").focus()
    _press(notebook, "Tab", times=2)
    keyboard.press("Enter")  # [Verse]
    keyboard.type(LYRICS)
    _press(notebook, "Shift+Tab")
    keyboard.press("Enter")  # [Outro], the last of them
    keyboard.type("La")


def _press(notebook, key: str, *, times: int = 1) -> None:
    for _ in range(times):
        notebook.page.keyboard.press(key)


def _refusal(notebook, form) -> str:
    """Ask for a song without a prompt; go on to the prompt, and return what the form says."""
    _press(notebook, "Control+Enter")
    state = form.get_by_role("status")
    state.get_by_text("--prompt").wait_for(timeout=10_000)
    _press(notebook, "Tab")
    return state.inner_text()


def _as_cell(notebook, form) -> str:
    """Go from the NAME to "Copy as cell" and back, and return the cell."""
    _press(notebook, "Tab", times=2)
    _press(notebook, "Enter")
    cell = form.get_by_label("The cell that makes this")
    cell.wait_for(timeout=10_000)
    _press(notebook, "Shift+Tab", times=2)
    return cell.input_value()


def _type_while_it_is_drawn(notebook, form) -> dict[str, object]:
    """Type until the song is there; return what came of the text, and how often the list changed.

    The list is drawn when the service has accepted the song, and when it is ready.
    """
    notebook.page.evaluate(_COUNT_DRAWINGS)
    prompt = form.get_by_label("Prompt")
    prompt.fill("")
    notebook.page.keyboard.type(TYPED, delay=25)
    notebook.output(1).locator("audio").nth(1).wait_for(timeout=60_000)
    notebook.page.keyboard.type("!")
    return {
        "text": prompt.input_value(),
        "focus": notebook.page.evaluate("document.activeElement.id"),
        "field": prompt.get_attribute("id"),
        "drawings": notebook.page.evaluate("window.drawings"),
    }


_COUNT_DRAWINGS = """() => {
  let shown = document.querySelector('.soundpiece-view');
  window.drawings = 0;
  new MutationObserver(() => {
    const now = document.querySelector('.soundpiece-view');
    if (now && now !== shown) [shown, window.drawings] = [now, window.drawings + 1];
  }).observe(document.body, { childList: true, subtree: true });
}"""


def _boxes(notebook) -> tuple[dict[str, float], dict[str, float]]:
    """Return where the form is, and where the latest take's player."""
    output = notebook.output(1)
    return output.locator("form").bounding_box(), output.locator("audio").first.bounding_box()


def _fields(form, title: str) -> list[str]:
    """Choose a route and return which fields the form asks for."""
    form.get_by_label("Make a").select_option(label=title)
    return form.locator("label").all_inner_texts()


def _run_the_copied_cell(notebook, text: str) -> None:
    notebook.cell(2).locator(".cm-content").click()
    notebook.page.keyboard.insert_text(text.replace("night", "again", 1))
    notebook.run_to_end(2)
    notebook.output(2).locator("audio").nth(1).wait_for(timeout=60_000)
    notebook.run_to_end(3)


class Presses:
    """A second lab, whose button is pressed in several ways."""

    def __init__(self, notebook) -> None:
        notebook.run_to_end(4)
        self.notebook = notebook
        self.form = notebook.output(4).locator("form")
        self.form.get_by_label("Make a").select_option(value="create.new_fx")
        self.form.get_by_label("Prompt").fill("Knock")
        self.form.get_by_label("Duration").fill("1")
        self.make = self.form.get_by_role("button", name="Make it")

    def double_click(self) -> None:
        self.make.dblclick()

    def slow_double_click(self) -> None:
        self.make.hover()
        for clicks in (1, 2):  # the first is answered by the time of the second
            self.notebook.page.mouse.down(click_count=clicks)
            self.notebook.page.mouse.up(click_count=clicks)
            self.pause(400)

    def hold_enter(self) -> None:
        self.make.focus()
        self._hold("Enter")

    def hold_control_enter(self) -> None:
        self.form.get_by_label("Prompt").focus()
        self._hold("Control", "Enter")

    def press_enter_twice(self) -> None:
        self.make.focus()
        for _ in range(2):
            self.notebook.page.keyboard.press("Enter")
            self.pause(200)

    def click_while_nothing_answers(self) -> None:
        self.notebook.run(5)
        for _ in range(3):
            self.make.click()
            self.pause(550)

    def click_after_an_answer(self) -> None:
        self.make.click()
        self.form.get_by_role("status").get_by_text("was sent").wait_for(timeout=10_000)
        self.make.click()

    def _hold(self, *keys: str) -> None:
        keyboard = self.notebook.page.keyboard
        for key in keys[:-1]:
            keyboard.down(key)
        for _ in range(20):
            keyboard.down(keys[-1])
            self.pause(40)
        for key in keys:
            keyboard.up(key)

    def wait_for_answer(self) -> None:
        self.form.get_by_role("status").get_by_text("was sent").wait_for(timeout=10_000)
        self.pause(600)

    def pause(self, milliseconds: int) -> None:
        self.notebook.page.wait_for_timeout(milliseconds)


PRESSES = {
    Presses.double_click: 1,
    Presses.slow_double_click: 1,
    Presses.hold_enter: 1,
    Presses.hold_control_enter: 1,
    Presses.press_enter_twice: 1,
    Presses.click_while_nothing_answers: 1,
    Presses.click_after_an_answer: 2,
}
"""Ways to press, and how many operations each is to make."""


def _press_in_many_ways(notebook) -> dict[object, int]:
    """Press the button of a second lab; return how many operations each way of it made."""
    presses, made, before = Presses(notebook), {}, 0
    for press in PRESSES:
        press(presses)
        presses.wait_for_answer()
        now = _number_of_effects(notebook)
        made[press], before = now - before, now
    return made


def _press_in_another_page(browser, lab, notebook) -> tuple[int, str]:
    """Double-click in a second page; return what that made, and the NAME typed in the first."""
    before = _number_of_effects(notebook)
    first = notebook.output(4).locator("form")
    first.get_by_label("NAME").fill("typed")
    other = NotebookPage(browser, lab, "lab.ipynb")
    form = other.output(4).locator("form")
    form.get_by_label("Make a").select_option(value="create.new_fx")
    form.get_by_label("Prompt").fill("Bang")
    form.get_by_role("button", name="Make it").dblclick()
    form.get_by_role("status").get_by_text("was sent").wait_for(timeout=10_000)
    other.close()
    return _number_of_effects(notebook) - before, first.get_by_label("NAME").input_value()


def _number_of_effects(notebook) -> int:
    notebook.run_to_end(6)
    return int(notebook.output(6).inner_text())


def test_a_press_makes_one_operation_however_a_hand_or_a_keyboard_repeats_it(used):
    _, seen, _ = used
    assert seen["presses"] == PRESSES


def test_a_press_in_another_page_of_the_notebook_is_its_own(used):
    _, seen, _ = used
    assert seen["another page"] == (1, "typed")


def test_a_section_button_begins_a_section_where_the_lyrics_go_on(used):
    _, seen, _ = used
    assert seen["lyrics"] == f"[Verse]\n{LYRICS}\n[Outro]\nLa"


def test_what_is_refused_is_said_in_the_form_and_nothing_that_was_typed_is_lost(used):
    _, seen, _ = used
    assert "--prompt or --reference" in seen["refused"]
    assert seen["refused"].endswith("Nothing was sent.")
    assert LYRICS in seen["cell"]


def test_the_name_becomes_a_variable_and_the_keys_run_no_cell(used):
    _, seen, _ = used
    assert seen["made"][0] == "ready"
    assert not seen["name after"]
    assert seen["prompt after"] == seen["prompt"]


def test_text_and_focus_stay_while_the_list_is_drawn_again(used):
    _, seen, _ = used
    assert seen["typing"]["drawings"] >= 2
    assert seen["typing"]["text"] == TYPED + "!"
    assert seen["typing"]["focus"] == seen["typing"]["field"]


def test_the_take_appears_beside_the_form_and_plays(used):
    _, seen, _ = used
    form, player = seen["boxes"]
    assert player["x"] >= form["x"] + form["width"]
    assert player["y"] < form["y"] + form["height"]
    assert seen["duration"] > 5


def test_each_route_has_its_own_fields(used):
    _, seen, _ = used
    assert seen["fields"] == {
        "Sample": ["Make a", "Prompt", "Duration", "Loopable", "NAME"],
        "Stems": ["Make a", "Source", "NAME"],
        "Song": ["Make a", "Lyrics", "Prompt", "Reference", "NAME"],
    }


def test_the_copied_cell_makes_the_same_request(used):
    _, seen, _ = used
    assert seen["cell"].startswith("%%soundpiece_song night --prompt ")
    assert seen["made"][1:] == ["ready", "True", "False"]


def test_on_a_narrow_page_the_form_is_above_the_list(used):
    _, seen, _ = used
    form, player = seen["narrow boxes"]
    assert player["y"] >= form["y"] + form["height"]
    assert form["x"] + form["width"] <= 400
    assert player["x"] + player["width"] <= 400


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_axe_finds_nothing(used, look):
    _, seen, _ = used
    assert seen["axe"][look] == []


def test_the_saved_notebook_has_neither_form_nor_script_and_reopens_with_its_takes(
    used, tmp_path_factory, browser
):
    folder, _, text = used
    notebook = nbformat.reads(text, as_version=4)
    [shown] = notebook.cells[1].outputs
    assert set(shown["data"]) == {"text/html", "text/plain"}
    assert not re.search(
        r"<script|<form|<button|<input|<select|<textarea|onclick", shown["data"]["text/html"]
    )
    assert "widgets" not in notebook.metadata
    with Lab(folder, tmp_path_factory.mktemp("theirs"), {}) as lab:
        page = NotebookPage(browser, lab, "lab.ipynb")
        players = page.output(1).locator("audio")
        players.first.wait_for(timeout=20_000)
        assert players.count() == 2
        assert play(players.first) > 5
        assert page.output(1).locator("form").count() == 0
        page.page.screenshot(path=SCREENSHOTS / "lab-reopened.png")
        page.close()

"""Tab in JupyterLab, in a real Chromium: options and NAMEs appear, and are put in their place."""

from __future__ import annotations

import pytest

from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.journal import Journal
from support.jupyterlab import Lab
from support.notebook_page import NotebookPage, write_notebook

LIST = ".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item"
TYPE = ".jp-Completer-typeExtended"


@pytest.fixture(scope="module")
def notebook(browser, tmp_path_factory):
    """A notebook with the magics loaded, and a journal of two songs, a sample and stems."""
    home = tmp_path_factory.mktemp("home")
    journal = Journal(home)
    for noun, name, kinds in (
        ("song", "night_drive", (None, None)),
        ("sample", "nine_bells", ()),
        ("stems", "parts", ("vocals", "drums", "bass", "other")),
    ):
        fields = {"lyrics": "la", "prompt": "x", "source": "https://a.example/b.flac"}
        known = {field.name for field in find_route(noun).fields}
        request = new_request(find_route(noun), {n: v for n, v in fields.items() if n in known})
        journal.record(request, service="sandbox", name=name, tags=["slow jazz", "demo"])
        if kinds:
            journal.accepted(request.key, "op_" + request.key[:8])
            journal.ready(
                request.key, [OutputLink("https://a.example", None, 92, k) for k in kinds]
            )
    journal.close()
    folder = tmp_path_factory.mktemp("notebooks")
    write_notebook(folder / "tab.ipynb", "%load_ext soundpiece_nb", "")
    environment = {"SOUNDPIECE_HOME": str(home)}
    with Lab(folder, tmp_path_factory.mktemp("mine"), environment) as lab:
        page = NotebookPage(browser, lab, "tab.ipynb")
        page.run_to_end(0)
        yield page
        page.close()


def write(notebook, text):
    """Type a text into the second cell, in place of its content."""
    notebook.cell(1).locator(".cm-content").click()
    keyboard = notebook.page.keyboard
    keyboard.press("Escape")
    keyboard.press("Enter")
    keyboard.press("Control+a")
    keyboard.press("Delete")
    keyboard.type(text)


def written(notebook):
    lines = notebook.cell(1).locator(".cm-line")
    return [lines.nth(number).inner_text().rstrip("\n") for number in range(lines.count())]


def wait_for(notebook, *lines):
    """Wait until this is the content of the cell."""
    for _ in range(100):
        if written(notebook) == list(lines):
            return
        notebook.page.wait_for_timeout(100)
    assert written(notebook) == list(lines)


def tab(notebook):
    notebook.page.keyboard.press("Tab")


def listed(notebook):
    """Return what the list shows: each word, and what is said of it."""
    notebook.page.locator(LIST).first.wait_for(timeout=30_000)
    pairs = [
        [item.locator(part).inner_text() for part in (".jp-Completer-match", TYPE)]
        for item in notebook.page.locator(LIST).all()
    ]
    # JupyterLab adds words of the cell, of which nothing is said
    return [(word, about.replace("\N{NO-BREAK SPACE}", " ")) for word, about in pairs if about]


def choose(notebook, word):
    """Take an entry of the list as one does with the keyboard."""
    notebook.page.locator(LIST).first.wait_for(timeout=30_000)
    chosen = notebook.page.locator(f"{LIST}.jp-mod-active .jp-Completer-match")
    for _ in range(notebook.page.locator(LIST).count()):
        if chosen.inner_text() == word:
            break
        notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("Enter")


def test_a_name_appears_and_is_inserted(notebook, screenshots):
    write(notebook, "%%soundpiece_stems --source ni")
    tab(notebook)
    shown = listed(notebook)
    notebook.page.screenshot(path=screenshots / "9-completion-names.png")
    assert shown == [("night_drive", "song, ready"), ("nine_bells", "sample, submitting")]
    choose(notebook, "night_drive")
    wait_for(notebook, "%%soundpiece_stems --source night_drive")


def test_an_option_appears_and_is_inserted(notebook):
    write(notebook, "%%soundpiece_stems --so")
    tab(notebook)
    assert listed(notebook) == [("--source", "link")]
    choose(notebook, "--source")
    wait_for(notebook, "%%soundpiece_stems --source")


def test_nothing_typed_lists_what_was_made_last_first_and_on_one_line_each(notebook, screenshots):
    write(notebook, "%soundpiece_show ")
    tab(notebook)
    assert [word for word, _ in listed(notebook)[:3]] == ["parts", "nine_bells", "night_drive"]
    notebook.page.screenshot(path=screenshots / "10-completion-history.png")
    heights = [item.bounding_box()["height"] for item in notebook.page.locator(TYPE).all()]
    assert max(heights) == min(heights)
    notebook.page.keyboard.press("Escape")


def test_outputs_follow_a_colon_with_text_below_and_behind(notebook, screenshots):
    write(notebook, "%%soundpiece_song x  --wait\nla la night\nla parts")
    keyboard = notebook.page.keyboard
    keyboard.press("ArrowUp")
    keyboard.press("ArrowUp")
    keyboard.press("Home")
    for _ in "%%soundpiece_song x ":
        keyboard.press("ArrowRight")
    keyboard.type("-r parts:")
    tab(notebook)
    kinds = ("vocals", "drums", "bass", "other")
    assert {word for word, _ in listed(notebook)} == {f"parts:{kind}" for kind in kinds}
    notebook.page.screenshot(path=screenshots / "11-completion-outputs.png")
    keyboard.type("vo")
    choose(notebook, "parts:vocals")
    wait_for(notebook, "%%soundpiece_song x -r parts:vocals --wait", "la la night", "la parts")


def test_a_tag_is_put_into_the_quotes_it_needs(notebook):
    write(notebook, "%soundpiece_history --tag slo")
    tab(notebook)
    choose(notebook, '"slow jazz"')
    wait_for(notebook, '%soundpiece_history --tag "slow jazz"')

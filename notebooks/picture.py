"""`make picture`: takes the README's pictures from a real JupyterLab.

`finished-cell.png` is a song in its cell, `board.png` a sweep that was judged, `lab.png` the form
beside what it made. All sound is the sandbox's.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parent
sys.path.insert(0, str(NOTEBOOKS.parent / "tests"))

import nbformat
from PIL import Image
from playwright.sync_api import Browser, Locator, sync_playwright

from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox
from support.jupyterlab import CHROMIUM_FLAGS, Lab, chromium
from support.notebook_page import NotebookPage, write_notebook

SWEEP = """\
%%soundpiece_sample grooves --sweep mood=calm,wild --sweep style=jazz,techno --duration 12
{{mood}} {{style}}, 110 bpm"""
STARS = (5, 3, 4, 2)
NOTE = "love the bass"
EFFECTS = {"storm": "Heavy rain, distant thunder", "door": "A heavy door, slammed"}
COLOURS = 96
"""Of a picture: enough for text, waveforms and players, and a fraction of the file."""
LONGEST_WAIT = 120_000  # milliseconds


def take_song(browser: Browser, lab: Lab) -> None:
    """Photograph the quickstart's first song, cell and all."""
    quickstart = nbformat.read(NOTEBOOKS / "quickstart.ipynb", as_version=4)
    sources = [cell.source for cell in quickstart.cells if cell.cell_type == "code"]
    notebook = opened(browser, lab, "song", *sources[:3], width=900)
    notebook.output(2).locator("audio").first.wait_for(timeout=LONGEST_WAIT)
    photograph(notebook, notebook.cell(2), "finished-cell")


def take_board(browser: Browser, lab: Lab) -> None:
    """Photograph a sweep of four, measured and judged."""
    notebook = opened(browser, lab, "board", *START, SWEEP, width=960)
    board = notebook.output(2)
    board.get_by_text("LUFS").nth(len(STARS) - 1).wait_for(timeout=LONGEST_WAIT)
    for number, stars in enumerate(STARS):
        board.get_by_role("radio", name="1 star", exact=True).nth(number).focus()
        notebook.page.keyboard.press(str(stars))
        notebook.page.wait_for_timeout(1_000)  # the board is drawn again meanwhile
    board.get_by_role("textbox").first.fill(NOTE)
    notebook.page.keyboard.press("Enter")
    photograph(notebook, board.locator(".jp-OutputArea-output").last, "board")


def take_lab(browser: Browser, lab: Lab) -> None:
    """Photograph the lab with effects that its form has made."""
    notebook = opened(browser, lab, "lab", *START, "%soundpiece_lab", width=1000)
    output = notebook.output(2)
    output.get_by_label("Make a").select_option("create.new_fx")
    output.get_by_label("Duration").fill("6")
    for number, (name, prompt) in enumerate(EFFECTS.items()):
        output.get_by_label("Prompt").fill(prompt)
        output.get_by_label("NAME").fill(name)
        output.get_by_role("button", name="Make it").click()
        output.locator("audio").nth(number).wait_for(timeout=LONGEST_WAIT)
    photograph(notebook, output.locator(".jp-OutputArea-output").last, "lab")


START = ("%load_ext soundpiece_nb", "%soundpiece_sandbox start --if-no-key")


def opened(browser: Browser, lab: Lab, name: str, *cells: str, width: int) -> NotebookPage:
    """Open a new notebook of these cells, `width` pixels wide, and run them."""
    write_notebook(lab.folder / f"{name}.ipynb", *cells)
    notebook = NotebookPage(browser, lab, f"{name}.ipynb", width=width)
    for number in range(len(cells)):
        notebook.run_to_end(number)
    return notebook


def photograph(notebook: NotebookPage, part: Locator, name: str) -> None:
    """Write a part of a page as a small PNG beside the notebooks."""
    notebook.cell(0).locator(".jp-InputPrompt").click()
    notebook.page.mouse.move(5, 1400)
    notebook.page.wait_for_timeout(1_500)  # what was done last is drawn
    taken = Image.open(io.BytesIO(part.screenshot()))
    small = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(NOTEBOOKS / f"{name}.png", optimize=True)
    notebook.close()


def main() -> None:
    """Take all pictures in one JupyterLab over one sandbox."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home, data = Path(folder) / "home", Path(folder) / "data"
        data.mkdir()
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        with Lab(Path(folder) / "notebooks", data, {"SOUNDPIECE_HOME": str(home)}) as lab:
            for take in (take_song, take_board, take_lab):
                take(browser, lab)
        browser.close()
        EmbeddedSandbox(home).stop()


if __name__ == "__main__":
    main()

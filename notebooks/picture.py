"""`make picture`: takes the README's picture of a finished cell from a real JupyterLab."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import nbformat
from playwright.sync_api import sync_playwright

from browser.lab import CHROMIUM_FLAGS, Lab, chromium
from browser.notebook_page import NotebookPage, write_notebook


def main() -> None:
    """Run the quickstart's first song and photograph its cell."""
    quickstart = nbformat.read(ROOT / "notebooks" / "quickstart.ipynb", as_version=4)
    sources = [cell.source for cell in quickstart.cells if cell.cell_type == "code"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder) / "home"
        notebooks, data = Path(folder) / "notebooks", Path(folder) / "data"
        notebooks.mkdir()
        data.mkdir()
        write_notebook(notebooks / "song.ipynb", *sources[:3])
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_FLAGS))
        with Lab(notebooks, data, {"SOUNDPIECE_HOME": str(home)}) as lab:
            notebook = NotebookPage(browser, lab, "song.ipynb", width=900)
            for number in range(3):
                notebook.run_to_end(number)
            notebook.output(2).locator("audio").first.wait_for(timeout=120_000)
            notebook.page.locator(".jp-Notebook .jp-Cell").first.locator(".jp-InputPrompt").click()
            notebook.page.mouse.move(5, 1400)
            notebook.page.wait_for_timeout(500)
            notebook.cell(2).screenshot(path=ROOT / "notebooks" / "finished-cell.png")
        browser.close()
        from soundpiece_nb.engine.local_sandbox import LocalSandbox

        LocalSandbox(home).stop()


if __name__ == "__main__":
    main()

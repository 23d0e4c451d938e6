"""A notebook open in JupyterLab, as a person uses it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Locator, Page

from support.jupyterlab import Lab


def write_notebook(path: Path, *cells: str) -> Path:
    """Write a notebook of code cells."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, path)
    return path


_TRIES = 5


class NotebookPage:
    """One notebook in one browser page."""

    def __init__(self, browser: Browser, lab: Lab, notebook: str, *, width: int = 1100) -> None:
        self.page: Page = browser.new_page(viewport={"width": width, "height": 1500})
        self.page.goto(lab.url(notebook))
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.wait_for_status("Idle")

    def wait_for_status(self, pattern: str) -> None:
        """Wait until the kernel's status is one of these words."""
        self.page.wait_for_function(
            "p => new RegExp('Kernel status: (' + p + ')').test(document.body.textContent)",
            arg=pattern,
            polling=100,  # milliseconds; by default it would read the whole page at each frame
            timeout=60_000,
        )

    def cell(self, number: int) -> Locator:
        """Return a cell, counted from 0."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(number)

    def output(self, number: int) -> Locator:
        """Return a cell's output area."""
        return self.cell(number).locator(".jp-Cell-outputArea")

    def run(self, number: int) -> None:
        """Run a cell as a person does, without waiting for it."""
        prompt = self.cell(number).locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for _ in range(_TRIES):  # a notebook that has only just opened may not take the key
            self._answer_dialog()
            prompt.click()
            self.page.keyboard.press("Control+Enter")
            for _ in range(20):
                if prompt.inner_text() != before:
                    return
                self.page.wait_for_timeout(50)
        raise AssertionError(f"cell {number} does not run")

    def _answer_dialog(self) -> None:
        """Agree to what a slow machine makes JupyterLab ask, before it covers a cell."""
        dialog = self.page.locator(".jp-Dialog button.jp-mod-accept")
        if dialog.count():
            dialog.first.click()

    def run_to_end(self, number: int) -> None:
        """Run a cell and wait until it has its number; again if a starting kernel dropped it."""
        for _ in range(_TRIES):
            self.run(number)
            for _ in range(100):
                prompt = self.cell(number).locator(".jp-InputPrompt").inner_text()
                if re.fullmatch(r"\[\d+\]:", prompt):
                    return
                if prompt == "[ ]:":
                    break
                self.page.wait_for_timeout(50)
        raise AssertionError(f"cell {number} does not end")

    def save(self, file: Path) -> str:
        """Save, and return the file's text once it has changed and is whole."""
        before = file.stat().st_mtime_ns
        self.page.keyboard.press("Control+s")
        for _ in range(100):
            self.page.wait_for_timeout(100)
            if file.stat().st_mtime_ns != before:
                text = file.read_text()
                with suppress(json.JSONDecodeError):  # it is being written
                    json.loads(text)
                    return text
        raise AssertionError("the notebook is not saved")

    def restart_kernel(self) -> None:
        """Restart the kernel as a person does, by 0 0."""
        self.cell(0).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("0")
        self.page.keyboard.press("0")
        self.page.locator(".jp-Dialog button.jp-mod-accept").click()
        self.page.locator(".jp-Dialog").wait_for(state="detached")

    def choose_the_dark_theme(self) -> None:
        """Choose it by the menus."""
        self.page.get_by_role("menuitem", name="Settings", exact=True).click()
        for name in ("Theme", "JupyterLab Dark"):
            self.page.locator(".lm-Menu").get_by_text(name, exact=True).click()
        self.page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
        self.page.wait_for_timeout(300)

    def close(self) -> None:
        self.page.close()


PLAY = """async audio => {
  const until = async (what, seconds) => {
    const end = performance.now() + seconds * 1000;
    while (!what()) {
      if (performance.now() > end) throw new Error(what + ' ' + audio.error?.message);
      await new Promise(r => setTimeout(r, 30));
    }
  };
  audio.muted = true;
  audio.play().catch(() => {});  // where an output is drawn again meanwhile, it goes on elsewhere
  await until(() => audio.currentTime > 0.3, 10);
  const target = audio.duration * 0.6;
  audio.currentTime = target;
  await until(() => !audio.seeking && audio.currentTime > target + 0.2, 10);
  audio.pause();
  return audio.duration;
}"""


def play(audio: Locator) -> float:
    """Play a player, seek in it, and return its duration; raises where either does not work."""
    return float(audio.evaluate(PLAY))

"""Scripts as an operation's words, in every output, live and reopened: shown, and never run."""

from __future__ import annotations

import json

import pytest

from support.hostile_texts import BRACES, SCRIPTS
from support.jupyterlab import Lab
from support.notebook_page import NotebookPage, write_notebook
from support.services import Reply, ScriptedService, as_json, tone

EVIL = " ".join((*SCRIPTS, BRACES[1]))
CELLS = (
    f"%load_ext soundpiece_nb\nevil = {EVIL!r}\nshapes = {list(SCRIPTS)!r}",
    "%%soundpiece_song made --prompt {{evil}} --tag {{evil}} --note {{evil}}\n{{evil}}",
    "%%soundpiece_song lost --prompt fail --tag {{evil}}\n{{evil}}",
    "%%soundpiece_fx hits --sweep größe={{shapes}} --note {{evil}}\n{{größe}}",
    "made.outputs[0].rate(4, evil)\n%soundpiece_history",
    "%soundpiece_compare made lost",
    "%soundpiece_lab",
)
CARD, LOST, BOARD, HISTORY, COMPARISON, LAB = range(1, len(CELLS))
CARELESS = "from IPython.display import HTML\nHTML(shapes[1])"
"""An output that escapes nothing, to check that the test would notice."""


def answer(heard, _):
    """End every operation as soon as it is asked for, in words of the same kind."""
    if heard.method == "GET":
        return Reply(body=tone())
    ended = {"id": json.loads(heard.body)["idempotency_key"], EVIL: EVIL}
    if json.loads(heard.body)["prompt"] == "fail":
        ended |= {"status": "failed", "error": {"code": SCRIPTS[1], "message": EVIL}}
    else:
        address = f"http://{heard.headers['Host']}/take"
        ended |= {"status": "ready", "outputs": [{"url": address, "kind": SCRIPTS[1]}]}
    return as_json({EVIL: EVIL, "song": ended})


@pytest.fixture(scope="module")
def service():
    started = ScriptedService(answer)
    yield started
    started.close()


class Watched:
    """A notebook page, with all that scripts of others could do on it."""

    def __init__(self, notebook: NotebookPage) -> None:
        self.done: list[str] = []
        page = notebook.page
        page.on("dialog", lambda dialog: (self.done.append("a dialog"), dialog.dismiss()))
        page.on("pageerror", lambda error: self.done.append(f"an error: {error}"))
        page.on("console", lambda said: self._hear(said.type, said.text))
        page.on("request", lambda asked: self._hear_request(asked.url))
        self._page = page

    def _hear(self, kind: str, words: str) -> None:
        if kind == "error" and "__ran" in words:
            self.done.append(f"in the console: {words}")

    def _hear_request(self, address: str) -> None:
        if address.endswith("/x"):
            self.done.append(f"asked for {address}")

    def look(self) -> list[object]:
        """Return what was done, and what is on the page that could do something yet."""
        live = "img[src='x'], [onerror], [onload], [onfocus], [href^='javascript:'], svg[onload]"
        return [
            *self.done,
            *filter(None, [self._page.evaluate("window.__ran")]),
            *self._page.locator(".jp-OutputArea").locator(live).all_inner_texts(),
        ]


@pytest.fixture(scope="module")
def seen(tmp_path_factory, service, browser):
    """The text on the page and what ran: with a kernel, and when the saved notebook is reopened."""
    folder = tmp_path_factory.mktemp("notebooks")
    path = write_notebook(folder / "hostile.ipynb", *CELLS, CARELESS)
    environment = {
        "SOUNDPIECE_HOME": str(tmp_path_factory.mktemp("home")),
        "SOUNDPIECE_BASE_URL": service.base_url,
        "SOUNDPIECE_API_KEY": "spk_marked_0123456789",
    }
    with Lab(folder, tmp_path_factory.mktemp("mine"), environment) as lab:
        notebook = NotebookPage(browser, lab, "hostile.ipynb", width=1280)
        watched = Watched(notebook)
        notebook.run_to_end(0)
        for number in (CARD, LOST):
            notebook.run(number)
        notebook.output(CARD).locator("audio").wait_for(timeout=20_000)
        notebook.output(LOST).get_by_text("Nothing was made").wait_for(timeout=20_000)
        notebook.run_to_end(BOARD)
        notebook.output(BOARD).locator("audio").nth(len(SCRIPTS) - 1).wait_for(timeout=20_000)
        for number in (HISTORY, COMPARISON, LAB):
            notebook.run_to_end(number)
        notebook.output(COMPARISON).locator("audio").wait_for(timeout=20_000)
        _make_in_the_lab(notebook)
        tools = notebook.output(BOARD).locator(".soundpiece-tools select")
        tools.wait_for(timeout=10_000)
        live = {"texts": _texts(notebook), "done": watched.look(), "tools": tools.count()}
        live["note"] = notebook.output(CARD).get_by_label("Note on").first.input_value()
        notebook.save(path)
        notebook.run_to_end(len(CELLS))
        notebook.page.wait_for_function("window.__ran")
        careless = watched.look()
        lab.stop_kernels()
        notebook.close()
        again = NotebookPage(browser, lab, "hostile.ipynb", width=1280)
        watched = Watched(again)
        again.output(BOARD).locator("audio").nth(len(SCRIPTS) - 1).wait_for(timeout=20_000)
        reopened = {"texts": _texts(again), "done": watched.look()}
        again.close()
    return {"live": live, "reopened": reopened, "careless": careless}


def _make_in_the_lab(notebook) -> None:
    form = notebook.output(LAB).locator("form")
    form.get_by_label("Make a").select_option(label="Fx")
    form.get_by_label("Prompt").fill(EVIL)
    form.get_by_role("button", name="Copy as cell").click()
    form.get_by_label("The cell that makes this").wait_for(timeout=10_000)
    form.get_by_role("button", name="Make it").click()
    notebook.output(LAB).locator("audio").wait_for(timeout=20_000)


def _texts(notebook) -> dict[int, str]:
    """Open all that is folded, and return the text of every output."""
    notebook.page.evaluate(
        "document.querySelectorAll('.jp-OutputArea details').forEach(d => (d.open = true))"
    )
    return {number: notebook.output(number).text_content() for number in range(1, len(CELLS))}


@pytest.mark.parametrize("when", ["live", "reopened"])
def test_none_of_it_runs_or_is_asked_for(seen, when):
    assert seen[when]["done"] == []


@pytest.mark.parametrize("when", ["live", "reopened"])
@pytest.mark.parametrize("number", range(1, len(CELLS)))
def test_every_word_of_it_is_seen(seen, when, number):
    for words in SCRIPTS:
        assert words in seen[when]["texts"][number]


def test_had_any_of_it_run_it_would_have_been_noticed(seen):
    assert len(seen["careless"]) >= 3


def test_what_needs_a_kernel_works_with_such_words_too(seen):
    assert seen["live"]["tools"] == 1
    assert seen["live"]["note"] == EVIL

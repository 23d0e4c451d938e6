"""The buttons beside what was never sent, in a real page with the real script and journal."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator

from soundpiece_nb.display.batch_card import BatchCard
from soundpiece_nb.display.finished_output import FinishedOutput
from soundpiece_nb.display.page_script import PageScript, script
from soundpiece_nb.display.sound_source import place_of
from soundpiece_nb.display.sweep_board import Board
from soundpiece_nb.magics.targets import find_target
from soundpiece_nb.operations.current_session import current
from support.accessibility import violations
from support.left_behind import leave_behind, states_in
from support.services import quiet_environment

KEY = "spk_tests_only_0123456789"
PAGE = """<html lang=en><title>Notebook</title><body style="margin:0 8px">
<div class="jp-OutputArea-output"></div>"""
START = """async script => {
  const companion = await import('data:text/javascript,' + encodeURIComponent(script));
  const heard = {};
  window.answer = message => heard['msg:custom'](message);
  companion.default.initialize({ model: {
    send: message => window.ask(message), on: (event, hear) => (heard[event] = hear) } });
}"""
DRAW = "html => { document.querySelector('.jp-OutputArea-output').innerHTML = html; }"


class Shown:
    """An output in a page, which hears the page's messages and is drawn again there."""

    def __init__(self, browser: Browser, word: str) -> None:
        session = current()
        target, place = find_target(word, {}, session), place_of(session)
        kinds = {"Sweep": lambda: Board(target, place), "Batch": lambda: BatchCard(target, place)}
        single = lambda: FinishedOutput(target.key, session, place)  # noqa: E731
        self.output = kinds.get(type(target).__name__, single)()
        self.output.handle = self
        self.script = PageScript(session)
        self.script._find = {self.output.id: self.output}.get
        self.asked: list[dict[str, Any]] = []
        self.page = browser.new_page(viewport={"width": 900, "height": 700})
        self.page.expose_function("ask", self._hear)
        self.page.route("**/*", lambda route: route.fulfill(content_type="text/html", body=PAGE))
        self.page.goto("https://jupyter.invalid")
        self.page.evaluate(START, script())
        self.update(self.output.draw())

    def _hear(self, message: dict[str, Any]) -> None:
        self.asked.append(message)

    def update(self, drawn: Any) -> None:
        """Draw it, as IPython's display handle does."""
        self.page.evaluate(DRAW, drawn.html)

    def settle(self) -> None:
        """Answer what was asked until nothing more is."""
        for _ in range(8):
            self.page.wait_for_timeout(40)
            while self.asked:
                message, sent = self.asked.pop(0), []
                self.script._send = sent.append
                self.script._hear(None, message, [])
                for answer in sent:
                    self.page.evaluate("message => window.answer(message)", answer)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    @property
    def said(self) -> str:
        return self.page.get_by_role("status").inner_text()


@pytest.fixture(scope="module")
def left(tmp_path_factory, sandbox):
    home = tmp_path_factory.mktemp("left") / "home"
    leave_behind(
        quiet_environment(home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=KEY)
    )
    return home


@pytest.fixture
def home_left(left, connected):
    shutil.copytree(left, connected)
    return connected


@pytest.fixture
def show(browser, home_left) -> Iterator[Any]:
    opened: list[Shown] = []

    def open_page(word: str) -> Shown:
        opened.append(Shown(browser, word))
        opened[-1].settle()
        return opened[-1]

    yield open_page
    for each in opened:
        each.page.close()


def sent_to(sandbox) -> int:
    return sandbox.counters()["requests"].get("PUT create.new_fx", 0)


def test_one_is_dropped_by_a_press(show, home_left, sandbox):
    before, shown = sent_to(sandbox), show("calm")
    assert shown.button("Send").is_visible()
    shown.button("Discard").focus()
    shown.page.keyboard.press("Enter")
    shown.settle()
    assert states_in(home_left)["calm"] == ["discarded"]
    assert shown.said == "1 operation discarded. It was never made, and nothing was charged."
    assert shown.page.get_by_role("button").count() == 0
    assert "discarded" in shown.page.inner_text(".jp-OutputArea-output")
    assert sent_to(sandbox) == before


@pytest.mark.parametrize("word", ["ways", "rows"])
def test_several_are_dropped_by_a_second_press_alone(show, home_left, word):
    shown, before = show(word), states_in(home_left)[word]
    drop = shown.button("Discard 2")
    drop.dblclick()
    shown.settle()
    assert "Press it again to drop them; Escape keeps them." in shown.said
    shown.page.keyboard.press("Escape")
    assert (drop.inner_text(), shown.said) == ("Discard 2", "")
    for _ in range(12):  # a key that is held
        shown.page.keyboard.down("Enter")
        shown.page.wait_for_timeout(60)
    shown.page.keyboard.up("Enter")
    shown.settle()
    assert states_in(home_left)[word] == before
    shown.page.keyboard.press("Enter")
    shown.settle()
    assert states_in(home_left)[word] == ["discarded", "discarded", before[2]]
    assert shown.said.startswith("2 operations discarded.")
    assert not shown.button("Discard").count()


@pytest.mark.parametrize(("word", "number"), [("calm", 1), ("ways", 2)])
def test_a_button_that_says_so_sends(show, sandbox, word, number):
    before, shown = sent_to(sandbox), show(word)
    shown.button("Send 2" if number > 1 else "Send").click()
    shown.settle()
    assert f"{number} operation{'s' * (number > 1)} sent." in shown.said
    for key in shown.output.keys:
        if (run := current().engine.run(key)) is not None:
            run.ended.result(30)
    assert sent_to(sandbox) == before + number
    shown.output.redraw()
    shown.settle()
    assert not shown.page.get_by_role("button", name="Send").count()


def test_what_is_refused_is_said_in_place(show, home_left, monkeypatch):
    shown = show("calm")
    monkeypatch.delenv("SOUNDPIECE_API_KEY")
    shown.button("Send").click()
    shown.settle()
    assert "API key" in shown.said
    assert states_in(home_left)["calm"] == ["unsent"]
    assert shown.button("Send").is_enabled()


@pytest.mark.parametrize("word", ["calm", "ways", "rows"])
def test_it_is_there_for_everybody(show, screenshots, word):
    shown = show(word)
    assert violations(shown.page) == []
    shown.page.screenshot(path=screenshots / f"unsent-{word}.png")
    shown.page.set_viewport_size({"width": 400, "height": 700})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 400
    shown.page.screenshot(path=screenshots / f"unsent-{word}-400.png")
    box = shown.page.get_by_role("button").first.bounding_box()
    assert box["height"] >= 24


def test_without_a_kernel_there_are_no_buttons_and_the_words_name_the_commands(show):
    shown = show("ways")
    drawn = shown.output.draw()
    assert "<script" not in drawn.html
    assert "<button" not in drawn.html
    for words in (drawn.html, drawn.text):
        assert "never sent" in words
        assert "%soundpiece_resume" in words
        assert "%soundpiece_discard" in words

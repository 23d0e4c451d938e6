"""An output that is drawn again gets new nodes; a person who listens must not notice."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import soundfile
from playwright.sync_api import Browser, Page, Route

from soundpiece_nb.display.page_script import script

ADDRESS = "https://jupyter.invalid"
KEYS = ("3b0c2f3e-0000-4000-8000-000000000001", "3b0c2f3e-0000-4000-8000-000000000002")

START = """async script => {
  const companion = await import('data:text/javascript,' + encodeURIComponent(script));
  companion.default.initialize({ model: { send() {}, on() {} } });
}"""
DRAW = """keys => {
  const take = key => `<div class="soundpiece-take soundpiece-at-${key}-1">
    <span class="soundpiece-judgement"></span><audio controls preload=none src=/${key}.wav></div>`;
  document.querySelector("main").innerHTML = keys.map(take).join("");
}"""


def a_tone() -> bytes:
    file = io.BytesIO()
    seconds = np.arange(0, 4, 1 / 8000)
    soundfile.write(file, 0.1 * np.sin(880 * seconds), 8000, format="WAV")
    return file.getvalue()


class Listening:
    """A page with two takes, whose files arrive when they are let through."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._held: list[Route] = []
        self._tone = a_tone()
        page.route(f"{ADDRESS}/**", self._answer)
        page.goto(ADDRESS)
        page.evaluate(START, script())
        self.draw()

    def _answer(self, route: Route) -> None:
        if route.request.url.endswith(".wav"):
            self._held.append(route)
        else:
            route.fulfill(content_type="text/html", body="<main></main>")

    def let_through(self) -> None:
        while self._held:
            self._held.pop().fulfill(content_type="audio/wav", body=self._tone)

    def draw(self) -> None:
        """Draw the output, or draw it again as a kernel does: with new nodes."""
        self.page.evaluate(DRAW, list(KEYS))

    def click_play(self, number: int) -> None:
        self.page.evaluate(
            "n => { document.querySelectorAll('audio')[n].play().catch(() => {}) }", number
        )

    def playing(self) -> list[bool]:
        players: list[bool] = self.page.evaluate(
            "[...document.querySelectorAll('audio')].map(a => !a.paused && a.currentTime > 0)"
        )
        return players

    def wait_until_playing(self, *wanted: bool) -> None:
        for _ in range(100):
            self.let_through()
            if self.playing() == list(wanted):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(self.playing())

    def position(self, number: int) -> float:
        return float(
            self.page.evaluate("n => document.querySelectorAll('audio')[n].currentTime", number)
        )


@pytest.fixture
def listening(browser: Browser) -> Iterator[Any]:
    page = browser.new_page()
    yield Listening(page)
    page.close()


def test_what_sounds_goes_on_where_it_was(listening):
    listening.click_play(1)
    listening.wait_until_playing(False, True)
    listening.page.wait_for_timeout(300)
    before = listening.position(1)
    listening.draw()
    listening.wait_until_playing(False, True)
    assert listening.position(1) >= before


def test_what_was_started_and_does_not_sound_yet_sounds(listening):
    listening.click_play(0)
    listening.page.wait_for_timeout(100)
    listening.draw()
    listening.wait_until_playing(True, False)


def test_a_click_in_the_very_moment_is_not_lost(listening):
    listening.page.evaluate(
        f"""keys => {{
          document.querySelector("audio").play().catch(() => {{}});
          ({DRAW})(keys);
        }}""",
        list(KEYS),
    )
    listening.wait_until_playing(True, False)


def test_a_player_that_is_paused_midway_stays_there(listening):
    listening.click_play(0)
    listening.wait_until_playing(True, False)
    listening.page.evaluate("document.querySelector('audio').pause()")
    before = listening.position(0)
    listening.draw()
    listening.page.wait_for_timeout(300)
    assert listening.playing() == [False, False]
    assert listening.position(0) == before


def test_what_was_not_begun_is_silent(listening):
    listening.draw()
    listening.page.wait_for_timeout(300)
    assert listening.playing() == [False, False]
    assert listening.position(0) == 0


def test_one_take_sounds_at_a_time(listening):
    listening.click_play(0)
    listening.wait_until_playing(True, False)
    listening.click_play(1)
    listening.wait_until_playing(False, True)

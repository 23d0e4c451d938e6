"""The page: which outputs it redraws, when, and when it rests."""

from __future__ import annotations

import threading
import time

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.audio.verification import Take
from soundpiece_nb.display.batch_card import BatchCard
from soundpiece_nb.display.front_end import FrontEnd
from soundpiece_nb.display.history_table import HistoryTable
from soundpiece_nb.display.live_output import LiveOutput, Rendering
from soundpiece_nb.display.redrawing import LATEST_SECONDS, MOST_OUTPUTS, QUIET_SECONDS, Page
from soundpiece_nb.display.sound_source import place_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.current_session import current
from support.held_service import HeldService, eventually
from support.recorded_operations import record

KEY, OTHER = "550e8400-e29b-41d4-a716-446655440000", "00000000-0000-4000-8000-000000000000"
SETTLED = QUIET_SECONDS + 0.4
"""Seconds after which what has changed is drawn, and nothing more is due."""


class Handle:
    """A display handle that keeps what it is given, and when."""

    def __init__(self):
        self.drawn, self.times = [], []

    def update(self, rendering):
        self.drawn.append(rendering)
        self.times.append(time.monotonic())


class Output(LiveOutput):
    """An output whose drawing a test can hold, watch and let fail."""

    def __init__(self, *keys, identity=None):
        super().__init__(current(), keys, identity)
        self.handle = Handle()
        self.began, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()
        self.fails = False
        self.ongoing = False
        self.finished = 0

    def draw(self):
        self.began.set()
        assert self.may_end.wait(10)
        if self.fails:
            raise ValueError("cannot be drawn")
        return Rendering("<b>it</b>", "it")

    def goes_on(self):
        return self.ongoing

    def finish(self):
        self.finished += 1
        return False

    @property
    def times(self):
        return len(self.handle.times)


@pytest.fixture
def page(home):
    """A page of a session of its own, before a person."""
    page = Page(current(), where=lambda: FrontEnd.NOTEBOOK)
    yield page
    page.pause()


def keep(page, *outputs):
    for output in outputs:
        with page.keep(output):
            pass
    return outputs[0]


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "soundpiece-page"]


# ------------------------------------------------------------------ which, and how often


def test_a_change_redraws_only_what_shows_that_key(page):
    one, both, none = Output(KEY), Output(OTHER, KEY), Output(OTHER)
    keep(page, one, both, none)
    current().changed.tell(KEY)
    eventually(lambda: one.times and both.times)
    time.sleep(SETTLED)
    assert [output.times for output in (one, both, none)] == [1, 1, 0]


def test_what_was_replaced_under_its_id_is_not_redrawn(page):
    before, now = Output(KEY, identity="same"), Output(KEY, identity="same")
    keep(page, before, now)
    current().changed.tell(KEY)
    time.sleep(SETTLED)
    assert (before.times, now.times) == (0, 1)
    assert page.find("same") is now


def test_five_changes_within_a_quarter_of_a_second_are_one_redraw(page):
    output = keep(page, Output(KEY))
    for _ in range(5):
        current().changed.tell(KEY)
        time.sleep(0.05)
    time.sleep(SETTLED)
    assert output.times == 1


def test_constant_changes_still_redraw_about_once_a_second(page):
    output = keep(page, Output(KEY))
    until = time.monotonic() + 3.3 * LATEST_SECONDS
    while time.monotonic() < until:
        current().changed.tell(KEY)
        time.sleep(0.05)
    assert output.times in (2, 3)
    time.sleep(SETTLED)
    assert output.times in (3, 4)


def test_only_before_a_person_anything_is_kept(home):
    for where in (FrontEnd.HEADLESS, FrontEnd.TERMINAL, FrontEnd.SCRIPT):
        page = Page(current(), where=lambda where=where: where)
        output = keep(page, Output(KEY))
        current().changed.tell(KEY)
        assert page.find(output.id) is None
    assert not threads()


def test_in_a_terminal_an_output_is_shown_as_text(home, capsys):
    Page(current(), where=lambda: FrontEnd.TERMINAL).show(Output(KEY))
    assert capsys.readouterr().out == "it\n"


# ------------------------------------------------------------------ while something is drawn


def test_a_change_while_an_output_is_first_drawn_is_drawn_after_that(page):
    output = Output()  # as a history, it knows its keys only once it is drawn
    with page.keep(output):
        current().changed.tell(KEY)
        current().changed.tell(OTHER)
        time.sleep(SETTLED)
        assert output.times == 0
        output.keys = (KEY,)
    time.sleep(SETTLED)
    assert output.times == 1


def test_what_cannot_be_drawn_at_first_is_not_kept(page):
    output = Output(KEY)
    with pytest.raises(ValueError, match="nothing there"), page.keep(output):
        raise ValueError("nothing there")
    assert page.find(output.id) is None
    assert not threads()


def test_a_change_while_it_is_redrawn_is_drawn_once_more_and_not_beside_it(page):
    output = keep(page, Output(KEY))
    output.may_end.clear()
    current().changed.tell(KEY)
    assert output.began.wait(5)
    used = time.process_time()
    for _ in range(3):
        current().changed.tell(KEY)
        time.sleep(SETTLED)
    assert output.times == 0
    assert time.process_time() - used < SETTLED, "it waits without looking all the time"
    output.may_end.set()
    time.sleep(SETTLED + 0.2)
    assert output.times == 2


def test_two_threads_that_draw_an_output_follow_each_other(page):
    output = keep(page, Output(KEY))
    output.may_end.clear()
    current().changed.tell(KEY)
    assert output.began.wait(5)
    output.began.clear()
    arranging = threading.Thread(target=output.redraw)
    arranging.start()
    assert not output.began.wait(0.3)
    output.may_end.set()
    arranging.join(5)
    assert output.times == 2


@pytest.mark.parametrize("quick", [False, True])
def test_an_output_that_cannot_be_drawn_stops_neither_others_nor_its_next_drawing(page, quick):
    broken, sound = Output(KEY), Output(KEY)
    broken.quick = sound.quick = quick
    keep(page, broken, sound)
    broken.fails = True
    current().changed.tell(KEY)
    time.sleep(SETTLED)
    assert (broken.times, sound.times) == (0, 1)
    broken.fails = False
    current().changed.tell(KEY)
    time.sleep(SETTLED)
    assert (broken.times, sound.times) == (1, 2)


def test_an_output_that_ends_while_it_is_drawn_has_its_last_work_done_all_the_same(page):
    output = Output(KEY)
    output.has_last_work = output.ongoing = True
    keep(page, output)
    output.may_end.clear()
    current().changed.tell(KEY)
    assert output.began.wait(5)
    output.ongoing = False
    current().changed.tell(OTHER)
    time.sleep(0.2)
    output.may_end.set()
    eventually(lambda: output.finished == 1)
    eventually(lambda: not threads())
    assert output.finished == 1


# ------------------------------------------------------------------ while something goes on


@pytest.fixture
def service(home, monkeypatch):
    started = HeldService()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", started.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield started
    started.close()


def test_the_card_of_a_batch_ticks_while_it_goes_on(service, page):
    batch = sp.batch([{"prompt": "Click", "duration": 1}], route="fx")
    card = BatchCard(batch, place_of(current()))
    card.handle = Handle()
    eventually(service.held)
    keep(page, card)
    time.sleep(3.5)
    assert 2 <= len(card.handle.drawn) <= 4
    service.done.set()
    batch.result(20)
    eventually(lambda: "done in" in card.handle.drawn[-1].text)
    eventually(lambda: not threads())


def test_no_thread_is_left_once_nothing_goes_on(page):
    output = Output(KEY)
    output.ongoing, output.tick_seconds = True, 0.1
    keep(page, output)
    eventually(lambda: output.times >= 3)
    assert len(threads()) == 1
    output.ongoing = False
    eventually(lambda: not threads())
    current().changed.tell(KEY)
    assert len(threads()) == 1
    eventually(lambda: not threads())


def test_with_too_many_outputs_the_oldest_that_has_ended_goes(page):
    ongoing, oldest, *others = (Output(KEY) for _ in range(MOST_OUTPUTS))
    ongoing.ongoing = True
    keep(page, ongoing, oldest, *others)
    newest = keep(page, Output(KEY))
    assert page.find(oldest.id) is None
    assert {page.find(each.id) for each in (ongoing, *others, newest)} == {ongoing, *others, newest}
    ongoing.ongoing = False


# ------------------------------------------------------------------ other processes


@pytest.fixture
def theirs(page):
    """The journal as another process has it open."""
    opened = Journal(current().home)
    yield opened
    opened.close()


def show_history(page):
    history = HistoryTable(current(), Filter(), place_of(current()))
    with page.keep(history):
        history.handle = Handle()
        history.handle.update(history.draw())
    return history


def test_what_another_process_changes_is_seen_within_three_seconds(page, theirs):
    key = record(theirs)
    history = show_history(page)
    assert "submitting" in history.handle.drawn[-1].text
    time.sleep(1.5)
    assert len(history.handle.drawn) == 1
    theirs.accepted(key, "op_1")
    eventually(lambda: "processing" in history.handle.drawn[-1].text, 3)
    theirs.failed(key, "internal", "It broke.")
    eventually(lambda: "failed" in history.handle.drawn[-1].text, 3)
    assert len(history.handle.drawn) == 3
    eventually(lambda: not threads())


def test_what_another_process_changes_before_the_first_look_is_seen_too(page, theirs):
    key = record(theirs)
    history = show_history(page)
    theirs.failed(key, "internal", "It broke.")
    eventually(lambda: "failed" in history.handle.drawn[-1].text, 3)
    eventually(lambda: not threads())


def test_a_file_that_another_process_downloads_is_seen(page, theirs):
    key = record(theirs)
    history = show_history(page)
    theirs.accepted(key, "op_1")
    theirs.ready(key, [OutputLink("https://cdn.example/secret", None, 3.0, None)])
    eventually(lambda: "ready" in history.handle.drawn[-1].text, 3)
    path = theirs.home / "audio" / key / "1.flac"
    theirs.stored(key, 1, Take(132_300, 44_100, 2, "00", 9, b"\1\1"), path)
    before = len(history.handle.drawn)
    eventually(lambda: len(history.handle.drawn) == before + 1, 3)
    eventually(lambda: not threads())


def test_a_page_of_a_history_that_is_turned_to_later_is_watched_too(page, theirs):
    theirs.failed(done := record(theirs, KEY), "internal", "It broke.")
    key = record(theirs, OTHER)
    history = HistoryTable(current(), Filter(limit=1, order="made"), place_of(current()))
    with page.keep(history):
        history.handle = Handle()
        history.handle.update(history.draw())
    assert history.keys == [done]
    eventually(lambda: not threads())
    history.answer({"do": "arrange", "page": 2})
    page.wake()  # as the page's script does after every answer
    theirs.failed(key, "internal", "It broke too.")
    eventually(lambda: "failed" in history.handle.drawn[-1].text, 3)


# ------------------------------------------------------------------ pausing


def test_a_page_that_is_paused_draws_nothing_until_it_goes_on(page):
    output, ticking = Output(KEY), Output(OTHER)
    ticking.ongoing, ticking.tick_seconds = True, 0.1
    keep(page, output, ticking)
    eventually(lambda: ticking.times >= 2)
    page.pause()
    assert not threads()
    ticked = ticking.times
    current().changed.tell(KEY)
    time.sleep(SETTLED)
    assert (output.times, ticking.times) == (0, ticked)
    page.go_on()
    eventually(lambda: output.times == 1 and ticking.times > ticked)
    ticking.ongoing = False
    eventually(lambda: not threads())


def test_a_drawing_that_a_pause_has_dropped_is_made_up_for(page):
    busy = [Output(KEY), Output(KEY)]
    dropped = Output(OTHER)
    keep(page, *busy, dropped)
    for output in busy:  # all threads for drawing are at work
        output.may_end.clear()
    current().changed.tell(KEY)
    assert all(output.began.wait(5) for output in busy)
    current().changed.tell(OTHER)
    time.sleep(SETTLED)
    page.pause()
    current().pause()
    for output in busy:
        output.may_end.set()
    time.sleep(0.2)
    assert dropped.times == 0
    page.go_on()
    eventually(lambda: dropped.times == 1)

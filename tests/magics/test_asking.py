"""A person is asked, once, before very many begin; where nobody can be asked, nobody is."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time

import pytest

from support.kernels import Ran, read_until
from support.services import quiet_environment


def answer(kernel, code, *answers, interrupt=False) -> tuple[Ran, list[str]]:
    """Run a cell, answer what it asks, and return what it showed and what it asked."""
    asked: list[str] = []
    ran = Ran("")

    def collect(message):
        if message["msg_type"] in ("stream", "display_data", "execute_result", "error"):
            ran.outputs.append({"type": message["msg_type"], **message["content"]})

    def speak(message):
        asked.append(message["content"]["prompt"])
        if interrupt:
            kernel.manager.interrupt_kernel()
        else:
            kernel.client.input(answers[len(asked) - 1])

    reply = kernel.client.execute_interactive(
        code, timeout=60, output_hook=collect, stdin_hook=speak, allow_stdin=True
    )
    ran.status = reply["content"]["status"]
    return ran, asked


@pytest.fixture(scope="module")
def counting(kernel):
    """The module's kernel, with a ceiling of three at once, and a count of what was made."""
    kernel.run("made = lambda: len(sp.history())\n%config SoundpieceMagics.most_at_once = 3")
    yield kernel
    kernel.run("%config SoundpieceMagics.most_at_once = None")


FOUR = "%soundpiece_fx ways --prompt rain -d 0.5 --repeat 4\nprint('went on')"


@pytest.mark.parametrize("word", ["", "n", "no", "yep", "1", "y y"])
def test_whatever_is_no_yes_is_a_no_and_the_cell_stops(counting, word):
    before = counting.value("made()")
    ran, asked = answer(counting, FOUR, word)
    assert asked == [
        "4 operations at once, and SoundpieceMagics.most_at_once is 3. Begin all the same? [y/N] "
    ]
    assert ran.status == "error"
    assert ran.errors == ["Mistake: You said no. Nothing was sent."]
    assert "went on" not in ran.text
    assert "ways" not in counting.value("list(globals())")
    assert counting.value("made()") == before


def test_an_interrupt_is_a_no(counting):
    before = counting.value("made()")
    ran, asked = answer(counting, FOUR, interrupt=True)
    assert len(asked) == 1
    assert ran.errors == ["Mistake: You said no. Nothing was sent."]
    assert counting.value("made()") == before


def test_a_yes_begins_all_and_is_asked_for_once(counting):
    before = counting.value("made()")
    ran, asked = answer(counting, FOUR, " Y ")
    assert len(asked) == 1
    assert ran.status == "ok", ran.text
    assert "went on" in ran.text
    assert counting.value("made()") == before + 4
    counting.run("ways.result()")


def test_functions_ask_too_and_say_before_how_many_they_are(counting):
    before = counting.value("made()")
    batch = "b = sp.batch([{'prompt': str(n), 'duration': 0.5} for n in range(4)], route='fx')"
    ran, asked = answer(counting, batch, "yes")
    assert (len(asked), ran.printed) == (1, "4 operations of fx.")
    sweep = "s = sp.sweep('fx', prompt='rain', duration=0.5, repeat=4); s.result(60)"
    ran, asked = answer(counting, f"b.result(60)\n{sweep}", "y")
    assert (len(asked), ran.printed) == (1, "4 operations: 4 times.")
    assert counting.value("made()") == before + 8
    held = "h = sp.batch([{'prompt': 'x'}] * 4, route='fx', send=True); h.result(60)"
    _, asked = answer(counting, held)
    assert asked == []


def test_without_a_ceiling_more_than_fifty_are_asked_for(counting):
    before = counting.value("made()")
    counting.run("%config SoundpieceMagics.most_at_once = 0")
    many = "%soundpiece_fx --prompt rain -d 0.5 --repeat {}"
    ran, asked = answer(counting, many.format(51), "n")
    assert asked == ["Begin 51 operations at once? [y/N] "]
    assert ran.printed == "51 operations: 51 times."
    assert counting.value("made()") == before
    counting.run("%config SoundpieceMagics.most_at_once = 3")


ELSEWHERE = """
import asyncio, concurrent.futures, threading
def begin():
    try:
        return sp.batch([{'prompt': 'x', 'duration': 0.5}] * 4, route='fx')
    except sp.Mistake as mistake:
        return str(mistake)
"""


@pytest.mark.parametrize(
    "call",
    [
        "concurrent.futures.ThreadPoolExecutor(1).submit(begin).result()",
        "await asyncio.to_thread(begin)",
    ],
)
def test_on_another_thread_nobody_is_asked(counting, call):
    before = counting.value("made()")
    ran, asked = answer(counting, f"{ELSEWHERE}\nprint({call})")
    assert asked == []
    assert "SoundpieceMagics.most_at_once is 3. Nothing was sent. --send (send=True)" in ran.printed
    assert counting.value("made()") == before


@pytest.mark.parametrize("pause", [0.0, 0.6], ids=["in the next cell", "between cells"])
def test_after_the_cell_nobody_is_asked_either(counting, pause):
    """A timer or a button calls on the main thread, but its cell is not there to answer."""
    later = "asyncio.get_event_loop().call_later(0.2, lambda: said.append(begin()))"
    before = counting.value("made()")
    ran, asked = answer(counting, f"{ELSEWHERE}\nsaid = []\n{later}")
    assert ran.status == "ok", ran.text
    time.sleep(pause)
    ran, more = answer(counting, "await asyncio.sleep(1)\nprint(said)")
    assert asked + more == []
    assert "Nothing was sent. --send" in ran.printed
    assert counting.value("made()") == before


def test_a_front_end_without_input_is_refused_although_a_person_is_said_to_be_there(counting):
    code = "import os; os.environ['SOUNDPIECE_NONINTERACTIVE'] = '0'"
    counting.run(code)
    try:
        reply = counting.client.execute_interactive(
            FOUR, timeout=60, allow_stdin=False, output_hook=lambda _: None
        )
    finally:
        counting.run("del os.environ['SOUNDPIECE_NONINTERACTIVE']")
    assert reply["content"]["status"] == "error"
    assert "--send (send=True) begins all the same" in reply["content"]["evalue"]


def test_a_dry_run_asks_nothing(counting):
    ran, asked = answer(counting, "%soundpiece_fx --prompt rain --repeat 60 --dry-run")
    assert asked == []
    assert "Nothing was sent." in ran.text


def test_a_wrong_line_is_refused_before_anything_is_asked(counting):
    ran, asked = answer(counting, "%soundpiece_fx --prompt rain --repeat 60 -d soon")
    assert (ran.status, asked) == ("error", [])


def test_the_status_says_what_is_left_of_the_day(counting):
    counting.run("%config SoundpieceMagics.most_a_day = 5000")
    said = counting.run("%soundpiece_status").printed
    counting.run("%config SoundpieceMagics.most_a_day = None")
    assert " of at most 5,000 today by you" in said
    assert " in the last 7 days" in said


def test_a_person_at_a_terminal_is_asked(tmp_path, sandbox):
    environment = quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
        SOUNDPIECE_MOST_AT_ONCE="1",
        IPYTHONDIR=str(tmp_path / "ipython"),
        TERM="dumb",
    )
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "IPython", "--simple-prompt", "--no-banner"]
    process = subprocess.Popen(
        [*command, "--colors=NoColor"],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        env=environment,
        cwd=tmp_path,
    )
    os.close(follower)
    begin = b"s = sp.sweep('fx', prompt='rain', duration=0.5, repeat=2); print('went', 'on')\n"
    os.write(leader, b"import soundpiece_nb as sp\n" + begin)
    seen = read_until(leader, "[y/N] ")
    os.write(leader, b"\n")
    seen += read_until(leader, "You said no. Nothing was sent.")
    assert "went on" not in seen
    os.write(leader, begin)
    read_until(leader, "[y/N] ")
    os.write(leader, b"y\n")
    seen = read_until(leader, "went on")
    os.write(leader, b"s.result(30).status.tolist()\nexit\n")
    assert "['ready', 'ready']" in read_until(leader, "'ready']")
    os.close(leader)
    process.wait(20)

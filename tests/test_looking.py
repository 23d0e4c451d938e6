"""Nothing is paid for by looking: all that a person can do, and how many requests each sends.

The journal is one that a killed process left, with operations in every state; each step begins
with a copy of it. What a step sends is counted by the service. A command, function, method, message
of the page or button that is listed nowhere here fails by its name.
"""

from __future__ import annotations

import inspect
import json
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.display import page_script
from support.kernels import Kernel
from support.left_behind import NAMES, SINGLE, leave_behind, states_in
from support.services import quiet_environment
from support.session_processes import Process

ALL_TO_SEND = 7
"""Five that were never sent, and two of which it is not known whether they arrived."""


@dataclass(frozen=True)
class Step:
    """A cell, how many requests it sends, and the NAMEs whose unsent operations it drops."""

    cell: str
    sends: int = 0
    drops: tuple[str, ...] = ()


def each(line: str) -> Step:
    """Return the step that runs a line, or calls, for every NAME; what it refuses it refuses."""
    if line[0] == "%":
        line = f"get_ipython().run_line_magic(*{line[1:]!r}.replace('NAME', word).split(' ', 1))"
    return Step(
        f"for word in {NAMES}:\n    try:\n        {line}\n"
        "    except sp.SoundpieceError as refusal: said.append(refusal)"
    )


FAILS = "internal_error"
"""A word for which the sandbox makes nothing, and so takes no time."""
BODIES = ("song", "remix_song")
MAKES = {
    "song": f"-p {FAILS}",
    "instrumental": f"-p {FAILS}",
    "sample": f"-p {FAILS} -d 5",
    "fx": f"-p {FAILS} -d 1",
    "remix_song": f"-p {FAILS} -s done",
    "remix_instrumental": f"-s https://example.com/{FAILS}.wav",
    "stems": f"-s https://example.com/{FAILS}.wav",
    "cut": f"-s https://example.com/{FAILS}.wav --to 1",
}
_LINK = f"'https://example.com/{FAILS}.wav'"
CALLS = {
    "song": f"'La', prompt='{FAILS}'",
    "instrumental": f"'{FAILS}'",
    "sample": f"'{FAILS}', 5",
    "fx": f"'{FAILS}', 1",
    "remix_song": f"sp.operation('done'), lyrics='La', prompt='{FAILS}'",
    "remix_instrumental": _LINK,
    "stems": _LINK,
    "cut": f"{_LINK}, 1",
}


def magic(noun: str, more: str) -> str:
    """Return the code that runs a route's magic, whatever the end of what it makes."""
    line = f"{MAKES[noun]} {more}"
    if noun in BODIES:
        call = f"get_ipython().run_cell_magic('soundpiece_{noun}', {line!r}, 'La')"
    else:
        call = f"get_ipython().run_line_magic('soundpiece_{noun}', {line!r})"
    return f"_quietly(lambda: {call})"


COMMANDS = {
    "soundpiece": [Step("%soundpiece")],
    "soundpiece_help": [Step("%soundpiece_help")],
    "soundpiece_status": [Step("%soundpiece_status")],
    "soundpiece_history": [
        Step("%soundpiece_history"),
        Step("%soundpiece_history --unsent\n%soundpiece_history --status discarded"),
        Step("frame = %soundpiece_history -o df"),
        Step("%soundpiece_history --to {folder}/a.csv\n%soundpiece_history --to {folder}/a.html"),
    ],
    "soundpiece_show": [each("%soundpiece_show NAME")],
    "soundpiece_compare": [Step("%soundpiece_compare calm perhaps going refused dropped done")],
    "soundpiece_wait": [each("%soundpiece_wait NAME --timeout 20"), Step("%soundpiece_wait")],
    "soundpiece_resume": [
        Step("%soundpiece_resume going"),
        Step("%soundpiece_resume calm", sends=1),
        Step("%soundpiece_resume perhaps", sends=1),
        Step("%soundpiece_resume refused", sends=1),
        Step("%soundpiece_resume ways", sends=3),
        Step("%soundpiece_resume", sends=ALL_TO_SEND),
    ],
    "soundpiece_discard": [
        Step("%soundpiece_discard calm", drops=("calm",)),
        Step("%soundpiece_discard ways", drops=("ways",)),
        Step("%soundpiece_discard --unsent", drops=("calm", "ways", "rows")),
        replace(each("%soundpiece_discard NAME"), drops=("calm", "refused", "ways", "rows")),
    ],
    "soundpiece_rate": [each("%soundpiece_rate NAME 4")],
    "soundpiece_tag": [each("%soundpiece_tag NAME kept")],
    "soundpiece_rename": [
        Step("%soundpiece_rename calm quiet\n%soundpiece_rename quiet calm\ndel calm, quiet")
    ],
    "soundpiece_note": [each("%soundpiece_note NAME words")],
    "soundpiece_export": [each("%soundpiece_export NAME --to {folder}")],
    "soundpiece_bundle": [Step("%soundpiece_bundle {folder}/night.ipynb --html")],
    "soundpiece_prune": [
        each("%soundpiece_prune NAME --yes"),
        Step("%soundpiece_prune --older-than 0s --yes"),
    ],
    "soundpiece_doctor": [
        Step("%soundpiece_doctor --dry-run --all"),
        Step("%soundpiece_doctor --all --verify"),
    ],
    "soundpiece_lab": [Step("%soundpiece_lab")],
    "soundpiece_sandbox": [Step("%soundpiece_sandbox")],
    "soundpiece_login": [Step("_refused('%soundpiece_login')")],
    "soundpiece_logout": [Step("_refused('%soundpiece_logout')")],
    **{
        f"soundpiece_{noun}": [
            Step(magic(noun, "--dry-run")),
            Step(magic(noun, "--wait"), sends=1),
        ]
        for noun in MAKES
    },
}

FUNCTIONS = {
    "batch": [
        Step("sp.batch(name='rows')", sends=2),
        Step("sp.batch([{'prompt': 'Knock', 'duration': 1}], route='fx')", sends=1),
    ],
    "compare": [Step("display(sp.compare('calm', 'perhaps', 'done'))")],
    "discard": [Step("sp.discard('rows')", drops=("rows",))],
    "history": [Step("sp.history(), sp.history(unsent=True)")],
    "operation": [Step(f"[sp.operation(word) for word in {SINGLE}]")],
    "resume": [Step("sp.resume('rows')", sends=2), Step("sp.resume()", sends=ALL_TO_SEND)],
    "submit": [Step("sp.submit('fx', prompt='Knock', duration=1)", sends=1)],
    "sweep": [
        Step("sp.sweep('fx', vary={'mood': ['a', 'b']}, prompt='{{mood}}', duration=1)", sends=2)
    ],
    "takes": [Step("sp.takes()")],
    "top_words": [Step("sp.top_words(sp.takes())")],
    **{noun: [Step(f"sp.{noun}({given})", sends=1)] for noun, given in CALLS.items()},
}

ONE = "for word in {names}:\n    op = sp.operation(word)\n    _quietly(lambda: {call})"
OPERATION_LOOKS = {
    name: f"op.{name}"
    for name in (
        "entry id name tags route status error elapsed request outputs parents children session key"
    ).split()
} | {
    "result": "op.result(20)",
    "rate": "op.rate(4)",
    "tag": "op.tag('kept')",
    "untag": "op.untag('kept')",
    "rename": "op.rename('other').rename(word)",
    "note": "op.note('words')",
    "stop_watching": "op.stop_watching()",
    "as_reference": "op.as_reference()",
    "__await__": "asyncio.get_event_loop().run_until_complete(_awaited(op))",
    "__repr__": "repr(op)",
    "__str__": "str(op)",
    "__format__": "f'{op}'",
    "__eq__": "op == op",
    "__hash__": "hash(op)",
    "__copy__": "copy.copy(op)",
    "__deepcopy__": "copy.deepcopy(op)",
    "__getstate__": "pickle.loads(pickle.dumps(op)).status",
}
METHODS = {
    "Operation": {
        **{
            name: [Step(ONE.format(names=SINGLE, call=call))]
            for name, call in OPERATION_LOOKS.items()
        },
        "rerun": [Step("sp.operation('calm').rerun(prompt='Other')", sends=1)],
        "discard": [
            Step(
                ONE.format(names=SINGLE, call="op.discard()"),
                drops=("calm", "refused"),
            )
        ],
    },
    "Output": {
        name: [Step(f"take = sp.operation('done').outputs[0]\n_quietly(lambda: {call})")]
        for name, call in {
            **{name: f"take.{name}" for name in ("rating", "note", "session", "take")},
            "as_reference": "take.as_reference()",
            "rate": "take.rate(4)",
            "unrate": "take.unrate()",
            "annotate": "take.annotate('words')",
            "audio": "take.audio()",
            "save": "take.save('{folder}/a.wav')",
            "save_in": "take.save_in(Path('{folder}'))",
            "place_in": "take.place_in(Path('{folder}'))",
            "__repr__": "repr(take)",
            "__str__": "str(take)",
            "__format__": "f'{take}'",
            "__eq__": "take == take",
            "__hash__": "hash(take)",
            "__copy__": "copy.copy(take)",
            "__deepcopy__": "copy.deepcopy(take)",
            "__getstate__": "pickle.loads(pickle.dumps(take)).path",
        }.items()
    },
    "Batch": {
        name: [Step(f"for rows in _groups():\n    _quietly(lambda: {call})")]
        for name, call in {
            **{
                name: f"rows.{name}"
                for name in (
                    "name id called keys operations done route ended seconds session waiting"
                ).split()
            },
            **{name: f"rows.{name}()" for name in "counts failure frame rest states best".split()},
            "hold_back": "rows.hold_back()",
            "queue": "rows.queue()",
            "result": "rows.result(20)",
            "as_reference": "rows.as_reference()",
            "where": "rows.where(prompt=rows[0].request['prompt'])",
            "__getitem__": "(rows[0], rows['1'], rows[:2])",
            "__len__": "len(rows)",
            "__iter__": "list(rows)",
            "__await__": "asyncio.get_event_loop().run_until_complete(_awaited(rows))",
            "__repr__": "repr(rows)",
            "__format__": "f'{rows}'",
            "__copy__": "copy.copy(rows)",
            "__deepcopy__": "copy.deepcopy(rows)",
            "__getstate__": "pickle.dumps(rows)",
            "__setstate__": "_followed(pickle.loads(pickle.dumps(rows)))",
        }.items()
    }
    | {"discard": [Step("for rows in _groups(): rows.discard()", drops=("ways", "rows"))]},
    "Sweep": {name: [Step(f"_groups()[0].{name}")] for name in ("id", "values")},
}

SPOKEN = "page, output = _shown({word!r})\npage._hear(None, dict(do={do!r}, **{more}), [])"


def spoken(do: str, word: str = "ways", more: str = "dict(view=output.id)", **kept: object) -> Step:
    """Return the step in which the page says something about what is shown of a word."""
    return Step(SPOKEN.format(do=do, word=word, more=more), **kept)


_FORM = "dict(form=output.id, route='create.new_fx', fields=dict(prompt='Knock', duration=1))"
MESSAGES = {
    "look": [spoken("look", more="dict(takes=[], views=[output.id])")],
    "judge": [
        spoken("judge", more="dict(key=sp.operation('done').key, take=1, rating=4)"),
    ],
    "arrange": [spoken("arrange"), spoken("arrange", "rows"), spoken("arrange", "calm")],
    "cell": [spoken("cell", "lab", _FORM)],
    "make": [spoken("make", "lab", _FORM, sends=1)],
    "send": [
        spoken("send", "calm", sends=1),
        spoken("send", "ways", sends=2),
        spoken("send", "rows", sends=2),
        spoken("send", "done"),
    ],
    "discard": [
        spoken("discard", "calm", drops=("calm",)),
        spoken("discard", "ways", drops=("ways",)),
        spoken("discard", "rows", drops=("rows",)),
        spoken("discard", "going"),
    ],
}

BUTTONS = {
    "Show key": [Step("_press('Show key')")],
    "Stop watching": [Step("_press('Stop watching')")],
}

OTHERS = {
    "%load_ext": [Step("%load_ext soundpiece_nb")],
    "%reload_ext": [Step("%reload_ext soundpiece_nb")],
    "%unload_ext": [Step("%unload_ext soundpiece_nb\n%load_ext soundpiece_nb")],
    "a handle at the end of a cell": [each("display(sp.operation(word))")],
    "a batch or sweep at the end of a cell": [Step("for rows in _groups(): display(rows)")],
    "Tab": [
        Step(
            "for word in ('show ', 'discard ', 'resume w', 'history --status '):\n"
            "    with provisionalcompleter():\n"
            "        line = f'%soundpiece_{word}'\n"
            "        assert list(get_ipython().Completer.completions(line, len(line)))"
        )
    ],
    "a source that was never sent": [
        Step(
            "for word in ('going', 'calm', 'perhaps', 'refused', 'failed', 'dropped', 'ways'):\n"
            "    _quietly(lambda: sp.stems(word))"
        )
    ],
    "a button, and the same once more": [
        Step(
            SPOKEN.format(do="discard", word="ways", more="dict(view=output.id)")
            + "\npage._hear(None, dict(do='send', view=output.id), [])",
            drops=("ways",),
        )
    ],
    "resume and discard of what was discarded": [
        Step("_quietly(lambda: sp.resume('dropped'))\n_quietly(lambda: sp.discard('dropped'))")
    ],
    "a server that resumes": [
        Step(
            "from soundpiece_nb.server.resuming import Resumer\n"
            "resumer = Resumer(current().home, print); resumer.look()\n"
            "settle(resumer._session); resumer._session.close()",
            sends=ALL_TO_SEND,
        )
    ],
}

WALK = {"command": COMMANDS, "function": FUNCTIONS, "message": MESSAGES, "button": BUTTONS}
STEPS = [
    (f"{kind} {name} {number}", step)
    for kind, listed in {
        **WALK,
        **{f"method {owner}": steps for owner, steps in METHODS.items()},
        "other": OTHERS,
    }.items()
    for name, steps in listed.items()
    for number, step in enumerate(steps, start=1)
]

PREPARE = """
%load_ext soundpiece_nb
import asyncio, copy, os, pickle, time
from contextlib import suppress
from pathlib import Path
import nest_asyncio2; nest_asyncio2.apply()
import soundpiece_nb as sp
from IPython.core.completer import provisionalcompleter
from ipywidgets import Button
from ipywidgets.widgets.widget import _instances
from soundpiece_nb.display.page_script import PageScript
from soundpiece_nb.display.show import show
from soundpiece_nb.display.redrawing import Page
from soundpiece_nb.magics.targets import find_target
from soundpiece_nb.operations.batch import Ongoing
from soundpiece_nb.operations.current_session import current

said = []

def _begin(home):
    current.close()
    os.environ["SOUNDPIECE_HOME"] = home
    said.clear()

def settle(session):
    until = time.monotonic() + 20
    while session.engine.in_flight() or session.part(Ongoing).batches():
        assert time.monotonic() < until, session.engine.in_flight()
        time.sleep(0.005)

def _quietly(call):
    try:
        return call()
    except sp.SoundpieceError as refusal:
        said.append(refusal)

def _refused(line):
    import builtins, getpass
    with suppress(sp.SoundpieceError):
        get_ipython().kernel._allow_stdin = False
        try:
            get_ipython().run_line_magic(line[1:], "")
        finally:
            get_ipython().kernel._allow_stdin = True

def _groups():
    return [find_target(word, {}, current()) for word in ("ways", "rows")]

def _followed(rows):
    _quietly(lambda: rows.result(20))

async def _awaited(handle):
    return await handle

def _shown(word):
    get_ipython().run_line_magic("soundpiece_lab" if word == "lab" else "soundpiece_show",
                                 "" if word == "lab" else word)
    page = current().part(Page)
    [*_, output] = [kept.output for kept in page._kept.values()]
    script = current().part(PageScript)
    script.ensure_companion(page.find, page.wake)
    return script, output

def _buttons():
    return [each for each in _instances.values() if isinstance(each, Button)]

def _press(words):
    show(sp.operation("going"), current().engine.start(sp.operation("going").key, sends=False))
    pressed = [each for each in _buttons() if each.description == words]
    assert pressed, words
    for each in pressed:
        each.click()
"""


@pytest.fixture(scope="module")
def environment(tmp_path_factory, sandbox):
    return quiet_environment(
        tmp_path_factory.mktemp("left") / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )


@pytest.fixture(scope="module")
def left(environment):
    """The home folder that a killed process left."""
    leave_behind(environment)
    return Path(environment["SOUNDPIECE_HOME"])


@pytest.fixture(scope="module")
def kernel(environment):
    started = Kernel(environment)
    prepared = started.run(PREPARE)
    assert prepared.status == "ok", prepared.text
    yield started
    started.close()


@pytest.fixture
def home(left, tmp_path):
    """A copy of that home, for one step."""
    copy = tmp_path / "home"
    shutil.copytree(left, copy, ignore=shutil.ignore_patterns("*.lease", "holders"))
    (tmp_path / "night.ipynb").write_text(json.dumps(NOTEBOOK))
    return copy


NOTEBOOK = {
    "cells": [],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def sent_to(sandbox) -> int:
    requests = sandbox.counters()["requests"]
    return sum(number for kind, number in requests.items() if kind.startswith("PUT "))


def dropped_from(before, names):
    """Return the states after the unsent and refused ones of these NAMEs were dropped."""
    return {
        name: [
            "discarded" if name in names and state in ("unsent", "rejected") else state
            for state in states
        ]
        for name, states in before.items()
    }


@pytest.mark.parametrize("step", [step for _, step in STEPS], ids=[name for name, _ in STEPS])
def test_only_what_says_that_it_sends_does(kernel, sandbox, left, home, step):
    before, sent = states_in(left), sent_to(sandbox)
    cell = step.cell.replace("{folder}", str(home.parent))
    ran = kernel.run(f"_begin({str(home)!r})\n{cell}\nsettle(current())")
    assert ran.status == "ok", ran.text
    assert sent_to(sandbox) - sent == step.sends, ran.text
    after = states_in(home)
    assert after["dropped"] == ["discarded"]
    if not step.sends:
        expected = dropped_from(before, step.drops)
        known = {name: after[name] for name in expected}
        assert known | {"going": ""} == expected | {"going": ""}
        assert after["going"] in (["processing"], ["ready"])


# ------------------------------------------------------------------ nothing is left out


def test_the_walk_has_every_command(kernel):
    declared = kernel.value(
        "sorted({name for kind in get_ipython().magics_manager.registry['SoundpieceMagics']"
        ".magics.values() for name in kind})"
    )
    assert sorted(COMMANDS) == declared


def test_the_walk_has_every_function():
    public = {name for name in dir(sp) if not name.startswith("_")}
    values = {name: getattr(sp, name) for name in public if not name.endswith("_extension")}
    functions = {name for name, value in values.items() if not inspect.isclass(value)}
    assert sorted(FUNCTIONS) == sorted(functions)
    assert {route.noun for route in ROUTES.values()} <= functions


_PLUMBING = {"__init__", "__module__", "__doc__", "__annotations__", "__dict__", "__weakref__"} | {
    "__abstractmethods__",
    "__static_attributes__",
    "__firstlineno__",
    "__parameters__",
    "__orig_bases__",
}


@pytest.mark.parametrize("owner", [sp.Operation, sp.Output, sp.Batch, sp.Sweep])
def test_the_walk_has_every_method(owner):
    ours = [each for each in owner.__mro__ if each.__module__.startswith("soundpiece_nb")]
    names = {name for each in ours for name in vars(each)}
    public = {name for name in names if not re.match(r"_[^_]", name)} - _PLUMBING
    listed = set(METHODS[owner.__name__])
    if owner is sp.Sweep:
        listed |= set(METHODS["Batch"])
    assert sorted(public - listed) == []


def test_the_walk_has_every_message_of_the_page():
    heard = inspect.getsource(page_script.PageScript._answer)
    cases = re.findall(r"case (.+):", heard)
    words = {word for case in cases for word in re.findall(r'"(\w+)"', case)}
    assert sorted(MESSAGES) == sorted(words)
    said = re.findall(r'\bdo: "(\w+)"|\.ask\("(\w+)"\)', page_script.script())
    assert {word for found in said for word in found} - {""} == words


def test_the_walk_has_every_button(kernel, home):
    kernel.run(f"_begin({str(home)!r})")
    kernel.run("_press('Show key')")
    found = kernel.value("sorted({each.description for each in _buttons()})")
    assert sorted(BUTTONS) == found


# ------------------------------------------------------------------ other processes


def test_another_process_sends_nothing_by_having_a_handle_either(
    environment, left, home, sandbox, kernel
):
    kernel.run(f"_begin({str(home)!r})")
    kernel.run(
        "pickled = pickle.dumps([sp.operation('calm'), sp.operation('perhaps'), *_groups()])"
    )
    pickled = kernel.value("pickled")
    sent, before = sent_to(sandbox), states_in(left)
    process = Process({**environment, "SOUNDPIECE_HOME": str(home)})
    process.do(
        f"import pickle, copy, os\nhandles = pickle.loads({pickled!r})\n"
        "def look(handle):\n"
        "    try:\n"
        "        repr(handle); copy.deepcopy(handle).result(20)\n"
        "    except sp.SoundpieceError as error:\n"
        "        return type(error).__name__\n"
    )
    assert process.do("[look(each) for each in handles]") == ["NotSent"] * 4
    child = (
        "child = os.fork()\n"
        "if child == 0:\n"
        "    os._exit(0 if [look(each) for each in handles] == ['NotSent'] * 4 else 1)\n"
        "status = os.waitpid(child, 0)[1]"
    )
    process.do(child)
    assert process.do("status") == 0
    process.close()
    assert sent_to(sandbox) == sent
    assert states_in(home) == before

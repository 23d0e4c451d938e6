"""No secret leaves by any exit: whoever wrote it where, no view, table, line or error shows it.

A key may be typed in the wrong place; a person's own address may carry its signature or a password;
and an earlier version wrote down what the service said as it came. What is sent stays as it is.
"""

from __future__ import annotations

import json
import logging
import types

import mutagen
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import soundpiece_nb as sp
from soundpiece_nb.display.batch_card import BatchCard, summary
from soundpiece_nb.display.comparison import Comparison
from soundpiece_nb.display.finished_output import FinishedOutput
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.display.history_table import HistoryTable
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.display.live_card import live_html
from soundpiece_nb.display.sound_source import Holding, Place
from soundpiece_nb.display.sweep_board import Board
from soundpiece_nb.engine.run_state import Run
from soundpiece_nb.journal import dataframe
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.sweep import find_sweep
from soundpiece_nb.shown_text import quoted, scrub
from support.bad_rows import BAD, NAMES, SWEEP, keep, plant
from support.services import Reply, as_json, operation, tone

PLANTED = "spk_planted_4f1d7c2e9b"
SIGNING = "whsec_planted-4f1d7c2e9b"
SIGNED = "https://someone:planted-word@cdn.example/a/b.flac?X-Amz-Signature=planted-0123&part=2"
SHOWN = "https://…@cdn.example/a/b.flac?…"
SECRETS = ("planted_4f1d", "planted-4f1d", "planted-word", "planted-0123")
WORDS = f"before {PLANTED} and {SIGNING} at {SIGNED} behind"


@pytest.fixture
def shell(home, tmp_path, monkeypatch):
    """A shell of its own with the magics loaded, which leaves this process as it was."""
    monkeypatch.chdir(tmp_path)
    quiet = Config(HistoryManager={"enabled": False})
    started = InteractiveShell(config=quiet, user_module=types.ModuleType("notebook"))
    started.run_line_magic("load_ext", "soundpiece_nb")
    yield started
    started.run_line_magic("unload_ext", "soundpiece_nb")
    started.restore_sys_module_state()


@pytest.fixture
def refusing(scripted):
    """A service that hears every request and makes none."""
    return scripted(lambda *_: as_json({"detail": f"no credits for {PLANTED} {SIGNED}"}, 402))


def require_clean(shown, where):
    """Find no part of a secret in what is shown."""
    text = shown if isinstance(shown, str) else repr(shown)
    for secret in SECRETS:
        assert secret not in text, (where, text[max(0, text.find(secret) - 200) :][:400])


PLACES = {
    "error code": ("operations", "error_code", PLANTED),
    "error message": ("operations", "error_message", WORDS),
    "id": ("operations", "operation_id", PLANTED),
    "name": ("operations", "name", WORDS),
    "note": ("operations", "note", WORDS),
    "tags": ("operations", "tags", json.dumps([PLANTED, SIGNED])),
    "prompt": ("operations", "prompt", WORDS),
    "lyrics": ("operations", "lyrics", WORDS),
    "source": ("operations", "source", SIGNED),
    "reference": ("operations", "reference", SIGNED),
    "params": ("operations", "params", json.dumps({"callback_url": SIGNED, "a": [PLANTED]})),
    "sweep": ("operations", "sweep", json.dumps({"id": SWEEP, "mood": WORDS, PLANTED: SIGNED})),
    "status": ("operations", "status", PLANTED),
    "route": ("operations", "route", PLANTED),
    "service": ("operations", "service", SIGNED),
    "batch": ("operations", "batch", PLANTED),
    "notebook": ("operations", "notebook", WORDS),
    "body": (
        "operations",
        "body",
        json.dumps({"prompt": WORDS, "lyrics": WORDS, "source": {"url": SIGNED}, PLANTED: [WORDS]}),
    ),
    "kind": ("takes", "kind", PLANTED),
    "kind of words": ("takes", "kind", WORDS),
    "take's note": ("takes", "note", WORDS),
    "md5": ("takes", "md5", PLANTED),
}


STATUSES = ("failed", "ready", "rejected")
IN_TURN = [(what, STATUSES[number % 3]) for number, what in enumerate(PLACES)]


@pytest.mark.parametrize(("what", "status"), IN_TURN)
def test_what_the_journal_holds_is_shown_without_its_secrets(shell, capsys, tmp_path, what, status):
    home = current().home
    keep(home)
    plant(home, "operations", "status", status)
    if status != "ready":
        plant(home, "operations", "error_code", "internal_error")
    table, column, value = PLACES[what]
    plant(home, table, column, value.encode() if column == "body" else value)
    for where, shown in every_exit(shell, capsys, tmp_path):
        require_clean(shown, where)


def every_exit(shell, capsys, folder):
    """Give all that is shown of three operations, each with the name of its exit."""
    here, keys = current(), list(NAMES)
    place = Place(here.home, folder, Holding.LINK)
    lab = LabForm(here, lambda *_: None)
    lab.keys = keys
    outputs = [
        HistoryTable(here, Filter(limit=20), place),
        Comparison(here, keys, place),
        Board(find_sweep(here, SWEEP), place),
        BatchCard(find_sweep(here, SWEEP), place),
        lab,
        *(FinishedOutput(key, here, place) for key in keys),
    ]
    for output in outputs:
        rendering = output.draw()
        yield type(output).__name__, rendering.html + rendering.text + output.text()
    yield "live card", live_html(here.journal.entry(BAD), Run(BAD), None, shows_key=True)
    sweep = find_sweep(here, SWEEP)
    yield "batch", repr(summary(sweep)) + summary(sweep).html + repr(sweep)
    yield "failure", _told(sweep.failure())
    for frame in (sp.history(), sp.takes(), dataframe.of_keys(here.journal, keys)):
        yield "frame", frame.to_html() + repr(frame) + frame.to_csv()
        yield "cells", [list(frame[name]) for name in frame]
    for ending in (".csv", ".html"):
        path, _ = write_history(here, Filter(), folder / f"history{ending}")
        yield ending, path.read_text("utf-8")
    op = sp.operation(BAD)
    yield "handle", [op, op.outputs, op.error, op.id, op.request, op.status, op.entry]
    yield "kinds", [each.kind for each in op.outputs]
    if op.entry.status in ("failed", "rejected"):
        with pytest.raises(sp.SoundpieceError) as caught:
            op.result(1)
        yield "result", _told(caught.value)
    everything = " ".join(keys)
    for line in (
        "history",
        f"show {BAD}",
        f"show {SWEEP}",
        f"compare {everything}",
        f"export {everything} --to {folder}/out",
        f"export {everything} --to {folder}/mp3 --format mp3",
        f"rate {BAD}:1 4 again",
        f"tag {BAD} more",
        f"note {BAD} words",
        f"prune {BAD}",
        "status",
        "doctor",
        f"show {BAD}",
    ):
        capsys.readouterr()
        shell.run_cell(f"%soundpiece_{line}")
        said = capsys.readouterr()
        yield line, said.out + said.err
    for path in [*folder.glob("out/*"), *folder.glob("mp3/*"), *folder.glob("soundpiece-audio/*")]:
        yield "file name", path.name
        yield "file tags", repr(dict(mutagen.File(path).tags or {}))
    with provisionalcompleter():
        for line in ("%soundpiece_show ", f"%soundpiece_show {BAD}:", "%soundpiece_history --tag "):
            offered = shell.Completer.completions(line, len(line))
            yield line, [f"{each.text} {each.type}" for each in offered]
    for log in here.home.glob("*.log"):
        yield log.name, log.read_text("utf-8")


def _told(error):
    """Return all that an error says and holds."""
    return "" if error is None else f"{error} {error!r} {vars(error)} {error._render_traceback_()}"


# ------------------------------------------------------------------ typed in the wrong place


def magics(shell):
    """Return the usage of every magic by its title."""
    usages = shell.magics_manager.registry["SoundpieceMagics"]
    lines = (name for name in shell.magics_manager.magics["line"] if name.startswith("soundpiece"))
    return {title: usages.usage_of(title) for title in lines}


def lines_with(shell, secret):
    """Give lines of every magic that have a secret in the place of each of its arguments."""
    for title, usage in magics(shell).items():
        yield f"%{title} {secret}"
        yield f"%{title} {secret} {secret} {secret}"
        yield f"%{title} --nonsense {secret}"
        yield f"%{title} --nonsense={secret}"
        for option in usage.options:
            if not option.positional:
                yield f"%{title} {option.names[-1]} {secret}"
                yield f"%{title} {option.names[-1]}={secret}"
                yield f"%{title} good {option.names[-1]} {secret}"


@pytest.mark.parametrize("secret", [PLANTED, SIGNING, SIGNED])
def test_what_is_typed_in_the_wrong_place_is_not_repeated(shell, refusing, capsys, caplog, secret):
    caplog.set_level(logging.DEBUG, "soundpiece_nb")
    keep(current().home)
    number = 0
    for line in lines_with(shell, secret):
        capsys.readouterr()
        result = shell.run_cell(line)
        said = capsys.readouterr()
        require_clean(said.out + said.err, line)
        error = result.error_in_exec
        assert error is None or isinstance(error, (sp.SoundpieceError, SystemExit)), (line, error)
        if error is not None:
            require_clean(_told(error), line)
            typed_a_key = secret != SIGNED
            assert ("does not belong in a notebook" in str(error)) == typed_a_key, (line, error)
            number += 1
    assert number > 100
    require_clean(caplog.text, "log")


FUNCTIONS = (
    sp.song,
    lambda secret: sp.song("la", prompt=5, name=secret),
    lambda secret: sp.fx("x", key=secret),
    lambda secret: sp.fx("x", duration=secret),
    lambda secret: sp.fx("x", tags=secret),
    lambda secret: sp.fx("x", note=[secret]),
    lambda secret: sp.fx("x", **{secret: 1}),
    sp.submit,
    lambda secret: sp.submit("fx", **{secret: 1}),
    lambda secret: sp.stems("x" * 70 + secret * 3),
    sp.operation,
    lambda secret: sp.operation([secret]),
    sp.resume,
    lambda secret: sp.compare(secret, secret),
    lambda secret: sp.history(status=secret),
    lambda secret: sp.history(since=secret),
    lambda secret: sp.history(order=secret),
    lambda secret: sp.history(limit=secret),
    lambda secret: sp.history(search={secret: secret}),
    lambda secret: sp.history(**{secret: 1}),
    lambda secret: sp.batch([{"prompt": "x", secret: 1}], route="fx"),
    lambda secret: sp.batch(name=secret),
    lambda secret: sp.sweep("fx", vary={secret: ["a"]}, prompt="x"),
    lambda secret: sp.sweep("fx", vary=secret, prompt="x"),
)


@pytest.mark.parametrize("secret", [PLANTED, SIGNING, SIGNED, f"{'x' * 60} {PLANTED}"])
@pytest.mark.parametrize("number", range(len(FUNCTIONS)))
def test_no_function_repeats_it_either(home, number, secret):
    with pytest.raises(sp.SoundpieceError) as caught:
        FUNCTIONS[number](secret)
    require_clean(_told(caught.value), number)


# ------------------------------------------------------------------ sent as it is


def test_a_signed_source_is_sent_whole_each_time_and_shown_nowhere(
    shell, scripted, capsys, tmp_path
):
    makes = {"now": False}

    def answer(heard, _):
        if heard.path == "/take":
            return Reply(body=tone(0.2))
        if not makes["now"]:
            return as_json({"detail": "no credits"}, 402)
        return as_json(operation("ready", outputs=[{"url": f"{service.root}/take"}]))

    service = scripted(answer)
    shell.run_cell(f'%soundpiece_stems parts --source "{SIGNED}" --callback-url "{SIGNED}" --wait')
    said = capsys.readouterr()
    require_clean(said.out + said.err, "a refused cell")
    parts = shell.user_ns["parts"]
    assert parts.request == {"source": SHOWN, "callback_url": SHOWN}
    makes["now"] = True
    sp.resume(parts.key)
    parts.result(20)
    again = parts.rerun().result(20)
    shell.run_cell(f'%soundpiece_stems once --source "{SIGNED}" --once --wait')
    shell.run_cell(f'%soundpiece_stems once --source "{SIGNED}" --once --wait')
    once = shell.user_ns["once"]
    sent = [json.loads(each.body) for each in service.heard if each.method == "PUT"]
    assert [each["source"]["url"] for each in sent] == [SIGNED] * 4
    assert [each["idempotency_key"] for each in sent] == [
        parts.key,
        parts.key,
        again.key,
        once.key,
    ]
    assert sent[0]["callback_url"] == sent[2]["callback_url"] == SIGNED
    shell.run_cell(f'%soundpiece_stems --source "{SIGNED}" --dry-run')
    for key in (parts.key, again.key, once.key):
        shell.run_cell(f"%soundpiece_show {key}")
    shell.run_cell("%soundpiece_history")
    said = capsys.readouterr()
    assert SHOWN in said.out
    require_clean(said.out + said.err, "lines")
    here, place = current(), Place(current().home, tmp_path, Holding.LINK)
    html = FinishedOutput(parts.key, here, place).draw().html
    assert SHOWN in html
    require_clean(html, "card")
    require_clean(sp.history().to_csv(), "frame")
    assert (sp.history()["source"] == SHOWN).all()


def test_a_shown_address_is_not_taken_for_the_whole_one(shell, refusing, capsys):
    shell.run_cell(f'%soundpiece_stems parts --source "{SIGNED}" --wait')
    parts = shell.user_ns["parts"]
    cell = LabForm(current(), lambda *_: None).answer(
        {"do": "cell", "route": "adapt.separate_stems", "fields": {"source": SIGNED}, "name": ""}
    )
    require_clean(cell, "lab")
    before = len(refusing.heard)
    with pytest.raises(sp.Mistake, match="without its secrets"):
        sp.stems(**parts.request)
    assert len(refusing.heard) == before


def test_what_is_scrubbed_twice_keeps_the_marks_around_it():
    told = sp.Mistake(
        f"{quoted('https://x.example/a?k=planted')} cannot be a path, (https://y/?z)."
    )
    assert told.what == "'https://x.example/a?…' cannot be a path, (https://y/?…"
    assert scrub("https://x/?…planted") == "https://x/?…"

"""Any text at all, wherever a person or the service can put it: kept as it is, shown, and inert."""

from __future__ import annotations

import csv
import itertools
import json
import re
import types
import unicodedata
import urllib.request
from functools import partial
from pathlib import Path

import mutagen
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

import soundpiece_nb as sp
from soundpiece_nb.api.answer import OutputLink
from soundpiece_nb.api.redaction import plain_word, whole
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.export import ENDINGS
from soundpiece_nb.audio.verification import verify
from soundpiece_nb.display.batch_card import BatchCard, summary
from soundpiece_nb.display.bundle import plan_bundle
from soundpiece_nb.display.cell_source import make_cell
from soundpiece_nb.display.comparison import compare
from soundpiece_nb.display.finished_output import compose, plain, unshowable
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.display.history_table import HistoryTable
from soundpiece_nb.display.lab_form import LabForm
from soundpiece_nb.display.live_card import live_html
from soundpiece_nb.display.live_output import Rendering
from soundpiece_nb.display.sound_source import Holding, Place
from soundpiece_nb.display.sweep_board import Board
from soundpiece_nb.engine.run_state import Run
from soundpiece_nb.inputs.spelling import as_python
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.sweep import find_sweep
from soundpiece_nb.operations.templates import expand, names_in
from soundpiece_nb.shown_text import scrub, visible
from support.hostile_texts import (
    CONTROLS,
    DIRECTIONS,
    HALF,
    NAMES,
    PIECES,
    SCRIPTS,
    Page,
    harmless,
    texts,
)
from support.services import OPERATION_ID, Reply, as_json, tone

FX = "/v1/create.new_fx"
tried = partial(
    settings,
    deadline=None,
    suppress_health_check=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow),
)
LONG = "<b>" * 100_000


@pytest.fixture
def shell(home):
    """A shell of its own with the magics loaded, which leaves this process as it was."""
    quiet = Config(HistoryManager={"enabled": False})
    started = InteractiveShell(config=quiet, user_module=types.ModuleType("notebook"))
    started.run_line_magic("load_ext", "soundpiece_nb")
    yield started
    started.run_line_magic("unload_ext", "soundpiece_nb")
    started.restore_sys_module_state()


@pytest.fixture
def refusing(scripted):
    """A service that hears every request and makes none."""
    return scripted(lambda *_: as_json({"detail": "no credits"}, 402))


def heard(service):
    """Return what the service was asked for last, without the key."""
    body = json.loads(service.heard[-1].body)
    del body["idempotency_key"]
    return body


# ------------------------------------------------------------------ kept as it is


rows = st.fixed_dictionaries(
    {"prompt": texts()},
    optional={
        "note": st.text(max_size=20) | texts(),
        "name": NAMES,
        "tags": st.lists(texts(), max_size=3),
    },
)


@tried(max_examples=5)
@given(asked=st.lists(rows, min_size=4, max_size=8))
@example(asked=[{"prompt": piece} for piece in PIECES if piece.strip()])
@example(asked=[{"prompt": "x", "note": LONG, "tags": [LONG], "name": "x" * 100_000}])
def test_what_was_typed_is_what_journal_frame_and_service_have(connected, sandbox, asked):
    batch = sp.batch([{**row, "duration": 0.5} for row in asked], route="fx")
    frame = batch.result(120)
    for row, operation in zip(asked, batch.operations, strict=True):
        entry = operation.entry
        assert json.loads(entry.body)["prompt"] == row["prompt"]
        assert echoed(sandbox, operation.id)["prompt"] == row["prompt"]
        kept = frame.loc[operation.key]
        assert kept["prompt"] == row["prompt"]
        assert entry.tags == tuple(row.get("tags", ())) == tuple(kept["tags"])
        assert entry.name == (as_python(row["name"]) if row.get("name") else None)
        assert entry.note == row.get("note")
        for column in ("name", "note"):
            assert getattr(entry, column) == (None if kept[column] is sp_na() else kept[column])


def sp_na():
    import pandas as pd

    return pd.NA


def echoed(sandbox, operation_id):
    """Return an operation as the service tells it, with the fields that it was asked for."""
    request = urllib.request.Request(
        f"{sandbox.base_url}/create.new_fx?id={operation_id}",
        headers={"Authorization": "Bearer spk_tests_only_0123456789"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        [envelope] = json.load(answer).values()
    return envelope


@tried(max_examples=25)
@given(body=texts(), words=texts(100), note=texts(), tag=texts())
@example(body="la", words="{{words}} {{nobody}}", note="{{words}}", tag="--note={{words}}")
@example(body="la", words="\n lo\n", note="\n", tag="\n")
def test_a_cell_sends_its_body_and_variables_as_they_are(  # noqa: PLR0917 - by name
    shell, refusing, body, words, note, tag
):
    """What IPython itself does to a cell, to pasted prompts say, is before our time."""
    shell.user_ns.update(words=words, note=note, tag=tag, name="(name)", x="(x)")
    options = "-d 1 --note {{note}} --tag {{tag}}"
    shell.run_cell_magic("soundpiece_fx", f"effect --no-wait {options}", f"{body}{{{{words}}}}\n")
    operation = shell.user_ns["effect"]
    operation_ended(operation)
    typed = f"{body}{{{{words}}}}\n".strip("\n")  # the cell's own, not the variable's
    assert heard(refusing) == {"prompt": expand(typed, shell.user_ns), "duration": 1.0}
    assert operation.entry.note == note
    assert operation.entry.tags == (tag,)


def operation_ended(operation):
    with pytest.raises(sp.RequestRejected):
        operation.result(20)


@tried(max_examples=200)
@given(text=texts(), value=texts())
def test_a_name_is_replaced_once_and_nothing_else_is_touched(text, value):
    namespace = dict.fromkeys(names_in(text), value)
    pieces = re.split(r"\{\{\s*[^{}\s]+\s*\}\}", text)
    said = expand(text, namespace)
    assert all(piece in said for piece in pieces)
    assert said.count(value) >= len(names_in(text))


@pytest.mark.parametrize("name", ["müde", unicodedata.normalize("NFD", "müde"), "गति", "ﬁne"])
def test_every_name_that_python_takes_can_be_inserted_and_swept(shell, refusing, name):
    shell.run_cell(f"{name} = 'slow'")
    shell.run_cell(f"%soundpiece_fx -d 1 -p '{{{{{name}}}}} rain' --no-wait one")
    operation_ended(shell.user_ns["one"])
    assert heard(refusing)["prompt"] == "slow rain"
    shell.run_cell(f"%soundpiece_fx -d 1 -p '{{{{{name}}}}} rain' --sweep {name}=a,b swept --wait")
    assert [each.request["prompt"] for each in shell.user_ns["swept"].operations] == [
        "a rain",
        "b rain",
    ]


@tried(max_examples=30)
@given(code=texts(200), message=texts(), more=texts(200), kind=texts(200))
@example(code=f"a{HALF}", message=f"cut {HALF} off", more=HALF, kind=HALF)
def test_the_services_words_are_kept_and_said(scripted_once, code, message, more, kind):
    """Half a surrogate pair, which JSON can spell, is a sign of its own: there is no keeping it."""
    error = {"code": code, "message": message, more: more}
    failed = {"id": OPERATION_ID, "status": "failed", "error": error, "kind": kind, more: [more]}
    scripted_once.answer = as_json({more: {"x": more}, "fx": failed})
    op = sp.fx("x")
    with pytest.raises(sp.OperationFailed) as caught:
        op.result(20)
    assert op.error == (plain_word(code) or "internal_error", scrub(whole(message)))
    row = sp.history(limit=1).loc[op.key]
    assert (row["error_code"], row["error_message"]) == op.error
    assert scrub(whole(message)).strip() in str(caught.value)
    inert_lines(caught.value._render_traceback_())


@tried(max_examples=20)
@given(words=texts(), where=texts(100), kind=texts(100))
@example(words=HALF, where=HALF, kind=HALF)
def test_a_refusal_and_an_envelope_of_any_words_are_understood(scripted_once, words, where, kind):
    detail = [{"loc": ["body", where], "msg": words, "type": kind}, {where: words}, words, None]
    scripted_once.answer = as_json({"detail": detail, where: words}, 422)
    op = sp.fx("x")
    with pytest.raises(sp.RequestRejected):
        op.result(20)
    assert scrub(whole(f"{where}: {words}")) in sp.history(limit=1).loc[op.key, "error_message"]
    link = {"url": scripted_once.root + "/take", "kind": kind, "duration": words, where: words}
    ready = {"id": OPERATION_ID, "status": "ready", "outputs": [link], where: words}
    scripted_once.answer = as_json({where: words, "fx": ready})
    made = sp.fx("x").result(20)
    assert [output.kind for output in made.outputs] == [plain_word(kind)]
    assert made.outputs[0].path.read_bytes() == tone()


@pytest.fixture
def scripted_once(scripted):
    """A service whose `answer` is what it says to anything but a download."""

    def answer(request, _):
        return Reply(body=tone()) if request.path == "/take" else service.answer

    service = scripted(answer)
    return service


# ------------------------------------------------------------------ what cannot be kept


TEXTS_THAT_CANNOT_BE = (
    lambda _: sp.song(HALF, prompt="x"),
    lambda _: sp.song("la", prompt=HALF),
    lambda _: sp.fx("x", tags=["good", HALF]),
    lambda _: sp.fx("x", note=f"a{HALF}"),
    lambda _: sp.fx("x", name=HALF),
    lambda _: sp.fx("x", key=HALF),
    lambda _: sp.fx("x", callback_url=f"https://a.example/{HALF}"),
    lambda _: sp.stems(f"https://a.example/{HALF}"),
    lambda _: sp.stems(HALF),
    lambda _: sp.instrumental(reference=f"https://a.example/{HALF}"),
    lambda _: sp.submit(HALF),
    lambda _: sp.submit("fx", **{HALF: "x"}),
    lambda _: sp.batch([{"prompt": "x"}, {"prompt": "x", "note": HALF}], route="fx"),
    lambda _: sp.batch([{"prompt": "x"}, {"prompt": "x", "tags": [HALF]}], route="fx"),
    lambda _: sp.batch(name=HALF),
    lambda _: sp.sweep("fx", vary={"x": ["a", HALF]}, prompt="x", tags=["{{x}}"]),
    lambda _: sp.sweep("fx", vary={"x": ["a", HALF]}, prompt="x", note="{{x}}"),
    lambda _: sp.sweep("fx", vary={"x": ["a", HALF]}, prompt="{{x}}"),
    lambda _: sp.operation(HALF),
    lambda _: sp.resume(HALF),
    lambda _: sp.compare(HALF, HALF),
    lambda _: sp.history(search=HALF),
    lambda _: sp.history(name=HALF),
    lambda _: sp.history(error=HALF),
    lambda _: sp.history(sweep=HALF),
    lambda op: op.tag(HALF),
    lambda op: op.note(HALF),
    lambda op: op.outputs[0].rate(4, HALF),
    lambda op: op.rerun(prompt=HALF),
    lambda op: op.outputs[0].save(f"{HALF}.flac"),
    lambda op: op.outputs[0].save("\0.flac"),
    lambda _: sp.remix_instrumental("https://a.example/x", n_variations=float("inf")),
    lambda _: sp.fx("x", duration=10**5000),
    lambda _: sp.fx("x", duration="long " * 10_000),
    lambda _: sp.fx("x", key="long " * 10_000),
)


def test_what_cannot_be_kept_is_one_sentence_and_nothing_leaves(refusing):
    op = kept()
    before = current().journal.counts()
    for number, ask in enumerate(TEXTS_THAT_CANNOT_BE):
        with pytest.raises(sp.SoundpieceError) as caught:
            pytest.fail(f"number {number} returned {ask(op)!r}")
        assert isinstance(caught.value, sp.Mistake), number
        assert len(str(caught.value)) < 400, number
        str(caught.value).encode()
        assert current().journal.counts() == before, number
    assert refusing.heard == []


CELLS_THAT_CANNOT_BE = (
    "%%soundpiece_fx --note {{half}}\nx",
    "%%soundpiece_fx --tag {{half}}\nx",
    "%%soundpiece_fx --note {{x}} --sweep x={{half}},b\nx",
    "%%soundpiece_fx -d {{half}}\nx",
    "%%soundpiece_fx\n{{half}}",
    "%%soundpiece_fx --key {{half}}\nx",
    "%soundpiece_stems --source https://a.example/{{half}}",
    '%soundpiece_history --to "a\0b.csv"',
    "%soundpiece_history --to ~nobody_at_all/a.csv",
    '%soundpiece_export kept --to "a\0b"',
    "%soundpiece_export kept --to ~nobody_at_all/a",
    '%soundpiece_bundle "a\0b.ipynb"',
    '%soundpiece_bundle here.ipynb --to "a\0b.ipynb"',
    "%soundpiece_remix_instrumental --source https://a.example/x --variations 1e999",
    "%soundpiece_fx -p x\0 --nonsense \x1b[2J",
)


def test_in_a_cell_too(shell, refusing, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("here.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4}')
    kept()
    before = current().journal.counts()
    shell.user_ns["half"] = HALF
    for cell in CELLS_THAT_CANNOT_BE:
        ran = shell.run_cell(cell)
        assert isinstance(ran.error_in_exec, sp.Mistake), (cell, ran.error_in_exec)
        inert_lines(ran.error_in_exec._render_traceback_())
        assert current().journal.counts() == before, cell
    assert refusing.heard == []


# ------------------------------------------------------------------ shown, and inert


def kept(words="x", *, failed=False, name="kept", sweep="shape-0"):
    """Write an operation down that has these words wherever there may be some; return its handle.

    It is made from the journal alone, so that it is there at once.
    """
    here = current()
    say = partial("{}: {}".format)
    texts = {"lyrics": say("lyrics", words), "prompt": say("prompt", words)}
    request = new_request(find_route("song"), texts)
    label = {"name": name, "tags": [say("tag", words)], "note": say("note", words)}
    label["sweep"] = json.dumps({"id": sweep, "shape": say("value", words)})
    here.journal.record_all([request], [label], service="sandbox")
    here.journal.accepted(request.key, f"op_{request.key}")
    if failed:
        here.journal.failed(request.key, say("code", words), say("message", words))
    else:
        link = OutputLink("https://a.example/x", None, 1.0, say("kind", words))
        here.journal.ready(request.key, [link])
        path = here.engine.store.path(request.key, 1)
        path.parent.mkdir(parents=True)
        path.write_bytes(tone())
        path.with_suffix(".mp3").write_bytes(b"ID3 encoded")
        here.journal.stored(request.key, 1, verify(path), path)
        here.journal.judge(request.key, 1, rating=4, note=say("judged", words))
    return Operation(request.key, here)


def views(words, folder):
    """Draw everything that shows an operation; return each view with the words it has to show."""
    here = current()
    shape = f"shape-{next(_shapes):08x}"
    made, lost = kept(words, sweep=shape), kept(words, sweep=shape, failed=True)
    keys = [made.key, lost.key]
    place = Place(here.home, folder, Holding.AUTO)
    sweep = find_sweep(here, shape)
    board = Board(sweep, place)
    lab = LabForm(here, lambda *_: None)
    lab.keys = keys
    table = HistoryTable(here, Filter(limit=2), place)
    error = RuntimeError(f"error: {words}")
    live = Rendering(str(live_html(made.entry, Run(made.key), None, shows_key=True)), "")
    return {
        "player": (compose(made.entry, place), "prompt tag note judged kind"),
        "failed card": (compose(lost.entry, place), "prompt tag note code message"),
        "live card": (live, "prompt"),
        "no player": (unshowable(made.entry, error), "error"),
        "history": (table.draw(), "prompt tag note judged kind code"),
        "comparison": (compare([made.entry, other().entry], place, "id"), "prompt lyrics kind"),
        "board": (board.draw(), "value judged kind code message"),
        "batch": (summary(sweep), "code message"),
        "batch card": (BatchCard(sweep, place).draw(), "judged kind code message"),
        "lab": (lab.draw(), "prompt judged kind code message"),
    }


def other():
    return kept("entirely other words", sweep="other-0")


_shapes = itertools.count()


@tried(max_examples=25)
@given(words=texts(200))
@example(words="".join(SCRIPTS))
@example(words="".join(DIRECTIONS))
@example(words="a " + "".join(CONTROLS))
@example(words="\n\n two \n\n\n lines \n")
def test_every_view_has_the_same_elements_whatever_the_words(home, tmp_path, words):
    hostile, benign = views(words, tmp_path), views(harmless(words), tmp_path)
    for view, (shown, slots) in hostile.items():
        page = Page(shown.html)
        assert skeleton(page) == skeleton(Page(benign[view][0].html)), view
        for slot in slots.split():
            assert visible(f"{slot}: {words}").strip() in page.text, (view, slot)
        for chunk, isolated in page.chunks:
            assert isolated or not set(chunk) & _TURNING, (view, chunk)
        assert not set(page.text) & _UNSEEN, view
        inert_lines(shown.text.split("\n"))


_TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_UNSEEN = {chr(number) for number in (*range(32), *range(0x7F, 0xA0))} - set("\n\t")


def inert_lines(lines):
    """Find nothing in lines of text that a terminal would obey."""
    for line in lines:
        assert not set(line) & _UNSEEN, line


def skeleton(page):
    """Return a page's elements and attributes, without what differs from operation to operation."""
    return [
        (tag, {name: _alike(name, value or "") for name, value in attributes.items()})
        for tag, attributes in page.elements
        if tag != "mark"
    ]


_SOUND_OR_IMAGE = re.compile(
    r"soundpiece-audio/[\w.%~-]+|data:(audio/mpeg|image/svg\+xml);base64,[\w+/]+=*", re.ASCII
)


def _alike(name, value):
    if name in ("title", "alt"):
        return ""
    if name == "src":
        assert _SOUND_OR_IMAGE.fullmatch(value), value
        return ""
    keyless = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", value)
    return re.sub(r"-[0-9a-f]{8}\b|since-\d+", "", keyless)


@tried(max_examples=8)
@given(words=texts(200))
@example(words="".join(SCRIPTS))
@example(words="delete\x7f, and a C1 sequence \x9b31m")
def test_a_terminal_is_told_all_of_it_and_obeys_none(shell, refusing, capsys, words):
    made, lost = kept(words), kept(words, failed=True)
    capsys.readouterr()
    lines = "show {}", "tag {} more", "note {}:1 again", "rate {}:1 3", "prune {}", "compare {} {}"
    for line in lines:
        shell.run_cell("%soundpiece_" + line.replace("{}", made.key))
    shell.run_cell(f"%soundpiece_show {lost.key}")
    shell.run_cell("%soundpiece_history -n 2")
    shell.run_cell("%soundpiece_show shape-0")
    shell.user_ns["words"] = words
    shell.run_cell("%soundpiece_fx -d 1 -p {{words}} --dry-run")
    said = capsys.readouterr().out
    inert_lines(said.split("\n"))
    for slot in ("tag", "message", "value"):
        lines = visible(f"{slot}: {words}").strip().split("\n")
        assert all(line.strip() in said for line in lines), slot
    assert plain(lost.entry, {}).split("\n")[0] in said


# ------------------------------------------------------------------ copied as a cell


@tried(max_examples=60)
@given(lyrics=texts(), prompt=texts(), name=st.none() | NAMES)
@example(lyrics="la", prompt="-5 dB", name=None)
@example(lyrics="la", prompt="--note=hello", name=None)
@example(lyrics="la\n\nlo", prompt='it\'s "late" \\ {x}', name="night")
def test_a_copied_cell_asks_for_just_the_same(shell, refusing, lyrics, prompt, name):
    song = find_route("song")
    asked = new_request(song, {"lyrics": lyrics, "prompt": prompt}).fields
    cell = make_cell(song.path, name, asked)
    assert visible(cell) == cell
    assert asked_by(shell, cell, refusing) == dict(asked)
    kept = current().journal.entries(Filter(limit=1))[0].name
    assert kept == (None if name is None else as_python(name))


@tried(max_examples=12)
@given(
    address=st.sampled_from(['a"b', "a'b", "{{name}}", "a\u2028b", "a\\", "\0", "-"]),
    seconds=st.floats(0.001, 1e20),
    loopable=st.none() | st.booleans(),
)
def test_so_does_one_of_addresses_numbers_and_switches(shell, refusing, address, seconds, loopable):
    for noun, asked in {
        "stems": {"source": f"https://a.example/{address.strip()}"},
        "cut": {"source": "https://a.example/x", "target_duration": seconds},
        "instrumental": {"reference": f"https://a.example/{address}".replace("\u2028", "")},
        "sample": {"prompt": "x", "duration": seconds, "loopable": loopable},
    }.items():
        route = find_route(noun)
        try:
            request = new_request(route, asked)
        except sp.Mistake:
            continue
        sent = json.loads(request.body)
        del sent["idempotency_key"]
        assert asked_by(shell, make_cell(route.path, None, request.fields), refusing) == sent


def asked_by(shell, cell, service):
    """Run a cell, and return what the service is asked for by it."""
    asked_before = len(service.heard)
    ran = shell.run_cell(cell)
    assert ran.error_before_exec is None
    if ran.result is not None:  # a handle, of what a function made
        operation_ended(ran.result)
    assert len(service.heard) == asked_before + 1
    return heard(service)


def test_an_ordinary_cell_stays_as_one_would_type_it():
    asked = {"lyrics": "[Verse]\nIt's {late}, $5\n\n  la", "prompt": "Slow jazz"}
    cell = make_cell("create.new_song", "night", asked)
    assert cell == f'%%soundpiece_song night --prompt "Slow jazz"\n{asked["lyrics"]}'


# ------------------------------------------------------------------ taken away as files


@tried(max_examples=15)
@given(words=texts(200), name=NAMES)
@example(words='=1+1\r\n"a",b\0', name="kept")
@example(words="one\rtwo", name="kept")
def test_files_hold_the_words_under_names_that_any_disk_takes(home, tmp_path, words, name):
    made = kept(words, name=name)
    here = current()
    [row] = written(here, tmp_path / "history.csv")
    entry = made.entry
    assert (row["name"], row["prompt"], row["lyrics"], row["note"]) == (
        name,
        f"prompt: {words}",
        f"lyrics: {words}",
        f"note: {words}",
    )
    assert json.loads(row["tags"]) == [f"tag: {words}"]
    page, _ = write_history(here, Filter(limit=1), tmp_path / "history.html")
    shown = Page(page.read_text(encoding="utf-8").removeprefix("<!DOCTYPE html>"))
    assert visible(f"prompt: {words}") in visible(shown.text)
    for ending in ENDINGS:
        copy = made.outputs[0].save(made.outputs[0].place_in(tmp_path / "copies", ending))
        assert re.fullmatch(r"[\w-]+\.\w+", copy.name)
        tags = mutagen.File(copy).tags
        prompt = tags["COMM::und"].text[0] if ending != ".flac" else tags["DESCRIPTION"][0]
        assert prompt == entry.fields["prompt"].replace("\0", "" if ending != ".flac" else "\0")


def written(here, path):
    """Write the latest operation as a table, and read it as any program would."""
    write_history(here, Filter(limit=1), path)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("html", [False, True])
def test_a_bundle_changes_players_and_nothing_that_only_looks_like_one(home, tmp_path, html):
    words = "".join(SCRIPTS) + '<audio src="soundpiece-audio/other.flac">'
    place = Place(current().home, tmp_path, Holding.AUTO)
    shown = compose(kept(words).entry, place)
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": shown.html}}
    cell = {"cell_type": "code", "id": "a", "source": "x", "metadata": {}, "outputs": [output]}
    cell["execution_count"] = 1
    notebook = tmp_path / "<img src=x onerror=window.__ran=7>.ipynb"
    content = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    notebook.write_text(json.dumps(content))
    plan = plan_bundle(notebook, tmp_path / f"copy{'.html' if html else '.ipynb'}", html=html)
    made = plan.write(current().journal)
    assert (made.sounds, made.missing) == (1, ())
    text = made.path.read_text(encoding="utf-8")
    if html:
        assert "<img src=x" not in text
    else:
        [[bundled]] = [each["outputs"] for each in json.loads(text)["cells"]]
        text = "".join(bundled["data"]["text/html"])
        assert skeleton(Page(text)) == skeleton(Page(shown.html))
        assert text.count("data:audio/mpeg") == 1
        assert Page(text).text == Page(shown.html).text

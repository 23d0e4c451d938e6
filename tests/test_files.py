"""Takes as files of one's own: saved, exported, bundled with a notebook, pruned and had again."""

from __future__ import annotations

import base64
import re
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import mutagen
import nbformat
import pytest
import soundfile
from mutagen.flac import FLAC
from sqlalchemy import update

import soundpiece_nb as sp
from soundpiece_nb.journal.quick_reads import find_abandoned
from soundpiece_nb.journal.schema import operations, takes
from soundpiece_nb.operations.current_session import current
from support.kernels import Kernel
from support.services import OPERATION_ID, Reply, as_json, operation, quiet_environment, tone

LYRICS = "[Verse]\nDrive, 夜\n\nhome"


@pytest.fixture(scope="module")
def kernel_home(tmp_path_factory):
    return tmp_path_factory.mktemp("kernel")


@pytest.fixture(scope="module")
def kernel(kernel_home, sandbox):
    """A person's kernel with a song, its stems, and an operation that failed."""
    environment = quiet_environment(
        kernel_home,
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    started.run(f"night = sp.song({LYRICS!r}, prompt='Synthwave', name='night').result(60)")
    started.run("parts = sp.stems(source=night.outputs[0], name='parts').result(60)")
    started.run("bad = sp.song('content_policy', prompt='x', name='bad')\n%soundpiece_wait bad")
    yield started
    started.close()


def stored(kernel, name):
    return [Path(path) for path in kernel.value(f"[str(o.path) for o in {name}.outputs]")]


# ------------------------------------------------------------------ saving


@pytest.fixture
def song(connected):
    return sp.song(LYRICS, prompt="Synthwave", name="night").result(60)


def test_a_saved_take_tells_its_story_and_the_stored_one_stays_as_it_came(song, tmp_path):
    before = song.outputs[0].path.read_bytes()
    saved = FLAC(song.outputs[0].save(tmp_path / "mine.flac"))
    assert saved["title"] == ["night"]
    assert saved["description"] == ["Synthwave"]
    assert saved["comment"][0] == "Synthwave"
    assert saved["lyrics"] == [LYRICS]
    assert saved["soundpiece_route"] == ["create.new_song"]
    assert saved["soundpiece_key"] == [song.key]
    assert saved["soundpiece_operation"] == [song.id]
    made = datetime.fromisoformat(saved["date"][0])
    assert abs(datetime.now(UTC) - made) < timedelta(minutes=1)
    assert song.outputs[0].path.read_bytes() == before
    assert saved.info.md5_signature == FLAC(song.outputs[0].path).info.md5_signature


def test_the_ending_chooses_the_form(song, tmp_path):
    take = song.outputs[0]
    for name, form in (("a.flac", "FLAC"), ("b.wav", "WAV"), ("c.MP3", "MP3")):
        saved = take.save(tmp_path / "deep" / name)
        assert saved == tmp_path / "deep" / name
        assert soundfile.info(saved).format == form
        assert soundfile.info(saved).duration == pytest.approx(take.duration, abs=0.15)
    assert not list(tmp_path.rglob("*.part"))


def test_a_folder_gets_a_readable_name_and_overwrites_nothing_of_anothers(song, tmp_path):
    name = f"night-1-{song.key[:8]}"
    (tmp_path / f"{name}.flac").write_text("somebody else's")
    assert song.outputs[0].save(tmp_path).name == f"{name}-2.flac"
    assert song.outputs[0].save(tmp_path).name == f"{name}-2.flac"
    assert (tmp_path / f"{name}.flac").read_text() == "somebody else's"


@pytest.mark.parametrize("name", ["mine.ogg", "mine", "mine.flac.txt"])
def test_another_ending_is_a_mistake_and_leaves_nothing(song, tmp_path, name):
    with pytest.raises(sp.Mistake, match=r"\.flac, \.wav or \.mp3\. Call the file mine"):
        song.outputs[0].save(tmp_path / "new" / name)
    assert not (tmp_path / "new").exists()


def test_the_store_itself_is_no_place_to_save_to(song):
    take = song.outputs[0]
    before = take.path.read_bytes()
    for place in (take.path, take.path.parent, take.path.with_name("mine.wav")):
        with pytest.raises(sp.Mistake, match="as they came"):
            take.save(place)
    assert take.path.read_bytes() == before


def test_a_disk_that_refuses_is_one_sentence(song, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(sp.api.errors.StorageFailed, match="cannot be written: "):
        song.outputs[0].save(tmp_path / "file" / "mine.flac")


async def test_the_kernels_own_tasks_go_on_while_an_mp3_is_encoded(scripted, tmp_path):
    import asyncio

    def answer(heard, _):
        if heard.path.startswith("/audio"):
            return Reply(body=tone(120.0), headers={"Content-Type": "audio/flac"})
        return as_json(operation("ready", outputs=[{"url": f"{service.root}/audio/1"}]))

    service = scripted(answer)
    op = sp.song("la", prompt="x").result(60)
    ticks = []

    async def tick():
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.01)

    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    began = time.monotonic()
    op.outputs[0].save(tmp_path / "long.mp3")
    took = time.monotonic() - began
    task.cancel()
    longest = max(b - a for a, b in pairwise(ticks))
    assert took > 0.3
    assert len(ticks) > 10
    assert longest < took / 2, f"{longest:.2f} of {took:.2f} s without a tick"
    assert op.id == OPERATION_ID


# ------------------------------------------------------------------ exporting


def test_takes_are_exported_under_readable_names_and_only_once(kernel, tmp_path):
    key = kernel.value("night.key")
    ran = kernel.run(f"%soundpiece_export night {key[:8]} {key} --to {tmp_path / 'songs'}")
    assert ran.status == "ok", ran.text
    names = [f"night-{take}-{key[:8]}.flac" for take in (1, 2)]
    assert ran.text.split()[:2] + ran.text.splitlines()[-1:] == [
        *names,
        f"2 files in {tmp_path / 'songs'}.",
    ]
    assert sorted(file.name for file in (tmp_path / "songs").iterdir()) == names
    assert FLAC(tmp_path / "songs" / names[1])["soundpiece_take"] == ["2"]

    written = [file.stat().st_mtime_ns for file in (tmp_path / "songs").iterdir()]
    again = kernel.run(f"%soundpiece_export night --to {tmp_path / 'songs'}")
    assert again.text.count("already there") == 2
    assert "2 of them there already" in again.text
    assert [file.stat().st_mtime_ns for file in (tmp_path / "songs").iterdir()] == written


def test_stems_are_named_for_what_they_are(kernel, tmp_path):
    kernel.run(f"%soundpiece_export parts --to {tmp_path} --format wav")
    short = kernel.value("parts.key")[:8]
    names = {f"parts-{kind}-{short}.wav" for kind in ("vocals", "drums", "bass", "other")}
    assert {file.name for file in tmp_path.iterdir()} == names
    [bass] = [file for file in tmp_path.iterdir() if "bass" in file.name]
    assert str(mutagen.File(bass).tags["TIT2"]) == "parts"


def test_one_take_can_be_exported_by_number_or_by_name(kernel, tmp_path):
    kernel.run(f"%soundpiece_export night --to {tmp_path} --take 2 --format mp3")
    kernel.run(f"%soundpiece_export parts --to {tmp_path} --take drums")
    assert sorted(file.name.split("-")[:2] for file in tmp_path.iterdir()) == [
        ["night", "2"],
        ["parts", "drums"],
    ]


def test_a_name_that_another_file_has_is_numbered(kernel, tmp_path):
    name = f"night-1-{kernel.value('night.key')[:8]}"
    (tmp_path / f"{name}.flac").write_bytes(stored(kernel, "parts")[0].read_bytes())
    ran = kernel.run(f"%soundpiece_export night --take 1 --to {tmp_path}")
    assert f"{name}-2.flac" in ran.text
    assert "already" not in ran.text
    again = kernel.run(f"%soundpiece_export night --take 1 --to {tmp_path}")
    assert f"{name}-2.flac  already there" in again.text
    assert len(list(tmp_path.iterdir())) == 2


def test_what_cannot_be_exported_is_named_after_the_rest_was(kernel, tmp_path):
    ran = kernel.run(f"%soundpiece_export bad night parts --take 2 --to {tmp_path}")
    assert ran.status == "error"
    assert ran.errors == ["Mistake: Not exported: bad is failed."]
    assert len(list(tmp_path.iterdir())) == 2
    none = kernel.run(f"%soundpiece_export night --take 7 --to {tmp_path}")
    assert none.errors == ["Mistake: Not exported: night has no take 7."]


def test_a_take_whose_file_is_gone_is_named(kernel, tmp_path):
    kernel.run("gone = sp.fx('door slam', name='gone').result(60)")
    stored(kernel, "gone")[0].unlink()
    ran = kernel.run(f"%soundpiece_export gone --to {tmp_path}")
    assert "gone is not on this machine (%soundpiece_resume gone fetches it)" in ran.errors[0]
    assert kernel.run("%soundpiece_resume gone\n%soundpiece_wait").status == "ok"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("export --to {folder}", "Say what to export: %soundpiece_export night_drive --to"),
        ("export night", "--to"),
        ("export night --to {folder}/file", "is a file; --to takes a folder"),
        ("export night --to {folder} --format ogg", "invalid choice"),
        ("export nobody night --to {folder}", "No operation has the name or key 'nobody'"),
        ("prune", "Say what to prune: a KEY or NAME, or --older-than"),
        ("prune --yes", "Say what to prune"),
        ("prune nobody", "No operation has the name or key 'nobody'"),
        ("prune --older-than soon", "is no time"),
        ("prune --status done", "no status 'done'"),
        ("prune --below-rating good", "must be a whole number from 1 to 6, not 'good'"),
        ("bundle", "required: NOTEBOOK"),
        ("bundle {folder}/no.ipynb", "There is no notebook"),
        ("bundle {folder}/file", "is no notebook that can be read"),
        ("bundle {folder}", "There is no notebook"),
        ("bundle {folder}/n.ipynb --to {folder}/n.html", "--html makes a web page"),
        ("bundle {folder}/n.ipynb --html --to {folder}/n.ipynb", "Without --html"),
        ("bundle {folder}/old.ipynb", "has an old format"),
    ],
)
def test_a_slip_is_one_sentence_and_writes_nothing(kernel, tmp_path, line, says):
    (tmp_path / "file").write_text("[]")
    write_notebook(tmp_path / "n.ipynb")
    (tmp_path / "old.ipynb").write_text('{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}')
    before = sorted(tmp_path.iterdir())
    ran = kernel.run(f"%soundpiece_{line.format(folder=tmp_path)}")
    assert ran.status == "error"
    assert ran.errors[0].startswith("Mistake: ")
    assert says in ran.errors[0]
    assert "\n" not in ran.errors[0]
    assert sorted(tmp_path.iterdir()) == before


# ------------------------------------------------------------------ pruning


@pytest.fixture
def spare(kernel):
    """An operation that a test may prune: its files, and a copy linked beside a notebook."""
    kernel.run("spare = sp.fx('door slam', name='spare').result(60)")
    [file] = stored(kernel, "spare")
    file.with_suffix(".mp3").write_bytes(b"a preview")
    return file


def test_pruning_says_what_it_would_remove_and_removes_nothing(kernel, spare, tmp_path):
    (tmp_path / "linked.flac").hardlink_to(spare)
    size = (spare.stat().st_size + 9) / 1e6
    ran = kernel.run("%soundpiece_prune spare")
    assert f"This would remove 1 take of 1 operation, {size:.1f} MB" in ran.text
    assert f"{kernel.value('spare.key')[:8]}  spare  1 take" in ran.text
    assert "Files beside notebooks (soundpiece-audio) are left alone" in ran.text
    assert f"{spare.stat().st_size / 1e6:.1f} MB of these lie there too" in ran.text
    assert "Nothing was removed" in ran.text
    assert spare.exists()
    assert kernel.value("spare.outputs[0].pruned_at") is None


def test_pruned_audio_is_gone_and_its_rows_stay(kernel, spare, tmp_path):
    linked = tmp_path / "linked.flac"
    linked.hardlink_to(spare)
    row = "list(map(str, sp.history().loc[spare.key, ['status', 'prompt', 'duration', 'outputs']]))"
    before = kernel.value(row)
    ran = kernel.run("%soundpiece_prune spare --yes")
    assert "Removed 1 take of 1 operation" in ran.text
    assert not spare.parent.exists()
    assert linked.read_bytes()[:4] == b"fLaC"
    assert kernel.value(row) == before
    assert kernel.value("sp.history().loc[spare.key, 'files']") == []
    assert "no audio on this machine fits" in kernel.run("%soundpiece_prune spare --yes").text


def test_a_pruned_take_says_when_and_how_to_have_it_again(kernel, spare, tmp_path):
    kernel.run("%soundpiece_prune spare --yes")
    short = kernel.value("spare.key")[:8]
    says = f"was pruned on {datetime.now(UTC):%Y-%m-%d}. %soundpiece_resume {short} fetches it"
    for ask in ("audio()", f"save({str(tmp_path)!r})"):
        assert says in kernel.run(f"spare.outputs[0].{ask}").errors[0]
    assert kernel.value("spare.outputs[0].path") is None
    assert "pruned on 20" in kernel.value("repr(spare.outputs[0])")
    [card] = kernel.run("%soundpiece_show spare").of("display_data")
    assert says in card["data"]["text/plain"]
    assert f"<code>%soundpiece_resume {short}</code>" in card["data"]["text/html"]
    assert "<audio" not in card["data"]["text/html"]
    exported = kernel.run(f"%soundpiece_export spare --to {tmp_path}")
    assert "spare was pruned on 20" in exported.errors[0]


def asked_of(sandbox):
    """Return how often the sandbox was asked for anything, but for these counters."""
    requests = sandbox.counters()["requests"]
    return {what: number for what, number in requests.items() if what != "other"}


def test_only_being_named_fetches_pruned_audio_again(kernel, spare, kernel_home, sandbox):
    kernel.run("%soundpiece_prune spare --yes")
    asked = asked_of(sandbox)
    assert kernel.value("spare.result(5).status") == "ready"
    assert "Nothing is unfinished" in kernel.run("%soundpiece_resume").text
    assert len(find_abandoned(kernel_home, time.time_ns() // 1000)) == 0
    assert asked_of(sandbox) == asked
    kernel.run("%soundpiece_resume spare\n%soundpiece_wait spare")
    assert spare.exists()
    assert kernel.value("spare.outputs[0].audio()[1]") == 44_100
    assert kernel.value("spare.outputs[0].pruned_at") is None


def test_filters_choose_what_is_pruned(connected):
    old, poor, good = (sp.fx("door slam", name=name).result(60) for name in ("old", "poor", "good"))
    journal = current().journal
    with journal._database.write() as connection:
        ago = (datetime.now(UTC) - timedelta(days=40)).timestamp() * 1e6
        connection.execute(
            update(operations)
            .where(operations.c.idempotency_key == old.key)
            .values(submitted_at=int(ago))
        )
        for op, rating in ((poor, 2), (good, 4)):
            rated = update(takes).where(takes.c.idempotency_key == op.key)
            connection.execute(rated.values(rating=rating))

    from soundpiece_nb.journal.prunable import find_prunable

    def found(keys=(), **filters):
        return {entry.name for entry in find_prunable(journal, keys, **filters)}

    assert found() == {"old", "poor", "good"}
    assert found(older_than="30d") == {"old"}
    assert found(older_than="41d") == set()
    assert found(below_rating=3) == {"poor"}
    assert found(below_rating=3, older_than="30d") == set()
    assert found({old.key, good.key}, status="ready") == {"old", "good"}
    assert found(status="failed") == set()


def test_what_is_on_the_way_is_never_pruned(scripted):
    from soundpiece_nb.engine.pruning import prune

    def answer(heard, times):
        if heard.path.startswith("/audio/1"):
            return Reply(body=tone(), headers={"Content-Type": "audio/flac"})
        if heard.path.startswith("/audio/2"):
            return Reply(503, headers={"Retry-After": "1"})
        links = [{"url": f"{service.root}/audio/{take}"} for take in (1, 2)]
        return as_json(operation("ready", outputs=links))

    service = scripted(answer)
    op = sp.song("la", prompt="x")
    until = time.monotonic() + 20
    while not any(output.path for output in op.outputs):
        assert time.monotonic() < until
        time.sleep(0.05)
    engine = current().engine
    assert not prune(engine, op.entry)
    [first, _] = op.outputs
    assert first.path.exists()
    op.stop_watching()
    until = time.monotonic() + 20
    while engine.run(op.key):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert prune(engine, op.entry)
    assert not first.path.exists()
    assert op.entry.complete


def test_what_the_service_has_no_more_can_be_let_go_of_again(scripted):
    from IPython.core.interactiveshell import InteractiveShell

    gone = []

    def answer(heard, times):
        if heard.path.startswith("/audio/"):
            return Reply(body=tone(), headers={"Content-Type": "audio/flac"})
        if gone:
            return as_json({}, 404)
        links = [{"url": f"{service.root}/audio/{take}"} for take in (1, 2)]
        return as_json(operation("ready", outputs=links))

    service = scripted(answer)
    op = sp.song("la", prompt="x", name="night").result(20)
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "soundpiece_nb")
    shell.run_line_magic("soundpiece_prune", "night:2 --yes")
    gone.append("the operation")
    with pytest.raises(sp.ServiceSilent, match="404"):
        sp.resume(op.outputs[1])[0].result(20)
    assert not op.entry.complete
    shell.run_line_magic("soundpiece_prune", "night:2 --yes")
    assert op.entry.complete
    assert op.result(1).error is None, "it has what is wanted of it"
    assert op.outputs[0].audio()[1] == 44_100
    assert current().journal.unfinished() == []
    shell.run_line_magic("unload_ext", "soundpiece_nb")
    InteractiveShell.clear_instance()


def test_what_another_kernel_fetches_is_left_alone(kernel, spare):
    kernel.run(
        "import os\n"
        "from sqlalchemy import update\n"
        "from soundpiece_nb.operations.current_session import current\n"
        "from soundpiece_nb.journal.schema import operations\n"
        "from soundpiece_nb.journal.lease import holder_name\n"
        "def hold(holder):\n"
        "    held = update(operations).where(operations.c.idempotency_key == spare.key)\n"
        "    with current().journal._database.write() as connection:\n"
        "        connection.execute(held.values(holder=holder, held_until=2**62))\n"
        "hold(holder_name(os.getppid()))"
    )
    ran = kernel.run("%soundpiece_prune spare --yes")
    assert "Left alone, because on the way: spare." in ran.text
    assert spare.exists()
    kernel.run("hold(None)")


def test_a_crash_between_the_note_and_the_removal_leaves_nothing_to_fetch(connected):
    op = sp.fx("door slam").result(60)
    journal = current().journal
    journal.prune(op.key)  # and here the process died
    assert op.entry.complete
    assert op.outputs[0].audio()[1] == 44_100
    assert journal.unfinished() == []
    op.outputs[0].path.unlink()  # or here
    assert op.result(1).outputs[0].path is None
    assert journal.unfinished() == []


# ------------------------------------------------------------------ bundling


def player(name: str) -> str:
    return (
        f'<div><b>x</b><audio controls preload="none" title="a &gt; b" '
        f'src="soundpiece-audio/{name}" style="width:100%"></audio></div>'
    )


def write_notebook(path: Path, *names: str) -> Path:
    """Write a notebook whose cells show linked players, one each."""
    cells = [
        nbformat.v4.new_code_cell(
            "night",
            outputs=[
                nbformat.v4.new_output("stream", text="la"),
                nbformat.v4.new_output("display_data", {"text/html": player(name)}),
            ],
        )
        for name in names
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return path


def sounds_in(page: str) -> list[bytes]:
    found = re.findall(r'<audio [^>]*src="data:audio/mpeg;base64,([A-Za-z0-9+/=]+)"', page)
    return [base64.b64decode(sound) for sound in found]


def read_sounds(path: Path) -> list[bytes]:
    notebook = nbformat.read(path, as_version=4)
    return [
        sound
        for cell in notebook.cells
        for output in cell.outputs
        for sound in sounds_in(output.get("data", {}).get("text/html", ""))
    ]


def seconds(sound: bytes) -> float:
    import io

    return soundfile.info(io.BytesIO(sound)).duration


@pytest.fixture
def shared(kernel, tmp_path):
    """A notebook with four players: linked, linked of a stranger, stored only, and nowhere."""
    key, parts = kernel.value("night.key")[:8], kernel.value("parts.key")[:8]
    folder = tmp_path / "soundpiece-audio"
    folder.mkdir()
    (folder / f"night-1-{key}.flac").hardlink_to(stored(kernel, "night")[0])
    (folder / "夜 drive-1-ffffffff.flac").write_bytes(tone(2.0))
    names = (f"night-1-{key}.flac", "%E5%A4%9C%20drive-1-ffffffff.flac")
    gone = (f"an-older-name-drums-{parts}.flac", "lost-1-eeeeeeee.flac")
    return write_notebook(tmp_path / "album.ipynb", *names, *gone)


def test_a_bundle_carries_every_sound_that_can_be_found(kernel, shared):
    before = shared.read_bytes()
    ran = kernel.run(f"%soundpiece_bundle {shared}")
    assert ran.status == "ok", ran.text
    made = shared.with_name("album-with-sound.ipynb")
    carried = "3 of 4 players carry their sound; 1 does not: lost-1-eeeeeeee.flac."
    assert ran.text.startswith(f"{made} ({made.stat().st_size / 1e6:.1f} MB): {carried}")
    assert "1 sound can be found neither beside the notebook" in ran.text
    assert shared.read_bytes() == before
    lengths = [seconds(sound) for sound in read_sounds(made)]
    song = kernel.value("[o.duration for o in night.outputs]")[0]
    drums = kernel.value("{o.kind: o.duration for o in parts.outputs}")["drums"]
    assert lengths == [pytest.approx(each, abs=0.15) for each in (song, 2.0, drums)]
    copy, original = (nbformat.read(path, as_version=4) for path in (made, shared))
    assert copy.cells[3] == original.cells[3], "a player without sound stays as it was"
    assert [cell.id for cell in copy.cells] == [cell.id for cell in original.cells]
    nbformat.validate(copy)


def test_a_bundle_never_takes_another_files_place(kernel, shared):
    for name in ("album-with-sound.ipynb", "album-with-sound-2.ipynb", "album-with-sound-3.ipynb"):
        kernel.run(f"%soundpiece_bundle {shared}")
        assert shared.with_name(name).exists()
    before = shared.read_bytes()
    kernel.run(f"%soundpiece_bundle {shared} --to {shared}")
    assert shared.read_bytes() == before
    assert len(read_sounds(shared.with_name("album-2.ipynb"))) == 3
    assert not [file for file in shared.parent.iterdir() if file.suffix == ".part"]


def test_a_bundle_goes_where_it_is_told(kernel, shared, tmp_path):
    kernel.run(f"%soundpiece_bundle {shared} --to {tmp_path / 'new' / 'shared.ipynb'}")
    assert len(read_sounds(tmp_path / "new" / "shared.ipynb")) == 3
    kernel.run(f"%soundpiece_bundle {shared} --to {tmp_path / 'new'}")
    assert (tmp_path / "new" / "album-with-sound.ipynb").exists()


def test_a_bundled_page_fetches_nothing(kernel, shared):
    ran = kernel.run(f"%soundpiece_bundle {shared} --html")
    assert ran.status == "ok", ran.text
    page = shared.with_name("album-with-sound.html").read_text()
    assert len(sounds_in(page)) == 3
    assert re.findall(r'<(?:script|link|img|iframe|audio)[^>]* (?:src|href)="?http', page) == []
    assert not shared.with_name("album-with-sound.ipynb").exists()


def test_a_name_reaches_no_other_folder(kernel, tmp_path):
    outside = tmp_path / "secret-1-ffffffff.flac"
    outside.write_bytes(tone())
    (tmp_path / "notes" / "soundpiece-audio").mkdir(parents=True)
    notebook = write_notebook(
        tmp_path / "notes" / "n.ipynb",
        "../../secret-1-ffffffff.flac",
        "%2e%2e/%2e%2e/secret-1-ffffffff.flac",
        f"{outside}",
    )
    ran = kernel.run(f"%soundpiece_bundle {notebook}")
    assert "0 of 3 players carry their sound; 3 do not: " in ran.text
    assert read_sounds(notebook.with_name("n-with-sound.ipynb")) == []


def test_a_damaged_file_beside_the_notebook_is_mended_from_the_store(kernel, tmp_path):
    key = kernel.value("night.key")[:8]
    (tmp_path / "soundpiece-audio").mkdir()
    for name in (f"night-2-{key}.flac", "broken-1-ffffffff.flac"):
        (tmp_path / "soundpiece-audio" / name).write_bytes(b"fLaC and nothing else")
    notebook = write_notebook(tmp_path / "n.ipynb", f"night-2-{key}.flac", "broken-1-ffffffff.flac")
    ran = kernel.run(f"%soundpiece_bundle {notebook}")
    assert "1 of 2 players carries its sound; 1 does not: broken-1" in ran.text
    assert "broken-1-ffffffff.flac" in ran.text


def test_a_missing_library_is_one_sentence(kernel, shared):
    kernel.run("import sys; kept = sys.modules.get('nbconvert'); sys.modules['nbconvert'] = None")
    ran = kernel.run(f"%soundpiece_bundle {shared} --html")
    kernel.run("del sys.modules['nbconvert']\nif kept: sys.modules['nbconvert'] = kept")
    assert ran.errors == [
        "Mistake: That needs nbconvert, which comes with Jupyter: pip install nbconvert."
    ]

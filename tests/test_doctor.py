"""`%soundpiece_doctor`: each thing that can be wrong, provoked for real, is said and mended."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from argparse import Namespace
from contextlib import closing
from itertools import pairwise

import psutil
import pytest
from mutagen.flac import FLAC

import soundpiece_nb as sp
from soundpiece_nb.api.errors import JournalTooNew, WaitInterrupted
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.doctor.report import weight
from soundpiece_nb.journal.lease import holder_name
from soundpiece_nb.magics.doctor_command import doctor
from soundpiece_nb.operations.current_session import current
from support.services import OPERATION_ID, as_json, operation, quiet_environment, tone

API_KEY = "spk_tests_only_0123456789"
MOST_LINES = 25
HOUR = 3600


@pytest.fixture(scope="module")
def made(tmp_path_factory, sandbox):
    """A home with two effects and the four stems of one, made once for all tests to copy."""
    home = tmp_path_factory.mktemp("made") / "home"
    environment = {
        "SOUNDPIECE_HOME": str(home),
        "SOUNDPIECE_BASE_URL": sandbox.base_url,
        "SOUNDPIECE_API_KEY": API_KEY,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        current.close()
        tock = sp.fx("Tock", duration=1, name="tock")
        tick = sp.fx("Tick", duration=1, name="tick").result(60)
        sp.stems(tick.outputs[0], name="stems").result(60)
        tock.result(60)
        current.close()
    return home


@pytest.fixture
def keys(made, connected):
    """The keys of tick, tock and stems, in a copy of their home that a test may do anything to."""
    shutil.copytree(made, connected)
    return {name: sp.operation(name).key for name in ("tick", "tock", "stems")}


def examine(**options):
    """Return what the doctor says."""
    return str(Examination(**options).begin().result(60))


def heard_by(sandbox):
    """Return what the service was asked for, without being asked for just this."""
    return {
        what: often for what, often in sandbox.counters()["requests"].items() if what != "other"
    }


def change(home, statement, *values):
    """Change the journal as a crash, a restored copy or another process might leave it."""
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection, connection:
        assert connection.execute(statement, values).rowcount


def audio(home, key, name="1.flac"):
    return home / "audio" / key / name


def dump(home):
    """Return everything in a home: its files' bytes, and its journals' rows."""
    current.close()
    files = {
        str(path.relative_to(home)): path.read_bytes()
        for path in home.rglob("*")
        if path.is_file() and "sqlite" not in path.name
    }
    for path in home.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as connection:
            files[path.name] = list(connection.iterdump())
    return files


def written_long_ago(path, content=b"half"):
    path.write_bytes(content)
    long_ago = time.time() - 2 * HOUR
    os.utime(path, (long_ago, long_ago))
    return path


def test_where_all_is_well_one_line_says_what_was_looked_at(keys, sandbox):
    before = heard_by(sandbox)
    said = examine(verify=True)
    assert said.startswith("All is in order: 3 operations, 6 takes and 6 files (")
    assert said.endswith("looked at, every take decoded.")
    assert "\n" not in said
    assert heard_by(sandbox) == before
    assert "3 operations asked about at the service" in examine(ask_all=True)


def test_an_empty_home_is_in_order(connected):
    assert examine().startswith("All is in order: 0 operations, 0 takes and 0 files")


# ------------------------------------------------------------------ journal and files


def delete(file):
    file.unlink()


def truncate(file):
    os.truncate(file, file.stat().st_size // 2)


def append(file):
    with file.open("ab") as longer:
        longer.write(b"junk that decodes as if it were not there")


def flip(file):
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def replace(file):
    """Put another whole sound there, of just this size."""
    size = file.stat().st_size
    file.write_bytes(tone(0.1))
    other = FLAC(file)
    other.save(padding=lambda info: info.padding + size - file.stat().st_size)
    assert file.stat().st_size == size


@pytest.mark.parametrize(
    ("harm", "words", "verify"),
    [
        (delete, "Without a file any more: 1 take", False),
        (truncate, "Not as noted: 1 take", False),
        (append, "Not as noted: 1 take", False),
        (replace, "Not as noted: 1 take", True),
        (flip, "Not as noted: 1 take", True),
    ],
)
def test_a_take_that_is_not_as_noted_is_put_aside_and_fetched_again(
    keys, connected, harm, words, verify
):
    file = audio(connected, keys["tick"])
    whole = file.read_bytes()
    harm(file)
    harmed = file.read_bytes() if file.exists() else None
    said = examine(verify=verify)
    assert f"{words} ({keys['tick'][:8]}), now " in said
    assert f"Without its audio here: 1 operation ({keys['tick'][:8]})" in said
    assert "asked about at the service" in said
    if harmed is not None:
        assert audio(connected, keys["tick"], "1.damaged.flac").read_bytes() == harmed
    assert "Repaired" not in examine(verify=verify)
    [op] = sp.resume()
    assert op.result(30).outputs[0].path == file
    assert file.read_bytes() == whole
    assert examine(verify=True).startswith("All is in order")


def test_a_flipped_bit_is_found_only_by_decoding(keys, connected):
    flip(audio(connected, keys["tick"]))
    assert examine().startswith("All is in order")


def test_a_take_that_is_noted_elsewhere_is_looked_for_there(keys, connected):
    file = audio(connected, keys["tick"])
    file.rename(connected / "audio" / "tick.flac")
    elsewhere = "UPDATE takes SET path = 'audio/tick.flac' WHERE idempotency_key = ?"
    change(connected, elsewhere, keys["tick"])
    assert examine().startswith("All is in order")


def test_a_second_damage_does_not_take_the_place_of_the_first(keys, connected):
    for _ in range(2):
        truncate(audio(connected, keys["tick"]))
        audio(connected, keys["tick"], "1.mp3").write_bytes(b"preview")
        examine()
        for op in sp.resume():
            op.result(30)
    names = {path.name for path in audio(connected, keys["tick"]).parent.iterdir()}
    asides = {f"1.damaged{number}.{ending}" for number in ("", "-2") for ending in ("flac", "mp3")}
    assert names == {"1.flac", *asides}
    assert "Kept aside, and yours to delete: 2 damaged takes" in examine()


KILLED = """
import os, signal, sys
import soundpiece_nb as sp
from soundpiece_nb.journal.journal import Journal

Journal.stored = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
sp.resume()[0].result(30)
"""


def test_a_take_whose_process_died_before_noting_it_is_verified_and_noted(keys, connected, sandbox):
    file = audio(connected, keys["tick"])
    delete(file)
    examine()
    current.close()
    environment = quiet_environment(
        connected, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY=API_KEY
    )
    died = subprocess.run([sys.executable, "-c", KILLED], env=environment, check=False)
    assert died.returncode == -signal.SIGKILL
    assert file.exists()
    assert sp.operation(keys["tick"]).outputs[0].path is None
    would = examine(dry_run=True)
    assert f"Here, whole and not noted: 1 take ({keys['tick'][:8]}), would be noted." in would
    said = examine()
    assert "Here, whole and not noted: 1 take" in said
    assert "Without its audio" not in said
    assert sp.operation(keys["tick"]).outputs[0].audio()[1] == 44_100
    assert sp.resume() == []
    assert examine(verify=True).startswith("All is in order")


def test_a_file_that_was_not_noted_and_is_not_whole_is_put_aside(keys, connected):
    truncate(audio(connected, keys["tick"]))
    change(connected, "UPDATE takes SET path = NULL WHERE idempotency_key = ?", keys["tick"])
    assert "Not as noted: 1 take" in examine()
    assert audio(connected, keys["tick"], "1.damaged.flac").exists()
    assert not audio(connected, keys["tick"]).exists()


def test_what_broken_writing_left_is_removed_once_it_is_of_no_use(keys, connected):
    hexed = f".{uuid.uuid4().hex}.part"
    useless = [
        audio(connected, keys["tick"], "1.part"),
        audio(connected, keys["tick"], "1.etag"),
        written_long_ago(audio(connected, keys["tick"], hexed)),
        written_long_ago(connected / hexed),
    ]
    useful = [
        audio(connected, keys["tock"], hexed),  # somebody may be writing it
        audio(connected, keys["tock"], "mine.part"),
        audio(connected, keys["stems"], "2.part"),  # goes on where it broke off
        audio(connected, keys["stems"], "2.etag"),
    ]
    delete(audio(connected, keys["stems"], "2.flac"))
    for file in {*useless[:2], *useful}:
        file.write_bytes(b"half")
    said = examine()
    assert "Left by downloads and writes that broke off: 3 files" in said
    assert "Left by a write that broke off: 1 file, now removed." in said
    assert [file.exists() for file in useless] == [False] * 4
    assert [file.exists() for file in useful] == [True] * 4
    assert "broke off" not in examine()


def test_a_preview_is_removed_only_where_its_take_is_not_wanted_any_more(keys, connected):
    pruned, lost = (audio(connected, keys[name], "1.mp3") for name in ("tick", "tock"))
    change(connected, "UPDATE takes SET pruned_at = 1 WHERE idempotency_key = ?", keys["tick"])
    for preview in (pruned, lost):
        preview.write_bytes(b"preview")
        delete(preview.with_suffix(".flac"))
    assert f"Pruning was cut short: 2 files ({keys['tick'][:8]}), now let go." in examine()
    assert not pruned.exists()
    assert lost.exists(), "it may be all the sound that is left"
    assert sp.operation(keys["tick"]).outputs[0].path is None
    assert "Pruning" not in examine()


def test_pruned_audio_that_is_still_there_is_a_persons_to_remove_or_keep(keys, connected):
    change(connected, "UPDATE takes SET pruned_at = 1 WHERE idempotency_key = ?", keys["tick"])
    said = examine()
    assert f"Still here: 1 pruned take ({keys['tick'][:8]}). %soundpiece_prune KEY --yes" in said
    assert audio(connected, keys["tick"]).exists()


def test_folders_of_no_operation_are_named_and_left_alone(keys, connected):
    stranger = connected / "audio" / str(uuid.uuid4())
    stranger.mkdir()
    (stranger / "1.flac").write_bytes(tone(5.0))
    written_long_ago(stranger / f".{uuid.uuid4().hex}.part")
    said = examine()
    assert (
        f"Of no operation in the journal: 1 folder of audio, 0.1 MB (audio/: {stranger.name})"
        in said
    )
    assert len(list(stranger.iterdir())) == 2


def test_hostile_names_are_shown_harmless(keys, connected):
    name = "\x1b[31m<script>\n\u202eevil" + "x" * 150
    (connected / "audio" / name).mkdir()
    (connected / "audio" / os.fsdecode(b"\xff\xfe")).mkdir()
    (connected / f"journal-damaged-{name}.sqlite").write_bytes(b"x")
    audio(connected, keys["tick"], f"{name}.part").write_bytes(b"x")
    said = examine()
    assert r"\x1b[31m<script>\n\u202eevil" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert len(said) < 1000
    assert (connected / "audio" / name).exists()


def test_takes_that_the_journal_lost_are_fetched_by_their_key(keys, connected):
    change(connected, "DELETE FROM takes WHERE idempotency_key = ?", keys["stems"])
    said = examine()
    assert f"With takes that the journal lost: 1 operation ({keys['stems'][:8]})" in said
    [op] = sp.resume(keys["stems"])
    assert [output.kind for output in op.result(30).outputs][:2] == ["vocals", "drums"]
    assert examine().startswith("All is in order")


def test_a_disk_that_refuses_is_said_and_the_rest_stands(keys, connected):
    truncate(audio(connected, keys["tick"]))
    delete(audio(connected, keys["tock"]))
    folder = audio(connected, keys["tick"]).parent
    (folder / "1.damaged.flac").mkdir()
    said = examine(names=lambda path: iter([path / "x" / "y"]))
    assert "The disk refused, and that is as it was: " in said
    assert "Without a file any more: 1 take" in said
    assert audio(connected, keys["tick"]).exists()


def test_what_a_living_process_holds_is_left_alone_entirely(keys, connected):
    """The process is another one, real and alive; the lease is as it would write it."""
    other = psutil.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    change(
        connected,
        "UPDATE operations SET holder = ?, held_until = 1",
        holder_name(other.pid),
    )
    truncate(audio(connected, keys["tick"]))
    delete(audio(connected, keys["stems"]))
    audio(connected, keys["tock"], "1.part").write_bytes(b"half")
    before = dump(connected)
    said = examine(verify=True, ask_all=True)
    assert said.split("\n")[1:] == ["On the way in a kernel, and left alone: 3 operations."]
    assert "asked" not in said
    assert dump(connected) == before
    other.communicate(b"\n")
    assert "Not as noted: 1 take" in examine()


def test_a_dry_run_says_it_all_and_changes_nothing(keys, connected):
    delete(audio(connected, keys["stems"], "2.flac"))
    truncate(audio(connected, keys["tick"]))
    audio(connected, keys["tock"], "1.part").write_bytes(b"half")
    (connected / "audio" / "stranger").mkdir()
    written_long_ago(connected / f".{uuid.uuid4().hex}.part")
    before = dump(connected)
    would = examine(dry_run=True, verify=True, ask_all=True)
    assert dump(connected) == before
    assert would.startswith("Would be repaired\n")
    assert would.endswith("\nNothing was changed; the same line without --dry-run repairs it.")
    done = examine(verify=True, ask_all=True)
    assert done.split("\n")[1:] == would.replace("would be", "now").split("\n")[1:-1]
    assert "Repaired" not in examine(verify=True, ask_all=True)


# ------------------------------------------------------------------ the journal's own file


def damage_journal(home):
    """Overwrite the pages of an index, which costs no row."""
    current.close()
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'operations_by_status'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (home / "journal.sqlite").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


def test_a_damaged_journal_is_rescued_and_the_copy_mentioned_from_then_on(keys, connected):
    delete(audio(connected, keys["tick"]))
    damage_journal(connected)
    before = (connected / "journal.sqlite").read_bytes()
    would = examine(dry_run=True)
    assert "The journal is damaged: it would be kept aside as it is" in would
    assert (connected / "journal.sqlite").read_bytes() == before
    assert list(connected.glob("journal-damaged-*")) == []
    said = examine()
    assert "The journal was damaged. 3 operations and 6 takes could be read" in said
    assert "Without a file any more: 1 take" in said
    [aside] = connected.glob("journal-damaged-*.sqlite")
    assert aside.read_bytes() == before
    again = examine()
    assert "The journal was damaged" not in again
    size = weight(aside.stat().st_size)
    assert f"Kept aside, and yours to delete: 1 file of journals, {size} ({aside.name})" in again
    assert set(sp.history().index) == set(keys.values())


def test_a_damaged_journal_that_another_kernel_writes_to_is_not_taken_from_it(keys, connected):
    damage_journal(connected)
    holds = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('PRAGMA user_version')"
    )
    command = [sys.executable, "-c", f"{holds}; print(); input()", connected / "journal.sqlite"]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    said = examine()
    assert f"The journal is damaged, and in use by another kernel (process {other.pid})." in said
    assert list(connected.glob("journal-damaged-*")) == []
    other.communicate(b"\n")
    assert "The journal was damaged. 3 operations and 6 takes" in examine()


def test_what_was_on_its_way_goes_on_after_a_rescue(keys, connected, sandbox):
    made_before = sandbox.counters()["operations"]
    op = sp.fx("Thud", duration=1)
    with closing(sqlite3.connect(connected / "journal.sqlite")) as connection, connection:
        connection.execute("PRAGMA foreign_keys = OFF")  # and a row that nothing belongs to
        connection.execute("INSERT INTO takes (idempotency_key, take) VALUES ('nobody', 1)")
    assert "The journal was damaged. 4 operations" in examine()
    until = time.monotonic() + 30
    while op.status != "ready" and time.monotonic() < until:  # without anybody asking for it
        time.sleep(0.02)
    assert op.status == "ready"
    assert sandbox.counters()["operations"] == made_before + 1


def test_a_journal_of_a_later_version_is_left_as_it_is(keys, connected):
    current.close()
    change(connected, "UPDATE schema_version SET version = 99")
    before = dump(connected)
    with pytest.raises(JournalTooNew, match="nothing was changed"):
        examine()
    assert dump(connected) == before


# ------------------------------------------------------------------ journal and service


def unfinish(home, key):
    """Lose the notes of an operation's end, as a power cut can."""
    change(
        home,
        "UPDATE operations SET status = 'processing', outputs = NULL WHERE idempotency_key = ?",
        key,
    )


def test_what_ended_meanwhile_is_said_and_brought_here_by_resuming(keys, connected, sandbox):
    unfinish(connected, keys["tick"])
    said = examine()
    assert f"Ended at the service meanwhile (1 ready): 1 operation ({keys['tick'][:8]})" in said
    assert sp.operation(keys["tick"]).status == "processing", "only resuming goes on"
    [op] = sp.resume()
    assert op.result(30).status == "ready"
    assert examine().startswith("All is in order")


def test_what_was_never_acknowledged_is_not_asked_about_and_not_sent(keys, connected, sandbox):
    unfinish(connected, keys["tick"])
    change(
        connected,
        "UPDATE operations SET status = 'submitting', operation_id = NULL"
        " WHERE idempotency_key = ?",
        keys["tick"],
    )
    before = heard_by(sandbox)
    said = examine()
    assert f"Unfinished, and followed by nobody: 1 operation ({keys['tick'][:8]})" in said
    assert "Whether the service has 1 of them is not known" in said
    assert heard_by(sandbox) == before


def test_what_the_service_does_not_know_can_be_fetched_no_more(keys, connected):
    for name in ("tick", "tock"):
        change(
            connected,
            "UPDATE operations SET operation_id = ? WHERE idempotency_key = ?",
            OPERATION_ID,
            keys[name],
        )
    delete(audio(connected, keys["tick"]))
    said = examine()
    assert f"Unknown to the service: 1 operation ({keys['tick'][:8]})" in said
    assert "%soundpiece_resume" not in said
    assert "No longer at the service: 1 operation, of which nothing" in examine(ask_all=True)


@pytest.mark.parametrize(
    ("api_key", "words"),
    [
        ("spk_revoked", "The service refused (401): "),
        ("", "There is no Soundpiece API key"),
        ("nonsense", "The API key must begin with spk_"),
    ],
)
def test_without_a_key_that_is_good_the_rest_of_the_examination_stands(
    keys, connected, monkeypatch, api_key, words
):
    monkeypatch.setenv("SOUNDPIECE_API_KEY", api_key)
    delete(audio(connected, keys["tick"]))
    delete(audio(connected, keys["tock"]))
    said = examine()
    assert "Without a file any more: 2 takes" in said
    assert f"Not heard about from the service: 2 operations. {words}" in said
    assert said.count("Not heard about") == 1


def test_hostile_words_of_a_service_are_shown_harmless(keys, connected, scripted):
    words = "\x1b[31m<script>\n\u202espk_secret " + "x" * 5000
    service = scripted(lambda *_: as_json({"detail": words}, 403))
    change(connected, "UPDATE operations SET service = ?", service.base_url)
    said = examine(ask_all=True)
    assert r"The service refused (403): \x1b[31m<script>\n\u202espk_… xxx" in said
    assert all(line.isprintable() for line in said.split("\n"))
    assert len(said) < 1000


def test_a_silent_service_is_one_sentence(keys, connected, monkeypatch):
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", "http://127.0.0.1:9/v1")
    change(connected, "UPDATE operations SET service = 'http://127.0.0.1:9/v1'")
    delete(audio(connected, keys["tick"]))
    said = examine(ask_all=True, patience=0.2)
    assert "Without a file any more: 1 take" in said
    assert "Not heard about from the service: 3 operations. The service cannot be reached." in said


def test_operations_of_another_service_are_counted_and_not_asked_about(keys, connected, scripted):
    service = scripted(lambda *_: as_json(operation("ready", outputs=[])))
    delete(audio(connected, keys["tick"]))
    said = examine(ask_all=True)
    assert "Of another service than the one in use (http://127.0.0.1:" in said
    assert f"not asked about: 1 operation ({keys['tick'][:8]})." in said
    assert service.heard == []


def test_a_sandbox_that_is_not_running_is_not_started(keys, connected):
    change(connected, "UPDATE operations SET service = 'sandbox'")
    current().services.uses_sandbox = True
    delete(audio(connected, keys["tick"]))
    assert "1 operation. The sandbox is not running" in examine()
    assert not (connected / "sandbox").exists()


def test_few_are_asked_at_a_time_and_a_service_that_asks_to_slow_down_is_heard(
    keys, connected, scripted
):
    at_once, most, times = 0, 0, []
    lock = threading.Lock()

    def answer(heard, count):
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1
            times.append((time.monotonic(), heard.path))
        if len(times) == 5:
            return as_json({"detail": "slowly"}, 429, Retry_After="1")
        return as_json(operation("failed", id=asked_about(heard)))

    service = scripted(answer)
    fill(connected, 8, service.base_url, status="failed", outputs=None)
    said = examine(ask_all=True)
    assert "8 operations asked about at the service" in said
    assert most <= 4
    assert max(b[0] - a[0] for a, b in pairwise(times)) > 0.9
    assert all("wait" not in heard.path for heard in service.heard)


def asked_about(heard):
    """Return the id of the operation that a request asks about."""
    return heard.path.split("id=")[1].split("&")[0]


def test_what_the_service_says_otherwise_is_told(keys, connected, scripted):
    service = scripted(lambda heard, _: as_json(operation("failed", id=asked_about(heard))))
    change(connected, "UPDATE operations SET service = ?", service.base_url)
    assert "Not as the service has it: 3 operations (" in examine(ask_all=True)


# ------------------------------------------------------------------ as a magic, and many


def options(**given):
    return Namespace(**{"verify": False, "ask_all": False, "dry_run": False, **given})


def test_the_magic_says_what_was_found(keys, connected, capsys):
    delete(audio(connected, keys["tick"]))
    doctor.run(None, options(dry_run=True))
    said = capsys.readouterr().out
    assert said.startswith("Would be repaired\n  Without a file any more: 1 take (")
    assert "\nFor you\n  Without its audio here: 1 operation (" in said
    assert "\nIn order\n  3 operations, 6 takes and 5 files (" in said
    assert audio(connected, keys["tick"]).parent.exists()


async def test_the_kernels_own_tasks_go_on_meanwhile(keys, connected, scripted):
    ticks = 0

    async def tick():
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0.005)

    def answer(heard, _):
        time.sleep(0.5)
        return as_json(
            operation("ready", id=asked_about(heard), outputs=[{"url": "https://a.example/b"}])
        )

    service = scripted(answer)
    change(connected, "UPDATE operations SET service = ?", service.base_url)
    task = asyncio.create_task(tick())
    await asyncio.sleep(0)
    doctor.run(None, options(ask_all=True))
    task.cancel()
    assert ticks > 10


def test_an_interrupt_ends_it_at_once_and_leaves_all_as_consistent_as_it_was(
    keys, connected, scripted
):
    asked = threading.Event()

    def answer(heard, _):
        asked.set()
        time.sleep(0.5)
        return as_json(operation("failed", id=asked_about(heard)))

    def interrupt():
        asked.wait(10)
        os.kill(os.getpid(), signal.SIGINT)

    service = scripted(answer)
    fill(connected, 12, service.base_url, status="failed", outputs=None)
    delete(audio(connected, keys["tick"]))
    threading.Thread(target=interrupt).start()
    with pytest.raises(WaitInterrupted, match="What it had mended is mended"):
        doctor.run(None, options(ask_all=True))
    assert [each for each in threading.enumerate() if each.name == "soundpiece-doctor"], "at once"
    for each in threading.enumerate():
        if each.name == "soundpiece-doctor":
            each.join(5)
    assert len(service.heard) <= 4, "nothing is begun after it"
    with closing(sqlite3.connect(connected / "journal.sqlite")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert connection.execute("SELECT count(holder) FROM operations").fetchone() == (0,)


def fill(home, number, service, *, status="ready", outputs=1):
    """Write many operations down at once, each output a file that is there; return their keys."""
    current.close()
    sp.history()
    keys = [str(uuid.uuid4()) for _ in range(number)]
    same = {"route": "create.new_fx", "service": service, "status": status, "outputs": outputs}
    same |= {"params": "{}", "tags": "[]", "submitted_at": 1, "polls": 0, "retries": 0}
    rows = [
        {
            "idempotency_key": key,
            "body": json.dumps({"idempotency_key": key, "prompt": "x"}).encode(),
            "operation_id": f"op_{key}",
            **same,
        }
        for key in keys
    ]
    names = list(rows[0])
    insert = f"INSERT INTO operations ({', '.join(names)}) VALUES (:{', :'.join(names)})"  # noqa: S608 - of this test
    with closing(sqlite3.connect(home / "journal.sqlite")) as connection, connection:
        connection.executemany(insert, rows)
        connection.executemany(
            "INSERT INTO takes (idempotency_key, take, path, size) VALUES (?, 1, ?, 4)",
            [(key, f"audio/{key}/1.flac") for key in keys if outputs],
        )
    for key in keys if outputs else ():
        audio(home, key).parent.mkdir(parents=True)
        audio(home, key).write_bytes(b"fLaC")
    return keys


def test_however_much_is_wrong_it_is_told_in_a_few_lines(keys, connected, sandbox):
    many = fill(connected, 100, sandbox.base_url)
    for number, key in enumerate(many):
        file = audio(connected, key)
        match number % 10:
            case 0:
                file.unlink()
            case 1:
                file.write_bytes(b"cut")
            case 2:
                file.with_suffix(".part").write_bytes(b"half")
            case 3:
                change(
                    connected,
                    "UPDATE operations SET operation_id = NULL, status = 'submitting' "
                    "WHERE idempotency_key = ?",
                    key,
                )
            case 4:
                change(connected, "DELETE FROM takes WHERE idempotency_key = ?", key)
            case 5:
                change(connected, "UPDATE takes SET pruned_at = 1 WHERE idempotency_key = ?", key)
            case 6:
                file.parent.rename(file.parent.with_name(f"stranger-{number}"))
            case 7:
                change(
                    connected, "UPDATE operations SET service = 'x' WHERE idempotency_key = ?", key
                )
                file.unlink()
    unfinish(connected, keys["tick"])
    said = examine()
    assert len(said.split("\n")) <= MOST_LINES
    assert "and 6 more), now moved aside" in said
    assert len(said) < 4000


@pytest.mark.measured
def test_ten_thousand_operations_are_looked_at_in_a_few_seconds(connected, sandbox):
    fill(connected, 2_500, sandbox.base_url)
    fill(connected, 7_500, sandbox.base_url, status="failed", outputs=None)
    began = time.monotonic()
    said = examine()
    took = time.monotonic() - began
    shutil.rmtree(connected / "audio")
    assert said.startswith("All is in order: 10,000 operations, 2,500 takes and 2,500 files")
    assert took < 5, f"{took:.1f} s"

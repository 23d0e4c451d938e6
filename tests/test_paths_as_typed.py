"""Paths as people type them, open files, and a working folder that is gone."""

from __future__ import annotations

import gzip
import io
import os
import re
import tempfile
import zipfile
from pathlib import Path

import pytest
import soundfile

import soundpiece_nb as sp
from soundpiece_nb.files.path_text import expand_variables, require_path_text
from soundpiece_nb.files.paths import read_path
from soundpiece_nb.magics.typed_line import split_words
from soundpiece_nb.operations.current_session import current
from support.kernels import Kernel
from support.recorded_operations import finish, record
from support.services import quiet_environment, tone

TYPED = {
    r"op --to C:\Users\me\songs": ["op", "--to", r"C:\Users\me\songs"],
    r'op --to "C:\My Songs\"': ["op", "--to", "C:\\My Songs\\"],
    r'op --to "C:\My Songs\" --take 2': ["op", "--to", "C:\\My Songs\\", "--take", "2"],
    r"--to='\\server\all songs' op": [r"--to=\\server\all songs", "op"],
    r"--to %USERPROFILE%\Music": ["--to", r"%USERPROFILE%\Music"],
    r"""--note 'he said "go"' --note "it's\n" """: ["--note", 'he said "go"', "--note", r"it's\n"],
    r"a\ b # c": ["a\\", "b", "#", "c"],
}


@pytest.mark.parametrize("line", TYPED)
def test_on_windows_a_backslash_is_one(line):
    assert split_words(line, windows=True) == TYPED[line]


def test_elsewhere_a_backslash_escapes_as_in_a_shell():
    assert split_words(r'my\ songs "say \"go\"" a\\b # c', windows=False) == [
        *("my songs", 'say "go"', r"a\b", "#", "c")
    ]


@pytest.mark.parametrize("windows", [True, False])
def test_a_quote_that_is_not_closed_is_no_line(windows):
    with pytest.raises(ValueError, match="closing quotation"):
        split_words('op --to "songs', windows=windows)


GOOD_ON_WINDOWS = (
    r"\\?\C:\x",
    r"C:\Users\me\a.flac",
    "C:/x",
    r"..\x",
    ".",
    r"\\server\share\x",
    "C:x",
    "nulls",
)
BAD_ON_WINDOWS = {
    "CON": "CON is a device",
    r"songs\nul.flac": "nul.flac is a device",
    "com1 .wav": "is a device",
    "LPT².mp3": "is a device",
    "songs.": "point or space",
    r"songs \x.flac": "point or space",
    "what?.flac": r"takes no \?",
    "ab:c.flac": "takes no :",
    "C:\\a\tb": "control characters",
    "s3://bucket/x.flac": "is an address",
}


def test_windows_takes_some_names_for_others():
    for path in GOOD_ON_WINDOWS:
        require_path_text(path, windows=True)
    for path, why in BAD_ON_WINDOWS.items():
        with pytest.raises(sp.Mistake, match=f"cannot be a path on this machine.*{why}|{why}"):
            require_path_text(path, windows=True)


BAD_ELSEWHERE = {
    r"C:\Users\me\x.flac": "that is how Windows writes one",
    "C:/Users": "that is how Windows writes one",
    r"\\server\share": "that is how Windows writes one",
    "s3://bucket/x.flac": "is an address, .* Save it in a folder",
    "gs:/bucket": "is an address",
    "file:///home/me/x.flac": r"is an address, .* without file://\.",
    "a\nb": "control characters",
    "a\x1bb": "control characters",
    "": "The path is empty",
    " ": "The path is empty",
}


@pytest.mark.parametrize("path", BAD_ELSEWHERE)
def test_what_means_no_path_here_makes_no_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (path, os.fsencode(path)):
        with pytest.raises(sp.Mistake, match=BAD_ELSEWHERE[path]):
            read_path(given)
    assert list(tmp_path.iterdir()) == []


def test_variables_are_replaced_where_a_person_types():
    known = {"HOME": "/home/me", "USERPROFILE": r"C:\Users\me"}
    for typed, meant in {
        "$HOME/songs": "/home/me/songs",
        "${HOME}songs": "/home/mesongs",
        r"%USERPROFILE%\songs": r"C:\Users\me\songs",
        "/x/$HOME": "/x//home/me",
        "100% of a$ap": "100% of a$ap",
    }.items():
        assert expand_variables(typed, environment=known) == meant
    for typed in ("$NOPE/x", r"%NOPE%\x", "${NOPE}"):
        with pytest.raises(sp.Mistake, match="no variable NOPE is set"):
            expand_variables(typed, environment=known)
    with pytest.raises(sp.Mistake, match="that is how Windows writes one"):
        expand_variables("C:Usersme", windows=False)  # as a shell reads C:\Users\me
    assert expand_variables("C:Usersme", windows=True) == "C:Usersme"


# ------------------------------------------------------------------ saving


@pytest.fixture
def take(home):
    journal = current().journal
    key = record(journal, name="night")
    file = home / "audio" / key / "1.flac"
    file.parent.mkdir(parents=True)
    file.write_bytes(tone())
    finish(journal, key, takes=1)
    return sp.operation(key).outputs[0]


def form(content):
    return soundfile.info(io.BytesIO(content)).format


def test_a_file_that_is_open_for_bytes_gets_the_take_and_stays_open(take, tmp_path):
    memory = io.BytesIO()
    assert take.save(memory) is memory
    assert form(memory.getvalue()) == "FLAC"
    with (tmp_path / "mine.wav").open("wb") as wave, (tmp_path / "mine").open("wb", 0) as raw:
        assert not take.save(wave).closed
        assert not take.save(raw).closed
    assert form((tmp_path / "mine.wav").read_bytes()) == "WAV"
    assert (tmp_path / "mine").read_bytes() == memory.getvalue()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        with archive.open("a.flac", "w") as member:
            take.save(member)
        take.save(zipfile.Path(archive, "b.mp3"))
        assert form(archive.read("a.flac")) == "FLAC"
        assert form(archive.read("b.mp3")) == "MP3"
    with gzip.open(tmp_path / "mine.gz", "wb") as packed:
        take.save(packed)
    assert gzip.decompress((tmp_path / "mine.gz").read_bytes()) == memory.getvalue()


def test_what_takes_no_bytes_is_a_sentence(take, tmp_path):
    (tmp_path / "x").touch()
    closed = (tmp_path / "x").open("rb")
    closed.close()
    with (tmp_path / "x").open("rb") as reading, tempfile.NamedTemporaryFile("w") as wrapped:
        for file, why in {
            io.StringIO(): "is open for text",
            reading: "is open for reading",
            closed: "is closed",
            wrapped: "takes no bytes: write",
        }.items():
            with pytest.raises(sp.Mistake, match=why):
                take.save(file)
    with Path("/dev/full").open("wb", 0) as raw:
        buffered = io.BufferedWriter(raw)
        for full in (raw, buffered):
            with pytest.raises(sp.StorageFailed, match="No space left on device"):
                take.save(full)
        buffered.close()
    for odd in (5, None, ["x.flac"]):
        with pytest.raises(sp.Mistake, match="A path is text or a Path, not"):
            take.save(odd)


def test_each_kind_of_path_is_a_path(take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert take.save(b"bytes.wav") == Path("bytes.wav")
    assert take.save("new/").parent == Path("new")
    assert take.save("new") == Path("new") / take.save(tmp_path / "new").name
    assert take.save("\udce9.flac").exists()  # not UTF-8
    (tmp_path / "x.flac").mkdir()
    assert take.save("x.flac").parent == Path("x.flac")
    (tmp_path / "nowhere.flac").symlink_to("gone")
    assert not take.save("nowhere.flac").is_symlink()


def test_what_a_disk_cannot_take_is_a_sentence(take, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.flac").write_text("mine")
    (tmp_path / "mine.flac").chmod(0o444)
    Path("circle").symlink_to("circle")
    Path("gone").symlink_to("nowhere")
    for path, why in {
        "mine.flac": "The file there is read-only",
        "circle/x.flac": "leads through links in a circle",
        "gone/x.flac": "a link that leads nowhere",
        "mine.flac/x.flac": "cannot be written",
        "é" * 128 + ".flac": "File name too long. A name has at most 255 bytes",
        "/proc/x/y.flac": "cannot be written",
    }.items():
        with pytest.raises(sp.SoundpieceError, match=why):
            take.save(path)
    assert Path("mine.flac").read_text() == "mine"


def test_a_history_replaces_no_file_that_is_read_only_either(take, tmp_path):
    from soundpiece_nb.display.history_file import write_history
    from soundpiece_nb.journal.filters import Filter

    mine = tmp_path / "mine.csv"
    mine.write_text("mine")
    mine.chmod(0o444)
    with pytest.raises(sp.StorageFailed, match="The file there is read-only"):
        write_history(current(), Filter(), mine)
    assert mine.read_text() == "mine"


def test_a_notebook_of_a_long_name_is_bundled(take, tmp_path):
    from soundpiece_nb.display.bundle import plan_bundle

    notebook = tmp_path / f"{'é' * 122}.ipynb"
    notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    made = plan_bundle(notebook, None, html=False).write(current().journal)
    assert made.path.name.endswith("-with-sound.ipynb")


# ------------------------------------------------------------------ a working folder that is gone


def test_where_the_working_folder_is_gone_all_but_relative_paths_works(sandbox, tmp_path):
    notebook = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.ipynb")  # not UTF-8 either
    Path(notebook).write_text("{}")
    environment = quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
        JPY_SESSION_NAME=notebook,
    )
    kernel = Kernel(environment)
    gone = str(tmp_path / "gone")
    try:
        kernel.run(f"import os; os.mkdir({gone!r}); os.chdir({gone!r}); os.rmdir({gone!r})")
        for cell in (
            "%load_ext soundpiece_nb\nimport soundpiece_nb as sp",
            "%soundpiece_fx door -p door -d 1 --wait --link",
            "door",
            f"door.outputs[0].save({str(tmp_path / 'door.flac')!r})",
            f"%soundpiece_export door --to {tmp_path / 'songs'}",
            f"%soundpiece_history --to {tmp_path / 'history.html'}",
            "%soundpiece_history",
            "%soundpiece_status",
            "del os.environ['JPY_SESSION_NAME']",
            "%soundpiece_fx bell -p bell -d 1 --wait --link",  # without a folder to link from
        ):
            ran = kernel.run(cell)
            assert ran.status == "ok", ran.text
        assert {"door.flac", "songs", "soundpiece-audio"} <= {
            each.name for each in tmp_path.iterdir()
        }
        assert kernel.value("sp.history().notebook.iloc[-1]").endswith("caf�.ipynb")
        for cell in (
            "door.outputs[0].save('door.flac')",
            "%soundpiece_export door --to songs",
            "%soundpiece_history --to history.csv",
            "%soundpiece_bundle door.ipynb",
            "%unload_ext soundpiece_nb\nos.environ['SOUNDPIECE_HOME'] = 'home'\nsp.history()",
        ):
            [error] = kernel.run(cell).errors
            assert re.match("Mistake: .*older that Python works in(, and that)? is gone", error), (
                error
            )
        assert kernel.run("%load_ext soundpiece_nb").status == "ok"
    finally:
        kernel.close()

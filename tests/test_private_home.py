"""The home folder is its owner's alone, whoever comes first: the kernel or the sandbox."""

from __future__ import annotations

import os
import stat

import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.sound_source import embedded
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.operations.current_session import current


@pytest.fixture(autouse=True)
def usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def modes(home):
    """Return what others may do with anything in a folder, by its name from there."""
    found = {".": stat.S_IMODE(home.stat().st_mode) & 0o077}
    for path in home.rglob("*"):
        found[str(path.relative_to(home))] = stat.S_IMODE(path.lstat().st_mode) & 0o077
    return {name: oct(mode) for name, mode in found.items() if mode}


@pytest.mark.parametrize("first", ["kernel", "sandbox"])
def test_nothing_in_it_is_anybody_elses_business(home, first):
    if first == "kernel":
        assert len(sp.history()) == 0
    current().sandbox.start(pace=0)
    current().services.uses_sandbox = True
    op = sp.fx("a click", 0.5).result(30)
    embedded(op.outputs[0].path)
    try:
        assert modes(home) == {}
        assert {path.suffix for path in home.rglob("*")} >= {".flac", ".mp3", ".sqlite"}
    finally:
        current().sandbox.stop()


def test_one_that_an_earlier_version_left_open_is_closed_when_it_is_used(connected):
    sp.fx("a click", 0.5).result(30)
    current.close()
    for path in (connected, connected / "audio"):
        path.chmod(0o755)
    sp.fx("another click", 0.5).result(30)
    assert modes(connected) == {}


def test_a_folder_that_holds_other_things_too_is_left_to_the_doctor(connected):
    connected.mkdir(mode=0o755)
    (connected / "holiday.jpg").write_bytes(b"a person's own")
    sp.fx("a click", 0.5).result(30)
    assert set(modes(connected)) == {".", "holiday.jpg"}
    said = str(Examination(dry_run=True).begin().result(30))
    assert "Open to other users of this machine: 2 files and folders, would be yours alone." in said
    assert set(modes(connected)) == {".", "holiday.jpg"}
    said = str(Examination().begin().result(30))
    assert "Open to other users of this machine: 2 files and folders, now yours alone." in said
    assert modes(connected) == {}
    assert str(Examination().begin().result(30)).startswith("All is in order")


def test_links_and_what_belongs_to_others_are_left_as_they_are(connected, tmp_path):
    sp.fx("a click", 0.5).result(30)
    aim = tmp_path / "aim"
    aim.touch(mode=0o644)
    (connected / "link").symlink_to(aim)
    connected.chmod(0o755)
    Examination().begin().result(30)
    assert stat.S_IMODE(aim.stat().st_mode) == 0o644
    assert stat.S_IMODE(connected.stat().st_mode) == 0o700

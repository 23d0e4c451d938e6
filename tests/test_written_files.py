"""Files written for a person, in a folder that others write to: nothing planted there is followed.

What is planted is real: links, pipes, folders under the name that is to be written, and a second
process that writes at the same moment.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.history_file import write_history
from soundpiece_nb.display.sound_source import Holding, Place
from soundpiece_nb.files.naming import first_free
from soundpiece_nb.files.writing import place_beside, written_beside
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.current_session import current
from support.kernels import Kernel
from support.services import quiet_environment, tone

MINE = "somebody's own words\n"


@pytest.fixture
def precious(tmp_path):
    """A person's file, to which links are planted."""
    file = tmp_path / "precious.txt"
    file.write_text(MINE)
    return file


@pytest.fixture
def song(connected):
    return sp.fx("door slam", name="slam").result(60)


def plant(path: Path, kind: str, precious: Path) -> None:
    match kind:
        case "link":
            path.symlink_to(precious)
        case "broken link":
            path.symlink_to("nowhere")
        case "pipe":
            os.mkfifo(path)
        case "zero":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()


PLANTED = ("link", "broken link", "pipe", "zero")


# ------------------------------------------------------------------ one file, replaced


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_under_a_files_name_is_replaced(tmp_path, precious, kind):
    target = tmp_path / "out.csv"
    plant(target, kind, precious)
    with written_beside(target) as beside:
        beside.write_text("new")
    assert not target.is_symlink()
    assert target.read_text() == "new"
    assert precious.read_text() == MINE


def test_only_its_owner_reads_a_file_before_it_is_whole(tmp_path):
    target = tmp_path / "out.csv"
    with written_beside(target) as beside:
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600
        beside.write_text("new")
    (tmp_path / "usual").touch()
    assert target.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_that_was_exchanged_meanwhile_is_not_taken(tmp_path, precious):
    target = tmp_path / "out.csv"
    for exchange in (precious.rename, lambda to: to.symlink_to(precious)):
        with (  # noqa: PT012 - the block is what is tested
            pytest.raises(OSError, match=r"put in its place|symbolic link"),
            written_beside(target) as beside,
        ):
            beside.unlink()
            exchange(beside)
        assert not target.exists()
        precious.write_text(MINE)


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    target, synced, sync = tmp_path / "out.csv", [], os.fsync

    def note(descriptor):
        sync(descriptor)
        synced.append((os.fstat(descriptor).st_ino, target.exists()))

    monkeypatch.setattr(os, "fsync", note)
    with written_beside(target) as beside:
        beside.write_text("new")
    assert synced == [(target.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


# ------------------------------------------------------------------ histories


@pytest.mark.parametrize("ending", ["csv", "html"])
@pytest.mark.parametrize("kind", PLANTED)
def test_a_history_follows_nothing_that_was_planted(song, tmp_path, precious, ending, kind):
    folder = tmp_path / "shared"
    folder.mkdir()
    for name in (f"h.{ending}", f".h.{ending}.part"):
        plant(folder / name, kind, precious)
    path, count = write_history(current(), Filter(), folder / f"h.{ending}")
    assert count == 1
    assert not path.is_symlink()
    assert path.stat().st_size > 100
    assert precious.read_text() == MINE


def test_a_history_never_takes_the_place_of_a_folder(song, tmp_path):
    (tmp_path / "h.csv").mkdir()
    with pytest.raises(sp.api.errors.StorageFailed, match="cannot be written"):
        write_history(current(), Filter(), tmp_path / "h.csv")
    assert list(tmp_path.glob(".*.part")) == []


# ------------------------------------------------------------------ takes


@pytest.mark.parametrize("ending", [".flac", ".wav", ".mp3"])
@pytest.mark.parametrize("kind", [*PLANTED, "folder"])
def test_a_take_goes_under_the_next_name_where_something_was_planted(
    song, tmp_path, precious, ending, kind
):
    folder = tmp_path / "shared"
    folder.mkdir()
    take = song.outputs[0]
    usual = take.place_in(folder, ending)
    plant(usual, kind, precious)
    planted = usual.lstat()
    place = take.place_in(folder, ending)
    assert place.name == f"{usual.stem}-2{ending}"
    assert take.save(place) == place
    assert take.place_in(folder, ending) == place, "it is known again"
    assert os.path.samestat(usual.lstat(), planted)
    assert precious.read_text() == MINE


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_an_export_goes_on_beside_what_was_planted(song, connected, tmp_path, precious, kind):
    folder = tmp_path / "shared"
    folder.mkdir()
    name = song.outputs[0].place_in(folder).name
    plant(folder / name, kind, precious)
    kernel = Kernel(quiet_environment(connected))
    ran = kernel.run(
        f"%load_ext soundpiece_nb\n%soundpiece_export {song.key} --to {folder}", timeout=60
    )
    kernel.close()
    assert ran.status == "ok", ran.text
    assert name.replace(".flac", "-2.flac") in ran.text
    assert precious.read_text() == MINE


@pytest.mark.parametrize("path", ["x" * 5_000, "/".join(["deep"] * 2_000), "a\0b"])
def test_an_impossible_path_is_one_sentence(song, path):
    with pytest.raises(sp.Mistake, match="cannot be a path on this machine"):
        song.outputs[0].save(path)


AT_ONCE = """
import sys
from pathlib import Path
import soundpiece_nb as sp

take = sp.operation(sys.argv[1]).outputs[0]
print("ready", flush=True)
sys.stdin.readline()
for n in range(20):
    folder = Path(sys.argv[2], str(n))
    print(take.save(folder))
"""


def at_once(code: str, *lines: list[str], **options) -> list[list[str]]:
    """Run a program twice at the same moment, with these arguments; return the lines of each."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [
        subprocess.Popen([sys.executable, "-c", code, *line], **pipes, **options) for line in lines
    ]
    for one in both:
        assert one.stdout.readline() == "ready\n"
    for one in both:
        one.stdin.write("\n")
        one.stdin.flush()
    return [one.communicate(timeout=100)[0].split() for one in both]


def test_takes_of_one_readable_name_saved_at_once_are_all_kept(song, connected, tmp_path):
    """Their keys begin alike; each folder is a chance that both choose a name at one moment."""
    other = sp.submit("create.new_fx", prompt="door slam", name="slam", key=alike(song.key)).result(
        60
    )
    assert other.outputs[0].place_in(tmp_path) == song.outputs[0].place_in(tmp_path)
    for number in range(20):
        (tmp_path / "shared" / str(number)).mkdir(parents=True)
    environment = {**os.environ, "SOUNDPIECE_HOME": str(connected)}
    lines = [[key, str(tmp_path / "shared")] for key in (song.key, other.key)]
    told = at_once(AT_ONCE, *lines, env=environment)
    assert len({path for paths in told for path in paths}) == 40
    assert len(list((tmp_path / "shared").rglob("*.flac"))) == 40


def alike(key: str) -> str:
    """Return another key that begins with the same 8 characters."""
    return key[:-1] + ("0" if key[-1] != "0" else "1")


# ------------------------------------------------------------------ beside the notebook


@pytest.fixture
def stored(tmp_path):
    file = tmp_path / "stored.flac"
    file.write_bytes(tone())
    return file


def refuse(*_):
    raise OSError("another disk")


@pytest.mark.parametrize("link", [Path.hardlink_to, refuse])
@pytest.mark.parametrize("kind", [*PLANTED, "folder", "own file", "file of that size"])
def test_nothing_beside_a_notebook_is_written_over(tmp_path, stored, precious, kind, link):
    folder = tmp_path / "soundpiece-audio"
    folder.mkdir()
    taken = folder / "a-1.flac"
    match kind:
        case "own file":
            taken.write_text(MINE)
        case "file of that size":
            taken.write_bytes(b"x" * stored.stat().st_size)
        case _:
            plant(taken, kind, precious)
    before = taken.lstat()
    placed = place_beside(stored, folder, "a-1.flac", link=link)
    assert placed == folder / "a-1-2.flac"
    assert placed.read_bytes() == stored.read_bytes()
    assert place_beside(stored, folder, "a-1.flac", link=link) == placed, "it is known again"
    assert os.path.samestat(taken.lstat(), before)
    assert taken.lstat().st_mtime_ns == before.st_mtime_ns
    assert precious.read_text() == MINE


@pytest.mark.parametrize("link", [Path.hardlink_to, refuse])
def test_a_folder_of_sounds_that_is_a_link_gets_nothing(tmp_path, stored, link):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder = tmp_path / "soundpiece-audio"
    folder.symlink_to(elsewhere)
    with pytest.raises(OSError, match="link to another folder"):
        place_beside(stored, folder, "a-1.flac", link=link)
    assert list(elsewhere.iterdir()) == []


def test_a_player_points_at_the_name_that_its_sound_has(song, connected, tmp_path):
    entry = song.entry
    name = entry.file_name(entry.takes[0])
    place = Place(current().home, tmp_path, Holding.LINK)
    (tmp_path / "soundpiece-audio").mkdir()
    (tmp_path / "soundpiece-audio" / name).write_text(MINE)
    address, shown = place.source(entry, entry.takes[0])
    assert address == shown == f"soundpiece-audio/{name.replace('.flac', '-2.flac')}"
    assert (tmp_path / address).samefile(song.outputs[0].path)
    assert (tmp_path / "soundpiece-audio" / name).read_text() == MINE


def test_where_the_folder_of_sounds_is_a_link_sound_is_embedded(song, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "soundpiece-audio").symlink_to(tmp_path / "elsewhere")
    place = Place(current().home, tmp_path, Holding.LINK)
    address, _ = place.source(song.entry, song.entry.takes[0])
    assert address.startswith("data:audio/mpeg;base64,")
    assert list((tmp_path / "elsewhere").iterdir()) == []


PLACING = """
import sys
from pathlib import Path
from soundpiece_nb.files.writing import place_beside
print("ready", flush=True)
sys.stdin.readline()
for n in range(200):
    print(place_beside(Path(sys.argv[1]), Path(sys.argv[2]), f"a-{n}.flac"))
"""


def test_two_kernels_that_place_a_take_at_once_agree(tmp_path, stored):
    line = [str(stored), str(tmp_path / "soundpiece-audio")]
    first, second = at_once(PLACING, line, line)
    assert first == second
    assert len(list((tmp_path / "soundpiece-audio").iterdir())) == 200


def test_a_broken_link_is_no_free_name(tmp_path):
    (tmp_path / "a.sqlite").symlink_to("nowhere")
    assert first_free(tmp_path / "a.sqlite") == tmp_path / "a-2.sqlite"


AS_NOBODY = """
import os, sys
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.files.paths import read_path
if os.geteuid() == 0:
    os.setuid(65534)
try:
    read_path(sys.argv[1])
except Mistake as mistake:
    print(mistake)
"""


def test_a_path_that_may_not_be_looked_at_is_one_sentence(tmp_path):
    (tmp_path / "closed").mkdir(mode=0)
    command = [sys.executable, "-c", AS_NOBODY, str(tmp_path / "closed" / "x")]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "closed/x may not be looked at: Permission denied." in ran.stdout

"""Audio that is no intact take is kept, and side files that are unusable mean begin anew."""

from __future__ import annotations

import os
import time

import pytest

import soundpiece_nb as sp
from soundpiece_nb.audio.store import AudioStore, require_room
from soundpiece_nb.doctor.examination import Examination
from soundpiece_nb.engine.pruning import prune
from soundpiece_nb.operations.current_session import current
from support.fx_service import AUDIO, Studio
from support.services import Reply, tone


@pytest.fixture
def studio(home, monkeypatch, hurried):
    started = Studio()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", started.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield started
    current.close()
    started.close()


def fail(studio, body):
    studio.instead["download"] = [Reply(body=body)] * 3
    op = sp.fx("a click", 1)
    with pytest.raises(sp.DownloadFailed) as told:
        op.result(30)
    return op, told.value, current().home / "audio" / op.key


HALF = len(AUDIO) // 2
DAMAGED = AUDIO[:HALF] + bytes([AUDIO[HALF] ^ 255]) + AUDIO[HALF + 1 :]


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        (DAMAGED, ".flac"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt and so on", ".wav"),
        (b"OggS\x00 something", ".ogg"),
        (b"\xff\xfb\x90\x64 mpeg", ".mp3"),
    ],
)
def test_what_is_no_intact_flac_and_may_be_the_music_is_kept_and_named(studio, body, ending):
    op, error, folder = fail(studio, body)
    kept = folder / f"1.unverified{ending}"
    assert kept.read_bytes() == body
    assert f"kept as {kept}" in error.what
    assert op.outputs[0].path is None, "it is no take"
    assert op.result(30).outputs[0].path.read_bytes() == AUDIO
    assert kept.exists()


def test_the_same_again_is_kept_once_and_another_beside_it(studio):
    op, _, folder = fail(studio, DAMAGED)
    for body in (DAMAGED, DAMAGED[:-1] + b"\x00"):
        studio.instead["download"] = [Reply(body=body)] * 3
        with pytest.raises(sp.DownloadFailed):
            op.result(30)
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["1.unverified-2.flac", "1.unverified.flac"]


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b'{"detail": "no"}', b""])
def test_what_is_no_sound_is_not_kept(studio, body):
    _, error, folder = fail(studio, body)
    assert list(folder.iterdir()) == []
    assert "kept" not in error.what


def test_neither_pruning_nor_the_doctor_removes_what_is_kept_aside(studio):
    op, _, folder = fail(studio, DAMAGED)
    op.result(30)
    assert prune(current().engine, op.entry)
    said = str(Examination().begin().result(30))
    assert "Kept aside, and yours to delete: 1 damaged take" in said
    assert [path.name for path in folder.iterdir()] == ["1.unverified.flac"]


UNUSABLE = {
    "not ASCII": "\xe9\xe8".encode("latin-1"),
    "a line break": b'"v1"\r\nX: y',
    "zeros of a power cut": bytes(200),
    "weak": b'W/"v1"',
    "no quotes": b"v1",
    "endless": b'"' + b"x" * 100_000 + b'"',
    "nothing": b"",
}


@pytest.mark.parametrize("etag", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("name", ["1.0123456789abcdef", "1"])
def test_a_side_file_that_is_unusable_means_begin_anew(studio, etag, name):
    op = sp.fx("a click", 1).result(30)
    folder = op.outputs[0].path.parent
    op.outputs[0].path.unlink()
    (folder / f"{name}.part").write_bytes(AUDIO[:1000])
    (folder / f"{name}.etag").write_bytes(etag)
    assert op.result(30).outputs[0].path.read_bytes() == AUDIO
    assert [path.name for path in folder.iterdir()] == ["1.flac"]


def test_what_another_process_had_of_it_is_gone_on_with(studio):
    op = sp.fx("a click", 1).result(30)
    folder = op.outputs[0].path.parent
    op.outputs[0].path.unlink()
    for name, size in (("1.0123456789abcdef", 2000), ("1", 1000), ("1.fedcba9876543210", 3000)):
        (folder / f"{name}.part").write_bytes(AUDIO[:size])
        (folder / f"{name}.etag").write_bytes(b'"v1"')
    before = len(studio.heard)
    op.result(30)
    [download] = [heard for heard in studio.heard[before:] if heard.path == "/take"]
    assert download.headers["Range"] == "bytes=3000-"
    assert op.outputs[0].path.read_bytes() == AUDIO
    assert [path.name for path in folder.iterdir()] == ["1.flac"]


@pytest.mark.parametrize("planted", ["folder", "link", "pipe"])
def test_a_partial_file_that_is_no_file_is_in_nobodys_way(studio, planted, tmp_path):
    op = sp.fx("a click", 1).result(30)
    path = op.outputs[0].path
    path.unlink()
    part = path.with_suffix(".part")
    aim = tmp_path / "aim"
    aim.write_bytes(b"a person's own")
    {"folder": os.mkdir, "pipe": os.mkfifo, "link": lambda at: at.symlink_to(aim)}[planted](part)
    assert op.result(30).outputs[0].path.read_bytes() == AUDIO
    assert aim.read_bytes() == b"a person's own"


def test_two_that_believe_they_own_a_take_write_two_files(tmp_path):
    whole = tone()
    one, other = (AudioStore(tmp_path).partial("key", 1, name) for name in ("one", "other"))
    for partial in (one, other):
        partial.begin(0, len(whole), '"v1"')
    for start in range(0, len(whole), 1000):
        one.write(whole[start : start + 1000])
        other.write(whole[start : start + 1000])
    assert one.finish().frames == other.finish().frames == 44_100
    assert AudioStore(tmp_path).path("key", 1).read_bytes() == whole


def test_a_disk_keeps_some_room_free(tmp_path):
    free = os.statvfs(tmp_path)
    require_room(tmp_path, 1)
    with pytest.raises(sp.StorageFailed, match=r"MB left, too little .*Make room"):
        require_room(tmp_path, free.f_bavail * free.f_frsize)


def test_a_download_far_larger_than_what_it_is_said_to_be_is_given_up(studio, monkeypatch):
    from soundpiece_nb.engine import downloads
    from soundpiece_nb.settings import SETTINGS

    monkeypatch.setattr(SETTINGS, "retry_budget", 0.5)
    studio.audio = bytes(3 * downloads.BYTES_A_SECOND + downloads.BYTES_BESIDE + 1)
    began = time.monotonic()
    with pytest.raises(sp.SoundpieceError, match=r"larger|longer|more"):
        sp.fx("a click", 1).result(60)
    assert time.monotonic() - began < 30

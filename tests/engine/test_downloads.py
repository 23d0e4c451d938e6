"""Downloads that were cut, exchanged, padded, or are very big."""

from __future__ import annotations

import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from support.big_download import fetch
from support.fx_service import AUDIO, Studio
from support.services import Reply, tone

OTHER = tone(2.0)


@pytest.fixture
def studio(home, monkeypatch):
    service = Studio()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield service
    current.close()
    service.close()


def fetched(studio: Studio, *replies: Reply) -> bytes:
    """Return what is kept of a take whose first downloads are answered so."""
    studio.instead["download"] = list(replies)
    path = sp.fx("a click", duration=1).result(20).outputs[0].path
    assert [file.name for file in path.parent.iterdir()] == ["1.flac"]
    return path.read_bytes()


def ranges(studio: Studio) -> list[str | None]:
    return [heard.headers.get("Range") for heard in studio.of("GET", "/take")]


def test_a_file_that_is_another_one_after_a_cut_is_begun_anew(studio, hurried):
    """If-Range: the server answers 200 with the whole of the new file."""
    cut = Reply(200, AUDIO, {"ETag": '"v0"'}, cut=40_000)
    assert fetched(studio, cut, Reply(200, OTHER, {"ETag": '"v2"'})) == OTHER
    [first, second] = studio.of("GET", "/take")
    assert "Range" not in first.headers
    assert second.headers["If-Range"] == '"v0"'


def test_a_file_that_is_shorter_after_a_cut_is_begun_anew(studio, hurried):
    cut = Reply(200, AUDIO, {"ETag": '"v0"'}, cut=len(OTHER) + 10_000)
    beyond = Reply(416, headers={"Content-Range": f"bytes */{len(OTHER)}"})
    assert fetched(studio, cut, beyond, Reply(200, OTHER, {"ETag": '"v2"'})) == OTHER
    assert ranges(studio)[2] is None


def test_a_file_without_a_strong_etag_is_begun_anew_after_a_cut(studio, hurried):
    cut = Reply(200, AUDIO, {"ETag": 'W/"v0"'}, cut=40_000)
    assert fetched(studio, cut) == AUDIO
    assert ranges(studio) == [None, None]


def test_a_file_that_was_whole_when_the_process_died_needs_no_more_bytes(studio, home):
    op = sp.fx("a click", duration=1).result(20)
    path = op.outputs[0].path
    path.rename(path.with_suffix(".part"))
    path.with_suffix(".etag").write_text('"v1"')
    op.result(20)
    assert path.read_bytes() == AUDIO
    assert ranges(studio) == [None, f"bytes={len(AUDIO)}-"]
    assert [file.name for file in path.parent.iterdir()] == ["1.flac"]


@pytest.mark.parametrize("junk", [b"junk", b"\0" * 5_000, b"<html>Goodbye</html>"])
def test_junk_after_the_end_is_refused(junk, studio, hurried):
    """A proxy's doing, say: its length is right, and the sound would be the same."""
    assert fetched(studio, Reply(200, AUDIO + junk)) == AUDIO
    assert len(ranges(studio)) == 2


def test_a_download_of_100_mb_takes_no_memory_of_its_size(tmp_path):
    fetched = fetch(100, tmp_path)
    assert fetched.size > 95e6
    assert fetched.same
    assert fetched.grown < 40e6

"""Takes that are verified while they come: cut, exchanged, damaged, paused, left, many at once."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from pathlib import Path

import psutil
import pytest

import soundpiece_nb as sp
from soundpiece_nb.audio import verification
from soundpiece_nb.engine.downloads import MUCH
from soundpiece_nb.operations.current_session import current
from support.big_download import write_noise
from support.fx_service import Studio
from support.services import Reply
from support.timed_service import TimedService

SECONDS = 25.0


@pytest.fixture(scope="module")
def audio(tmp_path_factory) -> bytes:
    """A take of eight times as many bytes as are worth being verified while others come."""
    path = tmp_path_factory.mktemp("noise") / "noise.flac"
    write_noise(path, 8 * MUCH / 1e6)
    return path.read_bytes()


@pytest.fixture
def serve(home, monkeypatch):
    """Have a service answer; it is closed at the end."""
    started = []

    def start(service):
        started.append(service)
        monkeypatch.setenv("SOUNDPIECE_BASE_URL", service.base_url)
        monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
        return service

    yield start
    current.close()
    for service in started:
        service.close()


@pytest.fixture
def studio(serve, audio, hurried):
    service = serve(Studio(audio=audio))
    service.seconds = SECONDS
    return service


def ranges(studio: Studio) -> list[str | None]:
    return [heard.headers.get("Range") for heard in studio.of("GET", "/take")]


def fetched(studio: Studio, *replies: Reply) -> bytes:
    """Return what is kept of a take whose first downloads are answered so."""
    studio.instead["download"] = list(replies)
    path = sp.fx("a click", duration=1).result(30).outputs[0].path
    assert [file.name for file in path.parent.iterdir()] == ["1.flac"]
    return path.read_bytes()


def test_after_a_cut_it_goes_on(studio, audio):
    half = len(audio) // 2
    assert fetched(studio, Reply(200, audio, {"ETag": '"v1"'}, cut=half)) == audio
    assert ranges(studio) == [None, f"bytes={half}-"]


def test_another_file_after_a_cut_is_verified_from_its_beginning(studio, audio):
    damaged = flipped(audio, len(audio) // 4)
    cut = Reply(200, damaged, {"ETag": '"v0"'}, cut=len(audio) // 2)
    assert fetched(studio, cut, Reply(200, audio, {"ETag": '"v2"'})) == audio
    assert len(ranges(studio)) == 2


def test_bytes_that_are_no_more_of_this_file_are_dropped(studio, audio):
    damaged = flipped(audio, len(audio) // 4)
    cut = Reply(200, damaged, {"ETag": '"v0"'}, cut=len(audio) // 2)
    beyond = Reply(416, headers={"Content-Range": f"bytes */{len(audio) // 4}"})
    assert fetched(studio, cut, beyond) == audio
    assert ranges(studio)[2] is None


@pytest.mark.parametrize("place", ["at the beginning", "in the middle", "at the very end"])
def test_damage_is_found_and_it_is_fetched_again(studio, audio, place):
    at = {"at the beginning": 100, "in the middle": len(audio) // 2}.get(place, len(audio) - 1)
    assert fetched(studio, Reply(200, flipped(audio, at))) == audio
    assert len(ranges(studio)) == 2


def test_all_of_what_stays_damaged_is_kept_aside(studio, audio):
    damaged = flipped(audio, len(audio) // 4)
    studio.instead["download"] = [Reply(200, damaged)] * 3
    with pytest.raises(sp.DownloadFailed, match="did not arrive intact, 3 times"):
        sp.fx("a click", duration=1).result(30)
    [kept] = (current().home / "audio").rglob("1.unverified.flac")
    assert kept.read_bytes() == damaged


@pytest.mark.parametrize("junk", [b"junk", bytes(5_000)])
def test_junk_after_the_end_is_refused(studio, audio, junk):
    assert fetched(studio, Reply(200, audio + junk)) == audio
    assert len(ranges(studio)) == 2


def test_many_at_once_all_arrive(studio, audio):
    operations = [sp.fx(f"a click {number}", duration=1) for number in range(12)]
    for operation in operations:
        assert operation.result(60).outputs[0].path.read_bytes() == audio
    assert len(ranges(studio)) == len(operations)


def flipped(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :]


class PausingService(TimedService):
    """Sends three quarters of the first take that is asked for, then a byte now and then.

    That goes on until `rest` is set, or nobody listens any more.
    """

    def __init__(self, audio: bytes) -> None:
        super().__init__(0.0)
        self.take = audio
        self.paused, self.rest = threading.Event(), threading.Event()

    async def _script(self, heard: str, writer: asyncio.StreamWriter) -> None:
        if not heard.startswith("GET /take") or self.paused.is_set():
            await super()._script(heard, writer)
            return
        sent = 3 * len(self.take) // 4
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(self.take)}\r\n\r\n".encode())
        writer.write(self.take[:sent])
        await writer.drain()
        self.paused.set()
        while not self.rest.is_set():
            writer.write(self.take[sent : sent + 1])
            await writer.drain()
            sent += 1
            await asyncio.sleep(0.02)
        writer.write(self.take[sent:])

    def _operation(self, operation_id: str) -> bytes:
        answer = json.loads(super()._operation(operation_id))
        if output := answer["fx"].get("output"):
            output["duration"] = SECONDS
        return json.dumps(answer).encode()


@pytest.fixture
def parts(monkeypatch):
    """The frames of each part that is decoded, as it is."""
    found, usual = list[int](), verification.decode

    def noting(file, info, stretch, **options):
        found.append(stretch.frames)
        return usual(file, info, stretch, **options)

    monkeypatch.setattr(verification, "decode", noting)
    return found


@pytest.fixture
def pausing(serve, audio):
    service = serve(PausingService(audio))
    yield service
    service.rest.set()


def test_what_has_come_is_decoded_before_the_rest_comes(pausing, audio, parts):
    slow = sp.fx("a click", duration=1)
    assert pausing.paused.wait(20)
    until(lambda: sum(parts) > 0.5 * 44_100 * SECONDS * 3 / 4)
    assert slow.outputs == () or slow.outputs[0].path is None, "it is no take yet"
    pausing.rest.set()
    assert slow.result(30).outputs[0].path.read_bytes() == audio


def test_one_that_trickles_holds_up_no_other(pausing, audio):
    slow = sp.fx("a click", duration=1)
    assert pausing.paused.wait(20)
    for operation in [sp.fx(f"a click {number}", duration=1) for number in range(8)]:
        operation.result(20)
    assert not slow.outputs or slow.outputs[0].path is None, "it is still on its way"
    pausing.rest.set()
    assert slow.result(30).outputs[0].path.read_bytes() == audio


def test_one_that_is_left_leaves_no_thread_and_no_open_file(pausing, audio):
    op = sp.fx("a click", duration=1)
    assert pausing.paused.wait(20)
    key, home = op.key, current().home
    current.close()
    until(lambda: not [each for each in threading.enumerate() if "soundpiece-audio" in each.name])
    opened = [Path(file.path) for file in psutil.Process().open_files()]
    assert [path for path in opened if path.is_relative_to(home / "audio")] == []
    assert sp.operation(key).result(30).outputs[0].path.read_bytes() == audio


def until(done, seconds: float = 20.0) -> None:
    """Wait until something is so, which it has to be soon."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)

"""A file that is verified while it grows is what the same file is when verified as a whole."""

from __future__ import annotations

import io
import os
import time
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import psutil
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soundpiece_nb.audio import verification
from soundpiece_nb.audio.verification import NotIntact, Take, Verification, verify
from support.flac_encoder import flac
from support.services import tone

on_one_path = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The path of a file of which little is worth decoding, so that small files have many parts."""
    monkeypatch.setattr(verification, "WORTH_DECODING", 1000)
    return tmp_path / "1.part"


def noise(frames: int, bits: int = 16, channels: int = 2) -> np.ndarray:
    """Return whole numbers of a depth, a third of full scale at most."""
    most = (1 << bits - 1) // 3
    return np.random.default_rng(bits).integers(-most, most, (frames, channels))


def piped(octets: bytes) -> bytes:
    """Return a file as an encoder writes it to a pipe: STREAMINFO has neither length nor MD5."""
    shape = int.from_bytes(octets[18:26], "big") & ~((1 << 36) - 1)
    return octets[:18] + shape.to_bytes(8, "big") + bytes(16) + octets[42:]


def pictured(octets: bytes) -> bytes:
    """Return a file with 20 KB of other metadata before its sound."""
    picture = b"\x86" + (20_000).to_bytes(3, "big") + bytes(20_000)
    return octets[:4] + bytes([octets[4] & 0x7F]) + octets[5:42] + picture + octets[42:]


ID3 = b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0"
FILES = {
    "16 bits": tone(0.5),
    "24 bits": tone(0.3, "PCM_24"),
    "20 bits": flac(noise(9000, 20), bits=20, block=700),
    "18 bits, which nothing decodes": flac(noise(5000, 18), bits=18, block=500),
    "blocks of any size": flac(noise(9000), block=[700, 300, 1500, 4000, 2500]),
    "of unknown length": piped(tone(0.5)),
    "behind a tag": ID3 + tone(0.5),
    "with a picture": pictured(flac(noise(9000), block=1000)),
    "with a tag at the end": tone(0.5) + b"TAG" + bytes(125),
}

KNOWN = [octets for name, octets in FILES.items() if name != "of unknown length"]
"""Files that are not whole where they end with a whole frame."""


def grow(path, octets: bytes, cuts: list[int]) -> Take:
    """Verify a file that comes in pieces, as far as it is there after each."""
    growing = Verification(path, 1.0)
    path.write_bytes(b"")
    for start, end in zip([0, *cuts], [*cuts, len(octets)], strict=True):
        with path.open("ab") as file:
            file.write(octets[start:end])
        if end < len(octets):
            growing.go_on()
    return growing.finish()


@pytest.mark.parametrize("name", FILES)
def test_it_is_the_same_take_however_it_comes(path, name):
    @on_one_path
    @given(cuts=st.lists(st.integers(0, len(FILES[name])), max_size=12).map(sorted))
    def check(cuts):
        assert grow(path, FILES[name], cuts) == whole

    path.write_bytes(FILES[name])
    whole = verify(path)
    check()


@on_one_path
@given(data=st.data())
def test_damage_is_refused_wherever_it_is_and_whenever_it_comes(path, data):
    octets = data.draw(st.sampled_from(KNOWN), "file")
    first = len(octets) - len(tone(0.1)) // 3
    at = data.draw(st.integers(max(first, 0), len(octets) - 129), "position")
    damaged = {
        "flipped": octets[:at] + bytes([octets[at] ^ 1]) + octets[at + 1 :],
        "missing": octets[:at] + octets[at + 1 :],
        "cut": octets[:at],
        "junk": octets + b"junk",
        "zeros": octets + bytes(5000),
    }[data.draw(st.sampled_from(["flipped", "missing", "cut", "junk", "zeros"]), "damage")]
    cuts = st.lists(st.integers(0, len(damaged)), max_size=8).map(sorted)
    with pytest.raises(NotIntact):
        grow(path, damaged, data.draw(cuts, "cuts"))


def test_other_samples_than_the_md5_says_are_refused(path):
    octets = flac(noise(9000), block=1000, md5=b"other samples...")
    with pytest.raises(NotIntact, match="own checksum"):
        grow(path, octets, [5000, 20_000])


def test_several_threads_may_verify_it_at_once(path):
    octets = tone(3.0)
    path.write_bytes(octets)
    whole = verify(path)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            path.write_bytes(b"")
            growing, steps = Verification(path, 3.0), []
            with path.open("ab", buffering=0) as file:
                for start in range(0, len(octets), 4000):
                    file.write(octets[start : start + 4000])
                    steps.append(pool.submit(growing.go_on))
            assert growing.finish() == whole
            wait(steps)
            assert [step.exception() for step in steps] == [None] * len(steps)


def test_what_one_thread_finds_wrong_every_other_is_told(path):
    octets = bytearray(tone(3.0))
    octets[len(octets) // 2] ^= 1
    path.write_bytes(octets)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(20):
            growing = Verification(path, 3.0)
            steps = [pool.submit(growing.go_on) for _ in range(4)]
            with pytest.raises(NotIntact):
                growing.finish()
            wait(steps)
            with pytest.raises(NotIntact):
                growing.finish()


def test_no_file_is_held_open_between_two_steps(path):
    octets = tone(3.0)
    path.write_bytes(octets[: len(octets) // 2])
    growing = Verification(path)
    growing.go_on()
    assert not [file for file in psutil.Process().open_files() if file.path == os.fspath(path)]
    path.unlink()
    growing.go_on()  # of an abandoned file
    with pytest.raises(FileNotFoundError):
        growing.finish()


def test_what_decodes_to_far_more_than_was_claimed_is_not_decoded(path):
    """Its beginning says little; what follows is ten minutes of silence."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", 44_100, 8, "PCM_16", format="FLAC") as sound:
        for _ in range(60):
            sound.write(np.zeros((44_100 * 10, 8), np.int16))
    octets = buffer.getvalue()
    shape = int.from_bytes(octets[18:26], "big") & ~((1 << 36) - 1) | 44_100
    octets = octets[:18] + shape.to_bytes(8, "big") + octets[26:]
    path.write_bytes(octets[:-1000])
    before = time.process_time()
    growing = Verification(path, 1.0)
    growing.go_on()
    with pytest.raises(NotIntact, match="longer than the 12 seconds"):
        growing.finish()
    assert time.process_time() - before < 1.0

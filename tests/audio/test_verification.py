"""Files are verified by what they say of themselves, and no longer than they may last."""

from __future__ import annotations

import io
import math
import time

import mutagen.id3
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.apev2 import APEv2

from soundpiece_nb.audio.decoding import CannotDecode
from soundpiece_nb.audio.export import write_copy
from soundpiece_nb.audio.preview import make_preview
from soundpiece_nb.audio.verification import NotIntact, read, verify
from soundpiece_nb.audio.waveform import Levels
from support.flac_encoder import digest, flac
from support.services import tone
from support.stories import story

QUICKLY = 1.0
"""Seconds of the processor for refusing what takes minutes to decode; it takes hundredths."""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "1.flac"


def noise(frames=20_000, channels=2, bits=16) -> np.ndarray:
    """Return whole numbers of a depth, from a third of full scale down."""
    most = (1 << bits - 1) // 3
    return np.random.default_rng(bits).integers(-most, most, (frames, channels))


def piped(octets: bytes, *, length: int = 0) -> bytes:
    """Return a file as an encoder writes it to a pipe: STREAMINFO has neither length nor MD5."""
    shape = int.from_bytes(octets[18:26], "big") & ~((1 << 36) - 1) | length
    return octets[:18] + shape.to_bytes(8, "big") + bytes(16) + octets[42:]


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24, 32])
@pytest.mark.parametrize("known", [True, False])
def test_every_usual_depth_is_decoded_and_compared(path, tmp_path, bits, known):
    samples = noise(bits=bits)
    path.write_bytes(flac(samples, bits=bits) if known else piped(flac(samples, bits=bits)))
    take = verify(path)
    assert (take.frames, take.sample_rate, take.channels) == (20_000, 44_100, 2)
    assert take.md5 == digest(samples, bits).hex()
    assert max(Levels.from_bytes(take.waveform).peaks) == pytest.approx(255 / 3, abs=3)
    sound, rate = read(path)
    assert rate == 44_100
    assert np.array_equal(sound, (samples / 2.0 ** (bits - 1)).astype(np.float32))
    wave = write_copy(path, tmp_path / "copy.wav", story())
    kept = soundfile.read(wave, dtype="int32")[0]
    assert np.array_equal(kept >> 32 - bits, samples)
    preview = make_preview(path, tmp_path / "1.mp3")
    assert soundfile.info(preview).duration == pytest.approx(20_000 / 44_100, abs=0.1)


@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24, 32])
def test_other_samples_than_the_md5_says_are_refused_at_any_depth(path, bits):
    path.write_bytes(flac(noise(bits=bits), bits=bits, md5=b"other samples..."))
    with pytest.raises(NotIntact, match="own checksum"):
        verify(path)


def test_a_depth_that_nothing_decodes_is_verified_by_its_frames(path, tmp_path):
    samples = noise(bits=18)
    whole = flac(samples, bits=18)
    path.write_bytes(whole)
    take = verify(path)
    assert (take.frames, take.waveform) == (20_000, b"")
    assert take.md5 == digest(samples, 18).hex()  # as STREAMINFO says
    for use in (
        lambda: read(path),
        lambda: make_preview(path, tmp_path / "1.mp3"),
        lambda: write_copy(path, tmp_path / "copy.wav", story()),
        lambda: write_copy(path, tmp_path / "copy.mp3", story()),
    ):
        with pytest.raises(CannotDecode, match="18 bits"):
            use()
    assert [file.name for file in tmp_path.iterdir()] == ["1.flac"]
    assert verify(write_copy(path, tmp_path / "copy.flac", story())).md5 == take.md5
    path.write_bytes(piped(whole))
    assert verify(path).md5 == ""
    for damaged in (whole[:-1], whole[:9000] + b"!" + whole[9001:], whole + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(NotIntact):
            verify(path)


def test_a_file_written_to_a_pipe_is_as_good_as_any(path):
    path.write_bytes(tone())
    known = verify(path)
    path.write_bytes(piped(tone()))
    assert verify(path) == known


def test_a_length_that_is_not_the_streams_is_refused(path):
    for length in (1, 44_099, 44_101, 100_000):
        path.write_bytes(piped(tone(), length=length))
        with pytest.raises(NotIntact, match=f"44100 of {length} frames"):
            verify(path)


def id3v1() -> bytes:
    tags = mutagen.id3.ID3()
    tags.add(mutagen.id3.TIT2(encoding=3, text="Night drive"))
    return mutagen.id3.MakeID3v1(tags)


def apev2(tmp_path) -> bytes:
    file = tmp_path / "ape"
    file.touch()
    tags = APEv2()
    tags["Title"] = "Night drive"
    tags.save(file)
    return file.read_bytes()


LYRICS = b"LYRICSBEGIN" + b"LYR00005la la"
LYRICS += b"%06dLYRICS200" % len(LYRICS)
ID3V2 = b"ID3\4\0\x10\0\0\0\x0bTIT2\0\0\0\1\0\0\3"
ID3V2 += b"3DI" + ID3V2[3:10]


def test_tags_that_taggers_append_belong_to_a_file(path, tmp_path):
    ape, one = apev2(tmp_path), id3v1()
    without_header = ape[32:-12] + bytes(4) + ape[-8:]
    for tags in (one, ape, ape + one, without_header, LYRICS + one, LYRICS, ID3V2, ape + LYRICS):
        for whole in (tone(), piped(tone()), flac(noise(bits=20), bits=20)):
            path.write_bytes(whole)
            plain = verify(path)
            path.write_bytes(whole + tags)
            tagged = verify(path)
            assert (tagged.frames, tagged.md5) == (plain.frames, plain.md5)
            assert tagged.size == len(whole) + len(tags)
            assert len(read(path)[0]) == plain.frames
            make_preview(path, tmp_path / "1.mp3")


def test_what_only_looks_like_a_tag_does_not(path, tmp_path):
    ape, one = apev2(tmp_path), id3v1()
    for junk in (one[:-1], one + b"\0", b"junk" + one, one + one, ape[1:], ape + ape):
        path.write_bytes(tone() + junk)
        with pytest.raises(NotIntact):
            verify(path)


def test_a_tag_before_the_stream_is_passed_over(path):
    path.write_bytes(b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0" + piped(tone()))
    assert verify(path).frames == len(read(path)[0]) == 44_100


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damage_anywhere_is_refused_and_nothing_else_is_raised(path, data):
    """Of bytes flipped in the metadata, those that change no sound may be let through."""
    whole = data.draw(st.sampled_from(WHOLE), "file")
    at = data.draw(st.integers(0, len(whole) - 1), "position")
    kind = data.draw(st.sampled_from(["truncated", "flipped", "appended", "doubled"]))
    damaged = {
        "truncated": whole[:at],
        "flipped": whole[:at]
        + bytes([whole[at] ^ data.draw(st.integers(1, 255))])
        + whole[at + 1 :],
        "appended": whole + data.draw(st.binary(min_size=1, max_size=200), "junk"),
        "doubled": whole + whole[at:],
    }[kind]
    path.write_bytes(whole)
    frames = verify(path).frames
    path.write_bytes(damaged)
    try:
        take = verify(path)
    except NotIntact:
        return
    assert kind == "flipped"
    assert at < whole.index(b"\xff\xf8", 42)
    assert take.frames == frames


WHOLE = [tone(0.2), tone(0.1, "PCM_24"), flac(noise(3000, 1, 20), bits=20, block=500)]


def silence(seconds: float, channels: int = 8, rate: int = 44_100) -> bytes:
    """Return a small file of much silence."""
    buffer = io.BytesIO()
    form = {"format": "FLAC", "subtype": "PCM_16"}
    with soundfile.SoundFile(buffer, "w", rate, channels, **form) as sound:
        minute = np.zeros((60 * rate, channels), np.int16)
        for start in np.arange(0, seconds, 60):
            sound.write(minute[: int((seconds - start) * rate)])
    return buffer.getvalue()


def test_what_lasts_far_longer_than_claimed_is_refused_before_it_is_decoded(path):
    whole = silence(300)
    assert len(whole) < 150_000
    for octets in (whole, piped(whole)):
        path.write_bytes(octets)
        before = time.process_time()
        with pytest.raises(NotIntact, match="longer than the 40 seconds"):
            verify(path, 20.0)
        assert time.process_time() - before < QUICKLY


def test_of_what_was_not_claimed_an_hour_is_the_most(path):
    for claim in (None, math.nan, math.inf, -1.0):
        path.write_bytes(flac(np.zeros((3601, 1), int), rate=1))
        with pytest.raises(NotIntact, match="longer than the 3,600 seconds"):
            verify(path, claim)
    path.write_bytes(flac(np.zeros((3600, 1), int), rate=1))
    assert verify(path).duration == 3600
    assert verify(path, 3000.0).duration == 3600


def test_absurd_lengths_and_rates_are_refused_whatever_is_claimed(path):
    for octets in (
        piped(tone(), length=(1 << 36) - 1),
        flac(noise(), rate=0),
        flac(noise())[:42],
        piped(flac(noise()))[:42],
    ):
        path.write_bytes(octets)
        with pytest.raises(NotIntact):
            verify(path, 1e9)


def test_a_piece_may_be_half_as_long_again_as_claimed(path):
    path.write_bytes(tone(25.0))
    assert verify(path, 10.0).duration == 25.0
    path.write_bytes(tone(25.1))
    with pytest.raises(NotIntact, match="25 seconds"):
        verify(path, 10.0)


def test_a_damaged_file_cannot_be_decoded_and_says_so_as_an_oserror(path, tmp_path):
    whole = tone()
    for octets in (b"", b"<html>", whole[:9000], piped(whole)[:9000], whole[:20]):
        path.write_bytes(octets)
        for use in (
            lambda: read(path),
            lambda: make_preview(path, tmp_path / "1.mp3"),
            lambda: write_copy(path, tmp_path / "copy.wav", story()),
            lambda: write_copy(path, tmp_path / "copy.mp3", story()),
        ):
            with pytest.raises(CannotDecode) as caught:
                use()
            assert caught.value.strerror == str(caught.value)
            assert caught.value.strerror.endswith(".")

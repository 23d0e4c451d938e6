"""Files are verified or they are not there; waveforms and previews are small and true."""

from __future__ import annotations

import base64
from xml.etree import ElementTree as ET

import numpy as np
import pytest
import soundfile

from soundpiece_nb.audio.preview import make_preview
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.audio.verification import NotIntact, read, verify
from soundpiece_nb.audio.waveform import BINS, Levels, data_address, draw, halved
from soundpiece_nb.files.naming import readable_name
from soundpiece_nb.files.writing import place_beside
from support.services import tone


@pytest.mark.parametrize("bits", ["PCM_16", "PCM_24", "PCM_S8"])
def test_an_intact_file_of_any_depth_verifies(tmp_path, bits):
    path = tmp_path / "a.flac"
    path.write_bytes(tone(1.0, bits))
    take = verify(path)
    assert (take.frames, take.sample_rate, take.channels) == (44_100, 44_100, 2)
    assert take.duration == 1.0
    assert take.size == path.stat().st_size


def test_every_kind_of_damage_is_found(tmp_path):
    whole = tone()
    path = tmp_path / "a.flac"
    flipped = bytearray(whole)
    flipped[len(flipped) // 2] ^= 1
    other_checksum = bytearray(whole)
    other_checksum[26] ^= 1
    for damaged in (
        whole[:-1],
        whole[: len(whole) // 2],
        bytes(flipped),
        bytes(other_checksum),
        b"",
        b"fLaC",
        b"<html>sorry</html>",
        whole[:5000] + b"\0" * 64 + whole[5064:],
        whole + b"<html>sorry</html>",
    ):
        path.write_bytes(damaged)
        with pytest.raises(NotIntact):
            verify(path)


def test_a_web_page_is_called_one(tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(b"<!doctype html><title>Expired</title>")
    with pytest.raises(NotIntact, match="web page"):
        verify(path)


def test_samples_come_back_as_float32_frames_and_channels(tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(tone())
    samples, rate = read(path)
    assert samples.shape == (44_100, 2)
    assert samples.dtype == np.float32
    assert rate == 44_100
    assert 0.39 < np.abs(samples).max() < 0.41


def test_levels_are_those_of_the_sound(tmp_path):
    path = tmp_path / "a.flac"
    path.write_bytes(tone(10.0))
    levels = Levels.from_bytes(verify(path).waveform)
    assert len(levels.peaks) == len(levels.rms) == BINS
    assert np.allclose(np.frombuffer(levels.peaks, "u1"), 0.4 * 255, atol=2)
    assert np.allclose(np.frombuffer(levels.rms, "u1"), 0.4 / np.sqrt(2) * 255, atol=2)


def test_levels_do_not_depend_on_blocks_nor_overflow():
    from soundpiece_nb.audio.waveform import LevelMeter

    samples = np.full((1000, 2), -(2**31), dtype=np.int32)
    whole, pieces = LevelMeter(1000), LevelMeter(1000)
    whole.add(samples)
    for start in range(0, 1000, 7):
        pieces.add(samples[start : start + 7])
    assert whole.levels() == pieces.levels()
    assert set(whole.levels().peaks) == {255}


def test_a_waveform_is_a_small_valid_image():
    levels = Levels(bytes(range(BINS)), bytes(range(BINS)))
    svg = draw(levels)
    assert ET.fromstring(svg).tag.endswith("svg")
    address = data_address(svg)
    assert base64.b64decode(address.split(",")[1]).decode() == svg
    assert len(address) < 4_500


@pytest.mark.parametrize("kept", [b"", b"x", b"\0\xff", b"abc", bytes(399), bytes(99_999)])
def test_whatever_the_journal_holds_as_a_waveform_is_drawn(kept):
    levels = Levels.from_bytes(kept)
    assert len(levels.peaks) == len(levels.rms) <= len(kept) // 2
    for each in (levels, halved(levels)):
        svg = draw(each)
        assert ET.fromstring(svg).tag.endswith("svg")
        assert 'viewBox="0 0 0' not in svg
        assert len(svg) < 10_000


def test_half_the_levels_have_the_higher_peaks_and_the_mean_rms():
    assert halved(Levels(b"\1\5\3", b"\1\3\2")) == Levels(b"\5\3", b"\2\2")


def test_a_preview_lasts_as_long_as_its_take_and_is_a_tenth_of_it(tmp_path):
    source = tmp_path / "a.flac"
    rng = np.random.default_rng(1)
    soundfile.write(source, rng.standard_normal((44_100 * 6, 2)) * 0.1, 44_100)
    preview = make_preview(source, tmp_path / "a.mp3")
    assert soundfile.info(preview).duration == pytest.approx(6.0, abs=0.1)
    assert preview.stat().st_size < 112_000 / 8 * 6.2
    assert list(tmp_path.glob("*.part")) == []


def test_a_partial_file_gets_its_name_only_when_it_is_whole(tmp_path):
    whole = tone()
    shelf = AudioStore(tmp_path)
    partial = shelf.partial("key", 1, "one")
    partial.begin(0, len(whole), '"v1"')
    partial.write(whole[:1000])
    partial.stop()
    assert not shelf.path("key", 1).exists()

    again = shelf.partial("key", 1, "another")
    assert (again.size, again.etag) == (1000, '"v1"')
    again.begin(1000, len(whole), '"v1"')
    again.write(whole[1000:])
    again.finish()
    assert shelf.path("key", 1).read_bytes() == whole
    assert [file.name for file in (tmp_path / "key").iterdir()] == ["1.flac"]


def test_junk_after_the_end_is_refused_by_its_length(tmp_path):
    whole = tone()
    partial = AudioStore(tmp_path).partial("key", 1, "one")
    partial.begin(0, len(whole), None)
    partial.write(whole + b"junk")
    with pytest.raises(NotIntact, match="bytes"):
        partial.finish()
    assert not AudioStore(tmp_path).path("key", 1).exists()


def test_a_changed_file_starts_over(tmp_path):
    partial = AudioStore(tmp_path).partial("key", 1, "one")
    partial.begin(0, None, '"v1"')
    partial.write(b"old bytes")
    partial.begin(0, len(tone()), '"v2"')
    partial.write(tone())
    assert partial.finish().frames == 44_100


def test_a_name_is_readable_whatever_was_typed():
    key = "550e8400-e29b-41d4-a716-446655440000"
    assert readable_name("night_drive", 1, key) == "night_drive-1-550e8400.flac"
    assert readable_name("../../etc/passwd", 2, key) == "etc-passwd-2-550e8400.flac"
    assert readable_name("夜 のドライブ", 1, key) == "夜-のドライブ-1-550e8400.flac"
    assert readable_name("///", 1, key) == "take-1-550e8400.flac"
    assert readable_name("night_drive", "vocals", key) == "night_drive-vocals-550e8400.flac"
    assert readable_name("夜" * 99, "../" * 99, key, ".wav") == "夜" * 48 + "--550e8400.wav"


def test_a_file_beside_the_notebook_is_a_hard_link_where_that_goes(tmp_path):
    source = tmp_path / "1.flac"
    source.write_bytes(tone())
    target = place_beside(source, tmp_path / "soundpiece-audio", "a-1.flac")
    assert target.samefile(source)
    assert place_beside(source, tmp_path / "soundpiece-audio", "a-1.flac") == target


def test_where_links_do_not_go_a_copy_is_made_only_if_it_may(tmp_path):
    source = tmp_path / "1.flac"
    source.write_bytes(tone())

    def refuse(*_):
        raise OSError("another disk")

    with pytest.raises(OSError, match="another disk"):
        place_beside(source, tmp_path / "near", "a-1.flac", copies=False, link=refuse)
    assert list((tmp_path / "near").iterdir()) == []
    target = place_beside(source, tmp_path / "near", "a-1.flac", link=refuse)
    assert target.read_bytes() == source.read_bytes()
    assert not target.samefile(source)

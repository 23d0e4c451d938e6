"""A preview is small however long its take is, and what is no preview is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from soundpiece_nb.audio.decoding import CannotDecode
from soundpiece_nb.audio.export import write_copy
from soundpiece_nb.audio.preview import MOST_BYTES, encode, make_preview, usable_preview
from soundpiece_nb.audio.verification import verify
from support.flac_encoder import flac
from support.services import tone
from support.stories import story


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "1.flac"
    path.write_bytes(tone(10.0))
    return path


def test_a_long_piece_has_a_lower_bit_rate(source, tmp_path):
    preview = tmp_path / "1.mp3"
    for most, kilobits in ((143_500, 112), (143_400, 96), (60_000, 40)):
        encode(source, preview, most_bytes=most)
        assert preview.stat().st_size <= most
        info = soundfile.info(preview)
        assert info.duration == pytest.approx(10.0, abs=0.2)
        assert preview.stat().st_size * 8 / info.duration == pytest.approx(
            kilobits * 1000, rel=0.02
        )


def test_beyond_what_the_lowest_bit_rate_holds_a_preview_ends(source, tmp_path):
    preview = tmp_path / "1.mp3"
    encode(source, preview, most_bytes=20_000)
    assert preview.stat().st_size <= 20_000
    assert soundfile.info(preview).duration == pytest.approx(4.9, abs=0.2)


def test_a_small_file_of_an_hour_becomes_no_large_preview(tmp_path):
    source = tmp_path / "1.flac"
    with soundfile.SoundFile(source, "w", 8000, 1, "PCM_16") as sound:
        for _ in range(50):
            sound.write(np.zeros(8000 * 60, np.int16))
    assert source.stat().st_size < 250_000
    preview = make_preview(source, tmp_path / "1.mp3")
    assert preview.stat().st_size <= MOST_BYTES
    assert usable_preview(preview)


@pytest.mark.parametrize("rate", [1, 10])
def test_a_rate_that_mp3_cannot_hold_is_said_to_be_one(tmp_path, rate):
    source = tmp_path / "1.flac"
    source.write_bytes(flac(np.ones((1000, 2), int), rate=rate))
    assert verify(source).frames == 1000
    with pytest.raises(CannotDecode, match=f"{rate:,} Hz cannot be made into MP3"):
        make_preview(source, tmp_path / "1.mp3")
    with pytest.raises(CannotDecode, match="MP3"):
        write_copy(source, tmp_path / "copy.mp3", story())
    assert [file.name for file in tmp_path.iterdir()] == ["1.flac"]
    assert soundfile.info(write_copy(source, tmp_path / "copy.wav", story())).frames == 1000


@pytest.mark.parametrize(("rate", "channels"), [(655_350, 1), (1_048_575, 2), (11_025, 8)])
def test_unusual_rates_and_many_channels_have_previews(tmp_path, rate, channels):
    source = tmp_path / "1.flac"
    source.write_bytes(flac(np.ones((rate // 10, channels), int), rate=rate))
    assert verify(source).sample_rate == rate
    preview = make_preview(source, tmp_path / "1.mp3")
    assert soundfile.info(preview).channels == min(channels, 2)
    assert soundfile.info(write_copy(source, tmp_path / "copy.wav", story())).samplerate == rate


def test_a_preview_is_used_only_if_it_can_be_one(source, tmp_path):
    preview = tmp_path / "1.mp3"
    assert not usable_preview(preview)
    for broken in (b"", b"\0" * 5000, b"<html>", b"\xff", b"\xff\xff\xff\xff", source.read_bytes()):
        preview.write_bytes(broken)
        assert not usable_preview(preview)
    assert usable_preview(make_preview(source, preview))
    assert usable_preview(write_copy(source, tmp_path / "tagged.mp3", story()))
    for rate in (8000, 16_000, 48_000):
        source.write_bytes(flac(np.ones((rate, 1), int), rate=rate))
        assert usable_preview(make_preview(source, preview))
    with preview.open("ab") as file:
        file.truncate(MOST_BYTES + 1)
    assert not usable_preview(preview)
    assert not usable_preview(tmp_path)

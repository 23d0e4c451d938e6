"""A copy of a take has its tags and the same sound, and never replaces another file."""

from __future__ import annotations

from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutagen.flac import FLAC

from soundpiece_nb.audio.export import ENDINGS, find_place, write_copy
from soundpiece_nb.audio.tags import read_identity
from soundpiece_nb.audio.verification import verify
from support.services import tone
from support.stories import KEY, story

TEXT = 'zwölf 夜 🎸 e\u0301 \u202eback\n\n[Verse]\r\n=;/\\ "quoted" \'\ttab '


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "1.flac"
    path.write_bytes(tone())
    return path


def told(file: Path) -> dict[str, str]:
    """Return what a file's tags say, by one set of names."""
    tags = mutagen.File(file).tags
    if file.suffix == ".flac":
        names = ("title", "date", "description", "lyrics", "soundpiece_key", "soundpiece_take")
        return {name: tags[name][0] for name in names if name in tags}
    names = {
        "title": "TIT2",
        "date": "TDRC",
        "description": "COMM::und",
        "lyrics": "USLT::und",
        "soundpiece_key": "TXXX:SOUNDPIECE_KEY",
        "soundpiece_take": "TXXX:SOUNDPIECE_TAKE",
    }
    return {name: str(tags[frame]) for name, frame in names.items() if frame in tags}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_copy_tells_its_story_in_every_form(source, tmp_path, ending):
    copy = write_copy(source, tmp_path / f"copy{ending}", story(take=2, lyrics=TEXT))
    tags = told(copy)
    assert tags.pop("date") in ("2026-11-22T14:03:59Z", "2026-11-22 14:03:59")
    assert tags == {
        "title": "night_drive",
        "description": "Synthwave",
        "lyrics": TEXT,
        "soundpiece_key": KEY,
        "soundpiece_take": "2",
    }
    assert read_identity(copy) == (KEY, 2)


def test_a_flac_copy_names_route_and_operation_and_keeps_the_services_own_comment(source, tmp_path):
    theirs = FLAC(source)
    theirs["comment"] = "Made by the service"
    theirs.save()
    tags = FLAC(write_copy(source, tmp_path / "copy.flac", story()))
    assert tags["soundpiece_route"] == ["create.new_song"]
    assert tags["soundpiece_operation"] == ["op_1"]
    assert tags["comment"] == ["Synthwave", "Made by the service"]
    assert "genre" not in tags


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_not_known_is_not_told(source, tmp_path, ending):
    untold = story(prompt=None, lyrics=None, operation_id=None)
    tags = mutagen.File(write_copy(source, tmp_path / f"copy{ending}", untold)).tags
    names = " ".join(map(str, tags.keys())).upper()
    assert not any(word in names for word in ("COMM", "DESC", "USLT", "LYRICS", "OPERATION"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(min_size=1).filter(lambda text: "\0" not in text))
def test_any_text_survives(source, tmp_path, text):
    for ending in ENDINGS:
        copy = write_copy(source, tmp_path / f"copy{ending}", story(title=text, lyrics=text))
        assert (told(copy)["title"], told(copy)["lyrics"]) == (text, text)


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_nul_cuts_no_text_off(source, tmp_path, ending):
    copy = write_copy(source, tmp_path / f"copy{ending}", story(lyrics="one\0two"))
    assert told(copy)["lyrics"].replace("\0", "") == "onetwo"


@pytest.mark.parametrize("bits", ["PCM_16", "PCM_24", "PCM_S8"])
def test_flac_and_wav_hold_the_very_same_samples(tmp_path, bits):
    source = tmp_path / "1.flac"
    source.write_bytes(tone(1.0, bits))
    copy = write_copy(source, tmp_path / "copy.flac", story())
    assert FLAC(copy).info.md5_signature == FLAC(source).info.md5_signature != 0
    assert verify(copy).md5 == verify(source).md5
    wave = write_copy(source, tmp_path / "copy.wav", story())
    assert soundfile.info(wave).samplerate == 44_100
    assert soundfile.info(wave).subtype[-2:] == bits[-2:].replace("S8", "U8")
    same = [soundfile.read(file, dtype="int32")[0] for file in (source, wave)]
    assert np.array_equal(*same)


def test_an_mp3_lasts_as_long_and_sounds_the_same(source, tmp_path):
    copy = write_copy(source, tmp_path / "copy.mp3", story())
    assert mutagen.File(copy).info.bitrate == 256_000
    sound, rate = soundfile.read(copy)
    assert rate == 44_100
    assert len(sound) == pytest.approx(44_100, abs=4_000)
    assert np.abs(sound[8_000:30_000]).max() == pytest.approx(0.4, abs=0.02)


def test_the_stored_file_is_left_byte_for_byte(source, tmp_path):
    before = source.read_bytes()
    for ending in ENDINGS:
        write_copy(source, tmp_path / f"copy{ending}", story())
    assert source.read_bytes() == before


def test_a_copy_is_whole_or_not_there(source, tmp_path):
    kept = tmp_path / "out" / "copy.wav"
    kept.parent.mkdir()
    kept.write_bytes(b"an older file")
    source.write_bytes(tone()[:5_000])
    with pytest.raises(OSError, match=r"flac|decod"):
        write_copy(source, kept, story())
    assert kept.read_bytes() == b"an older file"
    assert [file.name for file in kept.parent.iterdir()] == ["copy.wav"]


def test_the_same_take_has_one_place_and_another_file_keeps_its_own(source, tmp_path):
    folder = tmp_path / "out"

    def place(take: int = 1, ending: str = ".flac") -> Path:
        return find_place(folder, f"night{ending}", source, story(take))

    first = write_copy(source, place(), story())
    assert place() == first == folder / "night.flac"
    assert place(2) == folder / "night-2.flac"
    write_copy(source, place(2), story(2))
    assert place(2).exists()
    assert place(3) == folder / "night-3.flac"
    (folder / "night.mp3").write_text("no sound at all")
    (folder / "night-2.mp3").mkdir()
    assert place(ending=".mp3") == folder / "night-3.mp3"


def test_an_untagged_copy_of_the_very_file_is_known(source, tmp_path):
    (tmp_path / "night.flac").hardlink_to(source)
    assert find_place(tmp_path, "night.flac", source, story()).samefile(source)
    (tmp_path / "other.flac").write_bytes(tone(2.0))
    assert find_place(tmp_path, "other.flac", source, story()) == tmp_path / "other-2.flac"

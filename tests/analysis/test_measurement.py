"""Loudness, tempo and brightness are what others measure, or are left out."""

from __future__ import annotations

import time
import tracemalloc
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from soundpiece_nb.analysis.loudness import LoudnessMeter
from soundpiece_nb.analysis.measurement import METHODS, Figures, measure
from soundpiece_nb.audio.verification import NotIntact
from soundpiece_sandbox.music import make_fx, make_song, perform, plan_instrumental
from support.flac_encoder import flac
from support.loudness import lufs
from support.services import tone

RATE = 44_100
LYRICS = """[Verse]
Walking down the avenue at night
Neon shadows dancing in my sight
[Chorus]
Oh we are running, running for the light
Holding on together through the night
"""
RHYTHMIC = (
    "rock", "techno", "synthwave", "house", "hip hop", "lo-fi", "jazz", "folk", "metal", "pop",
    "blues", "bossa nova", "calm jazz", "wild rock", "wild techno",
)  # fmt: skip


@cache
def piece(style: str) -> tuple[np.ndarray, float]:
    """Return a piece of some 30 seconds and its true tempo."""
    plan = plan_instrumental(f"{style}, 30 seconds")
    return perform(plan).mix, plan.form.tempo


@pytest.fixture
def measured(tmp_path):
    """Return what measures samples as a stored file."""

    def measure_samples(samples: np.ndarray, rate: int = RATE) -> Figures:
        path = tmp_path / "take.flac"
        soundfile.write(path, samples, rate, "PCM_24")
        return measure(path)

    return measure_samples


def loudness(samples: np.ndarray, rate: int = RATE, block: int = 65_536) -> float | None:
    meter = LoudnessMeter(rate)
    for first in range(0, len(samples), block):
        meter.add(samples[first : first + block].astype(np.float32))
    return meter.lufs()


def sine(hertz: float, seconds: float = 3.0, rate: int = RATE) -> np.ndarray:
    wave = np.sin(2 * np.pi * hertz * np.arange(round(seconds * rate)) / rate)
    return wave[:, None]


def noise(seconds: float = 3.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(1).standard_normal((round(seconds * RATE), 2))


def freely_played(seconds: float = 30.0) -> np.ndarray:
    """Return notes that are struck when they please."""
    chance = np.random.default_rng(3)
    sound = np.zeros((round(seconds * RATE), 1))
    for second in np.cumsum(chance.uniform(0.2, 1.3, 200)):
        heard = sound[round(second * RATE) :][:RATE]
        note = 0.3 * sine(chance.uniform(80, 900), 1.0) * np.geomspace(1.0, 1e-3, RATE)[:, None]
        heard += note[: len(heard)]
    return sound


# Loudness


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_loudness_is_what_pyloudnorm_measures(rate, channels):
    pauses = noise(6.0) * np.repeat([1.0, 0.001, 0.1], 2 * RATE)[:, None]
    rumble, hiss = 0.3 * sine(45, rate=rate), 0.1 * sine(9_000, rate=rate)
    bands = [np.repeat(each, 2, axis=1) for each in (rumble, hiss)]
    for sound in (piece("jazz")[0], piece("techno")[0], noise(), pauses, *bands):
        samples = np.ascontiguousarray(sound[:, :channels], dtype=np.float64)
        expected = lufs(samples, rate)
        assert loudness(samples, rate) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("rate", [22_050, 44_100, 48_000, 96_000])
def test_tones_are_as_loud_as_the_standards_say(rate):
    full_scale = sine(997, rate=rate)
    assert loudness(full_scale, rate) == pytest.approx(-3.01, abs=0.03)
    both = np.repeat(sine(1_000, 20, rate), 2, axis=1) * 10 ** (-23 / 20)
    assert loudness(both, rate) == pytest.approx(-23.0, abs=0.1)  # EBU Tech 3341, case 1


def test_silence_around_a_piece_makes_it_no_quieter():
    sound, silence = noise(20.0), np.zeros((20 * RATE, 2))
    framed = np.concatenate([silence, sound, silence])
    assert loudness(framed) == pytest.approx(loudness(sound), abs=0.1)


def test_blocks_of_any_size_make_the_same_loudness():
    sound = piece("rock")[0][: 7 * RATE]
    whole = loudness(sound, block=len(sound))
    assert whole is not None
    assert loudness(sound, block=999) == pytest.approx(whole, abs=1e-4)


def test_silence_and_what_is_too_short_have_no_loudness():
    assert loudness(np.zeros((RATE, 2))) is None
    assert loudness(1e-5 * noise()) is None
    assert loudness(noise(0.399)) is None
    assert loudness(noise(0.4)) is not None


# Tempo


def test_every_tempo_given_is_right_and_most_are_given(measured):
    true = {style: piece(style)[1] for style in RHYTHMIC}
    heard = {style: measured(piece(style)[0]).tempo for style in RHYTHMIC}
    given = {style: tempo for style, tempo in heard.items() if tempo is not None}
    assert given == {style: pytest.approx(true[style], rel=0.02) for style in given}
    assert len(given) >= 0.8 * len(RHYTHMIC)


@pytest.mark.parametrize(
    "prompt", ["rock 131 bpm", "metal 163 bpm", "hip hop 91 bpm", "jazz 90 bpm"]
)
def test_a_song_is_not_heard_at_half_or_double_its_tempo(measured, prompt):
    song = make_song(LYRICS, prompt)
    assert measured(song.mix).tempo == pytest.approx(song.tempo, rel=0.02)


@pytest.mark.parametrize(
    "prompt",
    [
        f"{words} seconds"
        for words in (
            "calm techno, 12", "calm house, 12", "slow funk, 12",
            "slow pop, 15", "calm techno, 15", "slow house, 15",
        )
    ],
)  # fmt: skip
def test_a_short_piece_is_not_heard_at_double_its_tempo(measured, prompt):
    made = perform(plan_instrumental(prompt, seed="s"))
    assert measured(made.mix).tempo in (None, pytest.approx(made.tempo, rel=0.02))


@pytest.mark.parametrize("faster", [0.943, 1.037])
def test_a_tempo_between_whole_numbers_is_heard_at_any_sample_rate(measured, faster):
    sound, tempo = piece("house")
    assert measured(sound, round(RATE * faster)).tempo == pytest.approx(tempo * faster, rel=0.005)


@pytest.mark.parametrize(
    "prompt", ["rain", "wind", "drone", "footsteps", "clock ticking", "laser", "train"]
)
def test_an_effect_has_no_tempo_however_regular(measured, prompt):
    assert measured(make_fx(prompt, 20.0)).tempo is None


def test_where_there_is_no_beat_there_is_no_tempo(measured):
    rock = piece("rock")[0]
    assert measured(rock).tempo is not None
    assert measured(rock[: 9 * RATE]).tempo is None
    assert measured(freely_played()).tempo is None
    assert measured(np.zeros((15 * RATE, 2))).tempo is None
    assert measured(np.full((15 * RATE, 2), 0.5)).tempo is None
    assert measured(noise(15.0)).tempo is None


# Brightness


def test_the_centroid_of_a_tone_is_its_frequency_and_of_noise_the_middle(measured):
    assert measured(0.5 * sine(1_000)).centroid == pytest.approx(1_000, rel=0.02)
    assert measured(noise()).centroid == pytest.approx(RATE / 4, rel=0.02)


def test_silence_has_no_centroid_and_makes_none_darker(measured):
    assert measured(np.zeros((RATE, 2))).centroid is None
    sound, silence = noise(), np.zeros((10 * RATE, 2))
    alone = measured(sound).centroid
    assert measured(np.concatenate([silence, sound])).centroid == pytest.approx(alone, rel=0.01)


# Files


def test_a_short_file_has_the_figures_it_can_have(measured):
    short = measured(noise(0.1))
    assert (short.loudness, short.tempo) == (None, None)
    assert short.centroid is not None


@pytest.mark.parametrize("rate", [1, 10, 51, 999, 655_350])
def test_a_file_of_an_absurd_rate_has_the_figures_it_can_have(tmp_path, rate):
    path = tmp_path / "take.flac"
    samples = np.random.default_rng(1).integers(-999, 999, (12 * min(rate, 9000), 1))
    path.write_bytes(flac(samples, rate=rate))
    assert measure(path).tempo is None


@pytest.mark.parametrize("bits", [20, 32])
def test_a_file_of_any_depth_and_unknown_length_is_measured(tmp_path, bits):
    path = tmp_path / "take.flac"
    samples = np.random.default_rng(1).integers(-(1 << bits - 3), 1 << bits - 3, (44_100, 2))
    path.write_bytes(flac(samples, bits=bits))
    known = measure(path)
    assert known.loudness is not None
    path.write_bytes(flac(samples, bits=bits, total=0, md5=bytes(16)))
    assert measure(path) == known


def test_every_figure_says_how_it_was_measured():
    assert list(METHODS) == [field.name for field in fields(Figures)]


def test_a_file_that_cannot_be_decoded_is_not_measured(tmp_path):
    path = tmp_path / "take.flac"
    for damaged in (b"<html>sorry</html>", b"", tone(2.0)[:9_000]):
        path.write_bytes(damaged)
        with pytest.raises(NotIntact):
            measure(path)
    with pytest.raises(FileNotFoundError):
        measure(tmp_path / "none.flac")


def test_beyond_the_stretch_that_has_the_tempo_length_takes_no_more_memory(tmp_path):
    def most_memory(minutes: int) -> int:
        path = tmp_path / f"{minutes}.flac"
        minute = noise(60.0)[: 60 * 8_000, :1]
        soundfile.write(path, np.tile(minute, (minutes, 1)), 8_000)
        tracemalloc.start()
        try:
            measure(path)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert most_memory(12) < 1.05 * most_memory(3)


def median_cost(path: Path) -> float:
    costs = []
    for _ in range(3):
        started = time.process_time()
        measure(path)
        costs.append(time.process_time() - started)
    return sorted(costs)[1]


@pytest.mark.measured
def test_ninety_seconds_of_stereo_take_less_than_a_second_of_one_core(tmp_path):
    path = tmp_path / "take.flac"
    soundfile.write(path, np.tile(piece("rock")[0], (3, 1))[: 90 * RATE], RATE)
    assert median_cost(path) < 1.0

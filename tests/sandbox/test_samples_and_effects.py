"""The sandbox's samples and sound effects: sound, length, loops, repeatability and speed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.fft import next_fast_len

from soundpiece_sandbox.music import SAMPLE_RATE, make_fx, make_sample
from soundpiece_sandbox.music.beat_grid import loop_grid
from soundpiece_sandbox.music.fx import KINDS
from soundpiece_sandbox.music.sample_prompt import read_sample_prompt
from support.loudness import lufs

NAMES = tuple(kind.name for kind in KINDS)
STROKES = (
    *("kick", "snare", "clap", "hi-hat", "open hat", "crash cymbal", "floor tom", "808"),
    *("bass note in E minor", "warm Rhodes chord", "piano chord", "acoustic guitar chord"),
    *("brass stab", "synth stab", "warm pad", "strings", "bell", "vocal chop", "ah vocal one-shot"),
)
PHRASES = (
    *("dusty boom-bap drum loop, 90 bpm", "funky slap bass riff in E minor", "jazz chords"),
    *("synthwave arpeggio in A minor", "folk flute melody", "dark drone", "lo-fi beat"),
    *("techno top loop 130 bpm", "choir pad", "rock guitar riff", "house vocal chops"),
    *("something pleasant", ""),
)


@cache
def effect(prompt: str, duration: float | None = None, variation: int = 0) -> np.ndarray:
    return make_fx(prompt, duration, variation=variation)


@cache
def sample(
    prompt: str, duration: float | None = None, *, loopable: bool = False, variation: int = 0
) -> np.ndarray:
    return make_sample(prompt, duration, loopable=loopable, variation=variation)


def decibels(level: float) -> float:
    return 20.0 * float(np.log10(max(level, 1e-12)))


def strength(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def bands(sound: np.ndarray, size: int = 2048, hop: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """Return the power in half octaves from 43 Hz at each moment, and log2 of their heights."""
    mono = np.pad(sound.mean(axis=1), size)
    pieces = np.lib.stride_tricks.sliding_window_view(mono, size)[::hop]
    power = np.abs(np.fft.rfft(pieces * np.hanning(size), axis=1)) ** 2
    heights = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    edges = 43.0 * 2.0 ** (np.arange(19) / 2)
    inside = [(heights >= low) & (heights < 2**0.5 * low) for low in edges[:-1]]
    return np.stack([power[:, each].sum(axis=1) for each in inside], axis=1), np.log2(edges[:-1])


def centroid(sound: np.ndarray) -> float:
    """Return the height in Hz about which half the power lies."""
    size = next_fast_len(len(sound), real=True)
    power = np.abs(np.fft.rfft(sound.mean(axis=1), size)) ** 2
    heights = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    return float(heights[np.searchsorted(np.cumsum(power), power.sum() / 2)])


def fifths(sound: np.ndarray) -> list[np.ndarray]:
    return np.array_split(sound, 5)


def rising(sound: np.ndarray) -> np.ndarray:
    """Return how much energy appears at each moment, 172 a second."""
    loud = np.log1p(1000.0 * bands(sound)[0])
    return np.maximum(np.diff(loud, axis=0), 0.0).sum(axis=1)


def onset_times(sound: np.ndarray, size: int = 512) -> np.ndarray:
    """Return the seconds at which something is struck; what is low asks for a larger `size`."""
    energy = bands(sound, size, 128)[0].sum(axis=1)
    level = np.sqrt(energy / energy.max())
    grown = np.array([level[i] - level[max(i - 6, 0) : i + 1].min() for i in range(len(level))])
    peaks = [
        i
        for i in range(1, len(grown) - 1)
        if grown[i] > 0.12 and grown[i] >= grown[max(i - 9, 0) : i + 10].max()
    ]
    return np.array(peaks) * 128 / SAMPLE_RATE


def heard_tempo(sound: np.ndarray) -> float:
    """Return the beats per minute at which the onsets repeat best, up to octaves."""
    onsets = rising(sound)
    onsets = onsets - np.convolve(onsets, np.full(101, 1 / 101), "same")
    size = 1 << (2 * len(onsets)).bit_length()
    repeats = np.fft.irfft(np.abs(np.fft.rfft(onsets, size)) ** 2)[: len(onsets)]
    tempos = np.arange(60.0, 180.0, 0.1)
    lags = np.arange(len(repeats))
    scores = [
        sum(
            np.interp(beats * 60.0 * SAMPLE_RATE / 256 / tempo, lags, repeats)
            for beats in (1, 2, 4, 8, 16)
        )
        for tempo in tempos
    ]
    return float(tempos[int(np.argmax(scores))])


def to_octave(heard: float, tempo: float) -> float:
    return heard * 2.0 ** round(np.log2(tempo / heard))


def fingerprint(sound: np.ndarray) -> np.ndarray:
    """Return features of an effect: its spectrum, its rhythms, its course over time."""
    power, heights = bands(sound)
    level = np.sqrt(power.sum(axis=1))
    level /= level.max()
    colours = 10.0 * np.log10(power.sum(axis=0) / power.sum() + 1e-6)
    turns = np.abs(np.fft.rfft(level - level.mean(), 8192)) ** 2
    rates = np.fft.rfftfreq(8192, 256 / SAMPLE_RATE)
    edges = (0.3, 0.8, 2.0, 4.0, 8.0, 16.0, 32.0, 80.0)
    rhythm = np.array(
        [turns[(rates >= low) & (rates < high)].sum() for low, high in pairwise(edges)]
    )
    weight = level**2 / np.sum(level**2)
    colour = (power * heights).sum(axis=1) / (power.sum(axis=1) + 1e-12)
    course = [part.sum() for part in np.array_split(weight, 4)]
    moving = np.sqrt(np.sum(weight * (colour - np.sum(weight * colour)) ** 2))
    crest = -10.0 * np.log10(np.mean(level**2))
    filled = np.mean(level > 0.1)
    return np.array(
        [
            *(colours / 6.0),
            *(10.0 * np.log10(rhythm / rhythm.sum() + 1e-4) / 4.0),
            *(4.0 * np.array(course)),
            3.0 * moving,
            crest / 3.0,
            5.0 * filled,
        ]
    )


@cache
def features(kind: str, variation: int = 0) -> np.ndarray:
    return fingerprint(effect(kind, 4.0, variation))


# Every sound


@pytest.mark.parametrize("duration", [0.5, 0.77, 1.0, 2.345, 7.0, 13.37, 30.0])
@pytest.mark.parametrize("prompt", ["impact", "rain and distant thunder", "typing", "mystery"])
def test_an_effect_lasts_exactly_as_long_as_asked(prompt, duration):
    assert effect(prompt, duration).shape == (round(duration * SAMPLE_RATE), 2)


@pytest.mark.parametrize("duration", [0.5, 0.77, 1.0, 2.345, 7.0, 31.4159, 60.0])
@pytest.mark.parametrize("prompt", ["kick", "jazz chords", "techno drum loop 128 bpm", "choir"])
@pytest.mark.parametrize("loopable", [False, True])
def test_a_sample_lasts_exactly_as_long_as_asked(prompt, duration, loopable):
    made = make_sample(prompt, duration, loopable=loopable)
    assert made.shape == (round(duration * SAMPLE_RATE), 2)
    assert strength(made) > 0.005


def test_lengths_that_are_not_asked_for_are_natural():
    assert len(sample("kick")) == SAMPLE_RATE
    assert len(effect("thunder")) == 6 * SAMPLE_RATE
    loop = sample("dusty boom-bap drum loop, 90 bpm")
    assert len(loop) / SAMPLE_RATE * 90 / 60 / 4 == pytest.approx(2.0, abs=1e-3)
    assert len(effect("click")) < len(effect("church bell"))
    assert len(effect("huge impact")) > len(effect("impact"))


@pytest.mark.parametrize("prompt", NAMES)
def test_an_effect_is_clean(prompt):
    made = effect(prompt)
    edge = SAMPLE_RATE // 1000
    assert made.dtype == np.float32
    assert decibels(np.abs(made).max()) <= -2.9
    assert np.abs(made.mean(axis=0)).max() < 2e-3
    assert np.abs(made[0]).max() < 1e-3
    assert np.abs(made[-1]).max() < 1e-3
    assert strength(made[-edge:]) < 0.05 * np.abs(made).max()
    assert np.abs(made[:, 0] - made[:, 1]).max() > 0.001
    assert decibels(np.abs(made).max()) > -3.2 or lufs(made) == pytest.approx(-16.0, abs=0.7)


@pytest.mark.parametrize("prompt", [*STROKES, *PHRASES])
def test_a_sample_is_clean(prompt):
    made = sample(prompt)
    assert made.dtype == np.float32
    assert decibels(np.abs(made).max()) <= -1.0
    assert np.abs(made.mean(axis=0)).max() < 4e-3
    assert np.abs(made[0]).max() < 5e-3
    assert np.abs(made[-1]).max() < 1e-3
    assert np.abs(made[:, 0] - made[:, 1]).max() > 0.001


@pytest.mark.parametrize("prompt", PHRASES)
def test_phrases_are_as_loud_as_songs(prompt):
    assert lufs(sample(prompt, 8.0)) == pytest.approx(-14.0, abs=1.5)
    assert lufs(np.tile(sample(prompt, 8.0, loopable=True), (2, 1))) == pytest.approx(
        -14.0, abs=1.2
    )


@pytest.mark.parametrize("prompt", STROKES)
def test_strokes_peak_together_or_are_as_loud_as_songs(prompt):
    made = sample(prompt)
    assert np.abs(made).max() <= 10 ** (-2.9 / 20)
    loud = decibels(np.abs(made).max()) > -3.5
    assert loud or lufs(made) == pytest.approx(-14.0, abs=1.5)


@pytest.mark.parametrize(
    ("make", "prompt"),
    [
        *(
            (effect, each)
            for each in ("siren", "drone", "wind", "heartbeat", "church bell", "creak")
        ),
        *((sample, each) for each in ("choir pad", "jazz chords", "folk flute melody", "808 kick")),
    ],
)
def test_nothing_clicks(make, prompt):
    """A click sounds at every height at once; none of these reaches above 17 kHz."""
    sound = make(prompt, 4.0).mean(axis=1)
    size = next_fast_len(len(sound), real=True)
    heights = np.fft.rfft(sound, size)
    heights[np.fft.rfftfreq(size, 1 / SAMPLE_RATE) < 17_000] = 0.0
    assert np.abs(np.fft.irfft(heights, size)).max() < 0.02


# What repeats and what varies


def test_the_same_words_make_the_same_sound_in_any_process():
    script = (
        "import hashlib\n"
        "from soundpiece_sandbox.music import make_fx, make_sample\n"
        "made = hashlib.sha256(make_fx('birds and wind', 3.0, variation=1).tobytes())\n"
        "made.update(make_sample('jazz chords', 4.0, loopable=True).tobytes())\n"
        "print(made.hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    here = hashlib.sha256(make_fx("birds and wind", 3.0, variation=1).tobytes())
    here.update(make_sample("jazz chords", 4.0, loopable=True).tobytes())
    assert told == {here.hexdigest()}


@pytest.mark.parametrize(
    ("one", "other"),
    [("mystery", "enigma"), ("blorp", "blorps"), ("an idea", "another idea"), ("", "unknown")],
)
def test_unknown_words_have_sounds_of_their_own(one, other):
    first, second = effect(one, 3.0), effect(other, 3.0)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.2
    assert np.linalg.norm(fingerprint(first) - fingerprint(second)) > 1.0


@pytest.mark.parametrize("prompt", ["rain", "typing", "birds", "glass break", "explosion"])
def test_a_variation_is_another_take(prompt):
    first, second = effect(prompt, 3.0), effect(prompt, 3.0, 1)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.8


@pytest.mark.parametrize("prompt", ["snare", "piano chord", "jazz drum loop", "something pleasant"])
def test_a_variation_of_a_sample_is_another_take(prompt):
    first, second = sample(prompt, 3.0), sample(prompt, 3.0, variation=1)
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.95


# Loops


@pytest.mark.parametrize("prompt", [*PHRASES, *STROKES])
@pytest.mark.parametrize("duration", [2.0, 5.3])
def test_a_loop_has_no_seam(prompt, duration):
    """The step over the seam is no larger than the steps around it, in the sound and its slope."""
    made = sample(prompt, duration, loopable=True)
    turned = np.roll(made, len(made) // 2, axis=0)
    for order in (1, 2):
        steps = np.abs(np.diff(turned, n=order, axis=0)).max(axis=1)
        seam = len(made) // 2 - order
        around = np.concatenate([steps[: seam - 2], steps[seam + order + 2 :]])
        assert steps[seam - 1 : seam + order + 1].max() <= around.max()


@pytest.mark.parametrize("prompt", ["dark drone", "choir pad", "warm strings pad", "organ chords"])
def test_what_sounds_on_sounds_on_over_the_seam(prompt):
    made = sample(prompt, 6.0, loopable=True)
    tenth = SAMPLE_RATE // 10
    before, after = strength(made[-tenth:]), strength(made[:tenth])
    assert abs(decibels(before) - decibels(after)) < 6.0
    assert min(before, after) > 0.3 * strength(made)


def test_what_rings_over_the_end_is_heard_at_the_beginning():
    loop = sample("orchestral strings chords, reverb", 4.0, loopable=True)
    line = sample("orchestral strings chords, reverb", 4.0)
    first = SAMPLE_RATE // 100
    assert strength(loop[:first]) > 10 * strength(line[:first])


@pytest.mark.parametrize(
    ("prompt", "duration"),
    [("drum loop", 4.0), ("house drum loop", 7.7), ("rock beat 120 bpm", 8.0), ("lo-fi beat", 5.5)],
)
def test_a_loop_played_again_and_again_keeps_its_tempo(prompt, duration):
    """The tempo heard over many rounds is one of which whole beats fill a round."""
    rounds = int(40.0 / duration)
    heard = heard_tempo(np.tile(sample(prompt, duration, loopable=True), (rounds, 1)))
    beats = [heard * octave * duration / 60.0 for octave in (1.0, 2.0)]
    assert min(abs(each - round(each)) / each for each in beats) < 0.012


def test_a_loop_that_fits_keeps_the_tempo_of_the_words():
    assert loop_grid(120.0, 8 * SAMPLE_RATE, 120.0, 120.0).tempo == 120.0
    nearest = loop_grid(120.0, round(8.1 * SAMPLE_RATE), 120.0, 120.0)
    assert nearest.beats == 16
    assert nearest.tempo == pytest.approx(118.5, abs=0.1)


@pytest.mark.parametrize("seconds", [2.0, 4.0, 5.3, 8.0, 11.1, 30.0])
def test_a_loop_without_a_tempo_takes_one_of_its_style_that_fills_it(seconds):
    grid = loop_grid(100.0, round(seconds * SAMPLE_RATE), 84.0, 120.0)
    assert 84.0 <= grid.tempo <= 120.0
    assert grid.tempo * seconds / 60.0 == pytest.approx(grid.beats, abs=1e-3)
    if seconds >= 4.0:
        assert grid.beats % 4 == 0


# What a sample's words do


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("dusty boom-bap drum loop, 90 bpm", 90),
        ("techno drum loop 132 bpm", 132),
        ("rock beat at 115 BPM", 115),
        ("house drums 124bpm", 124),
    ],
)
@pytest.mark.parametrize("loopable", [False, True])
def test_the_tempo_of_the_words_is_heard(prompt, tempo, loopable):
    duration = 32 * 60.0 / tempo
    heard = heard_tempo(sample(prompt, duration, loopable=loopable))
    assert to_octave(heard, tempo) == pytest.approx(tempo, rel=0.02)


@pytest.mark.parametrize(
    ("prompt", "tonic"),
    [("bass note in E minor", 4), ("piano note in A minor", 9), ("808 in F", 5), ("bell in D", 2)],
)
def test_the_key_of_the_words_is_heard(prompt, tonic):
    made = sample(prompt, 2.0).mean(axis=1)
    power = np.abs(np.fft.rfft(made[SAMPLE_RATE // 4 :], 1 << 19)) ** 2
    heights = np.fft.rfftfreq(1 << 19, 1 / SAMPLE_RATE)
    power[(heights < 30) | (heights > 1500)] = 0.0
    strong = [
        power[np.abs(12 * np.log2(np.maximum(heights, 1) / 440.0) - (pitch - 69)) < 0.4].sum()
        for pitch in range(24, 84)
    ]
    classes = np.bincount((np.arange(24, 84)) % 12, weights=strong)
    assert classes[tonic] > 0.2 * classes.sum()
    assert strong[int(np.argmax(strong))] > 0
    if "note" in prompt or "808" in prompt:
        assert int(np.argmax(strong) + 24) % 12 == tonic or classes.argmax() == tonic


def test_a_stroke_is_struck_once_and_a_phrase_goes_on():
    for prompt in ("kick", "snare", "piano chord", "vocal chop", "brass stab"):
        made = sample(prompt, 3.0)
        assert strength(made[SAMPLE_RATE // 2 * 5 :]) < 0.4 * strength(made[: SAMPLE_RATE // 2])
    for prompt in ("drum loop", "piano chords", "house vocal chops", "techno bassline"):
        parts = [strength(part) for part in np.array_split(sample(prompt, 6.0), 3)]
        assert min(parts) > 0.3 * max(parts)


@pytest.mark.parametrize(
    ("prompt", "lower"),
    [("hi-hat", "snare"), ("snare", "kick"), ("bell", "bass note"), ("flute melody", "bassline")],
)
def test_instruments_lie_where_they_should(prompt, lower):
    assert centroid(sample(prompt, 2.0)) > 1.5 * centroid(sample(lower, 2.0))


@pytest.mark.parametrize(
    ("prompt", "roles", "stroke"),
    [
        ("808 kick", ("drums",), True),
        ("kick drum loop", ("drums",), False),
        ("bass drum", ("drums",), True),
        ("slap bass riff", ("bass",), False),
        ("warm Rhodes chord", ("chords",), True),
        ("Rhodes chords", ("chords",), False),
        ("vocal chop", ("chops",), True),
        ("techno top loop", ("top",), False),
        ("arpeggiated synth", ("arpeggio",), False),
        ("flute melody over piano chords", ("lead", "chords"), False),
        ("ambient texture", ("pad",), False),
        ("techno", ("drums", "bass", "chords", "pad", "lead"), False),
    ],
)
def test_the_words_decide_the_part(prompt, roles, stroke):
    wanted = read_sample_prompt(prompt, None, loopable=False)
    assert (wanted.roles, wanted.one_shot) == (roles, stroke)


def test_a_top_loop_has_no_bottom():
    top, whole = sample("house top loop", 6.0), sample("house drum loop", 6.0)
    assert centroid(top) > 2000.0
    assert centroid(whole) < 200.0


# What an effect's words do


def test_a_riser_rises_in_pitch_and_level_to_its_end():
    made = fifths(effect("riser", 5.0))
    assert np.argmax([strength(part) for part in made]) == 4
    assert centroid(made[4]) > 4 * centroid(made[1])
    assert strength(made[4]) > 4 * strength(made[0])


def test_a_downlifter_falls():
    made = fifths(effect("downlifter", 5.0))
    assert centroid(made[0]) > 4 * centroid(made[3])
    assert strength(made[0]) > 3 * strength(made[4])


@pytest.mark.parametrize(
    "prompt", ["deep cinematic impact", "explosion", "door slam", "glass break"]
)
def test_what_strikes_strikes_at_once_and_rings(prompt):
    made = effect(prompt, 5.0)
    energy = np.cumsum(np.sum(made**2, axis=1))
    assert np.searchsorted(energy, 0.5 * energy[-1]) < 0.2 * len(made)
    assert np.argmax(np.abs(made).max(axis=1)) < 0.25 * SAMPLE_RATE + 0.1 * len(made)


def test_a_whoosh_passes_from_side_to_side():
    made = effect("whoosh past", 2.0)
    first, last = made[: len(made) // 3], made[-len(made) // 3 :]
    assert strength(first[:, 0]) > 1.5 * strength(first[:, 1])
    assert strength(last[:, 1]) > 1.5 * strength(last[:, 0])
    assert np.argmax([strength(part) for part in fifths(made)]) == 2


@pytest.mark.parametrize("prompt", ["rain", "wind", "static", "stream", "applause", "fire"])
def test_what_goes_on_fills_the_whole(prompt):
    made = effect(prompt, 12.0)
    parts = [strength(part) for part in np.array_split(made, 12)]
    assert min(parts) > 0.2 * max(parts)


def test_rain_is_steady_broad_noise():
    power, _ = bands(effect("rain", 6.0))
    colours = 10 * np.log10(power.mean(axis=0) / power.mean())
    assert np.mean(colours > -20.0) > 0.5
    level = np.sqrt(power.sum(axis=1))[50:-50]
    assert np.std(level) < 0.4 * np.mean(level)
    assert strength(effect("wind", 6.0)) > 0
    assert centroid(effect("rain", 6.0)) > 3 * centroid(effect("wind", 6.0))


def test_typing_is_many_separate_strokes():
    onsets = onset_times(effect("typing on a keyboard", 5.0))
    assert 20 <= len(onsets) <= 90
    assert np.std(np.diff(onsets)) > 0.02


def test_a_clock_ticks_twice_a_second_and_does_not_stray():
    gaps = np.diff(onset_times(effect("ticking clock", 6.0)))
    assert len(gaps) >= 9
    assert np.abs(gaps - 0.5).max() < 0.03


def test_a_heartbeat_is_low_and_paired():
    made = effect("heartbeat", 6.0)
    assert centroid(made) < 120.0
    gaps = np.diff(onset_times(made, 2048))
    assert len(gaps) >= 8
    assert np.abs(gaps[::2] - 0.27).max() < 0.06
    assert np.abs(gaps[1::2] - 0.68).max() < 0.06


def test_a_door_is_knocked_at_three_times():
    assert len(onset_times(effect("knock on the door", 2.0))) == 3


def test_footsteps_walk():
    steps = onset_times(effect("footsteps", 6.0))
    usual = Counter(round(float(gap), 1) for gap in np.diff(steps[::1]) if gap > 0.2)
    assert usual.most_common(1)[0][0] in (0.5, 0.6)


def test_a_siren_moves_in_pitch():
    pieces = [centroid(part) for part in np.array_split(effect("police siren", 6.0), 60)]
    assert 1.7 < max(pieces) / min(pieces) < 8.0
    turns = np.sum(np.abs(np.diff(np.sign(np.diff(pieces)))) > 0)
    assert turns >= 3


def test_a_laser_falls_and_a_coin_rises():
    falling = [
        centroid(part) for part in np.array_split(effect("laser", 0.5)[: SAMPLE_RATE // 4], 5)
    ]
    assert falling[0] > 3 * falling[4]
    coin = effect("coin", 0.8)
    assert centroid(coin[: SAMPLE_RATE // 20]) == pytest.approx(988, rel=0.05)
    assert centroid(coin[SAMPLE_RATE // 5 :]) == pytest.approx(1318, rel=0.05)


def test_a_helicopter_throbs_eleven_times_a_second():
    level = np.sqrt(bands(effect("helicopter", 6.0))[0].sum(axis=1))
    turns = np.abs(np.fft.rfft(level - level.mean()))
    rates = np.fft.rfftfreq(len(level), 256 / SAMPLE_RATE)
    assert rates[turns.argmax()] == pytest.approx(11.0, abs=0.5)


def test_an_alarm_stops_and_starts():
    level = np.sqrt(bands(effect("alarm", 4.0))[0].sum(axis=1))
    assert 0.2 < np.mean(level < 0.05 * level.max()) < 0.6


def test_birds_are_high_and_thunder_is_low():
    assert centroid(effect("birds", 5.0)) > 2000.0
    assert centroid(effect("thunder", 5.0)) < 300.0


def test_every_kind_sounds_unlike_every_other():
    heard = {name: features(name) for name in NAMES}
    apart = {
        (one, other): float(np.linalg.norm(heard[one] - heard[other]))
        for one, other in combinations(NAMES, 2)
    }
    assert len(NAMES) >= 30
    assert min(apart.values()) > 2.5, min(apart, key=apart.__getitem__)


def test_another_take_of_every_kind_is_known_for_what_it_is():
    heard = {name: features(name) for name in NAMES}
    known = {
        name: min(NAMES, key=lambda each: np.linalg.norm(heard[each] - take))
        for name in NAMES
        for take in [features(name, 1)]
    }
    assert {name: each for name, each in known.items() if name != each} == {}


def test_every_word_asks_for_one_kind():
    words = Counter(word for kind in KINDS for word in (kind.name, *kind.words))
    assert [word for word, count in words.items() if count > 1] == []


def test_adjectives_shape_a_sound():
    plain = effect("impact", 4.0)
    assert strength(effect("distant impact", 4.0)) < 0.6 * strength(plain)
    assert centroid(effect("distant rain", 4.0)) < 0.5 * centroid(effect("rain", 4.0))
    assert centroid(effect("dark rain", 4.0)) < 0.7 * centroid(effect("rain", 4.0))
    assert centroid(effect("bright rain", 4.0)) > 1.2 * centroid(effect("rain", 4.0))
    assert centroid(effect("deep bell", 3.0)) < 0.8 * centroid(effect("bell", 3.0))
    assert centroid(effect("tiny impact", 3.0)) > 1.2 * centroid(effect("huge impact", 3.0))
    assert len(onset_times(effect("fast footsteps", 6.0))) > 1.3 * len(
        onset_times(effect("slow footsteps", 6.0))
    )
    quiet, heavy = effect("gentle rain", 4.0), effect("heavy rain", 4.0)
    assert strength(quiet) < strength(heavy)
    assert strength(effect("quiet rain", 4.0)) < 0.5 * strength(effect("rain", 4.0))


def test_the_words_of_a_kind_are_not_adjectives():
    """A knock in a church rings on, but a church bell dies away as a bell alone does."""
    late = slice(round(1.0 * SAMPLE_RATE), round(1.4 * SAMPLE_RATE))
    dry, church = effect("knock on the door", 2.0), effect("knock on the door in a church", 2.0)
    assert strength(church[late]) > 3.0 * strength(dry[late])
    level = np.sqrt(bands(effect("church bell", 3.0))[0].sum(axis=1))[20:]
    assert level[:20].mean() > level[100:120].mean() > level[200:220].mean()


def test_a_cave_rings_on_after_the_sound():
    late = slice(round(1.2 * SAMPLE_RATE), round(1.8 * SAMPLE_RATE))
    cave, dry = effect("click in a cave", 2.0), effect("click", 2.0)
    assert strength(cave[late]) > 2.0 * strength(dry[round(0.2 * SAMPLE_RATE) : SAMPLE_RATE // 2])


def test_reversed_sounds_end_where_others_begin():
    made = fifths(effect("reversed gong", 4.0))
    assert strength(made[4]) > 2 * strength(made[0])


def test_kinds_named_together_are_mixed():
    both = effect("rain and distant thunder", 6.0)
    power, heights = bands(both)
    low, high = power[:, heights < np.log2(150)].sum(), power[:, heights > np.log2(2000)].sum()
    rain = bands(effect("rain", 6.0))[0]
    alone = rain[:, heights < np.log2(150)].sum() / rain[:, heights > np.log2(2000)].sum()
    assert low / high > 10 * alone
    assert high > 0.02 * power.sum()


# Hostile words, odd lengths, and the stopwatch


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    prompt=st.text(st.characters(), max_size=60),
    duration=st.one_of(st.none(), st.floats(0.5, 3.0)),
    loopable=st.booleans(),
)
def test_any_text_makes_a_sound(prompt, duration, loopable):
    for made in (make_fx(prompt, duration), make_sample(prompt, duration, loopable=loopable)):
        if duration is not None:
            assert len(made) == round(duration * SAMPLE_RATE)
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        assert 0.01 < np.abs(made).max() <= 10 ** (-1.0 / 20)


WORDS = sorted(
    {word for kind in KINDS for word in kind.words} | {*STROKES, "huge", "distant", "loop", "fast"}
)


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=6), loopable=st.booleans())
def test_any_known_words_together_make_a_sound(words, loopable):
    prompt = " ".join(words)
    for made in (make_fx(prompt, 1.5), make_sample(prompt, 1.5, loopable=loopable)):
        assert made.shape == (round(1.5 * SAMPLE_RATE), 2)
        assert np.isfinite(made).all()
        assert 0.01 < np.abs(made).max() <= 10 ** (-1.0 / 20)


@pytest.mark.parametrize("duration", [0.5, 1.5])
@pytest.mark.parametrize("style", ["8 bit", "jazz", "techno"])
@pytest.mark.parametrize("drum", ["open hat", "snare", "crash"])
def test_a_loop_too_short_for_the_groove_still_has_its_drum(style, drum, duration):
    made = make_sample(f"{style} {drum} loop", duration, loopable=True)
    assert np.abs(made).max() > 0.05


def test_thirty_seconds_take_less_than_one():
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    script = (
        "import time\n"
        "from soundpiece_sandbox.music import make_fx, make_sample\n"
        "make_fx('hit', 0.5)\n"
        "def seconds(make, *args, **named):\n"
        "    started = time.process_time(); make(*args, **named)\n"
        "    return time.process_time() - started\n"
        "print(max([*(seconds(make_fx, each, 30.0) for each in ('fire', 'drone', 'applause')),\n"
        "    seconds(make_sample, 'techno', 30.0), seconds(make_sample, 'jazz', 30.0,"
        " loopable=True)]))"
    )
    best = min(
        float(
            subprocess.run(
                [sys.executable, "-c", script],
                env=environment,
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        for _ in range(2)
    )
    assert best < 1.3  # the goal is 1; a shared machine gets some grace

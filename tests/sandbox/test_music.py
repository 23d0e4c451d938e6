"""The sandbox's songs: sound, tempo, key, form, repeatability and speed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.fft import next_fast_len

from soundpiece_sandbox.music import SAMPLE_RATE, Song, make_song, plan_song, planned_duration
from soundpiece_sandbox.music.lyrics import read_lyrics, syllables_of
from soundpiece_sandbox.music.plan import Plan
from soundpiece_sandbox.music.styles import STYLES
from support.loudness import lufs

SONG = """[Verse]
Walking down the avenue at night
Neon shadows dancing in my sight
Every heartbeat echoes through the rain
Every window whispers out your name

[Chorus]
Oh we are running, running for the light
Holding on together through the night
Nothing in the world can slow us down
We are the music of this sleeping town

[Verse 2]
Morning breaks in silver over glass
Counting all the moments as they pass
Radio is singing out our song
Telling us we knew it all along

[Chorus]
Oh we are running, running for the light
Holding on together through the night
Nothing in the world can slow us down
We are the music of this sleeping town
"""
LINES = "City lights are calling me\nI will follow where they lead\n"
EIGHT = ("rock", "jazz", "ambient", "synthwave", "lo-fi", "orchestral", "techno", "folk")


@cache
def song(lyrics: str = SONG, prompt: str = "synthwave", variation: int = 0) -> Song:
    return make_song(lyrics, prompt, variation=variation)


def plan(lyrics: str = SONG, prompt: str = "", variation: int = 0, seed: str = "") -> Plan:
    return plan_song(lyrics, prompt, variation=variation, seed=seed)


def decibels(level: float) -> float:
    return 20.0 * float(np.log10(max(level, 1e-12)))


def onsets(sound: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how much energy appears at each moment, and how many moments a second has."""
    hop, size = 256, 1024
    frames = np.lib.stride_tricks.sliding_window_view(sound, size)[::hop]
    spectra = np.log1p(1000.0 * np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)))
    rising = np.maximum(np.diff(spectra, axis=0), 0.0).sum(axis=1)
    return rising - np.convolve(rising, np.full(101, 1 / 101), "same"), SAMPLE_RATE / hop


def heard_tempo(sound: np.ndarray) -> float:
    """Return the beats per minute at which the onsets repeat best, up to octaves."""
    rising, rate = onsets(sound)
    size = 1 << (2 * len(rising)).bit_length()
    repeats = np.fft.irfft(np.abs(np.fft.rfft(rising, size)) ** 2)[: len(rising)]
    tempos = np.arange(50.0, 200.0, 0.25)
    scores = [
        sum(np.interp(beats * 60.0 * rate / tempo, np.arange(len(repeats)), repeats)
            for beats in (1, 2, 4, 8))
        for tempo in tempos
    ]  # fmt: skip
    return float(tempos[int(np.argmax(scores))])


def spectrum(sound: np.ndarray) -> np.ndarray:
    """Return the sound's energy in octaves from 31 Hz up, in dB of the whole."""
    size = next_fast_len(len(sound), real=True)
    power = np.abs(np.fft.rfft(sound, size)) ** 2
    heights = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    octaves = [31 * 2**octave for octave in range(10)]
    energy = [power[(heights >= low) & (heights < 2 * low)].sum() for low in octaves]
    return 10.0 * np.log10(np.array(energy) / power.sum() + 1e-9)


# The sound


def test_the_mix_is_stereo_float32_and_its_stems_sum_to_it():
    made = song()
    assert made.mix.dtype == np.float32
    assert made.mix.shape == (round(made.duration * SAMPLE_RATE), 2)
    assert set(made.stems) == {"vocals", "drums", "bass", "other"}
    assert all(stem.shape == made.mix.shape for stem in made.stems.values())
    assert all(stem.dtype == np.float32 for stem in made.stems.values())
    assert np.abs(sum(made.stems.values()) - made.mix).max() < 1e-4
    assert np.abs(made.mix[:, 0] - made.mix[:, 1]).max() > 0.01


@pytest.mark.parametrize("prompt", EIGHT)
def test_every_style_is_as_loud_as_the_others_and_never_too_loud(prompt):
    made = song(LINES, prompt)
    assert -15.0 <= lufs(made.mix) <= -13.0
    assert decibels(np.abs(made.mix).max()) <= -1.0
    assert np.abs(made.mix.mean(axis=0)).max() < 2e-3


@pytest.mark.parametrize("prompt", EIGHT)
def test_it_starts_and_ends_in_silence(prompt):
    made = song(LINES, prompt)
    edge = SAMPLE_RATE // 100
    assert decibels(np.abs(made.mix[:edge]).max()) < -60.0
    assert decibels(np.abs(made.mix[-edge:]).max()) < -60.0
    assert all(np.abs(stem[-1]).max() == 0.0 for stem in made.stems.values())


@pytest.mark.parametrize("prompt", EIGHT)
def test_nothing_clicks(prompt):
    """A click sounds at every height at once; no voice or string reaches above 17 kHz."""
    made = song(LINES, prompt)
    for name in ("vocals", "bass", "other"):
        sound = made.stems[name].mean(axis=1)
        size = next_fast_len(len(sound), real=True)
        heights = np.fft.rfft(sound, size)
        heights[np.fft.rfftfreq(size, 1 / SAMPLE_RATE) < 17_000] = 0.0
        assert np.abs(np.fft.irfft(heights, size)).max() < 0.02, name
        assert np.abs(np.diff(sound)).max() < 0.25, name


def test_ninety_seconds_take_two():
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    script = (
        "import time\n"
        "from soundpiece_sandbox.music import make_song\n"
        f"started = time.process_time(); made = make_song({SONG!r}, 'rock 120 bpm')\n"
        "print((time.process_time() - started) * 90 / made.duration)"
    )
    best = min(
        float(subprocess.run([sys.executable, "-c", script], env=environment, check=True,
                             capture_output=True, text=True).stdout)
        for _ in range(2)
    )  # fmt: skip
    assert best < 2.5  # the goal is 2; a shared machine gets some grace


# What repeats and what varies


def test_the_same_words_make_the_same_sound_in_any_process():
    script = (
        "import hashlib\n"
        "from soundpiece_sandbox.music import make_song\n"
        f"mix = make_song({LINES!r}, 'jazz', variation=1, seed='s').mix\n"
        "print(hashlib.sha256(mix.tobytes()).hexdigest())"
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
    here = make_song(LINES, "jazz", variation=1, seed="s").mix
    assert told == {hashlib.sha256(here.tobytes()).hexdigest()}


def test_variations_differ_but_keep_what_the_words_demand():
    first, second = song(LINES, "jazz at 110 bpm"), song(LINES, "jazz at 110 bpm", 1)
    assert first.style == second.style == "jazz"
    assert first.tempo == second.tempo == 110.0
    shortest = min(len(first.mix), len(second.mix))
    alike = np.corrcoef(first.mix[:shortest, 0], second.mix[:shortest, 0])[0, 1]
    assert abs(alike) < 0.3
    tunes = [[note.pitch for note in plan(prompt="jazz", variation=v).melody] for v in range(4)]
    assert all(one != other for one, other in pairwise(tunes))


def test_a_seed_alone_chooses_the_character():
    styles = {
        plan(LINES, seed=f"https://songs.example/{n}").character.style.name for n in range(40)
    }
    assert len(styles) >= 8
    tries = [plan(LINES, seed="https://songs.example/1", variation=n) for n in range(4)]
    assert len({(each.character.style.name, each.character.key.mode) for each in tries}) == 1


@pytest.mark.parametrize("prompt", [*EIGHT, ""])
def test_the_planned_duration_is_the_duration(prompt):
    planned = planned_duration(LINES, prompt, variation=2, seed="x")
    assert planned == make_song(LINES, prompt, variation=2, seed="x").duration


# What the prompt's words do


@pytest.mark.parametrize(
    ("prompt", "tempo"),
    [
        ("rock 120 bpm", 120),
        ("techno at 132 BPM", 132),
        ("synthwave, 95bpm", 95),
        ("folk 104 bpm", 104),
    ],
)
def test_the_tempo_of_the_words_is_heard(prompt, tempo):
    made = song(LINES + LINES, prompt)
    assert made.tempo == tempo
    heard = heard_tempo(made.mix.mean(axis=1))
    octave = 2.0 ** round(np.log2(tempo / heard))
    assert heard * octave == pytest.approx(tempo, rel=0.02)


def test_words_lean_the_tempo_and_the_mode():
    assert plan(prompt="slow folk").character.tempo < plan(prompt="folk").character.tempo
    assert plan(prompt="fast folk").character.tempo > plan(prompt="folk").character.tempo
    assert plan(prompt="a sad song").character.key.mode == "minor"
    assert plan(prompt="euphoric techno").character.key.mode == "major"
    assert song(LINES, "folk in D minor").key == "D minor"
    assert plan(prompt="jazz in Bb major").character.key.name == "Bb major"


@pytest.mark.parametrize(
    ("prompt", "style"),
    [
        *((name, name) for name in EIGHT),
        ("lofi beats", "lo-fi"),
        ("chillhop", "lo-fi"),
        ("cinematic epic", "orchestral"),
        ("deep house", "house"),
        ("acoustic campfire song", "folk"),
        ("a song about cats", "pop"),
        ("rocket science", "pop"),
        ("dreamy synthwave", "synthwave"),
        ("epic rock", "rock"),
        ("something epic", "orchestral"),
    ],
)
def test_a_style_is_known_by_its_words(prompt, style):
    assert plan(LINES, prompt).character.style.name == style


def test_an_instrument_named_takes_its_role():
    assert plan(LINES, "techno with piano").character.chords == "piano"
    assert plan(LINES, "rock with a flute").character.lead == "flute"
    assert plan(LINES, "strings").character.chords == "strings"
    ballad = plan(LINES, "piano ballad with strings").character
    assert (ballad.chords, ballad.pad) == ("piano", "strings")


def test_styles_sound_unlike_each_other():
    """The bands behind the singer differ, even over several notes' worth of spectrum."""
    made = {prompt: song(LINES, prompt) for prompt in EIGHT}
    bands = {
        prompt: spectrum((each.mix - each.stems["vocals"]).mean(axis=1))
        for prompt, each in made.items()
    }
    apart = {
        (one, other): float(np.linalg.norm(bands[one] - bands[other]))
        for one, other in combinations(EIGHT, 2)
    }
    assert min(apart.values()) > 4.0, min(apart, key=apart.__getitem__)


def test_every_pattern_fills_its_bar():
    for style in STYLES:
        patterns = [*style.verse_drums.values(), *style.chorus_drums.values()]
        patterns += [style.verse_bass, style.chorus_bass, style.verse_chords, style.chorus_chords]
        assert all(len(pattern) == 16 for pattern in patterns), style.name
        assert plan(LINES, style.words[0]).chords


# Form and melody


def test_the_form_follows_the_sections():
    kinds = [part.kind for part in plan().form.parts]
    sung = [kind for kind in kinds if kind in ("verse", "chorus")]
    assert sung == ["verse", "chorus", "verse", "chorus"]
    assert kinds[0] == "intro"
    assert kinds[-1] == "ending"
    bare = plan("one line\nanother line")
    assert [part.kind for part in bare.form.parts] == ["intro", "verse", "ending"]


@pytest.mark.parametrize("prompt", EIGHT)
def test_a_line_is_short_and_a_song_is_a_song(prompt):
    assert 9.0 <= planned_duration("The river carries me home", prompt) <= 16.0
    assert 55.0 <= planned_duration(SONG, prompt) <= 105.0
    assert planned_duration("la la la la la la la la\n" * 130, prompt) <= 240.0


def test_a_chorus_is_bigger_than_a_verse_and_comes_back_the_same():
    written = plan(prompt="rock 120 bpm")
    made = song(SONG, "rock 120 bpm")
    verse, chorus, _, again = (p for p in written.form.parts if p.kind in ("verse", "chorus"))
    beat = 60.0 / written.form.tempo

    def power(part):
        edges = [
            round(bar * 4 * beat * SAMPLE_RATE)
            for bar in (part.first_bar, part.first_bar + part.bars)
        ]
        return float(np.mean(made.mix[edges[0] : edges[1]] ** 2))

    def tune(part):
        first, last = part.first_bar * 4, (part.first_bar + part.bars) * 4
        return [(n.start - first, n.pitch) for n in written.melody if first <= n.start < last]

    assert power(chorus) > 1.15 * power(verse)
    assert tune(chorus) == tune(again)
    assert tune(chorus) != tune(verse)


@pytest.mark.parametrize("prompt", ["rock", "pop", "jazz", "folk in D minor"])
def test_the_band_agrees_on_the_chords(prompt):
    """The bass plays a note of the chord at each bar that both begin together."""
    written = plan(prompt=prompt)
    struck = {round(note.start, 2): note.pitches for note in written.chords}
    for note in written.bass:
        below = struck.get(round(note.start, 2), ())
        if note.start % 4.0 == 0.0 and len(below) > 2:
            assert note.pitches[0] % 12 in {pitch % 12 for pitch in below}


def test_every_syllable_has_one_note_and_every_note_follows_the_last():
    written = plan(prompt="pop")
    syllables = [
        s for section in read_lyrics(SONG) for line in section.lines for s in line.syllables
    ]
    assert [note.syllable for note in written.melody] == syllables
    for note, following in pairwise(written.melody):
        assert note.length > 0
        assert note.start + note.length <= following.start + 1e-6


def test_the_tune_is_in_key_and_in_reach():
    for prompt in EIGHT:
        written = plan(prompt=prompt)
        pitches = [note.pitch for note in written.melody]
        in_key = [pitch % 12 in written.character.key.scale for pitch in pitches]
        assert np.mean(in_key) > 0.9
        assert min(pitches) >= 45
        assert max(pitches) <= 79
        leaps = np.abs(np.diff(pitches))
        assert np.mean(leaps <= 4) > 0.75


@pytest.mark.parametrize(
    ("word", "count"),
    [("light", 1), ("running", 2), ("avenue", 3), ("home", 1), ("together", 3), ("table", 2),
     ("walked", 1), ("wanted", 2), ("rhythm", 1), ("shh", 1), ("7", 2), ("…", 0), ("漢字", 2)],
)  # fmt: skip
def test_syllables_are_counted_as_they_are_said(word, count):
    assert len(syllables_of(word)) == count


def test_the_voice_sings_while_there_are_lines():
    made = song(LINES, "folk")
    assert decibels(np.abs(made.stems["vocals"]).max()) > -20.0
    assert np.abs(make_song("", "ambient").stems["vocals"]).max() == 0.0


def test_the_voice_sings_the_notes_that_are_written():
    """Each held note of a verse repeats at its pitch's period, within half a semitone."""
    written, made = plan(LINES, "folk"), song(LINES, "folk")
    voice = made.stems["vocals"].mean(axis=1)
    beat = 60.0 / written.form.tempo
    off = []
    for note in written.melody:
        if note.length * beat < 0.3:
            continue
        middle = round((0.06 + (note.start + note.length * 0.6) * beat) * SAMPLE_RATE)
        piece = voice[middle - 3000 : middle + 3000]
        repeats = np.fft.irfft(np.abs(np.fft.rfft(piece * np.hanning(6000), 16384)) ** 2)
        pitches = np.arange(note.pitch - 6.0, note.pitch + 6.0, 0.1)
        periods = SAMPLE_RATE / (440.0 * 2.0 ** ((pitches - 69.0) / 12.0))
        heard = pitches[np.argmax(np.interp(periods, np.arange(8192), repeats[:8192]))]
        off.append(abs(heard - note.pitch))
    assert len(off) >= 5
    assert np.mean(np.array(off) < 0.5) >= 0.9


# Hostile words


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lyrics=st.text(st.characters(), max_size=300),
    prompt=st.text(st.characters(), max_size=60),
    seed=st.text(st.characters(), max_size=10),
)
def test_any_text_has_a_plan(lyrics, prompt, seed):
    written = plan_song(lyrics, prompt, seed=seed)
    assert 4.0 < written.duration <= 240.0
    assert planned_duration(lyrics, prompt, seed=seed) == written.duration


@pytest.mark.parametrize(
    "lyrics",
    [
        "",
        "\n\n",
        "[Chorus]",
        "🎉🎉🎉",
        "\ud800",
        "שלום עולם",
        "a" * 3000,
        "[Verse\n]]\x00",
        "夜に駆ける\n\u043c\u0438\u0440",
    ],
)
def test_strange_lyrics_still_make_music(lyrics):
    started = time.perf_counter()
    made = make_song(lyrics, "lo-fi")
    assert np.isfinite(made.mix).all()
    assert np.abs(made.mix).max() > 0.1
    assert time.perf_counter() - started < 20.0

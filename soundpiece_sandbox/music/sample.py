"""Samples: from a prompt to a finished one-shot, phrase or loop."""

from __future__ import annotations

import re
from dataclasses import replace

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, faded, frames_in
from soundpiece_sandbox.music.beat_grid import BeatGrid, loop_grid, natural_grid, unlooped_grid
from soundpiece_sandbox.music.finishing import (
    fitted,
    frames_first,
    levelled,
    mastered_loop,
    mastered_once,
    wrapped_around,
)
from soundpiece_sandbox.music.one_shot import natural_seconds, play_one_shot
from soundpiece_sandbox.music.prompt import Character, read_prompt
from soundpiece_sandbox.music.sample_phrase import play_phrase
from soundpiece_sandbox.music.sample_prompt import GUITAR, SamplePrompt, read_sample_prompt
from soundpiece_sandbox.music.seeded_random import SeededRandom

_LOUDNESS = -14.0  # LUFS
_ATTACK = 0.0005  # seconds
_FADE = 0.35  # seconds, at the end of samples that do not loop
_MASTERED_FROM = 1.5  # seconds: shorter sounds have no reliable loudness
_NAMED_TEMPO = re.compile(r"\d\s*-?\s*bpm\b|\b(?:bpm|tempo)\D{0,4}\d", re.IGNORECASE)


def make_sample(
    prompt: str, duration: float | None, *, loopable: bool = False, variation: int = 0
) -> FloatArray:
    """Return the sample that a prompt describes: (frames, 2) float32 at 44.1 kHz, within ±1.

    It has exactly `round(duration * 44100)` frames, for a duration of 0.5 to 60 seconds; None asks
    for a natural length: whole bars of a phrase, or as long as a one-shot rings. Style, tempo, key
    and instruments are read as for a song; a prompt that names no part gets the whole band.

    A loop has no seam: sound past its end is added to its beginning. Its tempo is chosen from the
    style's range so that whole bars fill it, or else whole beats; a tempo in the prompt is
    changed only to the nearest one whose beats fill the loop. Other samples keep the prompt's
    tempo exactly and fade out.

    Each variation is another take, and the same arguments always return the same sound. Phrases
    have -14 LUFS; so have one-shots, unless their peak would exceed -3 dBFS.
    """
    random = SeededRandom("", prompt, variation, "sample")
    # Names of styles match with and without hyphens: "boom-bap" and "boom bap".
    character = read_prompt(f"{prompt} ; {prompt.replace('-', ' ')}", random)
    wanted = _in_style(read_sample_prompt(prompt, duration, loopable=loopable), character)
    if wanted.one_shot:
        return _one_shot(wanted, character, duration, random, loopable=loopable)
    grid = _grid(prompt, character, duration, loopable=loopable)
    track = play_phrase(wanted, character, grid, random)
    if loopable:
        return mastered_loop(track)
    edged = faded(track, _ATTACK, _fade(grid.frames))
    if grid.frames < _MASTERED_FROM * SAMPLE_RATE:
        return frames_first(levelled(edged, _LOUDNESS))
    return mastered_once(edged)


def _in_style(wanted: SamplePrompt, character: Character) -> SamplePrompt:
    """Return a sample prompt with an unspecified guitar replaced by the style's."""
    if wanted.instrument != GUITAR:
        return wanted
    guitars = [name for name in character.style.chords if GUITAR in name]
    return replace(wanted, instrument=guitars[0] if guitars else f"acoustic {GUITAR}")


def _one_shot(
    wanted: SamplePrompt,
    character: Character,
    duration: float | None,
    random: SeededRandom,
    *,
    loopable: bool,
) -> FloatArray:
    seconds = duration or natural_seconds(wanted)
    frames = frames_in(seconds)
    struck = play_one_shot(wanted, character, seconds, random)
    if loopable:
        looped = wrapped_around(struck, frames)
        return frames_first(levelled(looped - looped.mean(axis=1, keepdims=True), _LOUDNESS))
    line = faded(fitted(struck, frames), _ATTACK, _fade(frames))
    return frames_first(levelled(line, _LOUDNESS))


def _grid(prompt: str, character: Character, duration: float | None, *, loopable: bool) -> BeatGrid:
    if duration is None:
        return natural_grid(character.tempo, looped=loopable)
    frames = frames_in(duration)
    if not loopable:
        return unlooped_grid(character.tempo, frames)
    named = _NAMED_TEMPO.search(prompt) is not None
    slowest, fastest = (character.tempo,) * 2 if named else character.style.tempo
    return loop_grid(
        character.tempo,
        frames,
        min(slowest, character.tempo),
        max(fastest, character.tempo),
    )


def _fade(frames: int) -> float:
    return min(_FADE, 0.15 * frames / SAMPLE_RATE)

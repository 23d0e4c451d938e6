"""Songs: from lyrics and a prompt to finished stereo sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, frames_in
from soundpiece_sandbox.music.brightness import tilt_towards
from soundpiece_sandbox.music.mastering import balance, mastered
from soundpiece_sandbox.music.plan import Plan, plan_form, plan_song
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.stem_rendering import render_stems

_LAST_FADE = 1.8  # seconds of the final fade to silence


@dataclass(frozen=True)
class Song:
    """A finished piece; sounds are (frames, 2) float32 at 44.1 kHz, within ±1."""

    mix: FloatArray  # the sum of the stems
    stems: dict[str, FloatArray]  # "vocals", "drums", "bass", "other"
    tempo: float  # beats per minute
    key: str  # "A minor"
    style: str  # "synthwave"

    @property
    def duration(self) -> float:
        """The length in seconds."""
        return len(self.mix) / SAMPLE_RATE


def make_song(lyrics: str, prompt: str, *, variation: int = 0, seed: str = "") -> Song:
    """Return the song of these lyrics; the same arguments always return the same song.

    Each variation is another song of the same character. If the prompt is empty, the seed decides
    the character.
    """
    return perform(plan_song(lyrics, prompt, variation=variation, seed=seed))


def perform(plan: Plan) -> Song:
    """Return the finished sound of a plan; equal plans sound the same."""
    stems = render_stems(plan)
    style = plan.character.style
    drums, bass, other = style.levels
    balance(stems, {"vocals": 0.0, "drums": drums, "bass": bass, "other": other})
    if plan.brightness is not None:
        tilt_towards(plan.brightness, stems)
    for stem in stems.values():
        _fade_out(stem)
    mix, finished = mastered(stems)
    return Song(mix, finished, plan.character.tempo, plan.character.key.name, style.name)


def planned_duration(lyrics: str, prompt: str, *, variation: int = 0, seed: str = "") -> float:
    """Return the seconds of the song that `make_song` would return, without rendering it."""
    _, form = plan_form(lyrics, prompt, SeededRandom(lyrics, prompt, variation, seed))
    return frames_in(form.seconds) / SAMPLE_RATE


def _fade_out(stem: FloatArray) -> None:
    """Fade a stem (2, frames) in place to silence at its end."""
    fade = frames_in(_LAST_FADE)
    slope = 0.5 + 0.5 * np.cos(np.linspace(0.0, np.pi, fade))
    stem[:, -fade:] *= slope.astype(np.float32)

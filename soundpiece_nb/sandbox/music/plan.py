"""The plan of a piece: everything that is written down before anything sounds. It is cheap."""

from __future__ import annotations

from dataclasses import dataclass

from .accompaniment import (
    compose_bass,
    compose_chords,
    compose_drums,
    compose_harmony,
    compose_lead,
    compose_pad,
)
from .chance import Chance
from .form import Form, lay_out
from .lyrics import read_lyrics
from .melody import compose_melody
from .prompt import Character, read_prompt
from .score import Hit, Note, SungNote
from .sound import SAMPLE_RATE, frames_in


@dataclass(frozen=True)
class Plan:
    """A piece on paper."""

    character: Character
    form: Form
    melody: tuple[SungNote, ...]
    drums: tuple[Hit, ...]
    bass: tuple[Note, ...]
    chords: tuple[Note, ...]
    pad: tuple[Note, ...]
    lead: tuple[Note, ...]

    @property
    def frames(self) -> int:
        """How many frames the piece takes."""
        return frames_in(self.form.seconds)

    @property
    def duration(self) -> float:
        """How many seconds the piece takes."""
        return self.frames / SAMPLE_RATE


def plan_form(lyrics: str, prompt: str, chance: Chance) -> tuple[Character, Form]:
    """Return the character and the form of a piece, which settle its duration."""
    character = read_prompt(prompt, chance)
    return character, lay_out(read_lyrics(lyrics), character.tempo)


def plan_song(lyrics: str, prompt: str, chance: Chance) -> Plan:
    """Return the whole plan of a song."""
    character, form = plan_form(lyrics, prompt, chance)
    style, key = character.style, character.key
    harmony = compose_harmony(form, style, key, chance)
    return Plan(
        character=character,
        form=form,
        melody=compose_melody(form, harmony, key, character.voice, chance),
        drums=compose_drums(form, style, chance),
        bass=compose_bass(form, harmony, style),
        chords=compose_chords(form, harmony, character),
        pad=compose_pad(form, harmony) if character.pad else (),
        lead=compose_lead(form, harmony, key, style, chance),
    )

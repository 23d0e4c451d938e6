"""The plan of a piece: everything that is written down before anything sounds. It is cheap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from soundpiece_sandbox.music.accompaniment import (
    compose_bass,
    compose_chords,
    compose_drums,
    compose_harmony,
    compose_lead,
    compose_pad,
)
from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, frames_in
from soundpiece_sandbox.music.form import LEAD_IN, Form, lay_out
from soundpiece_sandbox.music.harmony import Chord
from soundpiece_sandbox.music.instrumental import (
    compose_tune,
    lay_out_instrumental,
    lay_out_stretches,
    shaped,
    usual_seconds,
)
from soundpiece_sandbox.music.lyrics import read_lyrics
from soundpiece_sandbox.music.melody import compose_melody
from soundpiece_sandbox.music.prompt import Character, named_length, read_prompt
from soundpiece_sandbox.music.reference_style import Guide, suited_style
from soundpiece_sandbox.music.remix_basis import Ground, other_style
from soundpiece_sandbox.music.score import Hit, Note, SungNote
from soundpiece_sandbox.music.seeded_random import Chance


@dataclass(frozen=True)
class Plan:
    """A piece on paper."""

    chance: Chance  # what decides how it is played
    character: Character
    form: Form
    harmony: tuple[Chord, ...]  # two chords a bar
    melody: tuple[SungNote, ...]  # empty when nobody sings
    drums: tuple[Hit, ...]
    bass: tuple[Note, ...]
    chords: tuple[Note, ...]
    pad: tuple[Note, ...]
    lead: tuple[Note, ...]
    brightness: float | None = None  # Hz that the mix is brought near to

    @property
    def frames(self) -> int:
        """How many frames the piece takes."""
        return frames_in(self.form.seconds)

    @property
    def duration(self) -> float:
        """How many seconds the piece takes."""
        return self.frames / SAMPLE_RATE

    @property
    def ground(self) -> Ground:
        """What a remix of the piece keeps."""
        return Ground(
            tempo=self.form.tempo,
            key=self.character.key,
            chords=self.harmony,
            first_beat=LEAD_IN,
            bars=self.form.bars,
            sections=self.form.stretches,
            style=self.character.style.name,
        )


def plan_song(
    lyrics: str, prompt: str, *, variation: int = 0, seed: str = "", guide: Guide | None = None
) -> Plan:
    """Return the plan of a song; the same words always make the same plan.

    Each variation is another song of the same character. What the prompt leaves open is decided
    by the seed. A guide decides tempo and brightness, and without a prompt the style.
    """
    chance = Chance(lyrics, prompt, variation, seed)
    character, form = plan_form(lyrics, prompt, chance, guide)
    harmony = compose_harmony(form, character.style, character.key, chance)
    return _sung(character, form, harmony, chance, guide)


def plan_instrumental(
    prompt: str, *, variation: int = 0, seed: str = "", guide: Guide | None = None
) -> Plan:
    """Return the plan of a piece without a singer, of 60 to 110 seconds unless the prompt says.

    Prompt, variation, seed and guide are as for a song.
    """
    chance = Chance("", prompt, variation, seed)
    character = _character(prompt, chance, guide)
    seconds = named_length(prompt) or usual_seconds(chance)
    form = lay_out_instrumental(seconds, character.tempo, chance)
    harmony = compose_harmony(form, character.style, character.key, chance)
    return _played(character, form, harmony, chance, guide)


def plan_song_remix(
    ground: Ground, lyrics: str, prompt: str, *, variation: int = 0, seed: str = ""
) -> Plan:
    """Return the plan of a song on the ground of another: its tempo, its key and its chords.

    All else is as the lyrics and the prompt ask; a tempo or key that the prompt names is not
    obeyed.
    """
    chance = Chance(lyrics, prompt, variation, seed)
    character = read_prompt(prompt, chance, tempo=ground.tempo, key=ground.key)
    form = lay_out(read_lyrics(lyrics), character.tempo)
    return _sung(character, form, ground.under(form), chance)


def plan_instrumental_remix(ground: Ground, *, variation: int = 0, seed: str = "") -> Plan:
    """Return the plan of an instrumental on the ground of another piece, bar for bar.

    Style, instruments and tune are others, and others again in each variation.
    """
    chance = Chance("", "", variation, seed)
    style = other_style(ground, chance)
    character = read_prompt("", chance, style=style, tempo=ground.tempo, key=ground.key)
    sections = ground.sections or shaped(ground.bars, character.tempo)
    form = lay_out_stretches(sections, character.tempo, chance)
    return _played(character, form, ground.chords, chance)


def plan_form(
    lyrics: str, prompt: str, chance: Chance, guide: Guide | None = None
) -> tuple[Character, Form]:
    """Return the character and the form of a song, which settle its duration."""
    character = _character(prompt, chance, guide)
    return character, lay_out(read_lyrics(lyrics), character.tempo)


def _character(prompt: str, chance: Chance, guide: Guide | None) -> Character:
    if guide is None:
        return read_prompt(prompt, chance)
    style = None if prompt.strip() else suited_style(guide, chance)
    return read_prompt(prompt, chance, style=style, tempo=guide.tempo)


def _sung(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    chance: Chance,
    guide: Guide | None = None,
) -> Plan:
    style, key = character.style, character.key
    melody = compose_melody(form, harmony, key, character.voice, chance)
    lead = compose_lead(form, harmony, key, style, chance)
    return _accompanied(character, form, harmony, chance, guide, melody=melody, lead=lead)


def _played(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    chance: Chance,
    guide: Guide | None = None,
) -> Plan:
    style, key = character.style, character.key
    figures = compose_lead(form.between_lines, harmony, key, style, chance)
    tune = compose_tune(form, harmony, key, style, chance)
    lead = tuple(sorted((*figures, *tune), key=lambda note: note.start))
    return _accompanied(character, form, harmony, chance, guide, melody=(), lead=lead)


def _accompanied(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    chance: Chance,
    guide: Guide | None,
    *,
    melody: tuple[SungNote, ...],
    lead: tuple[Note, ...],
) -> Plan:
    return Plan(
        chance=chance,
        character=character,
        form=form,
        harmony=tuple(harmony),
        melody=melody,
        drums=compose_drums(form, character.style, chance),
        bass=compose_bass(form, harmony, character.style),
        chords=compose_chords(form, harmony, character),
        pad=compose_pad(form, harmony) if character.pad else (),
        lead=lead,
        brightness=guide.brightness if guide else None,
    )

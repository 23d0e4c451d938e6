"""The plan of a piece: all its notes and settings before rendering. It takes little time."""

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
from soundpiece_sandbox.music.harmony import Chord
from soundpiece_sandbox.music.instrumental import (
    compose_tune,
    lay_out_instrumental,
    lay_out_sections,
    sections_for,
    usual_seconds,
)
from soundpiece_sandbox.music.lyrics import read_lyrics
from soundpiece_sandbox.music.melody import compose_melody
from soundpiece_sandbox.music.prompt import Character, named_length, read_prompt
from soundpiece_sandbox.music.reference_style import ReferenceFeatures, style_like
from soundpiece_sandbox.music.remix_basis import RemixBasis, remix_style
from soundpiece_sandbox.music.score import Hit, Note, SungNote
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import LEAD_IN, Form, lay_out


@dataclass(frozen=True)
class Plan:
    """A whole piece as notes and settings."""

    random: SeededRandom  # for the rendering
    character: Character
    form: Form
    harmony: tuple[Chord, ...]  # two chords per bar
    melody: tuple[SungNote, ...]  # empty for an instrumental
    drums: tuple[Hit, ...]
    bass: tuple[Note, ...]
    chords: tuple[Note, ...]
    pad: tuple[Note, ...]
    lead: tuple[Note, ...]
    brightness: float | None = None  # Hz that the mix approaches

    @property
    def frames(self) -> int:
        """The length of the piece in frames."""
        return frames_in(self.form.seconds)

    @property
    def duration(self) -> float:
        """The length of the piece in seconds."""
        return self.frames / SAMPLE_RATE

    @property
    def remix_basis(self) -> RemixBasis:
        """The basis for a remix of the piece."""
        return RemixBasis(
            tempo=self.form.tempo,
            key=self.character.key,
            chords=self.harmony,
            first_beat=LEAD_IN,
            bars=self.form.bars,
            sections=self.form.section_outlines,
            style=self.character.style.name,
        )


def plan_song(
    lyrics: str,
    prompt: str,
    *,
    variation: int = 0,
    seed: str = "",
    reference: ReferenceFeatures | None = None,
) -> Plan:
    """Return the plan of a song; the same arguments always return the same plan.

    Each variation is another song of the same character. The seed decides everything that the
    prompt does not. A reference decides tempo and brightness, and without a prompt the style.
    """
    random = SeededRandom(lyrics, prompt, variation, seed)
    character, form = plan_form(lyrics, prompt, random, reference)
    harmony = compose_harmony(form, character.style, character.key, random)
    return _song_plan(character, form, harmony, random, reference)


def plan_instrumental(
    prompt: str, *, variation: int = 0, seed: str = "", reference: ReferenceFeatures | None = None
) -> Plan:
    """Return the plan of an instrumental, of 60 to 110 seconds unless the prompt names a length.

    Prompt, variation, seed and reference are as for a song.
    """
    random = SeededRandom("", prompt, variation, seed)
    character = _character(prompt, random, reference)
    seconds = named_length(prompt) or usual_seconds(random)
    form = lay_out_instrumental(seconds, character.tempo, random)
    harmony = compose_harmony(form, character.style, character.key, random)
    return _instrumental_plan(character, form, harmony, random, reference)


def plan_song_remix(
    basis: RemixBasis, lyrics: str, prompt: str, *, variation: int = 0, seed: str = ""
) -> Plan:
    """Return the plan of a song with the tempo, key and chords of another.

    Lyrics and prompt decide the rest; a tempo or key in the prompt is ignored.
    """
    random = SeededRandom(lyrics, prompt, variation, seed)
    character = read_prompt(prompt, random, tempo=basis.tempo, key=basis.key)
    form = lay_out(read_lyrics(lyrics), character.tempo)
    return _song_plan(character, form, basis.chords_for(form), random)


def plan_instrumental_remix(basis: RemixBasis, *, variation: int = 0, seed: str = "") -> Plan:
    """Return the plan of an instrumental with another piece's tempo, key and chords, bar for bar.

    Style, instruments and tune differ from the source's, and between variations.
    """
    random = SeededRandom("", "", variation, seed)
    style = remix_style(basis, random)
    character = read_prompt("", random, style=style, tempo=basis.tempo, key=basis.key)
    sections = basis.sections or sections_for(basis.bars, character.tempo)
    form = lay_out_sections(sections, character.tempo, random)
    return _instrumental_plan(character, form, basis.chords, random)


def plan_form(
    lyrics: str, prompt: str, random: SeededRandom, reference: ReferenceFeatures | None = None
) -> tuple[Character, Form]:
    """Return the character and the form of a song, which decide its duration."""
    character = _character(prompt, random, reference)
    return character, lay_out(read_lyrics(lyrics), character.tempo)


def _character(prompt: str, random: SeededRandom, reference: ReferenceFeatures | None) -> Character:
    if reference is None:
        return read_prompt(prompt, random)
    style = None if prompt.strip() else style_like(reference, random)
    return read_prompt(prompt, random, style=style, tempo=reference.tempo)


def _song_plan(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    random: SeededRandom,
    reference: ReferenceFeatures | None = None,
) -> Plan:
    style, key = character.style, character.key
    melody = compose_melody(form, harmony, key, character.voice, random)
    lead = compose_lead(form, harmony, key, style, random)
    return _full_plan(character, form, harmony, random, reference, melody=melody, lead=lead)


def _instrumental_plan(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    random: SeededRandom,
    reference: ReferenceFeatures | None = None,
) -> Plan:
    style, key = character.style, character.key
    figures = compose_lead(form.between_lines, harmony, key, style, random)
    tune = compose_tune(form, harmony, key, style, random)
    lead = tuple(sorted((*figures, *tune), key=lambda note: note.start))
    return _full_plan(character, form, harmony, random, reference, melody=(), lead=lead)


def _full_plan(
    character: Character,
    form: Form,
    harmony: Sequence[Chord],
    random: SeededRandom,
    reference: ReferenceFeatures | None,
    *,
    melody: tuple[SungNote, ...],
    lead: tuple[Note, ...],
) -> Plan:
    return Plan(
        random=random,
        character=character,
        form=form,
        harmony=tuple(harmony),
        melody=melody,
        drums=compose_drums(form, character.style, random),
        bass=compose_bass(form, harmony, character.style),
        chords=compose_chords(form, harmony, character),
        pad=compose_pad(form, harmony) if character.pad else (),
        lead=lead,
        brightness=reference.brightness if reference else None,
    )

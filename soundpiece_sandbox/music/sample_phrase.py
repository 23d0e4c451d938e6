"""Phrases and loops of a sample: the parts that its prompt names, played over a beat grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from soundpiece_sandbox.music.accompaniment import (
    compose_bass,
    compose_chords,
    compose_drums,
    compose_harmony,
    compose_lead,
    compose_pad,
)
from soundpiece_sandbox.music.audio_arrays import FloatArray, frames_in, place, silence
from soundpiece_sandbox.music.beat_grid import BeatGrid
from soundpiece_sandbox.music.drums import Kit
from soundpiece_sandbox.music.finishing import fitted, wrapped_around
from soundpiece_sandbox.music.harmony import Chord
from soundpiece_sandbox.music.instruments import Instrument
from soundpiece_sandbox.music.mastering import balance
from soundpiece_sandbox.music.mix_effects import add_echo, add_reverb, ducking, vinyl_noise
from soundpiece_sandbox.music.prompt import Character
from soundpiece_sandbox.music.sample_prompt import EIGHT_O_EIGHT, VOICE, SamplePrompt
from soundpiece_sandbox.music.score import Hit, Note
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.song_form import Form, Part
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.vocal_instrument import VocalInstrument

_ENERGY = 0.8  # of the phrase's part, which plays the verse's patterns in full
_TAIL = 5.0  # seconds that a phrase may ring after its end
_LOOSENESS = 0.004  # seconds that a player is early or late
_DRIVE = 1.8  # the level at which drums alone are driven into saturation
_PUMP_RECOVERY = 0.28  # seconds
_BASS_ROOM = (0.35, 0.06)  # seconds to fade by 60 dB, level beside the dry sound
_DRUM_ROLES = ("drums", "top")
_ECHOED = ("lead", "arpeggio", "chops")
_USUAL_LEVEL = -4.0  # dB, of parts without a level of their own
_SPARSE = 3  # the least drums in a groove; with fewer, the chorus's groove plays
_TOP = ("hat", "open hat", "foot hat", "ride", "shaker", "tambourine", "rim")
_ALONE = {  # patterns of named drums that the style's groove lacks
    "kick": "X...X...X...X...",
    "hat": "x.o.x.o.x.o.x.o.",
    "open hat": "..x...x...x...x.",
    "ride": "X.x.X.x.X.x.X.x.",
    "shaker": "xoxoxoxoxoxoxoxo",
    "high tom": "x..x..x...x.x...",
    "middle tom": "x..x..x...x.x.xx",
    "low tom": "X.....x.x.X.....",
    "timpani": "X.......x.x.xxxx",
    "crash": "X...............",
}
_BACKBEAT = "....X.......X..."
_AT_ONCE = "X..............."  # pattern for a phrase that is too short for any hit of the groove
_BROKEN = {"arpeggio": "0123210212321321", "chops": "0..1..2-..1.0-3."}
_LEVELS = {"drums": 0.0, "bass": -2.0, "pad": -7.0}


@dataclass(frozen=True)
class _PhrasePlan:
    """A phrase before it is rendered."""

    wanted: SamplePrompt
    character: Character
    grid: BeatGrid
    form: Form
    harmony: tuple[Chord, ...]
    random: SeededRandom

    @property
    def style(self) -> Style:
        return self.character.style


def play_phrase(
    wanted: SamplePrompt, character: Character, grid: BeatGrid, random: SeededRandom
) -> FloatArray:
    """Return the parts that a sample's prompt names, (2, grid.frames), before mastering.

    In a loop, sound past the end is added to the beginning.
    """
    style = _style_for(character.style, wanted, random)
    form = _form(grid, wanted)
    harmony = compose_harmony(form, style, character.key, random)
    plan = _PhrasePlan(wanted, replace(character, style=style), grid, form, harmony, random)
    hits = _hits(plan)
    parts = {role: _play_role(role, plan) for role in wanted.roles if role not in _DRUM_ROLES}
    if style.pump and hits:
        duck = _ducking(hits, style.pump, grid)
        parts = {role: part * duck for role, part in parts.items()}
    if hits:
        parts["drums"] = _play_drums(hits, plan)
    if len(parts) > 1:
        balance(parts, {role: _LEVELS.get(role, _USUAL_LEVEL) for role in parts})
    elif hits:
        # Drums alone have peaks so high that mastering could not reach the loudness.
        parts["drums"] = _saturated(parts["drums"])
    track = sum(parts.values(), start=silence(grid.frames))
    return track + _vinyl_noise(track, style.crackle) if style.crackle else track


def _style_for(style: Style, wanted: SamplePrompt, random: SeededRandom) -> Style:
    """Return the style with the kit, grooves and patterns that the prompt chooses."""
    lively = wanted.busy or random.stream("grooves").random() < 0.4  # noqa: PLR2004 - a probability
    groove = style.chorus_drums if lively or len(style.verse_drums) < _SPARSE else style.verse_drums
    groove = {drum: steps for drum, steps in groove.items() if drum != "crash"}
    if wanted.drums:
        groove = {
            drum: groove.get(drum, _ALONE.get(drum, _BACKBEAT))
            for drum in ("kick" if one == EIGHT_O_EIGHT else one for one in wanted.drums)
        }
    return replace(
        style,
        kit=wanted.kit or style.kit,
        verse_drums=groove,
        verse_bass=style.chorus_bass if lively else style.verse_bass,
        verse_chords=style.chorus_chords if lively else style.verse_chords,
        bass=wanted.bass or style.bass,
    )


def _form(grid: BeatGrid, wanted: SamplePrompt) -> Form:
    """Return a form of one part, a bar longer than the grid unless a fill is wanted at its end."""
    bars = grid.bars if wanted.fill else grid.bars + 1
    body = Part("loop", 0, 0, bars, _ENERGY)
    return Form((body, Part("ending", 0, bars, 1, 0.5)), grid.tempo)


def _hits(plan: _PhrasePlan) -> tuple[Hit, ...]:
    """Return the hits of the drums that the prompt names, if any."""
    style = plan.style
    if not set(plan.wanted.roles) & set(_DRUM_ROLES):
        return ()
    if "top" in plan.wanted.roles:
        groove = {drum: steps for drum, steps in style.verse_drums.items() if drum in _TOP}
        style = replace(style, verse_drums=groove or {"shaker": _ALONE["shaker"]})
    read_tables = _within(plan, style)
    if not read_tables:
        style = replace(style, verse_drums=dict.fromkeys(style.verse_drums, _AT_ONCE))
        read_tables = _within(plan, style)
    return read_tables


def _within(plan: _PhrasePlan, style: Style) -> tuple[Hit, ...]:
    """Return the hits of a style's groove that fall within the grid."""
    return tuple(
        hit
        for hit in compose_drums(plan.form, style, plan.random)
        if hit.start < plan.grid.beats and (not plan.wanted.drums or hit.drum in style.verse_drums)
    )


def _play_drums(hits: Sequence[Hit], plan: _PhrasePlan) -> FloatArray:
    grid = plan.grid
    track = silence(grid.frames + frames_in(_TAIL))
    kit = Kit(plan.style.kit)
    rng = plan.random.stream("hands", "drums")
    loose = 0.5 * _looseness(plan.style)
    for hit in hits:
        late = frames_in(float(rng.normal(0.0, 1.0)) * loose)
        touch = hit.strength * float(rng.uniform(0.88, 1.0))
        _place(track, kit.strike(hit.drum), grid.frame(hit.start) + late, touch, grid)
    return _fit_to_grid(track, grid)


def _play_role(role: str, plan: _PhrasePlan) -> FloatArray:
    """Return one pitched part, with the style's reverb."""
    grid, style = plan.grid, plan.style
    name = _instrument(role, plan)
    sung = VocalInstrument(plan.wanted.vowel or "a", plan.character.voice)
    player = sung if name == VOICE else Instrument(name)
    track = silence(grid.frames + frames_in(_TAIL))
    rng = plan.random.stream("hands", role)
    for note in _notes(role, name, plan):
        if note.start < grid.beats:
            late = frames_in(float(rng.normal(0.0, 0.5)) * _looseness(style))
            touch = note.strength * float(rng.uniform(0.88, 1.0))
            held = min(note.length, grid.beats - note.start) * 60.0 / grid.tempo
            sound = player.strike(note.pitches, held)
            _place(track, sound, grid.frame(note.start) + late, touch, grid)
    if role in _ECHOED:
        add_echo(track, 45.0 / grid.tempo, 0.3)  # three quarters of a beat
    add_room(track, role, style)
    return _fit_to_grid(track, grid)


def add_room(track: FloatArray, role: str, style: Style) -> None:
    """Add the style's reverb to a role's track (2, frames) in place; a bass gets little."""
    seconds, wet = _BASS_ROOM if role == "bass" else (style.reverb, style.wet)
    add_reverb(track, seconds, wet)


def _instrument(role: str, plan: _PhrasePlan) -> str:
    character, wanted = plan.character, plan.wanted
    if role == "bass":
        return character.style.bass
    usual = {"lead": character.lead, "pad": character.pad or "warm pad", "chops": VOICE}
    return wanted.instrument or usual.get(role, character.chords)


def _notes(role: str, name: str, plan: _PhrasePlan) -> tuple[Note, ...]:
    form, harmony, character = plan.form, plan.harmony, plan.character
    if role == "bass":
        return compose_bass(form, harmony, character.style)
    if role == "lead":
        return compose_lead(form, harmony, character.key, character.style, plan.random)
    if role == "pad":
        return compose_pad(form, harmony)
    pattern = _BROKEN.get(role, character.style.verse_chords)
    style = replace(character.style, verse_chords=pattern)
    # Sung chords use a piano's voice leading.
    playing = replace(character, style=style, chords="piano" if name == VOICE else name)
    return compose_chords(form, harmony, playing)


def _looseness(style: Style) -> float:
    """Return the seconds that a player is early or late; 0 in styles with a pumping kick."""
    return 0.0 if style.pump else _LOOSENESS


def _place(
    track: FloatArray, sound: FloatArray, start: int, strength: float, grid: BeatGrid
) -> None:
    """Add a sound in place; in a loop, a start before the beginning wraps to the end."""
    place(track, sound, start % grid.frames if grid.looped else max(start, 0), strength)


def _fit_to_grid(track: FloatArray, grid: BeatGrid) -> FloatArray:
    return wrapped_around(track, grid.frames) if grid.looped else fitted(track, grid.frames)


def _saturated(track: FloatArray) -> FloatArray:
    pushed = track * np.float32(_DRIVE / max(float(np.abs(track).max()), 1e-6))
    return np.asarray(np.tanh(pushed), np.float32)


def _ducking(hits: Sequence[Hit], depth: float, grid: BeatGrid) -> FloatArray:
    """Return the gain of the ducked parts, as it is from the second round of the loop on."""
    kicks = [grid.frame(hit.start) for hit in hits if hit.drum == "kick"]
    rounds = [kick + turn * grid.frames for turn in range(3) for kick in kicks]
    return ducking(2 * grid.frames, rounds, depth, _PUMP_RECOVERY)[grid.frames :]


def _vinyl_noise(track: FloatArray, level: float) -> FloatArray:
    """Return the noise of an old record, as far below a track as in a song."""
    strength = float(np.sqrt(np.mean(track**2)))
    return vinyl_noise(track.shape[1], seed=5) * np.float32(0.5 * level * strength)

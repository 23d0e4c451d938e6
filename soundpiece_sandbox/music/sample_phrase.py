"""Phrases of a sample: the parts its words ask for, played over a grid."""

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
from soundpiece_sandbox.music.form import Form, Part
from soundpiece_sandbox.music.harmony import Chord
from soundpiece_sandbox.music.instruments import Instrument
from soundpiece_sandbox.music.mastering import balance
from soundpiece_sandbox.music.mix_effects import add_echo, add_reverb, ducking, vinyl_noise
from soundpiece_sandbox.music.prompt import Character
from soundpiece_sandbox.music.sample_prompt import EIGHT_O_EIGHT, VOICE, SamplePrompt
from soundpiece_sandbox.music.score import Hit, Note
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.vocal_instrument import VocalInstrument

_ENERGY = 0.8  # of a part that plays its verse's patterns with everything
_TAIL = 5.0  # seconds that a phrase may ring on
_LOOSENESS = 0.004  # seconds a hand may be early or late
_PRESSURE = 1.8  # how far above a ceiling the peaks of drums alone are pushed
_PUMP_RECOVERY = 0.28  # seconds
_BASS_ROOM = (0.35, 0.06)  # seconds to fade by 60 dB, level beside the dry sound
_DRUM_ROLES = ("drums", "top")
_ECHOED = ("lead", "arpeggio", "chops")
_USUAL_LEVEL = -4.0  # dB, of a part among others
_SPARSE = 3  # drums of which a groove has fewer: then the chorus's plays
_TOP = ("hat", "open hat", "foot hat", "ride", "shaker", "tambourine", "rim")
_ALONE = {  # what a drum plays that the style's groove lacks
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
_AT_ONCE = "X..............."  # what a phrase too short for any of the groove's strokes plays
_BROKEN = {"arpeggio": "0123210212321321", "chops": "0..1..2-..1.0-3."}
_LEVELS = {"drums": 0.0, "bass": -2.0, "pad": -7.0}


@dataclass(frozen=True)
class _PhrasePlan:
    """A phrase before it sounds."""

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
    """Return the parts a sample's words ask for, (2, grid.frames), before any mastering.

    On a circle, whatever rings over the end is heard at the beginning.
    """
    style = _suited(character.style, wanted, random)
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
        # Drums alone are nearly all peaks, which a master could not lift.
        parts["drums"] = _pressed(parts["drums"])
    track = sum(parts.values(), start=silence(grid.frames))
    return track + _vinyl_noise(track, style.crackle) if style.crackle else track


def _suited(style: Style, wanted: SamplePrompt, random: SeededRandom) -> Style:
    """Return the style with the kit, the grooves and the patterns that the words choose."""
    lively = wanted.busy or random.stream("grooves").random() < 0.4  # noqa: PLR2004 - a chance
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
    """Return one part over the grid. It runs a bar further, or its last bar would be a fill."""
    bars = grid.bars if wanted.fill else grid.bars + 1
    body = Part("loop", 0, 0, bars, _ENERGY)
    return Form((body, Part("ending", 0, bars, 1, 0.5)), grid.tempo)


def _hits(plan: _PhrasePlan) -> tuple[Hit, ...]:
    """Return the strokes of the drums that are asked for, if any are."""
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
    """Return the strokes of a style's groove that fall within the grid."""
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
    return _closed(track, grid)


def _play_role(role: str, plan: _PhrasePlan) -> FloatArray:
    """Return one pitched part in the style's room."""
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
    return _closed(track, grid)


def add_room(track: FloatArray, role: str, style: Style) -> None:
    """Add the style's room to a role's track (2, frames) in place; a bass has a small one."""
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
    # Voices are led like a piano's.
    playing = replace(character, style=style, chords="piano" if name == VOICE else name)
    return compose_chords(form, harmony, playing)


def _looseness(style: Style) -> float:
    """Return the seconds a hand may be early or late; what pumps is played by machines."""
    return 0.0 if style.pump else _LOOSENESS


def _place(
    track: FloatArray, sound: FloatArray, start: int, strength: float, grid: BeatGrid
) -> None:
    """Place a stroke; on a circle, one that comes before the beginning comes at the end."""
    place(track, sound, start % grid.frames if grid.looped else max(start, 0), strength)


def _closed(track: FloatArray, grid: BeatGrid) -> FloatArray:
    return wrapped_around(track, grid.frames) if grid.looped else fitted(track, grid.frames)


def _pressed(track: FloatArray) -> FloatArray:
    pushed = track * np.float32(_PRESSURE / max(float(np.abs(track).max()), 1e-6))
    return np.asarray(np.tanh(pushed), np.float32)


def _ducking(hits: Sequence[Hit], depth: float, grid: BeatGrid) -> FloatArray:
    """Return the gain of what gives way to the kick, as it is once the loop goes round."""
    kicks = [grid.frame(hit.start) for hit in hits if hit.drum == "kick"]
    rounds = [kick + turn * grid.frames for turn in range(3) for kick in kicks]
    return ducking(2 * grid.frames, rounds, depth, _PUMP_RECOVERY)[grid.frames :]


def _vinyl_noise(track: FloatArray, level: float) -> FloatArray:
    """Return the dust of an old record, as far below a track as it lies on a song."""
    strength = float(np.sqrt(np.mean(track**2)))
    return vinyl_noise(track.shape[1], seed=5) * np.float32(0.5 * level * strength)

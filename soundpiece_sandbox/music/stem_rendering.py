"""Rendering of a plan: the stems of a piece, played by instruments and sung by voices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from soundpiece_sandbox.music.accompaniment import FULL_ENERGY
from soundpiece_sandbox.music.audio_arrays import FloatArray, frames_in, panned, place, silence
from soundpiece_sandbox.music.drums import Kit
from soundpiece_sandbox.music.instruments import Instrument
from soundpiece_sandbox.music.mastering import loudness
from soundpiece_sandbox.music.melody import harmony_line, notes_of
from soundpiece_sandbox.music.mix_effects import add_echo, add_reverb, ducking, vinyl_noise
from soundpiece_sandbox.music.plan import Plan
from soundpiece_sandbox.music.score import Note, SungNote
from soundpiece_sandbox.music.singing_synthesis import Singer, sing
from soundpiece_sandbox.music.song_form import LEAD_IN, Part

_LOOSENESS = 0.005  # seconds that a player is early or late
_MACHINES = ("techno", "synthwave", "house")  # styles with machine timing
_PUMP_RECOVERY = 0.28  # seconds
_LEAD_AHEAD = 2.0  # dB by which an instrumental's lead is louder than its accompaniment
_VOCAL_WET = 0.75  # of the style's reverb


def render_stems(plan: Plan) -> dict[str, FloatArray]:
    """Return the plan's stems, (2, frames) each, before any mastering."""
    style = plan.character.style
    drums = _play_drums(plan)
    bass = silence(plan.frames)
    _play_notes(bass, plan.bass, Instrument(style.bass), plan)
    other = _play_others(plan)
    if style.pump:
        kicks = [_frame(hit.start, plan) for hit in plan.drums if hit.drum == "kick"]
        duck = ducking(plan.frames, kicks, style.pump, _PUMP_RECOVERY)
        other *= duck
        bass *= duck
    if style.crackle:
        _add_vinyl_noise(other, style.crackle)
    return {"vocals": _sing_all(plan), "drums": drums, "bass": bass, "other": other}


def _frame(beat: float, plan: Plan) -> int:
    return frames_in(LEAD_IN + beat * 60.0 / plan.form.tempo)


def _play_drums(plan: Plan) -> FloatArray:
    track = silence(plan.frames)
    kit = Kit(plan.character.style.kit)
    rng = plan.random.stream("hands", "drums")
    loose = 0.0 if plan.character.style.name in _MACHINES else 0.4 * _LOOSENESS
    for hit in plan.drums:
        late = frames_in(float(rng.normal(0.0, 1.0)) * loose)
        touch = float(rng.uniform(0.9, 1.0))
        place(track, kit.strike(hit.drum), _frame(hit.start, plan) + late, hit.strength * touch)
    return track


def _play_notes(
    track: FloatArray,
    notes: Sequence[Note],
    instrument: Instrument,
    plan: Plan,
    *,
    level: float = 1.0,
) -> None:
    """Add notes to a track in place, each a little early or late, as people play."""
    rng = plan.random.stream("hands", instrument.name)
    loose = 0.0 if plan.character.style.name in _MACHINES else _LOOSENESS
    beat_seconds = 60.0 / plan.form.tempo
    for note in notes:
        late = frames_in(float(rng.normal(0.0, 0.5)) * loose)
        touch = float(rng.uniform(0.9, 1.0)) * note.strength * level
        sound = instrument.strike(note.pitches, note.length * beat_seconds)
        place(track, sound, _frame(note.start, plan) + late, touch)


def _play_others(plan: Plan) -> FloatArray:
    """Return chords, pad and lead together, with the style's reverb."""
    character = plan.character
    style = character.style
    lead = silence(plan.frames)
    _play_notes(lead, plan.lead, Instrument(character.lead), plan)
    lead *= np.float32(0.8)
    add_echo(lead, 45.0 / plan.form.tempo, 0.35)  # three quarters of a beat
    track = silence(plan.frames)
    _play_notes(track, plan.chords, Instrument(character.chords), plan)
    if plan.pad:
        _play_notes(track, plan.pad, Instrument(character.pad), plan, level=0.5)
    if not plan.melody:
        ahead = loudness(track) + _LEAD_AHEAD - loudness(lead)
        lead *= np.float32(10.0 ** (ahead / 20.0))
    track += lead
    add_reverb(track, style.reverb, style.wet)
    return track


def _add_vinyl_noise(track: FloatArray, level: float) -> None:
    grain = vinyl_noise(track.shape[1], seed=5)
    edge = frames_in(1.0)
    ramp = np.linspace(0.0, 1.0, edge, dtype=np.float32)
    grain[:, :edge] *= ramp
    grain[:, -2 * edge : -edge] *= ramp[::-1]
    grain[:, -edge:] = 0.0
    track += np.float32(0.05 * level) * grain


def _sing_all(plan: Plan) -> FloatArray:
    """Return the lead voice, doubled by two more voices at full energy."""
    track = silence(plan.frames)
    if not plan.melody:
        return track
    lead, left, right = _singers(plan)
    for part in plan.form.parts:
        for phrase in part.phrases:
            notes = notes_of(phrase, plan.melody)
            _sing_at(track, notes, replace(lead, level=_presence(part)), plan)
            if part.energy >= FULL_ENERGY:
                _sing_at(track, notes, left, plan)
                _sing_at(track, harmony_line(notes, plan.character.key), right, plan)
    style = plan.character.style
    add_echo(track, 60.0 / plan.form.tempo, 0.1)
    add_reverb(track, style.reverb, _VOCAL_WET * style.wet)
    return track


def _presence(part: Part) -> float:
    return 0.65 + 0.35 * part.energy


def _singers(plan: Plan) -> tuple[Singer, Singer, Singer]:
    rng = plan.random.stream("singers")
    size = 1.13 if plan.character.voice == "high" else 0.98
    size *= float(rng.uniform(0.96, 1.04))
    tilt = float(rng.uniform(3000.0, 5000.0))
    lead = Singer(size, tilt, vibrato=float(rng.uniform(34.0, 52.0)), seed=1)
    beside = replace(lead, ring=0.8, vibrato=28.0, air=0.07, level=0.3)
    return (
        lead,
        replace(beside, size=size * 1.03, rate=5.0, pan=-0.7, seed=2),
        replace(beside, size=size * 1.05, rate=5.8, pan=0.7, seed=3),
    )


def _sing_at(track: FloatArray, notes: Sequence[SungNote], singer: Singer, plan: Plan) -> None:
    sound, start = sing(notes, 60.0 / plan.form.tempo, singer)
    place(track, panned(sound, singer.pan), start + frames_in(LEAD_IN), singer.level)

"""The adjectives of a prompt, such as "distant", "huge" and "gentle", and their modifications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from math import prod

import numpy as np

from soundpiece_sandbox.music.audio_arrays import FloatArray
from soundpiece_sandbox.music.filters import band_passed, convolved
from soundpiece_sandbox.music.fx.effect_model import Effect, Strike
from soundpiece_sandbox.music.fx.render import Scaling, struck
from soundpiece_sandbox.music.mix_effects import add_echo, add_reverb

_LOWEST, _HIGHEST_KEPT = 18.0, 40_000.0  # Hz, the neutral edges of the band-pass


@dataclass(frozen=True)
class Modifier:
    """The changes that adjectives make to an effect; the defaults change nothing."""

    pitch: float = 1.0
    length: float = 1.0
    speed: float = 1.0
    density: float = 1.0
    gain: float = 1.0
    dry: float = 1.0  # factor of the effect's own reverb
    low_cut: float = _LOWEST  # Hz below which it is rolled off
    high_cut: float = _HIGHEST_KEPT
    room: float = 0.0  # seconds to fade by 60 dB
    wet: float = 0.0  # reverb beside the dry sound
    echo: float = 0.0
    metal: float = 0.0
    backwards: float = 0.0

    @property
    def scaling(self) -> Scaling:
        """The changes to single sounds and their times."""
        return Scaling(self.pitch, self.length, self.speed, self.density)

    def combined_with(self, other: Modifier) -> Modifier:
        """Return both modifications together."""
        products = ("pitch", "length", "speed", "density", "gain", "dry")
        most = {
            field.name: max(getattr(self, field.name), getattr(other, field.name))
            for field in fields(self)
        }
        return Modifier(
            **most
            | {name: prod((getattr(self, name), getattr(other, name))) for name in products}
            | {"high_cut": min(self.high_cut, other.high_cut)}
        )


_ADJECTIVES = (
    (
        ("distant", "far", "far away", "faraway", "remote", "in the distance", "muffled"),
        Modifier(gain=0.35, high_cut=1300.0, room=2.4, wet=0.8),
    ),
    (("close", "near", "nearby", "intimate", "dry", "close up"), Modifier(dry=0.2, gain=1.2)),
    (
        ("huge", "big", "massive", "giant", "epic", "large", "enormous", "gigantic", "monstrous"),
        Modifier(pitch=0.74, length=1.6, room=2.8, wet=0.35),
    ),
    (("tiny", "small", "little", "mini", "toy", "miniature"), Modifier(pitch=1.6, length=0.5)),
    (("short", "tight", "brief"), Modifier(length=0.5, dry=0.6)),
    (("long", "endless", "sustained"), Modifier(length=1.7)),
    (("deep", "low", "bassy", "subsonic"), Modifier(pitch=0.66)),
    (("high", "high pitched", "shrill", "squeaky"), Modifier(pitch=1.5)),
    (("fast", "quick", "rapid", "frantic", "hurried"), Modifier(speed=1.6, length=0.7)),
    (("slow", "slowly", "lazy", "relaxed"), Modifier(speed=0.6, length=1.4)),
    (("dark", "dull", "warm", "gloomy"), Modifier(high_cut=1100.0, pitch=0.85)),
    (("bright", "crisp", "sharp", "harsh", "airy"), Modifier(low_cut=900.0, pitch=1.15)),
    (
        ("heavy", "intense", "strong", "violent", "hard", "busy", "aggressive", "torrential"),
        Modifier(density=2.4, pitch=0.86, gain=1.3, length=1.2),
    ),
    (
        ("light", "gentle", "soft", "calm", "sparse", "delicate", "subtle", "mild"),
        Modifier(density=0.35, pitch=1.1, gain=0.6, length=0.85, high_cut=6500.0),
    ),
    (("quiet", "faint", "whispering", "silent"), Modifier(gain=0.3)),
    (("metallic", "steel", "iron", "rusty", "tinny"), Modifier(metal=0.8)),
    (("echo", "echoing", "echoey", "canyon", "delay"), Modifier(echo=0.7, room=1.5, wet=0.2)),
    (
        ("cave", "hall", "reverb", "reverberant", "tunnel", "cavern", "spacious", "church"),
        Modifier(room=3.4, wet=0.8),
    ),
    (("reverse", "reversed", "backwards", "backward"), Modifier(backwards=1.0)),
)
MODIFIERS = {word: modifier for words, modifier in _ADJECTIVES for word in words}
_PLATE = Strike(
    tuple((pitch, 1.0, 0.05) for pitch in (523.0, 1187.0, 1811.0, 2683.0, 3907.0, 5209.0))
)


def combined(modifiers: Iterable[Modifier]) -> Modifier:
    """Return several modifiers combined into one; repeated ones count once."""
    return reduce(Modifier.combined_with, dict.fromkeys(modifiers), Modifier())


def modified(track: FloatArray, modifier: Modifier, kind: Effect) -> FloatArray:
    """Return an effect's track (2, frames) with the modifications and reverb, without DC."""
    if modifier.backwards:
        track = track[:, ::-1].copy()
    if modifier.metal:
        track = track + np.float32(modifier.metal) * _ringing(track)
    if modifier.echo:
        add_echo(track, 0.27 * modifier.length, modifier.echo)
    seconds, wet = kind.room
    wet = wet * modifier.dry + modifier.wet
    if wet:
        add_reverb(track, max(seconds, modifier.room), wet)
    if kind.drive:
        track = np.tanh(track * np.float32(kind.drive / max(float(np.abs(track).max()), 1e-6)))
    return band_passed(track, modifier.low_cut, modifier.high_cut, 1)


def _ringing(track: FloatArray) -> FloatArray:
    """Return a track (2, frames) played through a metal plate, at the track's level."""
    plate = struck(_PLATE, 1.0, 1.0, seed=0)
    plate /= np.sqrt(np.sum(plate**2, axis=1, keepdims=True))
    return convolved(track.mean(axis=0), plate)[:, : track.shape[1]]

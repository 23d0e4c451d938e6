"""Drum synthesis: each hit is a swept sine and a noise band, in the reverb of a room."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, faded, frames_in, panned
from soundpiece_sandbox.music.filters import band_passed, convolved, noise
from soundpiece_sandbox.music.mix_effects import impulse_response


@dataclass(frozen=True)
class Drum:
    """One drum: a skin (a sine that falls in pitch) and a rattle (a band of noise)."""

    pitch: float = 0.0  # Hz at which the skin settles; 0 without a skin
    fall: float = 0.0  # octaves by which it starts higher
    fall_time: float = 0.03  # seconds
    skin: float = 0.2  # seconds until the skin is half as loud
    rattle: float = 0.0  # level of the noise
    low: float = 200.0  # Hz, the lower edge of the noise
    high: float = 12_000.0
    decay: float = 0.08  # seconds until the noise is half as loud
    metal: float = 0.0  # level of a cymbal's inharmonic partials
    claps: int = 1  # number of hands
    pan: float = 0.0
    level: float = 1.0


_STANDARD = {
    "kick": Drum(52.0, 2.4, 0.022, 0.11, rattle=0.12, low=1500.0, high=6000.0, decay=0.004),
    "snare": Drum(190.0, 0.6, 0.015, 0.055, 0.55, 900.0, 9500.0, 0.055, level=0.75),
    "clap": Drum(rattle=0.9, low=900.0, high=4500.0, decay=0.05, claps=3, level=0.7),
    "rim": Drum(820.0, 0.2, 0.004, 0.012, 0.25, 1500.0, 6000.0, 0.008, pan=-0.25, level=0.45),
    "hat": Drum(rattle=0.5, low=7500.0, high=15_000.0, decay=0.018, metal=0.25, pan=0.3, level=0.3),
    "foot hat": Drum(rattle=0.5, low=5500.0, high=12_000.0, decay=0.02, pan=0.3, level=0.3),
    "open hat": Drum(
        rattle=0.5, low=6500.0, high=15_000.0, decay=0.11, metal=0.3, pan=0.3, level=0.32
    ),
    "ride": Drum(
        rattle=0.45, low=5000.0, high=13_000.0, decay=0.13, metal=0.25, pan=-0.35, level=0.3
    ),
    "crash": Drum(
        rattle=0.8, low=2800.0, high=14_000.0, decay=0.5, metal=0.3, pan=-0.2, level=0.42
    ),
    "shaker": Drum(rattle=0.8, low=4500.0, high=11_000.0, decay=0.022, pan=-0.4, level=0.32),
    "tambourine": Drum(
        rattle=0.5, low=5500.0, high=14_000.0, decay=0.05, metal=0.6, pan=0.4, level=0.35
    ),
    "high tom": Drum(165.0, 0.7, 0.05, 0.13, 0.08, 400.0, 3000.0, 0.03, pan=0.4, level=0.7),
    "middle tom": Drum(125.0, 0.7, 0.05, 0.15, 0.08, 400.0, 3000.0, 0.03, pan=0.0, level=0.75),
    "low tom": Drum(88.0, 0.7, 0.06, 0.18, 0.08, 300.0, 2500.0, 0.03, pan=-0.4, level=0.85),
    "timpani": Drum(73.0, 0.25, 0.04, 0.42, 0.15, 100.0, 700.0, 0.05, pan=-0.2, level=0.9),
    "bass drum": Drum(44.0, 0.6, 0.05, 0.3, 0.2, 60.0, 500.0, 0.08, level=1.0),
}

# For each kit: its changes to the standard drums, and its room's reverb time (s) and level.
_KITS: dict[str, tuple[dict[str, Drum], float, float]] = {
    "studio": ({}, 0.45, 0.12),
    "rock": (
        {
            "kick": replace(_STANDARD["kick"], pitch=58.0, skin=0.09, rattle=0.25),
            "snare": replace(_STANDARD["snare"], pitch=205.0, rattle=0.75, decay=0.08, level=0.9),
        },
        0.8,
        0.22,
    ),
    "brushes": (
        {
            "kick": replace(_STANDARD["kick"], pitch=62.0, fall=0.9, skin=0.08, rattle=0.03),
            "snare": replace(_STANDARD["snare"], rattle=0.35, low=1800.0, decay=0.09, level=0.4),
            "ride": replace(_STANDARD["ride"], decay=0.2),
        },
        0.7,
        0.16,
    ),
    "soft": (
        {"kick": replace(_STANDARD["kick"], pitch=46.0, fall=0.5, skin=0.25, rattle=0.0)},
        3.0,
        0.5,
    ),
    "gated": (
        {
            "kick": replace(_STANDARD["kick"], pitch=50.0, skin=0.14, rattle=0.18),
            "snare": replace(_STANDARD["snare"], pitch=170.0, rattle=0.9, low=500.0, decay=0.16),
        },
        0.35,
        0.5,
    ),
    "dusty": (
        {
            "kick": replace(_STANDARD["kick"], pitch=60.0, fall=1.3, skin=0.09, rattle=0.05),
            "snare": replace(_STANDARD["snare"], rattle=0.4, high=4500.0, decay=0.05),
            "hat": replace(_STANDARD["hat"], low=4500.0, high=8000.0, metal=0.05, level=0.3),
        },
        0.3,
        0.1,
    ),
    "concert": ({}, 2.6, 0.35),
    "electronic": (
        {
            "kick": replace(_STANDARD["kick"], pitch=48.0, fall=3.0, skin=0.16, rattle=0.2),
            "snare": replace(_STANDARD["snare"], pitch=180.0, rattle=0.7, decay=0.05),
        },
        0.3,
        0.08,
    ),
    "wood": (
        {
            "kick": replace(_STANDARD["kick"], pitch=72.0, fall=0.7, skin=0.07, rattle=0.04),
            "snare": replace(_STANDARD["snare"], rattle=0.3, level=0.5),
        },
        0.5,
        0.14,
    ),
}
_CLASHING = (317.0, 423.0, 517.0, 631.0, 743.0, 871.0)  # Hz; no two are in a simple ratio
_SILENT_AFTER = 9.0  # half-lives


class Kit:
    """A drum kit in its room; each drum is synthesised once and then reused."""

    def __init__(self, name: str) -> None:
        changes, self._room_seconds, self._room_level = _KITS[name]
        self._drums = _STANDARD | changes
        self._struck: dict[str, FloatArray] = {}

    def strike(self, drum: str) -> FloatArray:
        """Return one hit at full strength, (2, frames); a drum that the kit lacks is silent."""
        if drum not in self._drums:
            return np.zeros((2, 1), np.float32)
        if drum not in self._struck:
            self._struck[drum] = self._in_room(_dry(self._drums[drum]), self._drums[drum].pan)
        return self._struck[drum]

    def _in_room(self, dry: FloatArray, pan: float) -> FloatArray:
        room = impulse_response(self._room_seconds, brightness=5000.0, seed=7)
        tail = convolved(dry, room) * np.float32(self._room_level)
        tail[:, : dry.shape[0]] += panned(dry, pan)
        return faded(tail, 0.0005, 0.02)


def _dry(drum: Drum) -> FloatArray:
    longest = max(drum.skin if drum.pitch else 0.0, drum.decay if drum.rattle else 0.0)
    frames = frames_in(longest * _SILENT_AFTER + 0.02)
    time = np.arange(frames, dtype=np.float32) / np.float32(SAMPLE_RATE)
    sound = np.zeros(frames, np.float32)
    if drum.pitch:
        frequency = drum.pitch * np.exp2(drum.fall * np.exp(-time / drum.fall_time))
        sound += np.sin(2.0 * np.pi * np.cumsum(frequency) / SAMPLE_RATE) * _dying(time, drum.skin)
    if drum.metal:
        clash = sum(np.sign(np.sin(2.0 * np.pi * pitch * 7.3 * time)) for pitch in _CLASHING)
        metal = band_passed(np.asarray(clash, np.float32), drum.low, drum.high)
        sound += drum.metal * 0.2 * metal * _dying(time, drum.decay)
    if drum.rattle:
        rattle = noise(frames, drum.low, drum.high)
        sound += drum.rattle * rattle * _clapped(time, drum)
    return faded(sound * np.float32(drum.level), 0.0008, 0.01).astype(np.float32)


def _dying(time: FloatArray, half_life: float) -> FloatArray:
    return np.asarray(np.exp2(-time / np.float32(half_life)), np.float32)


def _clapped(time: FloatArray, drum: Drum) -> FloatArray:
    """Return the noise's envelope: several claps 11 ms apart, of which the last one rings."""
    envelope = np.zeros_like(time)
    for hand in range(drum.claps):
        since = time - np.float32(0.011 * hand)
        half_life = drum.decay if hand == drum.claps - 1 else 0.004
        envelope += np.where(since >= 0, np.exp2(-np.maximum(since, 0) / half_life), 0)
    return np.asarray(envelope, np.float32)

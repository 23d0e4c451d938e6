"""Sound effects: from a prompt to finished stereo sound."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from soundpiece_sandbox.music.audio_arrays import FloatArray, faded, frames_in, silence
from soundpiece_sandbox.music.finishing import frames_first, levelled
from soundpiece_sandbox.music.fx.adjectives import MODIFIERS, Modifier, combined, modified
from soundpiece_sandbox.music.fx.cinematic import CINEMATIC
from soundpiece_sandbox.music.fx.effect_model import (
    BRIGHT,
    SOFT,
    SWELL,
    Effect,
    Layer,
    NoiseBand,
    Scattered,
    Strike,
    SweptTone,
)
from soundpiece_sandbox.music.fx.everyday import EVERYDAY
from soundpiece_sandbox.music.fx.machines import MACHINES
from soundpiece_sandbox.music.fx.nature import NATURE
from soundpiece_sandbox.music.fx.render import render_layer
from soundpiece_sandbox.music.fx.signals import SIGNALS
from soundpiece_sandbox.music.mastering import loudness
from soundpiece_sandbox.music.prompt_vocabulary import phrases_in
from soundpiece_sandbox.music.seeded_random import SeededRandom

KINDS = (*CINEMATIC, *NATURE, *EVERYDAY, *MACHINES, *SIGNALS)

_KIND_WORDS = {word: kind for kind in KINDS for word in (kind.name, *kind.words)}
# Searched together, so that the church of "church bell" does not count as an adjective.
_VOCABULARY = frozenset({*_KIND_WORDS, *MODIFIERS})
# Adjectives belong to the kinds in their clause: "rain and distant thunder".
_BETWEEN_CLAUSES = re.compile(r"[,;.&+]|\b(?:and|with|then|plus|while|followed by)\b")
_LOUDNESS = -16.0  # LUFS
_SHORTEST, _LONGEST = 0.5, 30.0  # seconds
_ATTACK = 0.0004  # seconds
_MOST_KINDS = 5


@dataclass(frozen=True)
class _RequestedEffect:
    """One of the effects a prompt asks for."""

    kind: Effect
    modifier: Modifier


def make_fx(prompt: str, duration: float | None, *, variation: int = 0) -> FloatArray:
    """Return the effect that a prompt describes: (frames, 2) float32 at 44.1 kHz, within ±1.

    It has exactly `round(duration * 44100)` frames, for a duration of 0.5 to 30 seconds; None asks
    for a natural length. Several kinds are mixed, and adjectives change the kinds beside them. A
    prompt without a kind gets an airy swell that its words shape. Each variation is another take,
    and the same arguments always return the same sound. It peaks at -3 dBFS or has -16 LUFS,
    whichever is quieter; adjectives such as "distant" and "quiet" make it quieter still.
    """
    parts = _parts(prompt)
    if duration is None:
        natural = max(part.kind.seconds * part.modifier.length for part in parts)
        duration = min(max(natural, _SHORTEST), _LONGEST)
    frames = frames_in(duration)
    random = SeededRandom("", prompt, variation, "effect")
    mixed = silence(frames)
    for part in parts:
        made = _made(part, frames, random.stream(part.kind.name))
        # Kinds are mixed at equal loudness, except for the gain of their adjectives.
        mixed += made * np.float32(part.modifier.gain * 10.0 ** (-loudness(made) / 20.0))
    loudest = min(max(part.modifier.gain for part in parts), 1.0)
    edged = faded(mixed, _ATTACK, min(0.1 * duration, *(part.kind.fade for part in parts)))
    return frames_first(levelled(edged, _LOUDNESS) * np.float32(loudest))


def _parts(prompt: str) -> list[_RequestedEffect]:
    """Return the kinds that a prompt names with their modifiers, or one made from its words."""
    found: dict[str, _RequestedEffect] = {}
    overall: list[Modifier] = []
    for clause in _BETWEEN_CLAUSES.split(prompt.casefold()):
        words = phrases_in(clause, _VOCABULARY)
        kinds = [_KIND_WORDS[word] for word in words if word in _KIND_WORDS]
        modifiers = [MODIFIERS[word] for word in words if word not in _KIND_WORDS]
        for kind in kinds:
            found.setdefault(kind.name, _RequestedEffect(kind, combined(modifiers)))
        if not kinds:
            overall += modifiers
    everywhere = combined(overall)
    parts = list(found.values())[:_MOST_KINDS] or [_RequestedEffect(_designed(prompt), Modifier())]
    return [_RequestedEffect(part.kind, part.modifier.combined_with(everywhere)) for part in parts]


def _made(part: _RequestedEffect, frames: int, rng: np.random.Generator) -> FloatArray:
    track = silence(frames)
    for layer in part.kind.layers:
        track += render_layer(layer, frames, part.modifier.scaling, rng)
    return modified(track, part.modifier, part.kind)


def _designed(prompt: str) -> Effect:
    """Return an airy swell whose frequencies the words decide."""
    rng = SeededRandom("", prompt, 0, "design").request_stream()
    low, middle, high = np.sort(rng.uniform(np.log2(200.0), np.log2(6000.0), 3))
    frequencies = rng.permutation((2.0**low, 2.0**middle, 2.0**high))
    root = float(55.0 * 2.0 ** (rng.integers(0, 24) / 12.0))
    peak = float(rng.uniform(0.3, 0.7))
    swell = ((0.0, 0.0), (peak, 1.0), (1.0, 0.0))
    sweep = tuple(
        (place, float(frequency))
        for place, frequency in zip((0.0, peak, 1.0), frequencies, strict=True)
    )
    fifth, octave = root * 1.5, root * float(rng.choice((2.0, 2.4, 3.0, 4.0)))
    return Effect(
        "designed",
        (),
        seconds=4.0,
        layers=(
            Layer(NoiseBand(sweep, float(rng.uniform(0.8, 2.0)), swell, gusts=0.2)),
            *(
                Layer(
                    SweptTone(
                        ((0.0, pitch), (1.0, pitch)),
                        BRIGHT if rng.random() < 0.5 else SOFT,  # noqa: PLR2004 - a probability
                        tuple((place, 2.0 * frequency) for place, frequency in sweep),
                        SWELL,
                        voices=4,
                        detune=float(rng.uniform(8.0, 30.0)),
                    ),
                    level=0.4,
                )
                for pitch in (root, fifth, octave)
            ),
            Layer(
                Strike(((8.0 * root, 1.0, 0.15), (21.0 * root, 0.3, 0.08)), notes=(0, 3, 7, 10)),
                Scattered(float(rng.uniform(1.0, 6.0)), swell),
                level=float(rng.uniform(0.1, 0.5)),
                spread=0.9,
            ),
        ),
        room=(2.4, 0.5),
    )

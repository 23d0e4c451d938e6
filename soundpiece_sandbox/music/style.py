"""The description of a musical style, and the notation of its patterns.

One bar is a string of sixteen steps. For drums `X x o` are loud, normal and ghost hits.
For bass `R 3 5 8 a` are root, third, fifth, octave, and the approach to the next root; for
chords `C` is the whole chord and digits its single notes from below. `-` holds, `.` is a rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Style:
    """The tempo, chords, patterns, instruments and mix of a style."""

    name: str
    words: tuple[str, ...]  # words in a prompt that name it
    tempo: tuple[float, float]  # beats per minute, slowest to fastest
    mode: str  # "major" or "minor", unless the prompt decides
    major: tuple[str, ...]  # progressions: the verse's, the chorus's, the bridge's
    minor: tuple[str, ...]
    kit: str
    verse_drums: dict[str, str]
    chorus_drums: dict[str, str]
    bass: str
    verse_bass: str
    chorus_bass: str
    chords: tuple[str, ...]  # instruments to choose from
    verse_chords: str
    chorus_chords: str
    lead: tuple[str, ...]
    pad: str = ""
    swing: float = 0.0  # delay of every second step, as a share of a step
    swing_step: float = 0.5  # the step that swings, in beats
    reverb: float = 1.6  # seconds to fade by 60 dB
    wet: float = 0.2  # reverb beside the dry sound
    pump: float = 0.0  # depth to which the kick ducks the rest, 0 to 1
    moods: tuple[str, ...] = ()  # words that suggest it if no style is named
    crackle: float = 0.0  # level of vinyl noise
    levels: tuple[float, float, float] = (-2.0, -4.0, -3.0)  # drums, bass, other; dB to the voice

    def octaves_outside(self, tempo: float) -> float:
        """Return the octaves by which a tempo is outside the style's range; 0 inside."""
        slowest, fastest = self.tempo
        return math.log2(max(slowest / tempo, tempo / fastest, 1.0))

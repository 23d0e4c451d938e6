"""A small choir that is played like an instrument, for samples without words."""

from __future__ import annotations

import numpy as np

from soundpiece_sandbox.music.audio_arrays import (
    SAMPLE_RATE,
    FloatArray,
    faded,
    frames_in,
    panned,
    place,
    silence,
)
from soundpiece_sandbox.music.lyrics import Syllable
from soundpiece_sandbox.music.score import SungNote
from soundpiece_sandbox.music.singing_synthesis import Singer, sing

_LEAD_IN = 0.5  # seconds before the note, filled by the singer's breath
_HIGHEST = 72  # MIDI: higher pitches are sung octaves lower
_SHORTEST = 0.12  # seconds, the least for a vowel
_RELEASE = 0.12  # seconds


class VocalInstrument:
    """Three singers in unison on one vowel; equal chords are rendered once and then reused."""

    def __init__(self, vowel: str, voice: str) -> None:
        """Sing a vowel of "aeiou" in a "high" or a "low" voice."""
        size = 1.13 if voice == "high" else 0.98
        self._syllable = Syllable("", vowel, "")
        self._singers = (
            Singer(size, 3600.0, vibrato=24.0, seed=1),
            Singer(size * 1.03, ring=0.8, vibrato=20.0, rate=5.0, pan=-0.8, level=0.6, seed=2),
            Singer(size * 0.98, ring=0.8, vibrato=20.0, rate=5.8, pan=0.8, level=0.6, seed=3),
        )
        self._sung: dict[tuple[tuple[int, ...], int], FloatArray] = {}

    def strike(self, pitches: tuple[int, ...], seconds: float) -> FloatArray:
        """Return MIDI `pitches` sung together and held for `seconds`: (2, frames).

        The sound is longer than `seconds` by a short release.
        """
        held = frames_in(max(round(seconds, 2), _SHORTEST))
        key = (pitches, held)
        if key not in self._sung:
            self._sung[key] = self._chord(pitches, held)
        return self._sung[key]

    def _chord(self, pitches: tuple[int, ...], held: int) -> FloatArray:
        sound = silence(held + frames_in(_RELEASE))
        for pitch in pitches:
            octaves = max(-(-(pitch - _HIGHEST) // 12), 0)
            note = SungNote(_LEAD_IN, held / SAMPLE_RATE, pitch - 12 * octaves, self._syllable)
            for singer in self._singers:
                sung, opening = sing([note], 1.0, singer)
                # The breath before the note is cut off, so that the sound begins on the vowel.
                begun = panned(sung[frames_in(_LEAD_IN) - opening :], singer.pan)
                place(sound, begun, 0, singer.level)
        return faded(sound / np.float32(len(pitches) ** 0.5), 0.012, _RELEASE)

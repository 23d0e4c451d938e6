"""One-shots: samples of one drum hit, one note or one chord."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from soundpiece_sandbox.music.audio_arrays import SAMPLE_RATE, FloatArray, frames_in, place, silence
from soundpiece_sandbox.music.drums import Kit
from soundpiece_sandbox.music.harmony import Chord, voicing
from soundpiece_sandbox.music.instrument_presets import TONES
from soundpiece_sandbox.music.instruments import Instrument
from soundpiece_sandbox.music.prompt import Character
from soundpiece_sandbox.music.sample_phrase import add_room
from soundpiece_sandbox.music.sample_prompt import EIGHT_O_EIGHT, VOICE, SamplePrompt
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.vocal_instrument import VocalInstrument

_TAIL = 4.0  # seconds that a one-shot may ring after its length
_CHORD_CENTRES = (61.0, 64.0, 57.0)  # MIDI, one for each variation in turn
_NOTE_LOWEST = {"bass": 33, "lead": 67, "chops": 60}  # MIDI
_POWER_LOWEST = 52
_DRUM_SECONDS = {"crash": 3.0, "ride": 2.0, "timpani": 3.0, EIGHT_O_EIGHT: 2.0}
_SHORT = 0.3  # seconds that a short note is held
_LONG = ("warm pad", "glass pad", "strings")
_EIGHT_O_EIGHT_HELD, _EIGHT_O_EIGHT_HALF_LIFE = 1.8, 0.5  # seconds
_TUNING = 1.5  # semitones by which takes of a drum differ


def natural_seconds(wanted: SamplePrompt) -> float:
    """Return the seconds of a one-shot for which no duration is asked."""
    if wanted.drums:
        return max(_DRUM_SECONDS.get(drum, 1.0) for drum in wanted.drums)
    if wanted.instrument in _LONG:
        return 6.0
    return 1.5 if wanted.short or _role(wanted) == "bass" else 3.0


def play_one_shot(
    wanted: SamplePrompt, character: Character, seconds: float, random: SeededRandom
) -> FloatArray:
    """Return a one-shot that is held to ring for `seconds`, with its tail: (2, frames)."""
    track = silence(frames_in(seconds + _TAIL))
    if wanted.drums:
        for drum in wanted.drums:
            place(track, _drum(drum, wanted, character, random), 0)
        return track
    place(track, _pitched(wanted, character, seconds, random), 0)
    add_room(track, _role(wanted), character.style)
    return track


def _drum(
    drum: str, wanted: SamplePrompt, character: Character, random: SeededRandom
) -> FloatArray:
    """Return a drum's hit, tuned a little differently in each variation."""
    rng = random.stream("tuning", drum)
    tuning = float(rng.uniform(-_TUNING, _TUNING))
    if drum == EIGHT_O_EIGHT:
        return _eight_o_eight(character)
    kit = Kit(wanted.kit or character.style.kit)
    struck = kit.strike(drum)
    if struck.shape[1] == 1:  # a drum that this kit lacks
        struck = Kit("studio").strike(drum)
    return _retuned(struck, tuning)


def _eight_o_eight(character: Character) -> FloatArray:
    """Return a drum machine's kick with the bass note into which it rings."""
    root = 29 + (character.key.tonic - 29) % 12
    note = Instrument("sub bass").strike((root,), _EIGHT_O_EIGHT_HELD)
    time = np.arange(note.shape[1], dtype=np.float32) / SAMPLE_RATE
    sound = note * np.exp2(-time / np.float32(_EIGHT_O_EIGHT_HALF_LIFE))
    place(sound, Kit("electronic").strike("kick"), 0, 0.9)
    return sound


def _pitched(
    wanted: SamplePrompt, character: Character, seconds: float, random: SeededRandom
) -> FloatArray:
    role = _role(wanted)
    usual = {"lead": character.lead, "pad": character.pad or "warm pad", "chops": VOICE}
    name = wanted.instrument or usual.get(role, character.chords)
    if role == "bass":
        name = wanted.bass or character.style.bass
    rng = random.stream("stroke")
    held = _held(name, seconds, short=wanted.short) * float(rng.uniform(0.96, 1.0))
    pitches = _pitches(role, name, character, random.variation)
    if name == VOICE:
        vowel = wanted.vowel or str(rng.choice(("a", "o", "e")))
        return VocalInstrument(vowel, character.voice).strike(pitches, held)
    return Instrument(name).strike(pitches, held)


def _pitches(role: str, name: str, character: Character, variation: int) -> tuple[int, ...]:
    """Return the tonic for roles that play one note, and the tonic chord for others."""
    if role in _NOTE_LOWEST:
        lowest = _NOTE_LOWEST[role]
        if name == VOICE and character.voice == "low":
            lowest -= 12
        return (lowest + (character.key.tonic - lowest) % 12,)
    chord = _coloured(character.style, character)
    if name != VOICE and TONES[name].power:
        root = _POWER_LOWEST + (chord.root - _POWER_LOWEST) % 12
        return (root, root + 7, root + 12)
    return voicing(chord, (), _CHORD_CENTRES[variation % len(_CHORD_CENTRES)])


def _role(wanted: SamplePrompt) -> str:
    return next(role for role in wanted.roles if role not in ("drums", "top"))


def _held(name: str, seconds: float, *, short: bool) -> float:
    """Return the seconds for which a note is held, so that its release ends at `seconds`."""
    release = 0.3 if name == VOICE else TONES[name].release
    return max(min(_SHORT if short else seconds, seconds - 0.5 * release), 0.1)


def _coloured(style: Style, character: Character) -> Chord:
    """Return the tonic chord with the sevenths and ninths that the style uses."""
    tonic_chord = character.key.tonic_chord
    written = " ".join(style.major + style.minor)
    colour = (10 if character.key.mode == "minor" else 11) if "7" in written else None
    added = [tone for tone, used in ((colour, colour), (14, "9" in written)) if used]
    return replace(
        tonic_chord, intervals=(*tonic_chord.intervals, *[tone for tone in added if tone])
    )


def _retuned(sound: FloatArray, semitones: float) -> FloatArray:
    """Return a sound resampled to another pitch, as a sampler tunes it."""
    ratio = 2.0 ** (semitones / 12.0)
    places = np.arange(int(sound.shape[1] / ratio)) * ratio
    frames = np.arange(sound.shape[1])
    return np.stack([np.interp(places, frames, side) for side in sound]).astype(np.float32)

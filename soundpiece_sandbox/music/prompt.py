"""Prompts: the style, tempo, key and instruments of a piece, from a person's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from soundpiece_sandbox.music.harmony import NOTE_NAMES, Key
from soundpiece_sandbox.music.seeded_random import SeededRandom
from soundpiece_sandbox.music.style import Style
from soundpiece_sandbox.music.styles import STYLES

_SLOW = ("slow", "slowly", "ballad", "calm", "gentle", "sleepy", "lullaby", "downtempo", "largo")
_MIDDLE = ("mid-tempo", "midtempo", "mid tempo", "moderate", "andante")
_FAST = ("fast", "uptempo", "up-tempo", "upbeat", "energetic", "driving", "frantic", "allegro")
_MINOR = (
    *("melancholic", "melancholy", "sad", "dark", "minor", "moody", "gloomy", "lonely", "tragic"),
    *("haunting", "sorrowful", "mournful", "brooding", "bittersweet", "heartbroken", "ominous"),
)
_MAJOR = (
    *("happy", "euphoric", "bright", "major", "joyful", "cheerful", "sunny", "uplifting"),
    *("hopeful", "playful", "triumphant", "romantic", "optimistic", "feel-good"),
)
# Words for the instruments of the chords, of the pad and of the lead.
_CHORD_WORDS = {
    "piano": "piano",
    "rhodes": "electric piano",
    "electric piano": "electric piano",
    "guitar": "acoustic guitar",
    "guitars": "acoustic guitar",
    "acoustic guitar": "acoustic guitar",
    "electric guitar": "distorted guitar",
    "ukulele": "nylon guitar",
    "harp": "harp",
    "organ": "organ",
    "synth": "stab",
    "harpsichord": "harpsichord",
    "accordion": "organ",
}
_PAD_WORDS = {
    "strings": "strings",
    "string section": "strings",
    "pad": "warm pad",
    "pads": "warm pad",
}
_LEAD_WORDS = {
    "bell": "bells",
    "bells": "bells",
    "glockenspiel": "bells",
    "music box": "bells",
    "flute": "flute",
    "violin": "fiddle",
    "fiddle": "fiddle",
    "cello": "fiddle",
    "saxophone": "saxophone",
    "sax": "saxophone",
    "trumpet": "horn",
    "brass": "horn",
    "horn": "horn",
    "horns": "horn",
    "clarinet": "clarinet",
    "vibraphone": "vibraphone",
    "marimba": "vibraphone",
    "whistle": "flute",
    "guitar solo": "lead guitar",
}
_LOW_VOICES = ("male", "man", "baritone", "tenor", "deep voice", "male vocals", "bass voice")
_HIGH_VOICES = ("female", "woman", "soprano", "alto", "girl", "female vocals")
_NUMBERS = {"half a": 0.5, "a": 1.0, "one": 1.0, "two": 2.0, "three": 3.0, "four": 4.0}
_UNITS = {"min": 60.0, "sec": 1.0}
_LENGTHS = {"short": 35.0, "brief": 35.0, "jingle": 15.0, "long": 150.0, "extended": 150.0}  # s
_SLOWEST, _FASTEST = 40.0, 300.0


@dataclass(frozen=True)
class Character:
    """The choices that a prompt makes for a whole piece."""

    style: Style
    tempo: float  # beats per minute
    key: Key
    chords: str  # the name of a tone, as are pad and lead
    pad: str  # may be ""
    lead: str
    voice: str  # "high" or "low"


def read_prompt(
    prompt: str,
    random: SeededRandom,
    *,
    style: Style | None = None,
    tempo: float | None = None,
    key: Key | None = None,
) -> Character:
    """Return the character that a prompt asks for; `random` decides the rest.

    Style and mode are the same for every variation; tempo, key and instruments may differ. A
    given `style`, `tempo` (beats per minute) or `key` has precedence over the prompt.
    """
    words = prompt.casefold()
    style = style or _style(words, random)
    mode = _mode(words, style, random)
    rng = random.stream("character")
    chosen_tempo = _tempo(words, style, float(rng.random()))
    chosen_key = Key(_named_tonic(prompt, int(rng.integers(12))), mode)
    chords, lead = str(rng.choice(style.chords)), str(rng.choice(style.lead))
    voice = str(rng.choice(("high", "low")))
    if _mentions(words, _HIGH_VOICES):
        voice = "high"
    elif _mentions(words, _LOW_VOICES):
        voice = "low"
    # A pad that is the only named instrument plays the chords as well.
    named_pad = _longest_match(words, _PAD_WORDS, "")
    return Character(
        style=style,
        tempo=min(max(tempo, _SLOWEST), _FASTEST) if tempo else chosen_tempo,
        key=key or chosen_key,
        chords=_longest_match(words, _CHORD_WORDS, named_pad or chords),
        pad=named_pad or style.pad,
        lead=_longest_match(words, _LEAD_WORDS, lead),
        voice=voice,
    )


def named_length(prompt: str) -> float | None:
    """Return the seconds that a prompt names ("30 seconds", "2 minutes", "short"), or None."""
    words = prompt.casefold()
    units = r"(min|sec)(?:ute|ond)"
    # "in A min" is a key, so a number in words needs the unit in full.
    found = re.findall(rf"(\d+(?:\.\d+)?)[\s-]*{units}?s?\b", words)
    found += re.findall(rf"\b({'|'.join(_NUMBERS)})[\s-]+{units}s?\b", words)
    if found:
        return sum((_NUMBERS.get(n) or float(n)) * _UNITS[unit] for n, unit in found)
    for word, length in _LENGTHS.items():
        if _where(words, word) >= 0:
            return length
    return None


def _style(words: str, random: SeededRandom) -> Style:
    """Return the style named or suggested first, or the seed's for an empty prompt, or pop."""
    for vocabulary in (attrgetter("words"), attrgetter("moods")):
        found = [
            (place, -len(word), index)
            for index, style in enumerate(STYLES)
            for word in vocabulary(style)
            if (place := _where(words, word)) >= 0
        ]
        if found:
            return STYLES[min(found)[2]]
    if not words.strip() and random.seed:
        return STYLES[int(random.request_stream("style").integers(len(STYLES)))]
    return STYLES[0]


def _mode(words: str, style: Style, random: SeededRandom) -> str:
    named = _named_key(words)
    if named and named[1]:
        return named[1]
    places = {
        "minor": min((at for word in _MINOR if (at := _where(words, word)) >= 0), default=-1),
        "major": min((at for word in _MAJOR if (at := _where(words, word)) >= 0), default=-1),
    }
    found = {mode: at for mode, at in places.items() if at >= 0}
    if found:
        return min(found, key=found.__getitem__)
    if not words.strip() and random.seed:
        return str(random.request_stream("mode").choice(("major", "minor")))
    return style.mode


def _tempo(words: str, style: Style, chosen: float) -> float:
    exact = re.search(r"(\d{2,3}(?:\.\d+)?)\s*-?\s*bpm\b|\b(?:bpm|tempo)\D{0,4}(\d{2,3})\b", words)
    if exact:
        return min(max(float(exact.group(1) or exact.group(2)), _SLOWEST), _FASTEST)
    low, high = style.tempo
    if _mentions(words, _MIDDLE):
        low, high = 96.0, 108.0
    elif _mentions(words, _SLOW):
        low, high = 0.78 * low, 0.86 * low
    elif _mentions(words, _FAST):
        low, high = 1.08 * high, 1.18 * high
    return float(round(low + chosen * (high - low)))


def _named_key(prompt: str) -> tuple[str, str] | None:
    """Return the note and mode of "in D minor" or "key of Bb", or None."""
    match = re.search(
        r"\b(?:in|key(?: of)?:?)\s+(?:the key of\s+)?([a-g])\s?(#|b|sharp|flat)?"
        r"(?:[\s-]+(minor|major)\b|m\b|(?=\s*(?:[,.;]|$)))",
        prompt,
        re.IGNORECASE,
    )
    if match is None:
        return None
    sign = {"#": "#", "sharp": "#", "b": "b", "flat": "b"}.get((match.group(2) or "").lower(), "")
    return match.group(1).upper() + sign, (match.group(3) or "").lower()


def _named_tonic(prompt: str, fallback: int) -> int:
    named = _named_key(prompt)
    if named is None:
        return fallback
    letter, sign = named[0][0], named[0][1:]
    return (NOTE_NAMES.index(letter) + {"": 0, "#": 1, "b": -1}[sign]) % 12


def _longest_match(words: str, names: dict[str, str], fallback: str) -> str:
    found = [word for word in names if _where(words, word) >= 0]
    return names[max(found, key=len)] if found else fallback


def _mentions(words: str, wanted: Iterable[str]) -> bool:
    return any(_where(words, word) >= 0 for word in wanted)


def _where(words: str, word: str) -> int:
    """Return the index at which a whole word begins, or -1."""
    match = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", words)
    return match.start() if match else -1

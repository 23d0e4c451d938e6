"""The words of a sample's prompt: parts, instruments, and phrase or one-shot."""

from __future__ import annotations

from dataclasses import dataclass

from soundpiece_sandbox.music.prompt_vocabulary import phrases_in

SHORT = ("stab", "pluck")  # instruments that are also playing techniques
VOICE = "voice"  # an instrument that is not among the tones
GUITAR = "guitar"  # acoustic or distorted, as the style has it
EIGHT_O_EIGHT = "808"  # a drum that is in no kit: a kick that rings as a bass note

_DRUMS = {
    "kick": "kick",
    "kick drum": "kick",
    "bass drum": "kick",
    "808": EIGHT_O_EIGHT,
    "808 kick": EIGHT_O_EIGHT,
    "808 snare": "snare",
    "808 clap": "clap",
    "808 hat": "hat",
    "snare": "snare",
    "snare drum": "snare",
    "rim": "rim",
    "rimshot": "rim",
    "woodblock": "rim",
    "cowbell": "rim",
    "clap": "clap",
    "handclap": "clap",
    "snap": "clap",
    "hat": "hat",
    "hi hat": "hat",
    "hihat": "hat",
    "closed hat": "hat",
    "open hat": "open hat",
    "open hi hat": "open hat",
    "ride": "ride",
    "crash": "crash",
    "cymbal": "crash",
    "crash cymbal": "crash",
    "ride cymbal": "ride",
    "shaker": "shaker",
    "maraca": "shaker",
    "tambourine": "tambourine",
    "tom": "middle tom",
    "floor tom": "low tom",
    "low tom": "low tom",
    "high tom": "high tom",
    "bongo": "high tom",
    "conga": "middle tom",
    "timpani": "timpani",
}
_KITS = {
    "dusty": "dusty",
    "boom bap": "dusty",
    "vinyl": "dusty",
    "808": "electronic",
    "909": "electronic",
    "electronic": "electronic",
    "drum machine": "electronic",
    "gated": "gated",
    "brushes": "brushes",
    "brushed": "brushes",
    "acoustic": "wood",
    "cajon": "wood",
    "timpani": "concert",
    "orchestral": "concert",
    "live": "studio",
}
_INSTRUMENTS = {
    "piano": "piano",
    "keys": "electric piano",
    "rhodes": "electric piano",
    "wurlitzer": "electric piano",
    "electric piano": "electric piano",
    "guitar": GUITAR,
    "acoustic guitar": "acoustic guitar",
    "electric guitar": "distorted guitar",
    "distorted guitar": "distorted guitar",
    "power chord": "distorted guitar",
    "nylon guitar": "nylon guitar",
    "ukulele": "nylon guitar",
    "banjo": "nylon guitar",
    "harp": "harp",
    "koto": "harp",
    "organ": "organ",
    "hammond": "organ",
    "accordion": "organ",
    "harpsichord": "harpsichord",
    "strings": "strings",
    "string section": "strings",
    "violin": "fiddle",
    "fiddle": "fiddle",
    "cello": "low strings",
    "brass": "horn",
    "horn": "horn",
    "trumpet": "horn",
    "sax": "saxophone",
    "saxophone": "saxophone",
    "flute": "flute",
    "whistle": "flute",
    "clarinet": "clarinet",
    "bell": "bells",
    "glockenspiel": "bells",
    "music box": "bells",
    "vibraphone": "vibraphone",
    "vibes": "vibraphone",
    "marimba": "vibraphone",
    "kalimba": "vibraphone",
    "pluck": "pluck",
    "stab": "stab",
    "synth stab": "stab",
    "brass stab": "horn",
    "synth": "synth lead",
    "synth lead": "synth lead",
    "pad": "warm pad",
    "synth pad": "warm pad",
    "glass pad": "glass pad",
    "vocal": VOICE,
    "vocal chop": VOICE,
    "vocal chops": VOICE,
    "voice": VOICE,
    "vox": VOICE,
    "choir": VOICE,
    "singer": VOICE,
    "acapella": VOICE,
    "ah": VOICE,
    "ooh": VOICE,
    "oh": VOICE,
    "hey": VOICE,
}
_BASSES = {
    "slap": "picked bass",
    "slap bass": "picked bass",
    "picked bass": "picked bass",
    "upright": "upright bass",
    "upright bass": "upright bass",
    "double bass": "upright bass",
    "acid": "acid bass",
    "acid bass": "acid bass",
    "303": "acid bass",
    "sub": "sub bass",
    "sub bass": "sub bass",
    "808 bass": "sub bass",
    "reese": "synth bass",
    "synth bass": "synth bass",
    "electric bass": "finger bass",
    "bass guitar": "finger bass",
}
_ROLES = {
    "drum": "drums",
    "drums": "drums",
    "drum and bass": "drums",
    "beat": "drums",
    "break": "drums",
    "breakbeat": "drums",
    "percussion": "drums",
    "boom bap": "drums",
    "top": "top",
    "top loop": "top",
    "drum top": "top",
    "bass": "bass",
    "bassline": "bass",
    "sub": "bass",
    "808 bass": "bass",
    "303": "bass",
    "reese": "bass",
    "chord": "chords",
    "chords": "chords",
    "progression": "chords",
    "comping": "chords",
    "strum": "chords",
    "strumming": "chords",
    "arpeggio": "arpeggio",
    "arp": "arpeggio",
    "arpeggiated": "arpeggio",
    "ostinato": "arpeggio",
    "sequence": "arpeggio",
    "melody": "lead",
    "lead": "lead",
    "solo": "lead",
    "lick": "lead",
    "hook": "lead",
    "theme": "lead",
    "topline": "lead",
    "riff": "riff",
    "pad": "pad",
    "drone": "pad",
    "texture": "pad",
    "soundscape": "pad",
    "atmosphere": "pad",
    "choir": "pad",
    "chop": "chops",
    "chops": "chops",
    "vocal chop": "chops",
    "vocal chops": "chops",
    "band": "band",
    "full mix": "band",
    "song": "band",
}
_ROLE_OF_INSTRUMENT = {
    "strings": "pad",
    "warm pad": "pad",
    "glass pad": "pad",
    "low strings": "lead",
    "fiddle": "lead",
    "horn": "lead",
    "saxophone": "lead",
    "flute": "lead",
    "clarinet": "lead",
    "bells": "lead",
    "vibraphone": "lead",
    "synth lead": "lead",
    "pluck": "arpeggio",
    VOICE: "chops",
}
_PHRASES = (
    *("loop", "beat", "break", "breakbeat", "groove", "riff", "line", "bassline", "progression"),
    *("chords", "arpeggio", "arp", "arpeggiated", "melody", "lick", "phrase", "pattern", "solo"),
    *("sequence", "hook", "drone", "texture", "soundscape", "atmosphere", "top", "percussion"),
    *("fill", "roll", "jam", "theme", "topline", "strumming", "ostinato", "drums", "band", "bpm"),
    *("top loop", "boom bap", "drum and bass", "comping", "song", "full mix", "lead"),
    *("chops", "vocal chops"),
)
_ONE_SHOTS = (
    "one shot",
    "oneshot",
    "single",
    "hit",
    "note",
    "stab",
    "shot",
    "chop",
    "chord",
    "bell",
    "vocal chop",
    "brass stab",
    "synth stab",
    "power chord",
)
_SHORTLY = ("stab", "brass stab", "synth stab", "pluck", "short", "staccato", "chop", "vocal chop")
_VOWELS = {"ooh": "u", "oo": "u", "oh": "o", "hey": "e", "eh": "e", "ee": "i", "ah": "a"}
_BUSY = ("busy", "driving", "energetic", "intense", "hard", "aggressive", "funky", "full")
_VOCABULARY = frozenset(
    (
        *_DRUMS,
        *_KITS,
        *_INSTRUMENTS,
        *_BASSES,
        *_ROLES,
        *_PHRASES,
        *_ONE_SHOTS,
        *_SHORTLY,
        *_VOWELS,
        *_BUSY,
    )
)
_BAND = ("drums", "bass", "chords", "pad", "lead")
_WHOLE_KIT = tuple(word for word, role in _ROLES.items() if role in ("drums", "top", "band"))
_STRUCK_ALONE = ("chords", "bass", "chops")  # roles that may be a one-shot
_LONGEST_ONE_SHOT = 4.0  # seconds up to which an instrument without a role is a one-shot


@dataclass(frozen=True)
class SamplePrompt:
    """The choices that a prompt makes for a sample; empty where it makes none."""

    roles: tuple[str, ...]  # "drums", "top", "bass", "chords", "arpeggio", "lead", "pad", "chops"
    drums: tuple[str, ...]  # the named ones; empty for all drums of the groove
    kit: str
    instrument: str  # if exactly one is named
    bass: str
    vowel: str
    short: bool
    one_shot: bool  # a single hit, note or chord instead of a phrase
    fill: bool  # the last bar ends in a drum fill
    busy: bool


def read_sample_prompt(prompt: str, duration: float | None, *, loopable: bool) -> SamplePrompt:
    """Return the choices that a prompt makes.

    Words such as "loop", "riff" and "chords" ask for a phrase; words such as "one-shot", "chord"
    and "hit" for a one-shot. A drum or instrument without such a word is a one-shot, except in
    loops and samples of more than 4 seconds. A prompt that names no part gets the whole band.
    """
    phrases = phrases_in(prompt, _VOCABULARY)
    drums = _meant(phrases, _DRUMS)
    instruments, basses = _meant(phrases, _INSTRUMENTS), _meant(phrases, _BASSES)
    if len(instruments) > 1:
        # A "brass stab" is played by brass, not by the stab tone.
        instruments = tuple(one for one in instruments if one not in SHORT) or instruments[:1]
    named = _meant(phrases, _ROLES)
    if not named:
        named = tuple(dict.fromkeys(_ROLE_OF_INSTRUMENT.get(one, "chords") for one in instruments))
        named = (*named, "bass") if basses else named
        named = (*named, "drums") if drums else named
    if "riff" in named:
        named = _with_riff(named, instruments, basses)
    phrase, one_shot = _any(phrases, _PHRASES), _any(phrases, _ONE_SHOTS)
    named_alone = bool(drums or instruments or basses or set(named) & {*_STRUCK_ALONE})
    long = loopable or (duration is not None and duration > _LONGEST_ONE_SHOT)
    return SamplePrompt(
        roles=_BAND if not named or "band" in named else named,
        drums=() if _any(phrases, _WHOLE_KIT) else drums,
        kit=next(iter(_meant(phrases, _KITS)), ""),
        instrument=instruments[0] if len(instruments) == 1 else "",
        bass=next(iter(basses), ""),
        vowel=next(iter(_meant(phrases, _VOWELS)), ""),
        short=_any(phrases, _SHORTLY),
        one_shot=named_alone and not phrase and (one_shot or not long),
        fill=_any(phrases, ("fill",)),
        busy=_any(phrases, _BUSY),
    )


def _with_riff(
    named: tuple[str, ...], instruments: tuple[str, ...], basses: tuple[str, ...]
) -> tuple[str, ...]:
    """Return the roles with "riff" replaced by its player's: bass, chords (guitar) or lead."""
    if basses or "bass" in named:
        player = "bass"
    else:
        player = "chords" if any(GUITAR in one for one in instruments) else "lead"
    return tuple(dict.fromkeys(player if role == "riff" else role for role in named))


def _meant(phrases: list[str], meanings: dict[str, str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(meanings[word] for word in phrases if word in meanings))


def _any(phrases: list[str], words: tuple[str, ...]) -> bool:
    return any(word in words for word in phrases)

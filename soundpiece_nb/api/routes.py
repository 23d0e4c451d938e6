"""The eight routes of Soundpiece v1, as data.

Magics, functions, validation and completion are made from these entries; a ninth route is one
entry more. Limits are the service's documented ones; where the documentation gives none, there
is none here.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from soundpiece_nb.shown_text import label, quoted

from .errors import Mistake


class Kind(Enum):
    """The kind of a request field, by which it is read, checked and put on the wire."""

    TEXT = "text"
    LINK = "link"
    """An https address of audio, sent as `{"url": …}`."""
    ADDRESS = "address"
    """An https address, sent as it is."""
    SECONDS = "seconds"
    COUNT = "count"
    FLAG = "flag"


class Field(NamedTuple):
    """One field of a request: `most` counts characters of text, else it bounds the number."""

    name: str
    kind: Kind
    help: str
    required: bool = False
    most: float | None = None
    option: str | None = None
    """The option's name on a magic where it differs from the field's."""
    short: str | None = None
    """The option's one-letter form on a magic."""
    sections: tuple[str, ...] = ()
    """Words that stand in brackets alone on a line of the text and begin a section."""
    shortens: str | None = None
    """The field with the audio that lasts longer than these seconds."""
    known_as: tuple[str, ...] = ()
    """Other words that people say for it, which are answered with its name."""


class Route(NamedTuple):
    """One action of the service.

    `body` is the field that a cell's body fills, `either` the fields of which exactly one is
    given, `result` the field of the answer that holds the outputs.
    """

    path: str
    noun: str
    summary: str
    fields: tuple[Field, ...]
    result: str
    article: str = "A"
    body: str | None = None
    either: tuple[str, ...] = ()
    example: str = ""
    known_as: tuple[str, ...] = ()
    """Other words that people say for what it makes, which are answered with its noun."""

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The route's own fields, then those that every route takes."""
        return (*self.fields, CALLBACK_URL)

    @property
    def said_for(self) -> dict[str, str]:
        """Other words for its fields, each with the name of the first field that goes by it."""
        own = {field.name for field in self.all_fields}
        said = {word: each.name for each in self.all_fields[::-1] for word in each.known_as}
        return {word: name for word, name in said.items() if word not in own}

    @property
    def one(self) -> str:
        """The noun at the beginning of a sentence: `An instrumental`."""
        return f"{self.article} {self.title}"

    @property
    def title(self) -> str:
        """The noun in words: `remix of a song` reads better than `remix_song`."""
        return self.noun.replace("_", " ")


CALLBACK_URL = Field(
    name="callback_url",
    kind=Kind.ADDRESS,
    most=2048,
    option="callback-url",
    help="https URL that the service tells when the operation has ended; auto: this Jupyter "
    "server's own",
    known_as=("callback", "webhook", "webhook_url", "notify", "notify_url"),
)
LYRICS = Field(
    name="lyrics",
    kind=Kind.TEXT,
    required=True,
    most=3000,
    sections=("Intro", "Verse", "Chorus", "Bridge", "Instrumental", "Outro"),
    help="the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] "
    "alone on a line begin a section, every other line is one sung line",
    known_as=("lyric", "text", "words", "verse", "verses", "song_text", "singing"),
)
_PROMPT_KNOWN_AS = (
    *("description", "style", "styles", "genre", "mood", "text", "words", "caption", "idea"),
    *("instruction", "instructions", "sound", "prompt_text", "tempo", "bpm", "instruments"),
)
PROMPT = Field(
    name="prompt",
    kind=Kind.TEXT,
    most=1024,
    short="p",
    help="style, mood, tempo, instruments, in words",
    known_as=_PROMPT_KNOWN_AS,
)
_AUDIO_KNOWN_AS = (
    *("url", "audio", "audio_url", "file", "filename", "path", "input", "input_url", "link"),
    *("track", "song"),
)
REFERENCE = Field(
    name="reference",
    kind=Kind.LINK,
    short="r",
    help="audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME "
    "or key, with :2 or :vocals for one of its outputs; or a file, with a team's bucket",
    known_as=(*_AUDIO_KNOWN_AS, "source", "reference_url", "ref", "like", "example"),
)
SOURCE = Field(
    name="source",
    kind=Kind.LINK,
    required=True,
    short="s",
    help="the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or "
    ":vocals for one of its outputs; or a file, with a team's bucket",
    known_as=(*_AUDIO_KNOWN_AS, "reference", "source_url", "src", "original", "of", "from"),
)
_SECONDS_KNOWN_AS = (
    *("length", "len", "seconds", "secs", "sec", "time", "duration_seconds"),
    *("duration_in_seconds", "duration_secs", "duration_sec", "duration_s", "length_seconds"),
    *("length_in_seconds", "length_s"),
)
DURATION = Field(
    name="duration",
    kind=Kind.SECONDS,
    short="d",
    help="length of the result in seconds",
    known_as=_SECONDS_KNOWN_AS,
)
VARIATIONS = Field(
    name="n_variations",
    kind=Kind.COUNT,
    most=3,
    option="variations",
    short="n",
    help="how many takes to make, 1 to 3",
    known_as=("count", "n", "num", "number", "takes", "versions", "variants", "outputs", "repeat"),
)
REQUIRED_PROMPT = Field(
    name="prompt",
    kind=Kind.TEXT,
    required=True,
    most=1024,
    short="p",
    help=PROMPT.help,
    known_as=_PROMPT_KNOWN_AS,
)

ROUTES: dict[str, Route] = {
    route.path: route
    for route in (
        Route(
            path="create.new_song",
            noun="song",
            summary="Make a song from lyrics and a prompt.",
            fields=(LYRICS, PROMPT, REFERENCE),
            body="lyrics",
            either=("prompt", "reference"),
            result="outputs",
            example=(
                '%%soundpiece_song night_drive --prompt "Synthwave, melancholic, mid-tempo"\n'
                "[Verse]\n"
                "I've been driving all night, my hands wet on the wheel\n"
                "[Chorus]\n"
                "Night drive, carry me home"
            ),
        ),
        Route(
            path="create.new_instrumental",
            noun="instrumental",
            article="An",
            summary="Make an instrumental from a prompt.",
            fields=(PROMPT, REFERENCE),
            body="prompt",
            either=("prompt", "reference"),
            result="outputs",
            known_as=("music", "background", "backing", "instrumentals"),
            example="%%soundpiece_instrumental focus\nLo-fi, warm, rain outside, 80 bpm",
        ),
        Route(
            path="create.new_sample",
            noun="sample",
            summary="Make a sample, looping on request.",
            fields=(
                REQUIRED_PROMPT,
                DURATION,
                Field(
                    name="loopable",
                    kind=Kind.FLAG,
                    help="make the end meet the beginning",
                    known_as=("loop", "loops", "looped", "looping", "is_loop", "seamless"),
                ),
            ),
            body="prompt",
            result="output",
            known_as=("loop", "beat", "beats"),
            example=(
                "%%soundpiece_sample drums --duration 8 --loopable\n"
                "Dusty boom-bap drum loop, 90 bpm"
            ),
        ),
        Route(
            path="create.new_fx",
            noun="fx",
            article="An",
            summary="Make a sound effect.",
            fields=(REQUIRED_PROMPT, DURATION),
            body="prompt",
            result="output",
            known_as=("sfx", "effect", "effects", "sound_effect", "sound"),
            example="%%soundpiece_fx storm --duration 12\nRain on a tin roof, distant thunder",
        ),
        Route(
            path="create.remix_song",
            noun="remix_song",
            summary="Make another song of a song.",
            fields=(SOURCE, LYRICS, REQUIRED_PROMPT, VARIATIONS),
            body="lyrics",
            result="outputs",
            example=(
                '%%soundpiece_remix_song late --source night_drive --prompt "Jazz, late at night"\n'
                "Slow down now, the lights are low"
            ),
        ),
        Route(
            path="create.remix_instrumental",
            noun="remix_instrumental",
            summary="Make variations of an instrumental.",
            fields=(SOURCE, VARIATIONS),
            result="outputs",
            example="%soundpiece_remix_instrumental others --source focus --variations 3",
        ),
        Route(
            path="adapt.separate_stems",
            noun="stems",
            article="A set of",
            summary="Split audio into vocals, drums, bass and other.",
            fields=(SOURCE,),
            result="outputs",
            known_as=("stem", "split", "separate", "separate_stems"),
            example="%soundpiece_stems parts --source night_drive:2",
        ),
        Route(
            path="adapt.auto_cut_down",
            noun="cut",
            summary="Cut audio down to a length, at a natural point near it.",
            fields=(
                SOURCE,
                Field(
                    name="target_duration",
                    kind=Kind.SECONDS,
                    required=True,
                    option="to",
                    help="wanted length in seconds; the cut lands on a natural point near it",
                    shortens="source",
                    known_as=("duration", *_SECONDS_KNOWN_AS, "target_length"),
                ),
            ),
            result="output",
            known_as=("cutdown", "cut_down", "teaser", "trim", "shorten", "snippet"),
            example="%soundpiece_cut teaser --source night_drive --to 30",
        ),
    )
}


def route_title(path: str) -> str:
    """Return what a route makes; the path itself where this version does not know it."""
    return ROUTES[path].title if path in ROUTES else label(path)


def find_route(name: str) -> Route:
    """Return the route of a path (`create.new_song`) or noun (`song`); raises Mistake."""
    for route in ROUTES.values():
        if name in (route.path, route.noun):
            return route
    from soundpiece_nb.inputs.spelling import did_you_mean

    known = ", ".join(ROUTES)
    words = [*(route.noun for route in ROUTES.values()), *ROUTES]
    plain = name.lstrip("%").removeprefix("soundpiece_") if isinstance(name, str) else name
    said = {word: route.noun for route in ROUTES.values() for word in route.known_as}
    meant = did_you_mean(plain, words, said)
    raise Mistake(f"There is no route {quoted(name)}{meant}. The routes are {known}.")

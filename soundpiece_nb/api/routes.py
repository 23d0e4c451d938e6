"""The eight routes of Soundpiece v1, as data.

Magics, functions, validation and completion are made from these entries; a ninth route is one
entry more. Limits are the service's documented ones; where the documentation gives none, there
is none here.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from soundpiece_nb.shown_text import quoted

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

    @property
    def all_fields(self) -> tuple[Field, ...]:
        """The route's own fields, then those that every route takes."""
        return (*self.fields, CALLBACK_URL)

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
)
LYRICS = Field(
    name="lyrics",
    kind=Kind.TEXT,
    required=True,
    most=3000,
    sections=("Intro", "Verse", "Chorus", "Bridge", "Instrumental", "Outro"),
    help="the words; [Verse], [Chorus], [Bridge], [Intro], [Outro] and [Instrumental] "
    "alone on a line begin a section, every other line is one sung line",
)
PROMPT = Field(
    name="prompt",
    kind=Kind.TEXT,
    most=1024,
    short="p",
    help="style, mood, tempo, instruments, in words",
)
REFERENCE = Field(
    name="reference",
    kind=Kind.LINK,
    short="r",
    help="audio to take after, instead of a prompt: an https URL, or an earlier operation's NAME "
    "or key, with :2 or :vocals for one of its outputs",
)
SOURCE = Field(
    name="source",
    kind=Kind.LINK,
    required=True,
    short="s",
    help="the audio to work on: an https URL, or an earlier operation's NAME or key, with :2 or "
    ":vocals for one of its outputs",
)
DURATION = Field(
    name="duration", kind=Kind.SECONDS, short="d", help="length of the result in seconds"
)
VARIATIONS = Field(
    name="n_variations",
    kind=Kind.COUNT,
    most=3,
    option="variations",
    short="n",
    help="how many takes to make, 1 to 3",
)
REQUIRED_PROMPT = Field(
    name="prompt", kind=Kind.TEXT, required=True, most=1024, short="p", help=PROMPT.help
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
            example="%%soundpiece_instrumental focus\nLo-fi, warm, rain outside, 80 bpm",
        ),
        Route(
            path="create.new_sample",
            noun="sample",
            summary="Make a sample, looping on request.",
            fields=(
                REQUIRED_PROMPT,
                DURATION,
                Field(name="loopable", kind=Kind.FLAG, help="make the end meet the beginning"),
            ),
            body="prompt",
            result="output",
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
                ),
            ),
            result="output",
            example="%soundpiece_cut teaser --source night_drive --to 30",
        ),
    )
}


def find_route(name: str) -> Route:
    """Return the route of a path (`create.new_song`) or noun (`song`); raises Mistake."""
    for route in ROUTES.values():
        if name in (route.path, route.noun):
            return route
    known = ", ".join(ROUTES)
    raise Mistake(f"There is no route {quoted(name)}. The routes are {known}.")

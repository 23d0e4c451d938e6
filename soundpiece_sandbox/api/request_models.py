"""The request body of each route as a model, with the documented limits."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from soundpiece_sandbox.network.allowed_origins import origin_of


def _valid_unicode(text: str) -> str:
    # JSON can escape half of a surrogate pair, which cannot be encoded as UTF-8.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("string_unicode", "String should be valid Unicode")
    return text


def _is_http_url(url: str) -> str:
    try:
        _, host, _ = origin_of(url)
        host.encode("idna")
        valid = url.isascii() and url.isprintable() and " " not in url
    except ValueError:  # UnicodeError is one too
        valid = False
    if not valid:
        raise PydanticCustomError("url_parsing", "Input should be a valid http or https URL")
    return url


def _length_up_to(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest)


Lyrics = Annotated[str, _length_up_to(3000), AfterValidator(_valid_unicode)]
Prompt = Annotated[str, _length_up_to(1024), AfterValidator(_valid_unicode)]
HttpUrl = Annotated[str, _length_up_to(2048), AfterValidator(_is_http_url)]
SampleSeconds = Annotated[float, Field(ge=0.5, le=60, strict=True, allow_inf_nan=False)]
EffectSeconds = Annotated[float, Field(ge=0.5, le=30, strict=True, allow_inf_nan=False)]
TargetSeconds = Annotated[float, Field(ge=1, le=600, strict=True, allow_inf_nan=False)]
Variations = Annotated[int, Field(ge=1, le=3, strict=True)]
StrictBoolean = Annotated[bool, Field(strict=True)]


class OperationRequest(BaseModel):
    """The fields that every PUT takes; a route adds its own. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    idempotency_key: UUID = Field(description="Chosen by the caller: one operation per key.")
    callback_url: HttpUrl | None = Field(
        default=None,
        description="Receives a webhook at the end: public https, or named with --reach.",
    )

    @classmethod
    def echoed_fields(cls) -> list[str]:
        """Return the names of the route's own fields, in order; its operations repeat them."""
        return [name for name in cls.model_fields if name not in OperationRequest.model_fields]

    def canonical_form(self) -> dict[str, Any]:
        """Return the request as JSON values, without its key and without absent fields.

        Two requests are the same if their canonical forms are equal, even if their bytes differ.
        """
        return self.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True)


class Address(BaseModel):
    """The URL of a sound."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: HttpUrl


class _PromptOrReference(OperationRequest):
    prompt: Prompt | None = Field(default=None, description="This or a reference, never both.")
    reference: Address | None = Field(
        default=None, description="A sound whose tempo and brightness are followed."
    )

    @model_validator(mode="after")
    def _exactly_one(self) -> Self:
        if (self.prompt is None) == (self.reference is None):
            raise PydanticCustomError(
                "prompt_or_reference", "Exactly one of prompt and reference should be given"
            )
        return self


class NewSong(_PromptOrReference):
    """A song from lyrics, in the style of a prompt or of a reference."""

    lyrics: Lyrics = Field(
        description="Sung line by line; [Verse], [Chorus] and the like stand alone on a line."
    )


class NewInstrumental(_PromptOrReference):
    """A piece without a voice, in the style of a prompt or of a reference."""


class NewSample(OperationRequest):
    """A short piece of music to build with: a one-shot, a riff or a loop."""

    prompt: Prompt
    duration: SampleSeconds | None = Field(
        default=None, description="In seconds; if absent, as long as is natural for the prompt."
    )
    loopable: StrictBoolean = Field(default=False, description="The end meets the beginning.")


class NewEffect(OperationRequest):
    """A sound effect."""

    prompt: Prompt
    duration: EffectSeconds | None = Field(
        default=None, description="In seconds; if absent, as long as is natural for the prompt."
    )


class _FromSource(OperationRequest):
    source: Address = Field(description="The sound to work on: the url of a finished output.")


class RemixSong(_FromSource):
    """A new song, with other words and another style, on the tempo and harmony of a source."""

    lyrics: Lyrics
    prompt: Prompt
    n_variations: Variations = 1


class RemixInstrumental(_FromSource):
    """A new instrumental in another style, on the tempo and harmony of a source."""

    n_variations: Variations = 1


class SeparateStems(_FromSource):
    """A source separated into vocals, drums, bass and other."""


class AutoCutDown(_FromSource):
    """A source shortened to a natural end near the target duration."""

    target_duration: TargetSeconds

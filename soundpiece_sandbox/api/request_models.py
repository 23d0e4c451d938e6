"""What a caller may ask for: one model a route, with the documented limits."""

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

from soundpiece_sandbox.network.access import origin_of


def _can_be_written(text: str) -> str:
    # JSON may spell half of a surrogate pair, which no encoding can write down again.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("string_unicode", "String should be valid Unicode")
    return text


def _is_web_address(address: str) -> str:
    try:
        _, host, _ = origin_of(address)
        host.encode("idna")
        whole = address.isascii() and address.isprintable() and " " not in address
    except ValueError:  # which UnicodeError is too
        whole = False
    if not whole:
        raise PydanticCustomError("url_parsing", "Input should be a valid http or https URL")
    return address


def _within(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest)


Lyrics = Annotated[str, _within(3000), AfterValidator(_can_be_written)]
Prompt = Annotated[str, _within(1024), AfterValidator(_can_be_written)]
WebAddress = Annotated[str, _within(2048), AfterValidator(_is_web_address)]
SampleSeconds = Annotated[float, Field(ge=0.5, le=60, strict=True, allow_inf_nan=False)]
EffectSeconds = Annotated[float, Field(ge=0.5, le=30, strict=True, allow_inf_nan=False)]
TargetSeconds = Annotated[float, Field(ge=1, le=600, strict=True, allow_inf_nan=False)]
Variations = Annotated[int, Field(ge=1, le=3, strict=True)]
Switch = Annotated[bool, Field(strict=True)]


class OperationRequest(BaseModel):
    """The fields that every PUT takes; a route adds its own. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    idempotency_key: UUID = Field(description="Chosen by the caller: one operation per key.")
    callback_url: WebAddress | None = Field(
        default=None, description="Told of the end: https and public, or named with --reach."
    )

    @classmethod
    def echoed_fields(cls) -> list[str]:
        """Name the route's own fields, which its operations repeat, in order."""
        return [name for name in cls.model_fields if name not in OperationRequest.model_fields]

    def meaning(self) -> dict[str, Any]:
        """Give what is asked for, as JSON values, without the key and without absent fields.

        Two requests are the same when their meanings are equal, however their bytes differ.
        """
        return self.model_dump(mode="json", exclude={"idempotency_key"}, exclude_none=True)


class Address(BaseModel):
    """Where sound lies."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: WebAddress


class _Guided(OperationRequest):
    prompt: Prompt | None = Field(default=None, description="This or a reference, never both.")
    reference: Address | None = Field(default=None, description="Sound to be guided by.")

    @model_validator(mode="after")
    def _one_guide(self) -> Self:
        if (self.prompt is None) == (self.reference is None):
            raise PydanticCustomError(
                "prompt_or_reference", "Exactly one of prompt and reference should be given"
            )
        return self


class NewSong(_Guided):
    """A song from lyrics, in the manner of a prompt or of a reference."""

    lyrics: Lyrics = Field(
        description="Sung line by line; [Verse], [Chorus] and the like stand alone on a line."
    )


class NewInstrumental(_Guided):
    """A piece without a voice, in the manner of a prompt or of a reference."""


class NewSample(OperationRequest):
    """A short piece of music to build with: a stroke, a riff, a loop."""

    prompt: Prompt
    duration: SampleSeconds | None = Field(
        default=None, description="Exactly so long; else as long as is natural for it."
    )
    loopable: Switch = Field(default=False, description="The end meets the beginning.")


class NewEffect(OperationRequest):
    """A sound that is no music."""

    prompt: Prompt
    duration: EffectSeconds | None = Field(
        default=None, description="Exactly so long; else as long as is natural for it."
    )


class _FromSource(OperationRequest):
    source: Address = Field(description="The sound to work on: the url of a finished output.")


class RemixSong(_FromSource):
    """Other words and another manner on the tempo and the harmony of a song."""

    lyrics: Lyrics
    prompt: Prompt
    n_variations: Variations = 1


class RemixInstrumental(_FromSource):
    """Another manner on the tempo and the harmony of a piece."""

    n_variations: Variations = 1


class SeparateStems(_FromSource):
    """A sound taken apart: vocals, drums, bass, other."""


class AutoCutDown(_FromSource):
    """A sound made shorter, to a natural end near the length asked for."""

    target_duration: TargetSeconds

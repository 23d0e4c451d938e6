"""What a caller may ask for: one model a route, with the documented limits."""

from collections.abc import Callable
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
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


def _can_be_written(text: str) -> str:
    # JSON may spell half of a surrogate pair, which no encoding can write down again.
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("string_unicode", "String should be valid Unicode")
    return text


def _address_with(*schemes: str) -> Callable[[str], str]:
    def check(address: str) -> str:
        try:
            parts = urlsplit(address)
            whole = parts.scheme in schemes and bool(parts.hostname) and address.isprintable()
        except ValueError:
            whole = False
        if not whole or " " in address:
            raise PydanticCustomError(
                "url_parsing",
                "Input should be a valid URL with the scheme {schemes}",
                {"schemes": " or ".join(schemes)},
            )
        return address

    return check


def _within(longest: int) -> StringConstraints:
    return StringConstraints(min_length=1, max_length=longest)


Lyrics = Annotated[str, _within(3000), AfterValidator(_can_be_written)]
Prompt = Annotated[str, _within(1024), AfterValidator(_can_be_written)]
WebAddress = Annotated[str, _within(2048), AfterValidator(_address_with("https", "http"))]
CallbackAddress = Annotated[str, _within(2048), AfterValidator(_address_with("https"))]


class OperationRequest(BaseModel):
    """The fields that every PUT takes; a route adds its own. Unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    idempotency_key: UUID = Field(description="Chosen by the caller: one operation per key.")
    callback_url: CallbackAddress | None = Field(
        default=None, description="Checked, but this sandbox delivers no webhooks yet."
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


class Reference(BaseModel):
    """Sound to be guided by."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    url: WebAddress


class NewSong(OperationRequest):
    """A song from lyrics, in the manner of a prompt or of a reference."""

    lyrics: Lyrics = Field(
        description="Sung line by line; [Verse], [Chorus] and the like stand alone on a line."
    )
    prompt: Prompt | None = Field(default=None, description="This or a reference, never both.")
    reference: Reference | None = None

    @model_validator(mode="after")
    def _one_guide(self) -> Self:
        if (self.prompt is None) == (self.reference is None):
            raise PydanticCustomError(
                "prompt_or_reference", "Exactly one of prompt and reference should be given"
            )
        return self

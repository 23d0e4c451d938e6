"""Faults on demand: which request meets which trouble, as data."""

import random
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from soundpiece_sandbox.api.routes import ROUTES

Trouble = Literal["delay", "status", "garbage", "drop", "truncate", "corrupt", "stall", "expire"]

_VERBS = ("GET", "PUT", "*")
_PLACES = (*ROUTES, "download", "*")
_NEEDS_VALUE = ("delay", "status", "stall")
_NEVER_AFTER = ("truncate", "corrupt", "stall", "expire")


class Fault(BaseModel):
    """One kind of trouble, for the requests it is meant for.

    As text: ``[VERB] ROUTE TROUBLE[=VALUE] [after] [times=N] [skip=N] [chance=P] [seed=N]
    [retry_after=N]``.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    verb: Literal["GET", "PUT", "*"] = "*"
    route: str = Field(default="*", description="A route, `download`, or `*` for every route")
    trouble: Trouble
    value: Annotated[float, Field(ge=0, le=3600)] | None = Field(
        default=None, description="Seconds of a delay or stall; the status code of a status"
    )
    after: bool = Field(default=False, description="After the work was made, not before")
    times: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Strike so often, then never again"
    )
    skip: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Let so many requests pass first"
    )
    chance: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Strike with this probability, by the seed"
    )
    seed: int = 0
    retry_after: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Say Retry-After with a status"
    )
    _met: int = PrivateAttr(default=0)
    _struck: int = PrivateAttr(default=0)
    _dice: random.Random = PrivateAttr()

    def model_post_init(self, _: object) -> None:
        """Make the dice: the same seed strikes the same requests."""
        self._dice = random.Random(self.seed)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if (self.value is None) == (self.trouble in _NEEDS_VALUE):
            wanted = "needs a value" if self.value is None else "takes no value"
            raise ValueError(f"{self.trouble} {wanted}")
        if self.trouble == "status" and self.value not in range(400, 600):
            raise ValueError("a status is 400 to 599")
        if self.route not in _PLACES:
            raise ValueError(f"there is no route {self.route!r}")
        if self.after and self.trouble in _NEVER_AFTER:
            raise ValueError(f"{self.trouble} is always after")
        if self.retry_after is not None and self.trouble != "status":
            raise ValueError("retry_after is for a status")
        if self.route == "download" and self.verb == "PUT":
            raise ValueError("downloads are asked for by GET")
        if self.trouble == "expire" and self.route != "download":
            raise ValueError("expire is for downloads")
        return self

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a fault as it is written on a command line.

        Raises ValueError, with a sentence for a person.
        """
        words = text.split()
        fields: dict[str, object] = {}
        if words[0:1] and words[0] in _VERBS and words[1:2] and words[1] in _PLACES:
            fields["verb"] = words.pop(0)
        if len(words) < 2:  # noqa: PLR2004 - route and trouble
            raise ValueError("A fault is [VERB] ROUTE TROUBLE, as in 'PUT create.new_song drop'.")
        fields["route"] = words.pop(0)
        fields["trouble"], _, value = words.pop(0).partition("=")
        if value:
            fields["value"] = _number(value)
        for word in words:
            name, _, value = word.partition("=")
            fields[name] = _number(value) if value else True
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ValueError(f"The fault {text!r}: {where} {first['msg']}.") from None

    def meets(self, verb: str, route: str) -> bool:
        """Tell whether it strikes this request, one that it is meant for counted as met."""
        meant = route in ROUTES if self.route == "*" else route == self.route
        if self.verb not in (verb, "*") or not meant:
            return False
        self._met += 1
        if self._met <= self.skip or self._struck == self.times:
            return False
        if self.chance < 1.0 and self._dice.random() >= self.chance:
            return False
        self._struck += 1
        return True

    @property
    def struck(self) -> int:
        """How often it struck so far."""
        return self._struck


class Faults:
    """All faults in force; the first that meets a request strikes it, and no other."""

    def __init__(self, faults: list[Fault]) -> None:
        """Begin with these."""
        self._faults = list(faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, fault: Fault) -> None:
        """Put one more in force, after those there are."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Let everything pass again."""
        self._faults.clear()

    def meeting(self, verb: str, route: str) -> Fault | None:
        """Find the fault that strikes this request, if one does."""
        return next((fault for fault in self._faults if fault.meets(verb, route)), None)


def _number(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        return float(text)

"""Faults as data: kinds of trouble, and the requests that each strikes."""

import random
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from soundpiece_sandbox.api.routes import ROUTES

Trouble = Literal["delay", "status", "garbage", "drop", "truncate", "corrupt", "stall", "expire"]

_VERBS = ("GET", "PUT", "*")
_TARGETS = (*ROUTES, "download", "*")
_NEEDS_VALUE = ("delay", "status", "stall")
_NEVER_AFTER = ("truncate", "corrupt", "stall", "expire")


class Fault(BaseModel):
    """One kind of trouble, for the requests that match its verb and route.

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
    after: bool = Field(default=False, description="After the request was handled, not before")
    times: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Strike this many times, then never again"
    )
    skip: Annotated[int, Field(ge=0)] = Field(
        default=0, description="Let this many requests pass first"
    )
    chance: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Strike with this probability, decided by the seed"
    )
    seed: int = 0
    retry_after: Annotated[int, Field(ge=0)] | None = Field(
        default=None, description="Send this Retry-After (seconds) with a status"
    )
    _matched: int = PrivateAttr(default=0)
    _struck: int = PrivateAttr(default=0)
    _random: random.Random = PrivateAttr()

    def model_post_init(self, _: object) -> None:
        """Seed the random numbers: the same seed strikes the same requests."""
        self._random = random.Random(self.seed)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.value is None) == (self.trouble in _NEEDS_VALUE):
            wanted = "needs a value" if self.value is None else "takes no value"
            raise ValueError(f"{self.trouble} {wanted}")
        if self.trouble == "status" and self.value not in range(400, 600):
            raise ValueError(f"a status must be 400 to 599, not {self.value}")
        if self.route not in _TARGETS:
            raise ValueError(
                f"there is no route {self.route!r}; one of {', '.join(_TARGETS)} is needed"
            )
        if self.after and self.trouble in _NEVER_AFTER:
            raise ValueError(f"{self.trouble} is always after: leave the word out")
        if self.retry_after is not None and self.trouble != "status":
            raise ValueError(f"retry_after is for a status, not for {self.trouble}")
        if self.route == "download" and self.verb == "PUT":
            raise ValueError("download takes the verb GET or *, not PUT")
        if self.trouble == "expire" and self.route != "download":
            raise ValueError(f"expire is for downloads, not for {self.route}")
        return self

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the fault that a command line describes; ValueError with a sentence for people."""
        words = text.split()
        fields: dict[str, object] = {}
        if words[0:1] and words[0] in _VERBS and words[1:2] and words[1] in _TARGETS:
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

    def strikes(self, verb: str, route: str) -> bool:
        """Return whether the fault strikes this request, and count a request that matches it."""
        matches = route in ROUTES if self.route == "*" else route == self.route
        if self.verb not in (verb, "*") or not matches:
            return False
        self._matched += 1
        if self._matched <= self.skip or self._struck == self.times:
            return False
        if self.chance < 1.0 and self._random.random() >= self.chance:
            return False
        self._struck += 1
        return True

    @property
    def struck(self) -> int:
        """The number of requests it has struck."""
        return self._struck


class Faults:
    """The active faults; only the first that strikes a request acts on it."""

    def __init__(self, faults: list[Fault]) -> None:
        """Start with these faults active."""
        self._faults = list(faults)

    def __iter__(self) -> Iterator[Fault]:
        return iter(self._faults)

    def add(self, fault: Fault) -> None:
        """Activate one more fault, after the others."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Deactivate all faults."""
        self._faults.clear()

    def striking(self, verb: str, route: str) -> Fault | None:
        """Return the fault that strikes this request, or None."""
        return next((fault for fault in self._faults if fault.strikes(verb, route)), None)


def _number(text: str) -> float | int:
    try:
        return int(text)
    except ValueError:
        return float(text)

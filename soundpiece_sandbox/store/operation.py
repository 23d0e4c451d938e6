"""Operations, their outputs, failures and webhooks, and the ids of all of them."""

import re
import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

Status = Literal["processing", "ready", "failed"]

ID_PATTERN = "^op_[0-9a-z]{26}$"

_OUTPUT_FILE = re.compile(r"(?P<id>[0-9a-z]{26})-(?P<take>\d)(-[a-z]+)?\.flac")

_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's 32: no i, l, o, u
_ID_LENGTH = 26
_RANDOM_BITS = 80


@dataclass(frozen=True, slots=True)
class Output:
    """One finished sound: its file's name, its length in seconds, and which stem it is."""

    file: str
    duration: float
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason for which an accepted operation failed."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One accepted request. Once it has ended it has outputs or a failure, never both."""

    id: str
    route: str
    idempotency_key: str
    request: dict[str, Any]
    created_at: datetime
    outputs: tuple[Output, ...] | None = None
    failure: Failure | None = None

    @property
    def status(self) -> Status:
        """The status, as the API names it."""
        if self.failure is not None:
            return "failed"
        return "processing" if self.outputs is None else "ready"

    def as_accepted(self) -> Self:
        """Return the operation as it was when it was accepted."""
        return replace(self, outputs=None, failure=None)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The message that an operation has ended, and the number of attempts to deliver it."""

    id: str
    operation_id: str
    attempts: int = 0

    @classmethod
    def for_operation(cls, operation_id: str) -> Self:
        """Return a new message for an operation; every attempt sends the same message id."""
        return cls(f"msg_{_new_ulid()}", operation_id)


def new_operation_id() -> str:
    """Return a new unique id. Ids sort by the time they were made."""
    return f"op_{_new_ulid()}"


def _new_ulid() -> str:
    number = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return "".join(_ID_LETTERS[number >> 5 * place & 31] for place in reversed(range(_ID_LENGTH)))


def output_file_name(operation_id: str, variation: int, kind: str | None) -> str:
    """Return the name of an output's file: operation id, take (from 1) and kind of stem."""
    parts = [operation_id.removeprefix("op_"), str(variation + 1), *([kind] if kind else [])]
    return "-".join(parts) + ".flac"


def operation_and_variation_of(file: str) -> tuple[str, int] | None:
    """Return the operation id and the variation in an output's file name; None without them."""
    match = _OUTPUT_FILE.fullmatch(file)
    return match and (f"op_{match['id']}", int(match["take"]) - 1)

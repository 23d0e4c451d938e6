"""The operation: one piece of accepted work and how it stands."""

import secrets
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

Status = Literal["processing", "ready", "failed"]

ID_PATTERN = "^op_[0-9a-z]{26}$"

_ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's 32: no i, l, o, u
_ID_LENGTH = 26
_RANDOM_BITS = 80


@dataclass(frozen=True, slots=True)
class Output:
    """One finished take: the name of its sound file and its length in seconds."""

    file: str
    duration: float


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an accepted operation came to nothing."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One accepted request. It has outputs or a failure once it has ended, and never both."""

    id: str
    route: str
    idempotency_key: str
    request: dict[str, Any]
    created_at: datetime
    outputs: tuple[Output, ...] | None = None
    failure: Failure | None = None

    @property
    def status(self) -> Status:
        """Say how it stands, in the service's words."""
        if self.failure is not None:
            return "failed"
        return "processing" if self.outputs is None else "ready"

    def as_accepted(self) -> Self:
        """Give the operation as it stood when it was accepted."""
        return replace(self, outputs=None, failure=None)


def new_operation_id() -> str:
    """Make an id that no other has, and that sorts by the time it was made (as a ULID does)."""
    number = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    letters = (_ID_LETTERS[number >> 5 * place & 31] for place in reversed(range(_ID_LENGTH)))
    return "op_" + "".join(letters)

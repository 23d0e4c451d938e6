"""The operation: one piece of accepted work and how it stands."""

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


@dataclass(frozen=True, slots=True)
class Webhook:
    """The message that an operation has ended, and how often it was tried to be delivered."""

    id: str
    operation_id: str
    attempts: int = 0

    @classmethod
    def about(cls, operation_id: str) -> Self:
        """Make the message about an operation; its id stays the same however often it is sent."""
        return cls(f"msg_{_sortable_letters()}", operation_id)


def new_operation_id() -> str:
    """Make an id that no other has."""
    return f"op_{_sortable_letters()}"


def _sortable_letters() -> str:
    # They sort by the time they were made, as a ULID's do.
    number = (time.time_ns() // 1_000_000 << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)
    return "".join(_ID_LETTERS[number >> 5 * place & 31] for place in reversed(range(_ID_LENGTH)))


def output_file(operation_id: str, variation: int, kind: str | None) -> str:
    """Name the file of an output: of its operation, its take (from 1) and its kind of stem."""
    parts = [operation_id.removeprefix("op_"), str(variation + 1), *([kind] if kind else [])]
    return "-".join(parts) + ".flac"


def maker_of(file: str) -> tuple[str, int] | None:
    """Tell from the name of an output's file the id of its operation, and the variation."""
    match = _OUTPUT_FILE.fullmatch(file)
    return match and (f"op_{match['id']}", int(match["take"]) - 1)

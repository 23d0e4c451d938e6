"""The service's answers about an operation, read with tolerance.

Within v1 the service may add fields, statuses, error codes and envelope keys any day. The
operation is therefore *the* object that carries `id` and `status`, wherever it stands; what is
unknown is kept aside, and an unknown status means that the work goes on. What is not believed is
an answer about another operation than the one that was asked about.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .costs import read_cost
from .errors import Unreadable
from .redaction import plain_id, plain_word, said, whole

KNOWN_STATUSES = ("processing", "ready", "failed")
"""The statuses that v1 had when this was written; any other means that the work goes on."""

MOST_OUTPUTS = 256
"""Outputs of one operation; the service makes up to four."""

LONGEST_URL = 8_192
"""Characters of a signed address; those of the large storage services have about 1,500."""


@dataclass(frozen=True)
class OutputLink:
    """A signed URL of one finished output, good for a short while; it is a secret."""

    url: str = field(repr=False)
    expires_at: datetime | None
    duration: float | None
    kind: str | None

    def expired(self, now: datetime) -> bool:
        """Tell whether the URL is known to be of no use any more."""
        return self.expires_at is not None and self.expires_at <= now


@dataclass(frozen=True)
class Answer:
    """One operation as the service sees it; `fields` is everything it sent, `url`s included.

    `held` tells whether the service was let hold the request until the operation's end.
    """

    id: str
    status: str
    created_at: datetime | None = None
    outputs: tuple[OutputLink, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    held: bool = True
    cost: str | None = None
    """The cost in the service's own words; None where the answer names none."""

    @property
    def ready(self) -> bool:
        """Whether the outputs can be fetched."""
        return self.status == "ready"

    @property
    def failed(self) -> bool:
        """Whether the service gave up on it."""
        return self.status == "failed"

    @property
    def ended(self) -> bool:
        """Whether the service has finished with it, well or badly."""
        return self.ready or self.failed


def read_answer(
    payload: object, *, operation_id: str | None = None, key: str | None = None
) -> Answer:
    """Read an operation out of a decoded JSON answer.

    Raises Unreadable where none is, or where those that are there have another id than
    `operation_id` or were made under another idempotency key than `key`.
    """
    found = _find_operation(payload, operation_id, key)
    outputs = tuple(_outputs(found))
    if found["status"] == "ready" and not outputs:
        raise Unreadable("The service calls the operation ready but names no output.")
    error = found.get("error")
    error = error if isinstance(error, dict) else {}
    return Answer(
        id=found["id"],
        status=plain_word(found["status"]) or "unknown",
        created_at=read_time(found.get("created_at")),
        outputs=outputs,
        error_code=plain_word(error.get("code")),
        error_message=said(_text(error.get("message")) or "") or None,
        fields=found,
        cost=read_cost(found, payload),
    )


def read_time(value: object) -> datetime | None:
    """Read an ISO-8601 time as UTC; None for anything else."""
    if not isinstance(value, str) or len(value) > _LONGEST_TIME:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where UTC's calendar does not reach
        return None


_LONGEST_TIME = 64
"""Characters; one with microseconds and an offset has 32."""


def _find_operation(payload: object, operation_id: str | None, key: str | None) -> dict[str, Any]:
    operations = list(_operations(payload))
    if not operations:
        raise Unreadable("The service's answer holds no operation.")
    ours = [
        operation
        for operation in operations
        if operation_id in (None, operation["id"]) and _may_be_under(operation, key)
    ]
    if not ours:
        raise Unreadable("The service's answer is about another operation.")
    found = next((each for each in ours if key and each.get("idempotency_key")), ours[0])
    if plain_id(found["id"]) is None:
        raise Unreadable("The service's answer has no usable operation id.")
    return found


def _may_be_under(operation: Mapping[str, Any], key: str | None) -> bool:
    """Tell whether the operation may be the one under a key, which an answer need not repeat."""
    named = operation.get("idempotency_key")
    return key is None or named is None or _canonical(str(named)) == _canonical(key)


def _canonical(key: str) -> str:
    try:
        return str(uuid.UUID(key))
    except ValueError:
        return key.strip().lower()


def _operations(payload: object) -> Iterator[dict[str, Any]]:
    candidates = [payload, *payload.values()] if isinstance(payload, dict) else []
    for candidate in candidates:
        if (
            isinstance(candidate, dict)
            and isinstance(candidate.get("id"), str)
            and isinstance(candidate.get("status"), str)
        ):
            yield candidate


def _outputs(operation: Mapping[str, Any]) -> Iterator[OutputLink]:
    listed = operation.get("outputs")
    single = operation.get("output")
    entries = listed if isinstance(listed, list) else [single]
    if len(entries) > MOST_OUTPUTS:
        raise Unreadable(f"The service's answer names more than {MOST_OUTPUTS} outputs.")
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("url"), str):
            if len(entry["url"]) > LONGEST_URL:
                raise Unreadable("The service's answer names an address that is too long.")
            yield OutputLink(
                url=whole(entry["url"]),
                expires_at=read_time(entry.get("expires_at")),
                duration=_seconds(entry.get("duration")),
                kind=plain_word(entry.get("kind")),
            )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _LONGEST else None


_LONGEST = 1e6
"""Seconds beyond which a duration is taken for nonsense."""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

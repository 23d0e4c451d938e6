"""The service's answers about an operation, read with tolerance.

Within v1 the service may add fields, statuses, error codes and envelope keys any day. The
operation is therefore *the* object that carries `id` and `status`, wherever it stands; what is
unknown is kept aside, and an unknown status means that the work goes on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .errors import Unreadable
from .redaction import scrub


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
    """One operation as the service sees it; `fields` is everything it sent, `url`s included."""

    id: str
    status: str
    created_at: datetime | None = None
    outputs: tuple[OutputLink, ...] = ()
    error_code: str | None = None
    error_message: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)

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


def read_answer(payload: object) -> Answer:
    """Read an operation out of a decoded JSON answer; raises Unreadable where none is."""
    found = next(_operations(payload), None)
    if found is None:
        raise Unreadable("The service's answer holds no operation.")
    outputs = tuple(_outputs(found))
    if found["status"] == "ready" and not outputs:
        raise Unreadable("The service calls the operation ready but names no output.")
    error = found.get("error")
    error = error if isinstance(error, dict) else {}
    return Answer(
        id=found["id"],
        status=found["status"],
        created_at=read_time(found.get("created_at")),
        outputs=outputs,
        error_code=_text(error.get("code")),
        error_message=scrub(_text(error.get("message")) or "") or None,
        fields=found,
    )


def read_time(value: object) -> datetime | None:
    """Read an ISO-8601 time as UTC; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter where UTC's calendar does not reach
        return None


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
    for entry in entries:
        if isinstance(entry, dict) and isinstance(entry.get("url"), str):
            yield OutputLink(
                url=entry["url"],
                expires_at=read_time(entry.get("expires_at")),
                duration=_seconds(entry.get("duration")),
                kind=_text(entry.get("kind")),
            )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < _LONGEST else None


_LONGEST = 1e6
"""Seconds beyond which a duration is taken for nonsense."""


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

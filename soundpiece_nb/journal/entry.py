"""One operation and its takes as the journal holds them, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, get_args

from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.audio.tags import Identity, Story
from soundpiece_nb.files import readable_name
from soundpiece_nb.shown_text import short

Status = Literal["submitting", "processing", "ready", "failed", "rejected"]
STATUSES: tuple[Status, ...] = get_args(Status)

ORDERS = ("made", "name", "route", "status", "duration", "rating", "elapsed")
"""Orders of a history; a `-` before one reverses it, so `-made` is newest first."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TakeEntry:
    """One output: `take` counts from 1; `path` is None until a verified file is stored.

    `pruned_at` is the time since which its audio is not wanted on this machine. `loudness` (LUFS),
    `tempo` (beats per minute) and `centroid` (Hz) were measured by version `measured` of
    `analysis.measurement`; all four are None until then.
    """

    take: int
    kind: str | None
    duration: float | None
    path: str | None
    size: int | None
    waveform: bytes | None
    rating: int | None
    note: str | None
    pruned_at: datetime | None
    loudness: float | None = None
    tempo: float | None = None
    centroid: float | None = None
    measured: int | None = None


@dataclass(frozen=True)
class Entry:
    """One operation: its request, its status and its takes."""

    key: str
    route: str
    service: str
    body: bytes
    status: Status
    name: str | None
    operation_id: str | None
    tags: tuple[str, ...]
    note: str | None
    sweep: dict[str, str] | None
    """The `id` of its sweep, and the values of the words that were varied."""
    notebook: str | None
    error_code: str | None
    error_message: str | None
    submitted_at: datetime
    accepted_at: datetime | None
    finished_at: datetime | None
    outputs: int | None
    polls: int
    retries: int
    takes: tuple[TakeEntry, ...]

    @property
    def fields(self) -> dict[str, Any]:
        """The request's fields as a person gives them: links as plain addresses."""
        return read_fields(self.body)

    @property
    def title(self) -> str:
        """Its NAME, else the first four words of its text, at most 40 characters."""
        if self.name:
            return self.name
        fields = self.fields
        words = str(fields.get("prompt") or fields.get("lyrics") or self.route).split()
        return " ".join(words[:4])[:40]

    @property
    def made_from(self) -> tuple[OutputRef, ...]:
        """The outputs of earlier operations that its request refers to."""
        named = map(parse_output_ref, self.fields.values())
        return tuple(output for output in named if output is not None)

    @property
    def summary(self) -> str:
        """The prompt, else the reference or source: its address, or the take it names."""
        fields = self.fields
        text = str(fields.get("prompt") or fields.get("reference") or fields.get("source") or "")
        output = parse_output_ref(text)
        return f"from take {output.take} of {short(output.key)}" if output else text

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do: ended, and every output is a verified file or pruned."""
        if self.status == "ready":
            return sum(bool(take.path or take.pruned_at) for take in self.takes) == self.outputs
        return self.status in ("failed", "rejected")

    def file_name(self, take: TakeEntry, ending: str = ".flac") -> str:
        """Return a readable file name for a take: with its kind if no other take shares it."""
        names = [readable_name("", each.kind or each.take, self.key) for each in self.takes]
        own = readable_name("", take.kind or take.take, self.key)
        label = take.kind if take.kind and names.count(own) == 1 else take.take
        return readable_name(self.title, label, self.key, ending)

    def story(self, take: TakeEntry) -> Story:
        """Return the tags for a copy of a take."""
        fields = self.fields
        return Story(
            identity=Identity(self.key, take.take),
            title=self.title,
            made_at=self.finished_at or self.submitted_at,
            route=self.route,
            operation_id=self.operation_id,
            prompt=fields.get("prompt"),
            lyrics=fields.get("lyrics"),
        )


def read_fields(body: bytes) -> dict[str, Any]:
    """Return the fields of a sent body without the key, with links as plain addresses."""
    wire = json.loads(body)
    wire.pop("idempotency_key", None)
    return {
        name: value["url"] if isinstance(value, dict) and "url" in value else value
        for name, value in wire.items()
    }


def microseconds(time: datetime) -> int:
    """Return a time as the journal stores it, in microseconds since 1970."""
    return (time - EPOCH) // timedelta(microseconds=1)


def now_in_microseconds() -> int:
    """Return the current time as the journal stores it."""
    return microseconds(datetime.now(UTC))


def to_time(stored: int | None) -> datetime | None:
    """Return a stored time as a datetime in UTC; None stays None."""
    return None if stored is None else EPOCH + timedelta(microseconds=stored)


def read_entry(row: Mapping[str, Any], take_rows: Sequence[Mapping[str, Any]]) -> Entry:
    """Build an entry from its row and the rows of its takes."""
    values: dict[str, Any] = {
        **{name: row.get(name) for name in Entry.__dataclass_fields__},
        "key": row["idempotency_key"],
        "tags": tuple(json.loads(row["tags"])),
        "sweep": json.loads(row["sweep"]) if row["sweep"] else None,
        "takes": tuple(map(_read_take, take_rows)),
        **{name: to_time(row[name]) for name in ("submitted_at", "accepted_at", "finished_at")},
    }
    return Entry(**values)


def _read_take(row: Mapping[str, Any]) -> TakeEntry:
    values = {name: row[name] for name in TakeEntry.__dataclass_fields__}
    return TakeEntry(**values | {"pruned_at": to_time(row["pruned_at"])})

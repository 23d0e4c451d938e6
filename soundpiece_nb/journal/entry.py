"""What the journal holds of one operation, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.audio.tags import Identity, Story
from soundpiece_nb.files import readable_name
from soundpiece_nb.text import short

Status = Literal["submitting", "processing", "ready", "failed", "rejected"]
STATUSES: tuple[Status, ...] = get_args(Status)

ORDERS = ("made", "name", "route", "status", "duration", "rating", "elapsed")
"""What a history is ordered by; a `-` before it turns it round. `-made` is newest first."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TakeEntry:
    """One output: `take` counts from 1; `path` is None until a verified file is there.

    `pruned_at` says since when its audio is not wanted on this machine. `loudness` (LUFS), `tempo`
    (beats a minute) and `centroid` (Hz) were measured by version `measured` of the measuring; all
    are None until then.
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
    """One operation: what was asked, how it stands, which takes it brought."""

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
    """The sweep it is of: its `id`, and the words that were varied."""
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
        """What to call it: its NAME, else the first words of its text."""
        if self.name:
            return self.name
        fields = self.fields
        words = str(fields.get("prompt") or fields.get("lyrics") or self.route).split()
        return " ".join(words[:_TITLE_WORDS])[:_TITLE_LENGTH]

    @property
    def made_from(self) -> tuple[OutputRef, ...]:
        """The outputs of earlier operations that it is made from."""
        named = map(parse_output_ref, self.fields.values())
        return tuple(output for output in named if output is not None)

    @property
    def summary(self) -> str:
        """The prompt, else the reference or source: its address, or which take it is."""
        fields = self.fields
        text = str(fields.get("prompt") or fields.get("reference") or fields.get("source") or "")
        output = parse_output_ref(text)
        return f"from take {output.take} of {short(output.key)}" if output else text

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do: ended, and every output is a verified file or pruned."""
        if self.status == "ready":
            settled = [take for take in self.takes if take.path or take.pruned_at]
            return len(settled) == self.outputs
        return self.status in ("failed", "rejected")

    def file_name(self, take: TakeEntry, ending: str = ".flac") -> str:
        """Return a readable name for a take's file: by its kind where that tells it apart."""
        names = [readable_name("", each.kind or each.take, self.key) for each in self.takes]
        own = readable_name("", take.kind or take.take, self.key)
        called = take.kind if take.kind and names.count(own) == 1 else take.take
        return readable_name(self.title, called, self.key, ending)

    def story(self, take: TakeEntry) -> Story:
        """Return what a take's tags are to tell."""
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
    """Return a sent body's fields, without the key, links as plain addresses."""
    wire = json.loads(body)
    wire.pop("idempotency_key", None)
    return {name: _plain(value) for name, value in wire.items()}


def _plain(value: Any) -> Any:
    return value["url"] if isinstance(value, dict) and "url" in value else value


def microseconds(time: datetime) -> int:
    """Return a time as the journal stores it."""
    difference = time - EPOCH
    return (difference.days * 86_400 + difference.seconds) * 1_000_000 + difference.microseconds


def to_time(stored: int | None) -> datetime | None:
    """Read a stored time as UTC."""
    return (
        None
        if stored is None
        else datetime.fromtimestamp(stored // 1_000_000, UTC).replace(
            microsecond=stored % 1_000_000
        )
    )


def read_entry(row: Mapping[str, Any], take_rows: Sequence[Mapping[str, Any]]) -> Entry:
    """Build an entry from its row and the rows of its takes."""
    return Entry(
        key=row["idempotency_key"],
        **{name: row[name] for name in _COPIED},
        tags=tuple(json.loads(row["tags"])),
        sweep=json.loads(row["sweep"]) if row["sweep"] else None,
        submitted_at=to_time(row["submitted_at"]) or EPOCH,
        accepted_at=to_time(row["accepted_at"]),
        finished_at=to_time(row["finished_at"]),
        takes=tuple(map(_read_take, take_rows)),
    )


def _read_take(row: Mapping[str, Any]) -> TakeEntry:
    values = {name: row[name] for name in _TAKE}
    return TakeEntry(**{**values, "pruned_at": to_time(row["pruned_at"])})


_TITLE_WORDS = 4
_TITLE_LENGTH = 40

_COPIED = (
    "route",
    "service",
    "body",
    "status",
    "name",
    "operation_id",
    "note",
    "notebook",
    "error_code",
    "error_message",
    "outputs",
    "polls",
    "retries",
)
_TAKE = tuple(TakeEntry.__dataclass_fields__)

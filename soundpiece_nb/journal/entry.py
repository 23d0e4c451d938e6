"""One operation and its takes as the journal holds them, as plain values."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, Literal, get_args

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.api.file_ref import parse_file_ref
from soundpiece_nb.api.number_arguments import MOST_STARS
from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref, ref_within
from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.audio.tags import Identity, Story
from soundpiece_nb.audio.waveform import BINS
from soundpiece_nb.files.naming import readable_name
from soundpiece_nb.shown_text import MOST_IN_A_NAME, label, scrub, short, shown

from .row_reading import EPOCH, Row, read_json

Status = Literal["submitting", "processing", "ready", "failed", "rejected", "discarded"]
STATUSES: tuple[Status, ...] = get_args(Status)

MOST_COMPLAINTS = 6
"""Unreadable columns that one sentence names."""
MOST_TAKES = 9_999
"""The highest number of a take: `OutputRef` writes at most four digits."""

ORDERS = ("made", "name", "route", "status", "duration", "rating", "elapsed")
"""Orders of a history; a `-` before one reverses it, so `-made` is newest first."""


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
    waveform: bytes | None = field(repr=False)
    rating: int | None
    note: str | None
    pruned_at: datetime | None
    loudness: float | None = None
    tempo: float | None = None
    centroid: float | None = None
    measured: int | None = None


@dataclass(frozen=True, repr=False)
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
    account: str | None = None
    """The mark of the account that it was begun under, see `credentials.account_mark`."""
    sent_at: datetime | None = None
    """The time since which the service may have it; None where it never left this machine."""
    made_by: str | None = None
    """The person whose process wrote it down, see `settings.made_by`."""
    cost: str | None = None
    """The cost in the service's own words."""
    own_files: Mapping[str, str] = field(default_factory=dict)
    """The fields that are files of a person's own, as references with the files' names."""
    unreadable: tuple[str, ...] = ()
    """The columns of its row, and of its takes' rows, that held what they cannot mean."""

    def __repr__(self) -> str:
        return label(f"<entry of {self.route} {short(self.key)} {self.status}>")

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The request's fields as they may be shown: links as plain addresses without secrets.

        There are none where they cannot be read.
        """
        try:
            fields = self._read_fields()
        except ValueError:
            return {}
        return {scrub(name): without_secrets(value) for name, value in fields.items()}

    @property
    def fields_to_send(self) -> dict[str, Any]:
        """The request's fields with all that addresses hold, to send them again.

        Raises StorageFailed where they cannot be read.
        """
        try:
            return self._read_fields()
        except ValueError:
            raise StorageFailed(
                f"The request of {short(self.key)} cannot be read from the journal.",
                money="Nothing was sent.",
                next="Make it anew, from the words that you know of it.",
            ) from None

    def _read_fields(self) -> dict[str, Any]:
        fields = read_fields(self.body, self.route)
        for name, named in self.own_files.items():
            if parse_file_ref(fields.get(name)) == parse_file_ref(named):
                fields[name] = named
        return fields

    @cached_property
    def complaint(self) -> str:
        """The sentence that says what of its row cannot be read; empty where all can."""
        columns = [*self.unreadable]
        try:
            read_fields(self.body, self.route)
        except ValueError:
            columns.insert(0, "body")
        if not columns:
            return ""
        more = len(columns) - MOST_COMPLAINTS
        named = ", ".join(columns[:MOST_COMPLAINTS]) + (f" and {more} more" if more > 0 else "")
        return f"Its row in the journal is damaged ({named}); this is what can be read of it."

    @property
    def title(self) -> str:
        """Its NAME, else the first four words of its text, at most 40 characters; to be shown."""
        if self.name:
            return " ".join(shown(self.name, MOST_IN_A_NAME).split())
        fields = self.fields
        words = str(fields.get("prompt") or fields.get("lyrics") or self.route)
        return " ".join(shown(words).split()[:4])[:40]

    @property
    def made_from(self) -> tuple[OutputRef, ...]:
        """The outputs of earlier operations that its request refers to."""
        named = map(ref_within, self.fields.values())
        return tuple(output for output in named if output is not None)

    @property
    def summary(self) -> str:
        """The prompt, else the reference or source: its address, or the take it names."""
        fields = self.fields
        text = str(fields.get("prompt") or fields.get("reference") or fields.get("source") or "")
        output, file = parse_output_ref(text), parse_file_ref(text)
        if file:
            return f"from {file.title}"
        return f"from take {output.take} of {short(output.key)}" if output else text

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do: ended, and every output is a verified file or pruned."""
        if self.status == "ready":
            return sum(bool(take.path or take.pruned_at) for take in self.takes) == self.outputs
        return self.status in ("failed", "rejected", "discarded")

    @property
    def unsent(self) -> bool:
        """Whether it waits to be sent, and nothing of it has ever left this machine."""
        return self.status == "submitting" and self.sent_at is None

    def word_for(self, take: TakeEntry) -> str:
        """Return the words that name a take on a magic's line, such as `1a2b3c4d:vocals`."""
        if len(self.takes) == 1:
            return short(self.key)
        kinds = [each.kind for each in self.takes]
        return f"{short(self.key)}:{take.kind if kinds.count(take.kind) == 1 else take.take}"

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
            operation_id=None if self.operation_id is None else scrub(self.operation_id),
            prompt=_as_text(fields.get("prompt")),
            lyrics=_as_text(fields.get("lyrics")),
        )


def _as_text(value: Any) -> str | None:
    """Return a value as a text that a file can hold: JSON can name half of a surrogate pair."""
    return None if value is None else str(value).encode(errors="replace").decode()


def without_secrets(value: Any, levels: int = 20) -> Any:
    """Return a JSON value with its texts as they may be shown, so many levels of it."""
    match value:
        case str():
            return scrub(value)
        case list() | dict() if not levels:
            return "…"
        case list():
            return [without_secrets(each, levels - 1) for each in value]
        case dict():
            return {scrub(n): without_secrets(each, levels - 1) for n, each in value.items()}
    return value


def read_fields(body: bytes, route: str = "") -> dict[str, Any]:
    """Return the fields of a sent body without the key, with the route's links as plain addresses.

    Fields that the route is not known to have are as they were sent. Raises ValueError unless the
    body is a JSON object.
    """
    wire = read_json(body, dict)
    wire.pop("idempotency_key", None)
    extra = extra_names(route, wire)
    return {
        name: value["url"]
        if isinstance(value, dict) and "url" in value and name not in extra
        else value
        for name, value in wire.items()
    }


def extra_names(route: str, fields: Iterable[str]) -> list[str]:
    """Return the names of fields that this version does not know of a route that it knows."""
    known = [each.name for each in ROUTES[route].all_fields] if route in ROUTES else fields
    return [name for name in fields if name not in known]


def microseconds(time: datetime) -> int:
    """Return a time as the journal stores it, in microseconds since 1970."""
    return (time - EPOCH) // timedelta(microseconds=1)


def now_in_microseconds() -> int:
    """Return the current time as the journal stores it."""
    return microseconds(datetime.now(UTC))


def read_entry(row: Mapping[str, Any], take_rows: Sequence[Mapping[str, Any]]) -> Entry:
    """Build an entry from its row and the rows of its takes, whatever they hold."""
    read = Row(row)
    key, status = read.text("idempotency_key") or "", read.label("status") or ""
    if not _is_key(key):
        read.refuse("idempotency_key")
    if status not in STATUSES:
        read.refuse("status")
    takes, unreadable = [], list[str]()
    for number, take_row in enumerate(take_rows, start=1):
        read_take = Row(take_row, f"take {number}: ")
        takes.append(_read_take(read_take))
        unreadable += read_take.unreadable
    values: dict[str, Any] = {
        "key": key,
        "route": read.label("route") or "",
        "service": read.text("service") or "",
        "body": read.octets("body") or b"",
        "status": status,
        **{name: read.text(name) for name in ("name", "operation_id", "note", "notebook")},
        "tags": read.texts("tags"),
        "sweep": read.words("sweep"),
        "error_code": read.label("error_code"),
        "error_message": read.message("error_message"),
        "submitted_at": read.time("submitted_at") or EPOCH,
        **{name: read.time(name) for name in ("accepted_at", "finished_at", "sent_at")},
        "outputs": read.whole("outputs"),
        **{name: read.whole(name) or 0 for name in ("polls", "retries")},
        "takes": tuple(takes),
        "account": read.text("account"),
        **{name: read.label(name) for name in ("made_by", "cost")},
        "own_files": _own_files(row),
    }
    return Entry(**values, unreadable=(*read.unreadable, *unreadable))


def _own_files(row: Mapping[str, Any]) -> dict[str, str]:
    columns = {name: str(row.get(name)) for name in ("reference", "source")}
    return {name: text for name, text in columns.items() if parse_file_ref(text)}


def _read_take(row: Row) -> TakeEntry:
    waveform = row.octets("waveform")
    if waveform is not None and len(waveform) > 2 * BINS:
        row.refuse("waveform")
        waveform = None
    return TakeEntry(
        take=row.whole("take", MOST_TAKES, least=1) or 0,
        kind=row.label("kind"),
        duration=row.figure("duration", least=0),
        path=row.stored_path("path"),
        size=row.whole("size"),
        waveform=waveform,
        rating=row.whole("rating", MOST_STARS),
        note=row.text("note"),
        pruned_at=row.time("pruned_at"),
        **{name: row.figure(name) for name in ("loudness", "tempo", "centroid")},
        measured=row.whole("measured"),
    )


def _is_key(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False

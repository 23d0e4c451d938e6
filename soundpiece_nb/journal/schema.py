"""The journal's tables.

Times are whole microseconds since 1970 in UTC: they sort, and become timestamps without parsing.
Paths are relative to the folder the journal lies in, so that the folder can be moved.

A row of an operation is wide: body and lyrics. So that a long history is narrowed, ordered and
searched without reading those rows, `operations_listed` holds all that filters ask for, one slim
index an order leads through the rows, and `texts` holds nothing but the words that are searched,
to which `takes_noted` adds those on single takes.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Computed,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    event,
    func,
    select,
)

VERSION = 5

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

operations = Table(
    "operations",
    metadata,
    Column("number", Integer, primary_key=True),  # in the order of writing
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("route", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("name", Text),
    Column("operation_id", Text),
    Column("prompt", Text),
    Column("lyrics", Text),
    Column("reference", Text),
    Column("source", Text),
    Column("params", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("note", Text),
    Column("sweep", Text),
    Column("batch", Text),
    Column("notebook", Text),
    Column("error_code", Text),
    Column("error_message", Text),
    Column("submitted_at", BigInteger, nullable=False),
    Column("accepted_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("outputs", Integer),
    Column("polls", Integer, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("holder", Text),
    Column("held_until", BigInteger),
    Column("duration", Float),  # of all its takes, kept with them
    Column("rating", Integer),  # the best of its takes, kept with them
    Column("files", Text),  # of its takes, a line each, kept with them
    Column("elapsed", BigInteger, Computed("finished_at - submitted_at", persisted=False)),
    Column("sweep_id", Text, Computed("json_extract(sweep, '$.id')", persisted=False)),
    Index(
        "operations_listed",
        "route",
        "status",
        "error_code",
        "submitted_at",
        "finished_at",  # SQLite reads no computed column, as elapsed, from an index alone
        "name",
        "tags",
        "duration",
        "rating",
    ),
    Index("operations_by_time", "submitted_at"),
    Index("operations_by_name", "name", "submitted_at"),
    Index("operations_by_route", "route", "submitted_at"),
    Index("operations_by_status", "status", "submitted_at"),
    Index("operations_by_duration", "duration", "submitted_at"),
    Index("operations_by_rating", "rating", "submitted_at"),
    Index("operations_by_elapsed", "elapsed", "submitted_at"),
    Index("operations_by_operation_id", "operation_id"),
    Index("operations_by_source", "source"),
    Index("operations_by_reference", "reference"),
    Index("operations_by_batch", "batch"),
    Index("operations_by_sweep", "sweep_id"),
)

texts = Table(
    "texts",
    metadata,
    Column("number", Integer, ForeignKey(operations.c.number), primary_key=True),
    Column("words", Text, nullable=False),
)

takes = Table(
    "takes",
    metadata,
    Column("idempotency_key", Text, ForeignKey(operations.c.idempotency_key), primary_key=True),
    Column("take", Integer, primary_key=True),
    Column("kind", Text),
    Column("duration", Float),
    Column("path", Text),
    Column("size", BigInteger),
    Column("frames", BigInteger),
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("md5", Text),
    Column("waveform", LargeBinary),
    Column("rating", Integer),
    Column("note", Text),
    Column("pruned_at", BigInteger),
    Column("loudness", Float),
    Column("tempo", Float),
    Column("centroid", Float),
    Column("measured", Integer),
)
Index("takes_with_files", takes.c.idempotency_key, takes.c.take, takes.c.path)
Index(
    "takes_without_files",
    takes.c.idempotency_key,
    sqlite_where=takes.c.path.is_(None) & takes.c.pruned_at.is_(None),
)

takes_noted = Index(
    "takes_noted",
    takes.c.idempotency_key,
    takes.c.note,
    sqlite_where=takes.c.note.is_not(None),
)
"""The few takes with a note of their own, for a search to read nothing else."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True),  # in the order of hearing
    Column("webhook_id", Text, nullable=False, unique=True),
    Column("operation_id", Text, nullable=False),
    Column("heard_at", BigInteger, nullable=False, index=True),
    sqlite_autoincrement=True,  # a number is never given twice, though old rows go
)

_of_it = takes.c.idempotency_key == operations.c.idempotency_key
SUMMED_UP = {
    "duration": select(func.sum(takes.c.duration)).where(_of_it).scalar_subquery(),
    "rating": select(func.max(takes.c.rating)).where(_of_it).scalar_subquery(),
    "files": select(func.group_concat(takes.c.path, "\n")).where(_of_it).scalar_subquery(),
}
"""What an operation's row keeps of its takes."""

_SEARCHED = ("name", "prompt", "lyrics", "note")
_WORDS = " || char(10) || ".join(f"coalesce(new.{column}, '')" for column in _SEARCHED)
_WHEN_WRITTEN = f"""CREATE TRIGGER texts_written AFTER INSERT ON operations BEGIN
    INSERT INTO texts (number, words) VALUES (new.number, {_WORDS}); END"""  # noqa: S608 - constants
_WHEN_CHANGED = f"""CREATE TRIGGER texts_changed AFTER UPDATE OF {", ".join(_SEARCHED)}
    ON operations BEGIN
    UPDATE texts SET words = {_WORDS} WHERE number = new.number; END"""  # noqa: S608 - constants
for _trigger in (_WHEN_WRITTEN, _WHEN_CHANGED):
    event.listen(metadata, "after_create", DDL(_trigger))  # type: ignore[no-untyped-call]

"""The tables of the journal, and the statements that change one row of them.

Times are whole microseconds since 1970 in UTC, which sort and become timestamps without parsing.
Paths are relative to the journal's folder, so that the folder can be moved.

An operation's row is wide, with its body and lyrics, so a long history is filtered, ordered and
searched without reading it: `operations_listed` covers every column that filters use, each order
has a narrow index, and `texts` holds only the searched words, as `takes_noted` does for takes. What
of `texts` has changed since `search_index` last looked at it is in `texts_unindexed`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Float, Index, Integer, Table, Text

metadata = sa.MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

operations = Table(
    "operations",
    metadata,
    Column("number", Integer, primary_key=True),  # in the order of writing
    Column("idempotency_key", Text, nullable=False, unique=True),
    Column("route", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("body", sa.LargeBinary, nullable=False),
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
    Column("duration", Float),  # sum of its takes, see SUMMED_UP
    Column("rating", Integer),  # best of its takes
    Column("files", Text),  # paths of its takes, one a line
    Column("elapsed", BigInteger, sa.Computed("finished_at - submitted_at", persisted=False)),
    Column("sweep_id", Text, sa.Computed("json_extract(sweep, '$.id')", persisted=False)),
    Column("account", Text),  # see `credentials.account_mark`
    Column("sent_at", BigInteger),  # when it may first have left this machine; none: never
    Column("made_by", Text),  # see `settings.made_by`
    Column("cost", Text),  # as the service says it, see `Answer.cost`
    Index(
        "operations_listed",
        "route",
        "status",
        "error_code",
        "submitted_at",
        "finished_at",  # SQLite reads no computed column (elapsed) from an index alone
        "name",
        "tags",
        "duration",
        "rating",
    ),
    Index("operations_by_time", "submitted_at"),
    *(
        Index(f"operations_by_{column}", column, "submitted_at")
        for column in ("name", "route", "status", "duration", "rating", "elapsed")
    ),
    Index("operations_by_operation_id", "operation_id"),
    Index("operations_by_source", "source"),
    Index("operations_by_reference", "reference"),
    Index("operations_by_batch", "batch"),
    Index("operations_by_sweep", "sweep_id"),
)

texts = Table(
    "texts",
    metadata,
    Column("number", Integer, sa.ForeignKey(operations.c.number), primary_key=True),
    Column("words", Text, nullable=False),
)

unindexed = Table(
    "texts_unindexed",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("indexed", Text),  # the words that `search_index` has of it; none: it has not seen it
)

takes = Table(
    "takes",
    metadata,
    Column("idempotency_key", Text, sa.ForeignKey(operations.c.idempotency_key), primary_key=True),
    Column("take", Integer, primary_key=True),
    Column("kind", Text),
    Column("duration", Float),
    Column("path", Text),
    Column("size", BigInteger),
    Column("frames", BigInteger),
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("md5", Text),
    Column("waveform", sa.LargeBinary),
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
    "takes_noted", takes.c.idempotency_key, takes.c.note, sqlite_where=takes.c.note.is_not(None)
)
"""The few takes that have a note, so that a search reads no others."""

deliveries = Table(
    "deliveries",
    metadata,
    Column("number", Integer, primary_key=True),  # in the order of arrival
    Column("webhook_id", Text, nullable=False, unique=True),
    Column("operation_id", Text, nullable=False),
    Column("heard_at", BigInteger, nullable=False, index=True),
    sqlite_autoincrement=True,  # no number is used twice, though old rows are deleted
)

NEVER_LEFT = (operations.c.status == "submitting") & operations.c.sent_at.is_(None)
"""The condition of what waits to be sent, and of which nothing has left this machine."""

_of_it = takes.c.idempotency_key == operations.c.idempotency_key
SUMMED_UP = {
    "duration": sa.select(sa.func.sum(takes.c.duration)).where(_of_it).scalar_subquery(),
    "rating": sa.select(sa.func.max(takes.c.rating)).where(_of_it).scalar_subquery(),
    "files": sa.select(sa.func.group_concat(takes.c.path, "\n")).where(_of_it).scalar_subquery(),
}
"""The columns of an operation that are computed from its takes whenever one changes."""

_SEARCHED = ("name", "prompt", "lyrics", "note")
_WORDS = " || char(10) || ".join(f"coalesce(new.{column}, '')" for column in _SEARCHED)
_WHEN_WRITTEN = f"""CREATE TRIGGER texts_written AFTER INSERT ON operations BEGIN
    INSERT INTO texts (number, words) VALUES (new.number, {_WORDS}); END"""  # noqa: S608 - constants
_WHEN_CHANGED = f"""CREATE TRIGGER texts_changed AFTER UPDATE OF {", ".join(_SEARCHED)}
    ON operations BEGIN
    UPDATE texts SET words = {_WORDS} WHERE number = new.number; END"""  # noqa: S608 - constants
TO_BE_INDEXED = (
    """CREATE TRIGGER unindexed_written AFTER INSERT ON texts BEGIN
    INSERT OR IGNORE INTO texts_unindexed (number) VALUES (new.number); END""",
    """CREATE TRIGGER unindexed_changed AFTER UPDATE OF words ON texts BEGIN
    INSERT OR IGNORE INTO texts_unindexed VALUES (old.number, old.words); END""",
    """CREATE TRIGGER unindexed_deleted AFTER DELETE ON texts BEGIN
    INSERT OR IGNORE INTO texts_unindexed VALUES (old.number, old.words); END""",
)
"""The triggers that note which texts are to be indexed anew, whoever writes them."""
for _trigger in (_WHEN_WRITTEN, _WHEN_CHANGED, *TO_BE_INDEXED):
    sa.event.listen(metadata, "after_create", sa.DDL(_trigger))  # type: ignore[no-untyped-call]


OF_KEY: sa.BindParameter[str] = sa.bindparam("of_key")
"""The key of the one operation that a prepared statement is about."""
UPDATE_ONE = sa.update(operations).where(operations.c.idempotency_key == OF_KEY)
"""An UPDATE of one operation, to be run with `of_key` and the columns that change.

SQLAlchemy compiles such a statement once for each set of columns; one that is built anew for each
operation takes several times as long.
"""
SUM_UP = UPDATE_ONE.values(SUMMED_UP)
"""An UPDATE of the columns of one operation, `of_key`, that are computed from its takes."""


def update_operation(key: str) -> sa.Update:
    """Return an UPDATE of one operation."""
    return sa.update(operations).where(operations.c.idempotency_key == key)


def update_takes(key: str) -> sa.Update:
    """Return an UPDATE of all takes of an operation."""
    return sa.update(takes).where(takes.c.idempotency_key == key)


def update_take(key: str, take: int) -> sa.Update:
    """Return an UPDATE of one take, counted from 1."""
    return update_takes(key).where(takes.c.take == take)


def listed(values: Sequence[int] | Sequence[str]) -> sa.Select[Any]:
    """Return many values as a subquery, as SQLite has too few variables for one each."""
    return sa.select(sa.func.json_each(json.dumps(values)).table_valued("value").c.value)

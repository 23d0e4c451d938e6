"""The journal's tables and the way from an older schema to this one.

Times are whole microseconds since 1970 in UTC: they sort, and become timestamps without parsing.
Paths are relative to the folder the journal lies in, so that the folder can be moved.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    select,
)

from soundpiece_nb.api.errors import SoundpieceError

VERSION = 2

metadata = MetaData()

schema_version = Table("schema_version", metadata, Column("version", Integer, nullable=False))

operations = Table(
    "operations",
    metadata,
    Column("idempotency_key", Text, primary_key=True),
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
    Index("operations_by_time", "submitted_at"),
    Index("operations_by_status", "status", "submitted_at"),
    Index("operations_by_name", "name"),
    Index("operations_by_operation_id", "operation_id"),
    Index("operations_by_source", "source"),
    Index("operations_by_reference", "reference"),
    Index("operations_by_batch", "batch"),
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
)


def _from_1_to_2(connection: Connection) -> None:
    """Add what chains, batches and pruning need."""
    connection.exec_driver_sql("ALTER TABLE operations ADD COLUMN batch TEXT")
    connection.exec_driver_sql("ALTER TABLE takes ADD COLUMN pruned_at BIGINT")
    for column in ("name", "operation_id", "source", "reference", "batch"):
        connection.exec_driver_sql(f"CREATE INDEX operations_by_{column} ON operations ({column})")


MIGRATIONS: dict[int, Callable[[Connection], None]] = {1: _from_1_to_2}
"""What leads from each version to the next one."""


class JournalTooNew(SoundpieceError):
    """The journal was written by a later soundpiece_nb than this one."""


def prepare(connection: Connection) -> None:
    """Create the tables, or bring older ones to this version, inside the caller's transaction.

    Raises JournalTooNew where a later version wrote the journal.
    """
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        connection.execute(schema_version.insert().values(version=VERSION))
        return
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > VERSION:
        raise JournalTooNew(
            f"The journal has schema {version}, this soundpiece_nb knows up to {VERSION}. "
            "Upgrade it, or point SOUNDPIECE_HOME at another folder; nothing was changed."
        )
    for step in range(version, VERSION):
        MIGRATIONS[step](connection)
        connection.execute(schema_version.update().values(version=step + 1))

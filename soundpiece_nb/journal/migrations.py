"""The creation of a new journal, and the migration of an older one to the present schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, update

from soundpiece_nb.api.errors import JournalTooNew
from soundpiece_nb.files.naming import first_free
from soundpiece_nb.files.writing import written_beside

from . import search_index
from .schema import (
    SUMMED_UP,
    TO_BE_INDEXED,
    deliveries,
    metadata,
    operations,
    schema_version,
    takes,
    takes_noted,
    unindexed,
)

REBUILT_BELOW = 3
"""Older versions have no `number`, which cannot be added: their rows are copied to new tables."""


def _add_account(connection: Connection) -> None:
    connection.exec_driver_sql("ALTER TABLE operations ADD COLUMN account TEXT")


def _add_sent_at(connection: Connection) -> None:
    """Add the columns; of what was not said to be unsent, it was not kept whether it had left."""
    for column in ("sent_at BIGINT", "made_by TEXT", "cost TEXT"):
        connection.exec_driver_sql(f"ALTER TABLE operations ADD COLUMN {column}")
    unsent = (operations.c.status == "rejected") | (
        (operations.c.status == "submitting") & (operations.c.error_code == "unsent")
    )
    left = func.coalesce(unsent, False).is_(False)
    connection.execute(operations.update().where(left).values(sent_at=operations.c.submitted_at))


def _index_texts(connection: Connection) -> None:
    """Note that no text is indexed yet; `prepare` does that, in about 5 s for 100,000."""
    unindexed.create(connection)
    for trigger in TO_BE_INDEXED:
        connection.exec_driver_sql(trigger)
    connection.exec_driver_sql("INSERT INTO texts_unindexed (number) SELECT number FROM texts")


MIGRATIONS: Mapping[int, Callable[[Connection], None]] = {
    3: deliveries.create,
    4: takes_noted.create,
    5: _add_account,
    6: _add_sent_at,
    7: _index_texts,
}
"""The step from each version, from REBUILT_BELOW on, to the next; the last leads to this one."""


def prepare(
    connection: Connection,
    file: Path,
    migrations: Mapping[int, Callable[[Connection], None]] = MIGRATIONS,
) -> None:
    """Create the tables, or migrate older ones, inside the caller's transaction.

    Before an older journal is changed, it is copied beside itself as `journal.schema-2.sqlite`.
    Raises JournalTooNew where a later version wrote the journal.
    """
    present = max(migrations) + 1
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        search_index.create(connection)
        connection.execute(schema_version.insert().values(version=present))
        return
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > present:
        raise JournalTooNew(
            f"The journal has schema {version}, this soundpiece_nb knows up to {present}; "
            "nothing was changed.",
            next="Upgrade soundpiece_nb, or point SOUNDPIECE_HOME at another folder.",
        )
    if version == present:
        return
    _keep_copy(file, version)
    if version < REBUILT_BELOW:
        _rebuild(connection)
    else:
        for step in range(version, present):
            migrations[step](connection)
    if search_index.create(connection):
        search_index.add(connection)
    connection.execute(schema_version.update().values(version=present))


def _keep_copy(file: Path, version: int) -> None:
    """Copy all that is committed, which is the journal before the caller's transaction."""
    target = first_free(file.with_name(f"{file.stem}.schema-{version}{file.suffix}"))
    with (
        written_beside(target, private=True) as copy,
        closing(sqlite3.connect(file)) as old,
        closing(sqlite3.connect(copy)) as kept,
    ):
        old.backup(kept)


def _rebuild(connection: Connection) -> None:
    """Copy every row of versions 1 and 2 into the tables of the present version."""
    old_columns = {}
    for table in (operations, takes):
        for index in inspect(connection).get_indexes(table.name):
            connection.exec_driver_sql(f"DROP INDEX {index['name']}")
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO old_{table.name}")
        old_columns[table] = {
            column["name"] for column in inspect(connection).get_columns(f"old_{table.name}")
        }
    metadata.create_all(connection)
    for table, known in old_columns.items():
        kept = ", ".join(column.name for column in table.columns if column.name in known)
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({kept}) "  # noqa: S608 - names of our own
            f"SELECT {kept} FROM old_{table.name} ORDER BY rowid"
        )
    for table in (takes, operations):
        connection.exec_driver_sql(f"DROP TABLE old_{table.name}")
    connection.execute(update(operations).values(SUMMED_UP))

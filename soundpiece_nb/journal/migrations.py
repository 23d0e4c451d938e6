"""The way from an older journal to this version, and the making of a new one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, select, update

from soundpiece_nb.api.errors import JournalTooNew
from soundpiece_nb.files import numbered, written_beside

from .schema import (
    SUMMED_UP,
    VERSION,
    deliveries,
    metadata,
    operations,
    schema_version,
    takes,
    takes_noted,
)

REBUILT_BELOW = 3
"""Older journals have no `number`, which cannot be added: their rows are copied into new tables."""

MIGRATIONS: dict[int, Callable[[Connection], None]] = {
    3: deliveries.create,
    4: takes_noted.create,
}
"""What leads from each version, from REBUILT_BELOW on, to the next one."""


def prepare(connection: Connection, file: Path) -> None:
    """Create the tables, or bring older ones to this version, inside the caller's transaction.

    An older journal is kept as it was, as `journal.schema-2.sqlite` beside it, before anything of
    it changes. Raises JournalTooNew where a later version wrote the journal.
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
    if version < VERSION:
        _keep_copy(file, version)
    if version < REBUILT_BELOW:
        _rebuild(connection)
        version = VERSION
    for step in range(version, VERSION):
        MIGRATIONS[step](connection)
    connection.execute(schema_version.update().values(version=VERSION))


def _keep_copy(file: Path, version: int) -> None:
    """Copy what is written, which is all but what the caller's transaction is about to write."""
    named = file.with_name(f"{file.stem}.schema-{version}{file.suffix}")
    target = next(path for path in numbered(named) if not path.exists())
    with (
        written_beside(target) as copy,
        closing(sqlite3.connect(file)) as old,
        closing(sqlite3.connect(copy)) as kept,
    ):
        old.backup(kept)


def _rebuild(connection: Connection) -> None:
    """Copy every row of versions 1 and 2 into the tables of this version."""
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

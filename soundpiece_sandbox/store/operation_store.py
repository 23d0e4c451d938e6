"""The durable record of every operation: at most one per idempotency key, whatever happens."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from soundpiece_sandbox.store.operation import Failure, Operation, Output, Webhook, new_operation_id

_TABLES = """
CREATE TABLE IF NOT EXISTS operations (
    id              TEXT PRIMARY KEY,
    idempotency_key TEXT NOT NULL UNIQUE,
    route           TEXT NOT NULL,
    request         TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    outputs         TEXT,
    failure         TEXT,
    CHECK (outputs IS NULL OR failure IS NULL)
) STRICT;
CREATE TABLE IF NOT EXISTS webhooks (
    id           TEXT PRIMARY KEY,
    operation_id TEXT NOT NULL UNIQUE REFERENCES operations (id),
    attempts     INTEGER NOT NULL DEFAULT 0,
    settled      INTEGER NOT NULL DEFAULT 0
) STRICT;
"""


class StoreUnusableError(Exception):
    """The file cannot be opened as the store; the message says why, as the end of a sentence."""


class OperationStore:
    """All operations, in one SQLite file that belongs to one process at a time.

    Every call is a transaction of well under a millisecond, so the event loop makes it directly.
    Two requests with one key can never run side by side; the UNIQUE column enforces it as well.
    """

    def __init__(self, file: Path) -> None:
        """Open the file, or create it.

        Raises StoreUnusableError if another process has it open, or it is not an SQLite database.
        """
        self.accepted = 0
        """The number of operations accepted since the store was opened."""
        try:
            self._connection = sqlite3.connect(file, timeout=0, isolation_level=None)
        except sqlite3.OperationalError as error:
            raise StoreUnusableError(str(error)) from error
        self._connection.row_factory = sqlite3.Row
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing in this mode; only a power cut could.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            reason = "another sandbox is using it" if busy else str(error)
            raise StoreUnusableError(reason) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def find_by_key(self, key: str) -> Operation | None:
        """Return the operation with this idempotency key, or None."""
        return self._one("SELECT * FROM operations WHERE idempotency_key = ?", key)

    def accept(self, route: str, key: str, request: Mapping[str, Any]) -> Operation:
        """Record a request with a new key as an operation, and return it."""
        operation = Operation(new_operation_id(), route, key, dict(request), datetime.now(UTC))
        self._connection.execute(
            "INSERT INTO operations (id, idempotency_key, route, request, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (operation.id, key, route, json.dumps(request), operation.created_at.isoformat()),
        )
        self.accepted += 1
        return operation

    def find(self, operation_id: str) -> Operation | None:
        """Return the operation with this id, or None."""
        return self._one("SELECT * FROM operations WHERE id = ?", operation_id)

    def unfinished(self) -> list[Operation]:
        """Return the operations that have not ended, oldest first."""
        rows = self._connection.execute(
            "SELECT * FROM operations WHERE outputs IS NULL AND failure IS NULL ORDER BY created_at"
        )
        return [_operation(row) for row in rows]

    def finish(
        self, operation_id: str, result: tuple[Output, ...] | Failure, webhook: Webhook | None
    ) -> None:
        """Record an operation's outputs or failure, together with its webhook, if it has one."""
        if isinstance(result, Failure):
            change, value = "failure", json.dumps(asdict(result))
        else:
            change, value = "outputs", json.dumps([asdict(output) for output in result])
        self._connection.execute("BEGIN")
        with self._connection:  # commits, or rolls back
            self._connection.execute(
                f"UPDATE operations SET {change} = ? WHERE id = ?",  # noqa: S608 - one of two words
                (value, operation_id),
            )
            if webhook is not None:
                self._connection.execute(
                    "INSERT INTO webhooks (id, operation_id) VALUES (?, ?)",
                    (webhook.id, operation_id),
                )

    def unsettled(self) -> list[Webhook]:
        """Return the webhooks that were neither delivered nor given up."""
        rows = self._connection.execute("SELECT * FROM webhooks WHERE NOT settled ORDER BY id")
        return [Webhook(row["id"], row["operation_id"], row["attempts"]) for row in rows]

    def record_attempt(self, webhook: Webhook, *, settled: bool) -> None:
        """Record one more attempt to deliver a webhook, and whether it was the last."""
        self._connection.execute(
            "UPDATE webhooks SET attempts = ?, settled = ? WHERE id = ?",
            (webhook.attempts, settled, webhook.id),
        )

    def count(self) -> dict[str, int]:
        """Return the number of operations in each status."""
        row = self._connection.execute(
            "SELECT COUNT(*), COUNT(outputs), COUNT(failure) FROM operations"
        ).fetchone()
        total, ready, failed = row
        processing = total - ready - failed
        return {"processing": processing, "ready": ready, "failed": failed}

    def _one(self, query: str, value: str) -> Operation | None:
        row = self._connection.execute(query, (value,)).fetchone()
        return None if row is None else _operation(row)


def _operation(row: sqlite3.Row) -> Operation:
    return Operation(
        id=row["id"],
        route=row["route"],
        idempotency_key=row["idempotency_key"],
        request=json.loads(row["request"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        outputs=row["outputs"] and tuple(Output(**each) for each in json.loads(row["outputs"])),
        failure=row["failure"] and Failure(**json.loads(row["failure"])),
    )

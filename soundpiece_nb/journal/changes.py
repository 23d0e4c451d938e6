"""How rows are changed: the statements that name one, and the time that is written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update

from .entry import microseconds
from .schema import operations, takes


def row_of(key: str) -> Any:
    """Return an UPDATE of one operation."""
    return update(operations).where(operations.c.idempotency_key == key)


def takes_of(key: str) -> Any:
    """Return an UPDATE of all takes of an operation."""
    return update(takes).where(takes.c.idempotency_key == key)


def take_of(key: str, take: int) -> Any:
    """Return an UPDATE of one take, counted from 1."""
    return takes_of(key).where(takes.c.take == take)


def this_moment() -> int:
    """Return the time in microseconds since 1970, as the journal keeps it."""
    return microseconds(datetime.now(UTC))

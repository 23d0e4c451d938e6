"""Which operations a person means whose audio may go: those that have some, narrowed by filters."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from .entry import Entry, microseconds
from .filters import Filter, read_since
from .journal import Journal
from .schema import operations, takes


def find_prunable(
    journal: Journal,
    keys: Collection[str] = (),
    *,
    older_than: str | datetime | timedelta | None = None,
    status: str | None = None,
    below_rating: int | None = None,
) -> list[Entry]:
    """Return the operations with audio on this machine that fit all that is given, oldest first.

    `older_than` is an age like `30d`, or a time; `below_rating` compares the best of an
    operation's takes, and leaves out what nobody has rated. Raises Mistake for a filter that
    cannot be.
    """
    key = operations.c.idempotency_key
    held = (
        select(takes.c.idempotency_key)
        .group_by(takes.c.idempotency_key)
        .having(func.count(takes.c.path) > 0)
    )
    if below_rating is not None:
        held = held.having(func.max(takes.c.rating) < below_rating)
    statement = select(key).where(key.in_(held)).order_by(operations.c.submitted_at, key)
    if older_than is not None:
        latest = microseconds(read_since(older_than))
        statement = statement.where(operations.c.submitted_at < latest)
    rows = journal.select(Filter(status=status).apply(statement))
    found = [row["idempotency_key"] for row in rows]
    return [journal.entry(each) for each in found if not keys or each in keys]

"""The operations whose audio may be pruned: those that have some, narrowed by filters."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import func, select

from .entry import Entry, microseconds
from .filters import Filter
from .journal import Journal
from .moments import read_since
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
    operation's takes, and leaves out unrated ones. Raises Mistake for an unusable filter.
    """
    key = operations.c.idempotency_key
    with_audio = (
        select(takes.c.idempotency_key)
        .group_by(takes.c.idempotency_key)
        .having(func.count(takes.c.path) > 0)
    )
    if below_rating is not None:
        with_audio = with_audio.having(func.max(takes.c.rating) < below_rating)
    statement = select(key).where(key.in_(with_audio)).order_by(operations.c.submitted_at, key)
    if older_than is not None:
        latest = microseconds(read_since(older_than))
        statement = statement.where(operations.c.submitted_at < latest)
    found = [each for (each,) in journal.rows(Filter(status=status).apply(statement))]
    return journal.of_keys([each for each in found if not keys or each in keys])

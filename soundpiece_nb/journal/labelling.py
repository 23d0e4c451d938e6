"""The labels a person gives to operations: names, tags, notes and ratings, and what is pruned."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Update, func, select

from soundpiece_nb.inputs.spelling import composed

from .entry import Entry
from .queries import Queries
from .row_reading import Row
from .schema import SUMMED_UP, operations, takes, update_operation, update_take, update_takes


class Labelling(Queries):
    """The changes that leave an operation's status as it is."""

    def relabel(self, key: str, *, name: str | None, tags: Sequence[str], note: str | None) -> None:
        """Replace an operation's name or note, and add tags; None keeps one, "" removes it."""
        labels = {"name": name, "note": note}
        changes: dict[str, Any] = {
            label: text or None for label, text in labels.items() if text is not None
        }
        with self._database.write() as connection:  # another process may add tags at the same time
            written = select(operations.c.tags).where(operations.c.idempotency_key == key)
            present = Row({"tags": connection.execute(written).scalar_one()}).texts("tags")
            known = set(map(composed, present))
            new = {composed(tag): tag for tag in tags if composed(tag) not in known}
            if new:
                changes["tags"] = json.dumps([*present, *new.values()])
            if changes:
                connection.execute(update_operation(key).values(**changes))

    def judge(self, key: str, take: int, *, rating: int | None, note: str | None) -> None:
        """Give a take stars (1 to 5) or a note; None keeps one, 0 stars or "" removes it."""
        given = {"rating": rating, "note": note}
        changes = {name: value or None for name, value in given.items() if value is not None}
        if changes:
            with self._database.write() as connection:
                connection.execute(update_take(key, take).values(**changes))
                connection.execute(update_operation(key).values(SUMMED_UP))

    def untag(self, key: str, tags: Sequence[str]) -> None:
        """Take tags away from an operation, however their characters are encoded."""
        unwanted = set(map(composed, tags))
        with self._database.write() as connection:
            written = select(operations.c.tags).where(operations.c.idempotency_key == key)
            present = Row({"tags": connection.execute(written).scalar_one()}).texts("tags")
            kept = [tag for tag in present if composed(tag) not in unwanted]
            connection.execute(update_operation(key).values(tags=json.dumps(kept)))

    def prune(self, key: str, numbers: Collection[int] = ()) -> None:
        """Note that takes are not wanted here, all unless some are numbered.

        Call it before deleting the files: one that a crash leaves behind is then forgotten like any
        other that is gone. So is the reason why one could not be fetched.
        """
        since = func.coalesce(takes.c.pruned_at, self.now())
        ready = update_operation(key).where(operations.c.status == "ready")
        with self._database.write() as connection:
            connection.execute(_update_some(key, numbers).values(pruned_at=since))
            connection.execute(ready.values(error_code=None, error_message=None))

    def unprune(self, key: str, numbers: Collection[int] = ()) -> Entry:
        """Return one operation, whose takes, or the numbered ones, are wanted again."""
        entry = self.entry(key)
        if not any(take.pruned_at for take in entry.takes):
            return entry
        with self._database.write() as connection:
            connection.execute(_update_some(key, numbers).values(pruned_at=None))
        return self.entry(key)


def _update_some(key: str, numbers: Collection[int]) -> Update:
    """Return an UPDATE of the numbered takes of an operation; of all where none is numbered."""
    update = update_takes(key)
    return update.where(takes.c.take.in_(list(numbers))) if numbers else update

"""The labels a person gives to operations: names, tags, notes and ratings, and what is pruned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from .entry import Entry
from .queries import Queries
from .schema import SUMMED_UP, operations, update_operation, update_take, update_takes


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
            present = json.loads(connection.execute(written).scalar_one())
            if set(tags) - set(present):
                changes["tags"] = json.dumps(list(dict.fromkeys([*present, *tags])))
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

    def prune(self, key: str) -> None:
        """Note that an operation's audio is not wanted here; call it before deleting the files.

        A file that a crash leaves behind is then forgotten like any other that is gone.
        """
        with self._database.write() as connection:
            connection.execute(update_takes(key).values(pruned_at=self.now()))

    def unprune(self, key: str) -> Entry:
        """Return one operation, whose audio is wanted again if it was pruned."""
        entry = self.entry(key)
        if not any(take.pruned_at for take in entry.takes):
            return entry
        with self._database.write() as connection:
            connection.execute(update_takes(key).values(pruned_at=None))
        return self.entry(key)

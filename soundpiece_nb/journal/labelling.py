"""What a person says of operations: names, tags, notes, stars, and which audio may go."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from .changes import row_of, take_of, takes_of, this_moment
from .entry import Entry
from .queries import Reading
from .schema import SUMMED_UP, operations


class Labelling(Reading):
    """What changes nothing of how an operation stands."""

    def relabel(self, key: str, *, name: str | None, tags: Sequence[str], note: str | None) -> None:
        """Give an operation another name or note, and tags beside those it has."""
        labels = {"name": name, "note": note}
        given: dict[str, Any] = {
            label: text or None for label, text in labels.items() if text is not None
        }
        with self._database.write() as connection:  # others give tags too
            written = select(operations.c.tags).where(operations.c.idempotency_key == key)
            kept = json.loads(connection.execute(written).scalar_one())
            if set(tags) - set(kept):
                given["tags"] = json.dumps(list(dict.fromkeys([*kept, *tags])))
            if given:
                connection.execute(row_of(key).values(**given))

    def judge(self, key: str, take: int, *, rating: int | None, note: str | None) -> None:
        """Give a take stars (1 to 5) or a note; what is None stays as it is.

        0 stars take the stars away, an empty note the note.
        """
        given = {"rating": rating, "note": note}
        said = {word: value or None for word, value in given.items() if value is not None}
        if said:
            with self._database.write() as connection:
                connection.execute(take_of(key, take).values(**said))
                connection.execute(row_of(key).values(SUMMED_UP))

    def prune(self, key: str) -> None:
        """Note that an operation's audio is not wanted here; before its files go, not after.

        A file that a crash left behind is then forgotten like any other that is gone.
        """
        with self._database.write() as connection:
            connection.execute(takes_of(key).values(pruned_at=this_moment()))

    def unprune(self, key: str) -> Entry:
        """Return one operation, whose audio is wanted again if it was pruned."""
        entry = self.entry(key)
        if not any(take.pruned_at for take in entry.takes):
            return entry
        with self._database.write() as connection:
            connection.execute(takes_of(key).values(pruned_at=None))
        return self.entry(key)

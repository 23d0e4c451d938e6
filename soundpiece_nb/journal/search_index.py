"""An index of the searched words by every three letters of them: SQLite's FTS5 with trigrams.

It only finds the texts that may hold what is searched for; whether one does is judged by its words
in `texts`, as without an index. It may lag behind: `texts_unindexed` lists the texts that have
changed since, which may all hold it. So it is never in the way of a write, and the journal works
where SQLite has no FTS5, or none with trigrams (before 3.34).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from soundpiece_nb.api.errors import StorageFailed
from soundpiece_nb.inputs.spelling import spellings

from .database import Database

CREATED = """CREATE VIRTUAL TABLE IF NOT EXISTS texts_index USING fts5
    (words, content='texts', content_rowid='number', columnsize=0, tokenize='trigram')"""
_SOME = "(SELECT number FROM texts_unindexed ORDER BY number LIMIT ?)"
_ADDED = (
    f"""INSERT INTO texts_index (texts_index, rowid, words)
    SELECT 'delete', number, indexed FROM texts_unindexed
    WHERE number IN {_SOME} AND indexed IS NOT NULL""",  # noqa: S608 - a constant
    f"""INSERT INTO texts_index (rowid, words)
    SELECT number, words FROM texts WHERE number IN {_SOME}""",  # noqa: S608 - a constant
    f"DELETE FROM texts_unindexed WHERE number IN {_SOME}",  # noqa: S608 - a constant
)
_MADE_ANEW = (
    "INSERT INTO texts_index (texts_index) VALUES ('delete-all')",
    "INSERT OR REPLACE INTO texts_unindexed (number) SELECT number FROM texts",
)
_COMPARED = "INSERT INTO texts_index (texts_index, rank) VALUES ('integrity-check', 1)"
_FOUND = "SELECT rowid FROM texts_index WHERE texts_index MATCH ? LIMIT ?"
_CHANGED = "SELECT number FROM texts_unindexed"
_COUNTED = "SELECT count(*) FROM texts_unindexed"

MOST_CANDIDATES = 8_000
"""Texts that are read one by one; more are read faster in one pass over all."""
MOST_UNINDEXED = 1_000
"""Texts that a search reads besides those that the index finds, about a millisecond."""
_AT_ONCE = 500
"""Texts that are indexed in one transaction, about 25 ms, in which nobody else writes."""
_IN_A_SEARCH = 5_000
"""Texts that one search adds to the index at most."""
_LETTERS = 3
_MOST_PARTS = 3
"""Groups of three letters that are looked up of one text: more cost more than they leave out."""


class SearchIndex:
    """The index of one journal; without one, every text is a candidate."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._is_possible = True

    def candidates(self, searches: Sequence[str]) -> list[int] | None:
        """Return the numbers of all texts that may hold every one of these.

        None where all texts may, or where the index cannot tell.
        """
        matches = [match for match in map(_match, searches) if match]
        if not matches:
            return None
        self._catch_up()
        with self._database.read() as connection, suppress(DatabaseError):
            read = connection.exec_driver_sql
            found = [
                read(_FOUND, (match, MOST_CANDIDATES + 1)).scalars().all() for match in matches
            ]
            fewest = [*min(found, key=len), *read(_CHANGED).scalars()]
            return fewest if len(fewest) <= MOST_CANDIDATES else None
        return None

    def _catch_up(self) -> None:
        """Index what has changed, if that is much; what cannot be done now is left for later."""
        with self._database.read() as connection:
            waiting = connection.exec_driver_sql(_COUNTED).scalar_one()
        if waiting <= MOST_UNINDEXED or not self._is_possible:
            return
        with suppress(StorageFailed):
            for _ in range(0, min(waiting, _IN_A_SEARCH), _AT_ONCE):
                with self._database.write() as connection:
                    self._is_possible = create(connection) and add(connection, _AT_ONCE)
                if not self._is_possible:
                    return


def create(connection: Connection) -> bool:
    """Make the index, without a text in it, unless it is there; False where SQLite cannot."""
    return _run(connection, CREATED)


def add(connection: Connection, most: int = -1) -> bool:
    """Bring so many changed texts into the index, all unless given; False where SQLite cannot."""
    return _run(connection, *_ADDED, given=(most,))


def mend(database: Database) -> bool:
    """Begin the index anew where it has not what the texts hold; True if it was so.

    Reads all of both: about 4 s for 100,000 operations. Searches fill it again. A good one is left
    as it is.
    """
    with database.write() as connection:
        is_sound = not create(connection) or (add(connection) and _run(connection, _COMPARED))
        if (transaction := connection.get_transaction()) is not None:
            transaction.rollback()
    if is_sound:
        return False
    with database.write() as connection:
        return _run(connection, *_MADE_ANEW)


def _run(connection: Connection, *statements: str, given: tuple[int, ...] = ()) -> bool:
    """Run all statements or none, within the caller's transaction; False where SQLite cannot."""
    try:
        with connection.begin_nested():
            for statement in statements:
                connection.exec_driver_sql(statement, given)
    except DatabaseError:
        return False
    return True


def _match(search: str) -> str | None:
    """Return the query of FTS5 for a text, in each of its spellings; None for one that has none.

    Upper and lower case of more letters than a-z are the same to it, so it finds enough.
    """
    texts = spellings(search)
    if any(len(text) < _LETTERS or "\0" in text for text in texts):
        return None
    return " OR ".join(map(_near, texts))


def _near(text: str) -> str:
    """Return the query for parts of a text no further apart than in it."""
    last = len(text) - _LETTERS
    parts = min(last, _MOST_PARTS - 1)
    places = [round(last * part / max(parts, 1)) for part in range(parts + 1)]
    quoted = (text[place : place + _LETTERS].replace('"', '""') for place in places)
    return f"NEAR({' '.join(f'{chr(34)}{each}{chr(34)}' for each in quoted)}, {max(last - 1, 0)})"

"""What a person may be about to type: names, keys, outputs and tags, told while they type.

Read with sqlite3 alone, without opening the journal or loading SQLAlchemy, and bounded at any
size: a look at the latest operations, and one along an index. Rows are written in the order of
submission, so that a rowid tells which is newer without its row being read.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from .quick_reads import FILE_NAME, UNREADABLE

LATEST = 2_000
"""How many operations are looked at for what no index tells."""
MOST = 100
FEWEST_CHARACTERS = 8
"""Of a key: as it is shown everywhere."""

_LAST = "\U0010ffff"
"""Behind every character that a name may hold."""

_LATEST_NAMES = """
    SELECT rowid, name, route, status
    FROM (SELECT rowid, name, route, status FROM operations ORDER BY rowid DESC LIMIT :latest)
    WHERE name >= :beginning AND name < :end
"""
_NAMES_IN_ORDER = """
    WITH RECURSIVE found(name) AS (
        SELECT min(name) FROM operations INDEXED BY operations_by_name
        WHERE name >= :beginning AND name < :end
        UNION ALL
        SELECT (SELECT min(name) FROM operations INDEXED BY operations_by_name
                WHERE name > found.name AND name < :end)
        FROM found WHERE found.name IS NOT NULL
        LIMIT :most
    )
    SELECT operations.rowid, found.name, route, status
    FROM found JOIN operations ON operations.rowid = (
        SELECT rowid FROM operations INDEXED BY operations_by_name
        WHERE name = found.name ORDER BY submitted_at DESC LIMIT 1)
"""
_KEYS = """
    SELECT idempotency_key, route, status,
        (SELECT max(idempotency_key) FROM operations AS other
         WHERE other.idempotency_key < operations.idempotency_key),
        (SELECT min(idempotency_key) FROM operations AS other
         WHERE other.idempotency_key > operations.idempotency_key)
    FROM operations
"""
_NEWEST_KEYS = f"{_KEYS} ORDER BY rowid DESC LIMIT :most"
_KEYS_THAT_BEGIN = f"""
    {_KEYS} WHERE rowid IN (
        SELECT rowid FROM operations WHERE idempotency_key >= :beginning AND idempotency_key < :end
        ORDER BY rowid DESC LIMIT :most)
    ORDER BY rowid DESC
"""  # noqa: S608 - a constant
_OUTPUTS = """
    SELECT take, kind, duration FROM takes
    WHERE idempotency_key = coalesce(
        (SELECT idempotency_key FROM operations INDEXED BY operations_by_name
         WHERE name = :word ORDER BY submitted_at DESC LIMIT 1),
        (SELECT CASE count(*) WHEN 1 THEN max(idempotency_key) END
         FROM (SELECT idempotency_key FROM operations
               WHERE idempotency_key >= :word AND idempotency_key < :end LIMIT 2)))
    ORDER BY take
"""
_TAGS = "SELECT tags FROM operations ORDER BY rowid DESC LIMIT :latest"
_SWEEPS = """
    SELECT json_extract(sweep, '$.id')
    FROM (SELECT sweep FROM operations ORDER BY rowid DESC LIMIT :latest)
    WHERE sweep IS NOT NULL
"""


class Suggestion(NamedTuple):
    """An operation, by the NAME or key's beginning that one may type for it."""

    word: str
    route: str
    status: str


def suggest_names(home: Path, beginning: str) -> list[Suggestion]:
    """Return NAMEs that begin so, newest first, each with the newest operation of that name.

    Where there are very many, those of the latest operations are there, and some older ones.
    """
    if beginning and not beginning.isidentifier():
        return []  # no NAME begins so, a key does
    between = {"beginning": beginning, "end": beginning + _LAST}
    rows = _rows(home, _LATEST_NAMES, latest=LATEST, **between)
    if len({name for _, name, *_ in rows}) < MOST:
        rows += _rows(home, _NAMES_IN_ORDER, most=MOST, **between)
    newest: dict[str, Suggestion] = {}
    for _, name, route, status in sorted(rows, reverse=True):
        newest.setdefault(name, Suggestion(name, route, status))
    return list(newest.values())[:MOST]


def suggest_keys(home: Path, beginning: str) -> list[Suggestion]:
    """Return keys that begin so, newest first, each as short as is unique: 8 characters at least.

    A beginning that is unique already is completed to the whole key.
    """
    if beginning:
        end = beginning + _LAST
        rows = _rows(home, _KEYS_THAT_BEGIN, beginning=beginning, end=end, most=MOST)
    else:
        rows = _rows(home, _NEWEST_KEYS, most=MOST)
    suggestions = []
    for key, route, status, *neighbours in rows:
        shared = max(_shared(key, other or "") for other in neighbours)
        unique = max(FEWEST_CHARACTERS, shared + 1)
        word = key[:unique] if unique > len(beginning) else key
        suggestions.append(Suggestion(word, route, status))
    return suggestions


def suggest_outputs(home: Path, word: str) -> list[tuple[str, float | None]]:
    """Return how the outputs of the operation of a NAME or key are picked, and their seconds."""
    rows = _rows(home, _OUTPUTS, word=word, end=word + _LAST)
    return [(kind or str(take), seconds) for take, kind, seconds in rows]


def suggest_tags(home: Path) -> list[str]:
    """Return the tags of the latest operations, the latest first."""
    lists = dict.fromkeys(tags for (tags,) in _rows(home, _TAGS, latest=LATEST))
    return list(dict.fromkeys(tag for tags in lists for tag in json.loads(tags)))


def suggest_sweeps(home: Path) -> list[str]:
    """Return the ids of the sweeps among the latest operations, the latest first."""
    return list(dict.fromkeys(sweep for (sweep,) in _rows(home, _SWEEPS, latest=LATEST)))


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common from their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _rows(home: Path, query: str, **values: Any) -> list[Any]:
    """Run a query; a journal that is not there or cannot be read at once has no rows."""
    file = home / FILE_NAME
    if not file.exists():
        return []
    address = f"{file.as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as connection:
            return connection.execute(query, values).fetchall()
    except UNREADABLE:
        return []

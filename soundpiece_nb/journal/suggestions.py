"""Suggestions for completion: the names, keys, outputs and tags that a person may be typing.

Read with sqlite3 alone, without loading SQLAlchemy, and in bounded time at any size: a read of the
latest operations, and one along an index. Rows are written in the order of submission, so that a
rowid tells which of two is newer without its row being read.
"""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from .quick_reads import read_rows
from .row_reading import Row

LATEST = 2_000
"""Number of the latest operations that are read where no index helps."""
MOST = 100
"""Number of suggestions."""
FEWEST_CHARACTERS = 8
"""Least length of a suggested key, as keys are shown everywhere."""

_LAST = "\U0010ffff"
"""A character that sorts after every one that a name may hold."""

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
_GROUP_NAMES = """
    WITH RECURSIVE found(name) AS (
        SELECT min(batch) FROM operations INDEXED BY operations_by_batch
        WHERE batch >= :beginning AND batch < :end
        UNION ALL
        SELECT (SELECT min(batch) FROM operations INDEXED BY operations_by_batch
                WHERE batch > found.name AND batch < :end)
        FROM found WHERE found.name IS NOT NULL
        LIMIT :most
    )
    SELECT name FROM found WHERE name IS NOT NULL
"""
_MEMBERS = """
    WITH newest AS (
        SELECT sweep_id, batch FROM operations WHERE batch = :word OR sweep_id = :word
        ORDER BY submitted_at DESC LIMIT 1)
    SELECT operations.name, operations.prompt, operations.sweep
    FROM newest JOIN operations ON CASE WHEN newest.sweep_id IS NULL
        THEN operations.batch = newest.batch AND operations.sweep_id IS NULL
        ELSE operations.sweep_id = newest.sweep_id END
    WHERE operations.rowid IN (
        SELECT rowid FROM operations WHERE batch = :word
        UNION SELECT rowid FROM operations WHERE sweep_id = :word)
    ORDER BY operations.rowid LIMIT :most
"""
_GROUPS = """
    SELECT batch, json_extract(sweep, '$.id')
    FROM (SELECT batch, sweep FROM operations ORDER BY rowid DESC LIMIT :latest)
    WHERE batch IS NOT NULL OR sweep IS NOT NULL
"""

_DROPPABLE = """
    SELECT batch, name, idempotency_key, route, status FROM operations
    WHERE status = 'rejected' OR (status = 'submitting' AND sent_at IS NULL)
    ORDER BY submitted_at DESC LIMIT :latest
"""


class Suggestion(NamedTuple):
    """An operation, and the NAME or beginning of a key to type for it."""

    word: str
    route: str
    status: str


def suggest_names(
    home: Path, beginning: str, *, latest: int = LATEST, most: int = MOST
) -> list[Suggestion]:
    """Return NAMEs with this beginning, newest first, each with the newest operation of that name.

    Of very many, those of the `latest` operations are there, and some older ones.
    """
    if beginning and not beginning.isidentifier():
        return []  # it begins a key, not a NAME
    between = {"beginning": beginning, "end": beginning + _LAST}
    rows = _rows(home, _LATEST_NAMES, latest=latest, **between)
    if len({name for _, name, *_ in rows}) < most:
        rows += _rows(home, _NAMES_IN_ORDER, most=most, **between)
    newest: dict[str, Suggestion] = {}
    for _, name, route, status in sorted(rows, reverse=True):
        newest.setdefault(name, Suggestion(name, route, status))
    return list(newest.values())[:most]


def suggest_keys(home: Path, beginning: str) -> list[Suggestion]:
    """Return keys with this beginning, newest first, each cut to what is unique: 8 characters up.

    A beginning that is unique already is completed to the whole key.
    """
    query = _KEYS_THAT_BEGIN if beginning else _NEWEST_KEYS
    rows = _rows(home, query, beginning=beginning, end=beginning + _LAST, most=MOST)
    suggestions = []
    for key, route, status, *neighbours in rows:
        if not isinstance(key, str):
            continue
        others = (other for other in neighbours if isinstance(other, str))
        shared = max((_shared(key, other) for other in others), default=0)
        unique = max(FEWEST_CHARACTERS, shared + 1)
        word = key[:unique] if unique > len(beginning) else key
        suggestions.append(Suggestion(word, route, status))
    return suggestions


def suggest_droppable(home: Path) -> list[Suggestion]:
    """Return NAMEs of what was never sent or was refused, newest first, and keys of what has none.

    A sweep or batch is there by its own NAME.
    """
    named: dict[str, Suggestion] = {}
    for batch, name, key, route, status in _rows(home, _DROPPABLE, latest=LATEST):
        word = next((each for each in (batch, name) if each), str(key)[:FEWEST_CHARACTERS])
        if isinstance(word, str):
            named.setdefault(word, Suggestion(word, route, status))
    return list(named.values())[:MOST]


def suggest_outputs(home: Path, word: str) -> list[tuple[str, float | None]]:
    """Return the outputs of the operation of a NAME or key: each one's kind or number, and seconds.

    These are what is typed after the colon in `NAME:2` or `NAME:vocals`.
    """
    rows = _rows(home, _OUTPUTS, word=word, end=word + _LAST)
    return [
        (kind if kind and isinstance(kind, str) else str(take), _as_seconds(seconds))
        for take, kind, seconds in rows
    ]


def _as_seconds(seconds: object) -> float | None:
    return seconds if isinstance(seconds, float) else None


def suggest_tags(home: Path) -> list[str]:
    """Return the tags of the latest operations, the latest first."""
    lists = dict.fromkeys(tags for (tags,) in _rows(home, _TAGS, latest=LATEST))
    return list(dict.fromkeys(tag for tags in lists for tag in Row({"tags": tags}).texts("tags")))


def suggest_sweeps(home: Path) -> list[str]:
    """Return NAMEs of sweeps and batches among the latest operations, and sweeps' ids."""
    rows = _rows(home, _GROUPS, latest=LATEST)
    return list(dict.fromkeys(word for row in rows for word in row if isinstance(word, str)))


def suggest_group_names(home: Path, beginning: str) -> list[str]:
    """Return NAMEs of sweeps and batches with this beginning, in order."""
    between = {"beginning": beginning, "end": beginning + _LAST}
    rows = _rows(home, _GROUP_NAMES, most=MOST, **between)
    return [name for (name,) in rows if isinstance(name, str)]


def suggest_members(home: Path, word: str) -> list[str]:
    """Return what the operations of a sweep or batch are, the one at place 1 first."""
    rows = _rows(home, _MEMBERS, word=word, most=MOST)
    return [_called(*row) for row in rows]


def _called(name: object, prompt: object, sweep: object) -> str:
    varied = Row({"sweep": sweep}).words("sweep") or {}
    words = ", ".join(f"{key}={value}" for key, value in varied.items() if key != "id")
    return words or next((each for each in (name, prompt) if isinstance(each, str)), "")


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts have in common from their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _rows(home: Path, query: str, **values: Any) -> list[Any]:
    """Return a query's rows; a locked journal has none, as typing must not wait for it."""
    return read_rows(home, query, values=values, wait=0)

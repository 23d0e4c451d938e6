"""The words that people say for a history's filters and their values.

Nothing heavy is imported for them: they stand beside the options of magics, which are read when
the extension is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

SAID_FOR: dict[str, tuple[str, ...]] = {
    "limit": ("last", "number", "count", "n", "max", "most", "top", "rows", "first"),
    "search": (
        "query",
        "q",
        "text",
        "find",
        "contains",
        "word",
        "words",
        "prompt",
        "lyrics",
        "note",
    ),
    "name": ("title", "called"),
    "tag": ("tags", "tagged", "label", "labels", "keyword"),
    "min_rating": ("rating", "stars", "starred", "rated", "min_stars", "at_least"),
    "since": ("after", "from", "newer", "newer_than", "date", "day", "time", "when", "age"),
    "error": ("error_code", "code", "reason"),
    "status": ("state",),
    "route": ("kind", "type"),
    "sweep": ("sweep_id", "group"),
    "unsent": ("never_sent", "not_sent"),
    "order": ("sort", "sort_by", "order_by", "sorted"),
    "offset": ("skip",),
}
"""Other words for each filter."""
SAID_FOR_STATUS = {
    **dict.fromkeys(("done", "finished", "complete", "completed", "succeeded", "ok"), "ready"),
    **dict.fromkeys(("running", "pending", "queued", "active", "started"), "processing"),
    **dict.fromkeys(("error", "errors", "failure", "failures", "broken"), "failed"),
    **dict.fromkeys(("refused", "denied"), "rejected"),
    **dict.fromkeys(("unsent", "waiting", "sending"), "submitting"),
    **dict.fromkeys(("dropped", "cancelled", "canceled"), "discarded"),
}
"""Other words for statuses, each with the status."""
SAID_FOR_ORDERS = {
    "oldest": "made",
    **dict.fromkeys(("newest", "latest", "recent"), "-made"),
    "longest": "-duration",
    "shortest": "duration",
    **dict.fromkeys(("best", "favourites", "favorites"), "-rating"),
}
"""Words for orders, each with the order."""

_MOST_DIGITS = 3
"""Digits of a number of operations; 2026 is rather a year, and more may begin a key."""
_NEWEST = r"\A(?:-|(?:last|latest|newest|recent|top|first) (?=\d+\Z))"
"""The words or sign before a number of operations: `last 5`, or `-5` as of head and tail."""
_DATED = r"(?:last|this|past|since) .+|today|yesterday|\w{3,6}day|.*\d.*"
"""Texts that are looked up as a moment: `may` and `sun` are more often words of a song."""


def filters_named(words: Sequence[str]) -> list[tuple[str, str]]:
    """Return the filters and values that all of these words name; empty if one may be any word.

    `failed` may be a status, `songs` a route, `10` a number of operations, `last week` a time.
    """
    named: list[tuple[str, str]] = []
    rest = " ".join(words).split()
    while rest:
        for size in range(len(rest), 0, -1):
            found = _filter_named(" ".join(rest[:size]))
            if found is not None and found[0] not in dict(named):
                named.append(found)
                rest = rest[size:]
                break
        else:
            return []
    return named


def _filter_named(text: str) -> tuple[str, str] | None:
    from soundpiece_nb.api.routes import ROUTES

    from .entry import STATUSES
    from .moments import reads_as_moment

    word = text.casefold()
    status = word if word in STATUSES else SAID_FOR_STATUS.get(word)
    if status in STATUSES:
        return "status", status
    for route in ROUTES.values():
        if word in (route.path, route.noun, route.title, f"{route.title}s"):
            return "route", route.noun
    if word in SAID_FOR_ORDERS:
        return "order", SAID_FOR_ORDERS[word]
    number = re.sub(_NEWEST, "", word)
    if number.isdecimal() and len(number) <= _MOST_DIGITS:
        return "limit", number
    return ("since", text) if re.fullmatch(_DATED, word) and reads_as_moment(text) else None

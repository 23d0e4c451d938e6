"""Filters of the history as keyword arguments, with sentences for those that cannot be meant."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.routes import ROUTES, find_route
from soundpiece_nb.inputs.spelling import did_you_mean, nearest
from soundpiece_nb.journal.filter_words import SAID_FOR, filters_named
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.unmatched import explain_unmatched
from soundpiece_nb.shown_text import quoted

if TYPE_CHECKING:
    from soundpiece_nb.journal.journal import Journal


def warn_of_unmatched(journal: Journal, wanted: Filter) -> None:
    """Warn of a filter that nothing can fit, at the line of the person's call."""
    if why := explain_unmatched(journal, wanted):
        warnings.warn(why, stacklevel=4)  # of a public function, which is wrapped once


def read_filter(journal: Journal, *, page: int | None, **words: Any) -> Filter:
    """Return the filter of keyword arguments; raises Mistake for one that there is not."""
    known = Filter.__dataclass_fields__
    for word in words:
        if word not in known:
            there = f"there are {', '.join(known)} and page"
            said = {other: name for name, words in SAID_FOR.items() for other in words}
            meant = did_you_mean(word, known, said)
            raise Mistake(f"There is no filter {word!r}{meant}; {there}.")
    _require_route(journal, words.get("route"))
    wanted = Filter(**words)
    return wanted if page is None else wanted.at_page(page)


def _require_route(journal: Journal, given: Any) -> None:
    """Raise Mistake for what is no route, with the filter that it is rather a value of."""
    if given is None:
        return
    try:
        find_route(given)
    except Mistake as mistake:
        named = filters_named([str(given)]) if isinstance(given, str | int) else []
        named = named or _filter_that_has(journal, given)
        if not named and (not isinstance(given, str) or "did you mean" in mistake.what):
            raise
        if not named and (near := nearest(given, journal.known("name"), least=0.75)):
            named = [("name", near)]
        filters = [
            f"{name}={value if name == 'limit' else repr(value)}"
            for name, value in named or [("search", given)]
        ]
        what = f"There is no route {quoted(given)} (did you mean `{', '.join(filters)}`?)."
        raise Mistake(what, next=f"The routes are {', '.join(ROUTES)}.") from None


def _filter_that_has(journal: Journal, given: Any) -> list[tuple[str, str]]:
    """Return the filter that finds something by a NAME, tag or id, with that; else nothing."""
    names = ("name", "tag", "sweep") if isinstance(given, str) else ()
    asked: list[dict[str, Any]] = [{name: given} for name in names]
    found = (each for each in asked if journal.count(Filter(**each)))
    return [*next(found, {}).items()]

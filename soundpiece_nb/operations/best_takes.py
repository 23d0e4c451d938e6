"""The best-rated take of each operation; of a sweep, of each combination, whatever repeats it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import label, short

REPEAT = "repeat"
"""The name under which a sweep counts the operations of one combination."""


class RatedTake(NamedTuple):
    """A take with stars."""

    key: str
    take: int
    rating: int


@dataclass(frozen=True)
class BestTakes:
    """The best take of each combination, in order; what had several best ones, and what none."""

    takes: tuple[RatedTake, ...]
    tied: tuple[str, ...]
    unrated: tuple[str, ...]


def find_best(journal: Journal, keys: Sequence[str]) -> BestTakes:
    """Return the best-rated take of each of these; of equals the one that was made first."""
    combinations: dict[object, list[Entry]] = {}
    for entry in journal.of_keys(keys):
        combinations.setdefault(_combination(entry), []).append(entry)
    best, tied, unrated = list[RatedTake](), list[str](), list[str]()
    for entries in combinations.values():
        judged = [
            RatedTake(entry.key, take.take, take.rating)
            for entry in entries
            for take in entry.takes
            if take.rating
        ]
        most = max((each.rating for each in judged), default=0)
        alike = [each for each in judged if each.rating == most]
        best += alike[:1]
        tied += [_called(entries[0])] if len(alike) > 1 else []
        unrated += [] if alike else [_called(entries[0])]
    return BestTakes(tuple(best), tuple(tied), tuple(unrated))


def _combination(entry: Entry) -> object:
    """Return what the operations of one combination of a sweep share, and no others."""
    if not entry.sweep:
        return entry.key
    return frozenset(each for each in entry.sweep.items() if each[0] != REPEAT)


def _called(entry: Entry) -> str:
    """Return its title with what a sweep varied, else with the beginning of its key."""
    varied = ", ".join(
        f"{n}={v}" for n, v in (entry.sweep or {}).items() if n not in ("id", REPEAT)
    )
    return label(f"{entry.title} ({varied or short(entry.key)})")

"""Rows about the operations of the last days: their number, makers, tags and cost, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from soundpiece_nb.api.costs import cost_alone, plain_amount
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.recent_usage import DAYS, recent_usage
from soundpiece_nb.operations.ceilings import begun_of_ceilings
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import MOST_IN_A_NAME, counted, shown

MOST_NAMED = 5
"""People, tags or costs that one row names."""


def usage_rows(session: Session, wanted: Filter) -> dict[str, str]:
    """Return rows, by their names, about the operations that fit a filter; raises Mistake.

    Counted are those at the service in use that can cost: not what was refused, failed or was
    discarded. What is left of the ceilings of a day is said of all, whatever fits.
    """
    made = recent_usage(session.journal, session.services.in_use, wanted)
    words = [f"{made.today:,} today, {made.days:,} in the last {DAYS} days"]
    rows = {
        "Made": "; ".join([*words, *begun_of_ceilings(session)]),
        "Made by": _named(made.people) if len(made.people) > 1 else "",
        "Tagged": _named(made.tags),
        "Their cost": cost_words(made.costs),
    }
    return {name: row for name, row in rows.items() if row}


def cost_words(costs: Mapping[str, int]) -> str:
    """Return what so many operations cost, by the service's words for each.

    They are added up only where all are plain numbers of one unit; else each kind is counted.
    """
    kinds = Counter[str]()
    for cost, count in costs.items():
        if alone := cost_alone(cost):
            kinds[alone] += count
    amounts = [plain_amount(kind) for kind in kinds]
    plain = [amount for amount in amounts if amount is not None]
    if len(plain) == len(amounts) and len({unit for _, unit in plain}) == 1:
        total = sum(number * kinds[kind] for kind, (number, _) in zip(kinds, plain, strict=True))
        made = counted(kinds.total(), "operation")
        return f"{f'{total:,.12g} {plain[0][1]}'.rstrip()} for {made}, as the service says"
    return _named(dict(kinds.most_common()), "{:,} times")


def _named(counts: Mapping[str, int], form: str = "{:,}") -> str:
    """Return the first few words with their counts, and how many there are beside."""
    named = [
        f"{shown(word, MOST_IN_A_NAME)} {form.format(count)}"
        for word, count in list(counts.items())[:MOST_NAMED]
    ]
    more = len(counts) - MOST_NAMED
    return ", ".join(named) + (f" and {more:,} others" if more > 0 else "")

"""Complaints about the rows of a batch: one sentence for the rows that break one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import as_number
from soundpiece_nb.shown_text import counted, quoted

MOST_COMPLAINTS = 5
"""Rules that one error says were broken."""
MOST_RUNS = 10
"""Runs of rows that one sentence names, such as `7 to 9`."""


class _Broken(NamedTuple):
    """One rule that rows break: the first one's sentence, and the rows and their sentences."""

    sentence: str
    rows: list[int]
    others: set[str]


class Complaints:
    """The mistakes in the rows of a batch, in the order of the first row of each rule."""

    def __init__(self) -> None:
        self._broken: dict[str, _Broken] = {}

    def add(self, number: int, row: Mapping[str, Any], sentence: str) -> None:
        """Note what is wrong with a row; sentences that differ in its values alone are one rule."""
        rule = _without_own_values(sentence, row)
        broken = self._broken.setdefault(rule, _Broken(sentence, [], set()))
        broken.rows.append(number)
        broken.others.add(sentence)

    def tell(self) -> None:
        """Raise one Mistake for the first few rules that were broken, if there are any."""
        if not self._broken:
            return
        all_broken = list(self._broken.values())
        words = [_said(each) for each in all_broken[:MOST_COMPLAINTS]]
        more = sum(len(each.rows) for each in all_broken[MOST_COMPLAINTS:])
        if more:
            words.append(f"And {counted(more, 'row')} with other mistakes.")
        raise Mistake(" ".join(words))


def _without_own_values(sentence: str, row: Mapping[str, Any]) -> str:
    """Return a sentence without the values of its row, and without their lengths."""
    own = {f"not {quoted(as_number(value))}" for value in row.values()}
    for value in row.values():
        if isinstance(value, str):
            own |= {quoted(value), f"are {len(value)}."}
    longest_first = sorted(own, key=len, reverse=True)
    return re.sub("|".join(map(re.escape, longest_first)), "…", sentence) if own else sentence


def _said(broken: _Broken) -> str:
    if len(broken.rows) == 1:
        return f"Row {broken.rows[0]}: {broken.sentence}"
    whose = f" The value shown is row {broken.rows[0]}'s." if len(broken.others) > 1 else ""
    return f"Rows {_listed(broken.rows)}: {broken.sentence}{whose}"


def _listed(numbers: list[int]) -> str:
    """Return `1, 3 and 7 to 9`."""
    runs = [
        text
        for first, last in _runs(numbers)
        for text in (
            [f"{first} to {last}"]
            if last - first > 1
            else [f"{each}" for each in range(first, last + 1)]
        )
    ]
    if len(runs) > MOST_RUNS:
        return f"{', '.join(runs[:MOST_RUNS])} and so on, {len(numbers):,} in all"
    return " and ".join(filter(None, (", ".join(runs[:-1]), runs[-1])))


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Give the first and last number of each run, of rising numbers."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last

"""Stars as people type them: `4`, `4/5`, `****`, `four stars`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import MOST_STARS, as_number, read_stars
from soundpiece_nb.operations.labels import NO_STARS

_NUMBERS = ("zero", "one", "two", "three", "four", "five")
_BEHIND = re.compile(rf"(?:(?:/|of|out of) ?{MOST_STARS}\b ?)?(?:stars?\b ?)?", re.IGNORECASE)
"""The words between the number and a note: `4 of 5`, `4 stars`."""


def read_typed_stars(target: str, typed: str, words: Sequence[str]) -> tuple[int, str | None]:
    """Return the stars that are typed for a take, and the words behind them as its note.

    Raises Mistake for anything else, and for two numbers: `night 2 4` may be four stars of take 2,
    or two stars with a note.
    """
    typed, _, behind = typed.partition(" ")
    words = [each for each in (behind, *words) if each]
    number: Any = _as_number(typed)
    note = " ".join(words)
    if number is not None:
        note = note[_match_behind(note) :]
    picked = ":" in target
    if words and not picked and (number is None or words[0].isdecimal()):
        stars = _as_number(words[0])
        if stars is not None and (number is not None or typed.isidentifier()):
            rest = " ".join(["", *words[1:]])
            raise Mistake(
                f"`{target} {typed} {words[0]}` may be read in two ways (did you mean "
                f"`{target}:{typed} {words[0]}{rest}`?).",
                next=f'A take stands behind a colon; --note "{note}" gives a note.',
            )
    try:
        return read_stars(typed if number is None else number, least=NO_STARS), note or None
    except Mistake as mistake:
        if number is None:
            text = " ".join([typed, *words])
            mistake.next = f'%soundpiece_note {target} "{text}" gives a note without stars.'
        raise


def _match_behind(note: str) -> int:
    found = _BEHIND.match(note)
    return found.end() if found else 0


def _as_number(typed: str) -> Any:
    """Return the number that is typed, whatever it is; None if it is none."""
    text = typed.strip().lower()
    if text in _NUMBERS:
        return _NUMBERS.index(text)
    if re.fullmatch(r"\*+|★+☆*", text):
        return text.count("*") + text.count("★")
    if found := re.fullmatch(rf"(\d+)/{MOST_STARS}", text):
        return int(found[1])
    number = as_number(text)
    return None if isinstance(number, str) else number

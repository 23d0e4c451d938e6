"""The cost of an operation as an answer names it, in the service's own words and numbers.

v1 promises none of it, and names it by no one name: what is found beside the operation's own fields
is read with tolerance, and nothing is worked out or added.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from soundpiece_nb.shown_text import may_hold_secrets

APART = "; "
"""Between several amounts in one text."""
REMAINING = "remaining"
"""The last word of what is left on the account, which is no cost."""
MOST_AMOUNTS, MOST_FIELDS, DEEPEST = 4, 200, 2
"""Amounts that are kept of one answer, fields of one object that are looked at, and levels."""
LONGEST_TEXT, LONGEST_UNIT = 60, 20
"""Characters of an amount, and of its unit."""
LARGEST = 1e15
"""Beyond this a number is no amount of anything."""

_CREDITS = re.compile(
    r"(?:total_)?credits?(?:_(?:used|spent|charged|consumed|deducted|billed|debited|cost))?"
    r"|(?:used|spent|charged|consumed)_credits|(?:cost|price|charge)(?:_in)?_credits"
)
_MONEY = re.compile(
    r"(?:total_|final_)?(?:cost|price|charge|charged|amount_charged|amount_billed|fee)"
    r"(?:(?:_in)?_(?P<unit>usd|eur|gbp|jpy|chf|cad|aud|cents|tokens))?"
)
_BALANCE = re.compile(
    r"(?:credits?_)?(?:remaining|left|balance|available)"
    r"|(?:remaining|available)_(?:credits?|balance)"
)
_AROUND = ("usage", "billing", "payment")
"""Names of objects that hold such fields, beside those that are amounts themselves."""
_NUMBERS = ("amount", "value", "total", "quantity", "number")
_UNITS = ("currency", "unit", "units")
_BARE = re.compile(r"[-+]?\d[\d.,]*")
_SPOKEN = re.compile(
    r"(?:[^\W\d_]+ ?|[$€£¥₹₩] ?)?[-+]?\d[\d.,]*(?: ?[$€£¥₹₩%]| ?[^\W\d_]+(?: [^\W\d_]+){0,3})?"
)
_WORDS = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,7}")
_PLAIN = re.compile(r"(?P<number>-?\d+(?:\.\d+)?)(?: (?P<unit>[^\W\d]+))?")


def read_cost(operation: Mapping[str, Any], envelope: object) -> str | None:
    """Return what an operation, or the envelope around it, says of its cost; None if nothing.

    What is left on the account comes last, and says so: `3 credits; 97 credits remaining`.
    """
    beside = envelope if isinstance(envelope, dict) and envelope is not operation else {}
    found = list(dict.fromkeys([*_amounts(operation), *_amounts(beside)]))
    found.sort(key=lambda amount: amount.endswith(REMAINING))
    return APART.join(found[:MOST_AMOUNTS]) or None


def plain_amount(cost: str) -> tuple[float, str] | None:
    """Return a cost as a number and its unit, if it is one amount in plain words; else None."""
    match = _PLAIN.fullmatch(cost_alone(cost))
    if match is None:
        return None
    unit = match["unit"] or ""
    return float(match["number"]), "credits" if unit == "credit" else unit


def cost_alone(cost: str) -> str:
    """Return a cost without what is left on the account; empty where only that is said."""
    return APART.join(each for each in cost.split(APART) if not each.endswith(REMAINING))


def _amounts(fields: Mapping[Any, Any], level: int = 0) -> Iterator[str]:
    """Give the amounts that an object's fields hold, in their order."""
    for name, value in list(fields.items())[:MOST_FIELDS]:
        word = _snake(name)
        if word in _AROUND:
            if isinstance(value, dict) and level < DEEPEST:
                yield from _amounts(value, level + 1)
        elif _BALANCE.fullmatch(word):
            for amount in _amount(value, "credits" if "credit" in word else "", level):
                yield f"{amount} {REMAINING}"
        elif _CREDITS.fullmatch(word):
            yield from _amount(value, "credits", level)
        elif found := _MONEY.fullmatch(word):
            unit = found["unit"] or ""
            known = unit if unit in ("cents", "tokens") else unit.upper()
            yield from _amount(value, known, level, words=True)


def _amount(value: object, unit: str, level: int, *, words: bool = False) -> Iterator[str]:
    """Give a value as an amount; with `words`, also one without a number, such as `free`."""
    if isinstance(value, dict):
        numbers = [value[name] for name in _NUMBERS if name in value]
        units = [value[name] for name in _UNITS if isinstance(value.get(name), str)]
        if numbers:
            own = units[0].strip() if units else unit
            yield from _amount(numbers[0], own if _is_plain(own, LONGEST_UNIT) else unit, DEEPEST)
        elif level < DEEPEST:
            yield from _amounts(value, level + 1)
    elif isinstance(value, str):
        text = value.strip()
        if not _is_plain(text, LONGEST_TEXT):
            return
        if _BARE.fullmatch(text):
            yield _with_unit(text, unit)
        elif _SPOKEN.fullmatch(text) or (words and _WORDS.fullmatch(text)):
            yield text
    elif (number := _number(value)) is not None:
        yield _with_unit(number, unit)


def _with_unit(number: str, unit: str) -> str:
    if unit == "credits" and number == "1":
        unit = "credit"
    return f"{number} {unit}".rstrip()


def _number(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return repr(value) if abs(value) < LARGEST else None  # nor is what is no number


def _is_plain(text: str, longest: int) -> bool:
    """Tell whether a text is a short line of its own, which holds no secret and nothing hidden."""
    fits = 0 < len(text) <= longest and text.isprintable() and APART not in text
    return fits and not may_hold_secrets(text)


def _snake(name: object) -> str:
    """Return a field's name in small letters with lines between its words: `creditsUsed` too."""
    if not isinstance(name, str) or len(name) > LONGEST_TEXT:
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|-", "_", name).lower()

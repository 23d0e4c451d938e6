"""Choices: one operation of a sweep or batch, by its place, its NAME, or what sets it apart.

They are written in brackets behind the NAME, or after a blank: `ways[2]`, `ways[mood=dusty]`,
`"storm prompt=rain bpm=90"`. Places count from 1, as a person counts and as boards show them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import as_python, did_you_mean
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import counted, cut, quoted, short, shown

_CHOSEN = re.compile(
    r"(?P<group>[^\s\[\]=/\\]+)(?:\[(?P<within>.*)\]|\s+(?P<values>[^\s=\[\]]+=.*))", re.DOTALL
)
_PLACE = re.compile(r"[+-]?\d{1,9}")
_NAME = "name"
_OF_A_SWEEP = "id"
"""The key of a sweep's id among the values that it varies."""
MOST_OFFERED = 5
"""Operations, or values, that a sentence lists; the rest is a number."""
MOST_LOOKED_AT = 200
"""Operations of a batch that are compared to find what sets them apart."""
MOST_OF_A_VALUE = 40
"""Characters of a value that a sentence shows."""


class Chosen(NamedTuple):
    """The word for a sweep or batch, and what of it is meant."""

    group: str
    choice: str


def split_choice(text: str) -> Chosen | None:
    """Read `ways[2]` or `ways mood=dusty`; None for a text that names no part of anything."""
    match = _CHOSEN.fullmatch(text.strip())
    return Chosen(match["group"], match["within"] or match["values"] or "") if match else None


def choose(journal: Journal, keys: Sequence[str], choice: str, called: str) -> list[str]:
    """Return those of a sweep's or batch's operations that are chosen; raises Mistake for none.

    `2` is the second and `-1` the last, `rain` those of that NAME or with a value of that text,
    `mood=dusty bpm=90` those with these values: exactly, else in another case, else the one value
    that begins so.
    """
    text = choice.strip()
    if _PLACE.fullmatch(text):
        return [_at(keys, int(text), called)]
    members = journal.of_keys(keys)
    if "=" not in text:
        return [entry.key for entry in _with_word(members, text, called)]
    for name, value in _wanted(text, called):
        members = _with_value(members, name, value, called)
    return [entry.key for entry in members]


def list_choices(journal: Journal, keys: Sequence[str], called: str, among: Sequence[str]) -> str:
    """Return the first of these operations, by the words that choose each and what it is.

    `among` are all of their sweep or batch. Not `called` by any word, they are those of a handle,
    and Python counts from 0.
    """
    places = {key: place for place, key in enumerate(among, 1)}
    offered = [
        f"{_word(called, places[key])} ({words})"
        for key, words in zip(keys, describe(journal, keys), strict=False)
    ]
    return _listed(offered, len(keys) - len(offered))


def _word(called: str, place: int) -> str:
    return f"{called}[{place}]" if called else f".operations[{place - 1}]"


def describe(journal: Journal, keys: Sequence[str]) -> list[str]:
    """Return in words what the first of a sweep's or batch's operations are."""
    entries = journal.of_keys(keys[:MOST_LOOKED_AT])
    apart = tell_apart(entries)[:MOST_OFFERED]
    return [
        ", ".join(f"{n}={_brief(v)}" if n else _brief(v) for n, v in each.items()) or short(key)
        for key, each in zip(keys, apart, strict=False)
    ]


def tell_apart(entries: Sequence[Entry]) -> list[dict[str, str]]:
    """Return for each operation of a sweep or batch what it is, by name.

    That is what was varied, else its NAME (which is nameless here), else the fields in which they
    differ, else its prompt.
    """
    fields = [_texts(entry) for entry in entries]
    names = list(dict.fromkeys(name for each in fields for name in each))
    different = [name for name in names if len({each.get(name) for each in fields}) > 1]
    return [
        _varied(entry)
        or ({"": entry.name} if entry.name else {})
        or {name: each[name] for name in different if name in each}
        or {"": entry.summary or entry.title}
        for entry, each in zip(entries, fields, strict=True)
    ]


def _varied(entry: Entry) -> dict[str, str]:
    return {name: value for name, value in (entry.sweep or {}).items() if name != _OF_A_SWEEP}


def _texts(entry: Entry) -> dict[str, str]:
    """Return the fields of an operation as texts."""
    return {name: _as_text(value) for name, value in entry.fields.items() if value is not None}


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def _values(entry: Entry) -> dict[str, str]:
    """Return all that an operation can be chosen by."""
    own = {_NAME: entry.name} if entry.name else {}
    return {**_texts(entry), **own, **_varied(entry)}


def _at(keys: Sequence[str], place: int, called: str) -> str:
    if 1 <= abs(place) <= len(keys):
        return keys[place - 1 if place > 0 else place]
    which = "is the first" if len(keys) == 1 else f"is the first, {called}[{len(keys)}] the last"
    counted_from = "Places count from 1 here, as on the board: " if place == 0 else ""
    raise Mistake(
        f"{called} has no [{place}]; it is {counted(len(keys), 'operation')}.",
        next=f"{counted_from}{called}[1] {which}.",
    )


def _wanted(text: str, called: str) -> list[tuple[str, str]]:
    """Return the names and values that a text asks for; raises Mistake.

    Words without a `=` go on with the value before them.
    """
    try:
        words = shlex.split(text)
    except ValueError:  # an apostrophe
        words = text.split()
    wanted: list[tuple[str, str]] = []
    for word in words:
        name, equals, value = word.partition("=")
        if equals:
            wanted.append((as_python(name.strip()).replace("-", "_"), value))
        elif wanted:
            wanted[-1] = (wanted[-1][0], f"{wanted[-1][1]} {word}".strip())
        else:
            raise Mistake(
                f"{quoted(text)} chooses none of {called}.",
                next=f"Say {called}[2] for the second, or name=value for what sets it apart.",
            )
    return wanted


def _with_word(members: Sequence[Entry], text: str, called: str) -> list[Entry]:
    """Return the operations of a NAME, or with a value of this text; raises Mistake for none."""
    values = [{*_values(entry).values()} for entry in members]
    meant = _meant({value for each in values for value in each}, text.strip("\"'"))
    if not meant:
        apart = tell_apart(members)
        known = list(dict.fromkeys(value for each in apart for value in each.values()))
        raise Mistake(
            f"No operation of {called} is {quoted(text)}{did_you_mean(text, known)}.",
            next=f"There is {_listed([_brief(each) for each in known])}.",
        )
    return [entry for entry, each in zip(members, values, strict=True) if meant & each]


def _with_value(members: Sequence[Entry], name: str, wanted: str, called: str) -> list[Entry]:
    """Return the operations with a value; raises Mistake where there is none."""
    texts = [_values(entry) for entry in members]
    known = dict.fromkeys(each[name] for each in texts if name in each)
    if not known:
        names = list(dict.fromkeys(each for found in texts for each in found))
        apart = tell_apart(members)
        differ = [each for each in dict.fromkeys(n for found in apart for n in found) if each]
        by = f" {_listed(differ)}" if differ else " their places"
        raise Mistake(
            f"The operations of {called} have no {_brief(name)}{did_you_mean(name, names)}.",
            next=f"They differ in{by}.",
        )
    meant = _meant(known, wanted)
    if not meant:
        raise Mistake(
            f"No operation of {called} has {_brief(f'{name}={wanted}')}"
            f"{did_you_mean(wanted, known)}.",
            next=f"There is {_listed([_brief(each) for each in known])}.",
        )
    return [entry for entry, found in zip(members, texts, strict=True) if found.get(name) in meant]


def _meant(known: Iterable[str], wanted: str) -> set[str]:
    """Return the known values that a typed one means: the same, else the one that begins so."""
    listed = list(known)
    for same in (str.strip, _figure, str.casefold):
        if found := {each for each in listed if same(each) == same(wanted)}:
            return found
    begun = {each for each in listed if each.casefold().startswith(wanted.casefold())}
    return begun if wanted and len(begun) == 1 else set()


def _figure(text: str) -> object:
    """Return a text as a number, so that 90 is 90.0; else as it is."""
    try:
        return float(text)
    except ValueError:
        return text


def _brief(text: str) -> str:
    return cut(" ".join(shown(text).split()), MOST_OF_A_VALUE)


def _listed(words: Sequence[str], more: int = 0) -> str:
    """Return the first few words, and how many more there are."""
    more += max(0, len(words) - MOST_OFFERED)
    return ", ".join(words[:MOST_OFFERED]) + (f" and {more} more" if more else "")


def as_values(given: Mapping[str, object]) -> str:
    """Return named values as they are written to choose by them."""
    return " ".join(f"{name}={shlex.quote(_as_text(value))}" for name, value in given.items())

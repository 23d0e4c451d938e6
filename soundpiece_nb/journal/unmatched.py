"""Filters that can match nothing, such as a NAME that nobody has: said, with what was meant."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from sqlalchemy import func, select

from soundpiece_nb.inputs.spelling import did_you_mean, nearest
from soundpiece_nb.shown_text import counted, quoted, shown

from .filters import Filter
from .queries import Queries
from .schema import takes, texts

_NOBODY_HAS = {
    "name": "No operation, sweep or batch has the NAME",
    "sweep": "There is no sweep or batch",
    "batch": "There is no batch or sweep",
    "tag": "No operation has the tag",
    "error": "No operation ended with the error",
}
"""The filters whose words are a person's or the service's own, and what is said of an unknown."""
_MOST_SAID = 5
"""Words of a search that are looked for one by one; each may take a pass over all texts."""
_MOST_TEXTS = 300
"""The latest texts, and notes of takes, in which a misspelled word's likeness is looked for."""
_MOST_OF_A_TEXT = 2_000
"""Characters of each that are read."""
_LONGEST_WORD = 40
_ALIKE = 0.7
"""The likeness from which a word of the texts counts as meant: of many, one is like any."""


def explain_unmatched(journal: Queries, wanted: Filter) -> str:
    """Return why a filter that found nothing cannot find anything, in a sentence or more.

    Empty where each of its words by itself finds something, or is no word that could be unknown.
    """
    given = {name: getattr(wanted, name) for name in _NOBODY_HAS}
    unknown = {
        name: word
        for name, word in given.items()
        if word is not None and not _count(journal, name, word)
    }
    said = [_sentence(journal, name, word) for name, word in unknown.items()]
    said += [_of_search(journal, text) for text in wanted.searches()[:_MOST_SAID]]
    return shown(" ".join(filter(None, said)))


def _sentence(journal: Queries, name: str, word: str) -> str:
    meant = did_you_mean(word, journal.known(name))
    said = f"{_NOBODY_HAS[name]} {quoted(word)}{meant}."
    for other in () if meant else _others(name):
        if number := _count(journal, other, word):
            return f"{said} As a {other} it fits {counted(number, 'operation')}."
    return said


def _of_search(journal: Queries, text: str) -> str:
    """Return why nothing has a text, by those of its words that nothing has; empty if some do."""
    if _count(journal, "search", text):
        return ""
    for other in ("batch", "tag", "error"):
        if number := _count(journal, other, text):
            typed = f'"{text}"' if re.search(r"\s", text) else text
            fits = f"As a {other} it fits {counted(number, 'operation')}"
            return f"{_none_has(text)}. {fits} (`{other}={text!r}`, `--{other} {typed}`)."
    words = text.split()
    unknown = [word for word in words[:_MOST_SAID] if not _count(journal, "search", word)]
    if unknown:
        known, groups = _latest_words(journal), journal.known("batch")
        said = {each: f"batch={each!r}" for each in groups}
        meant = {word: _meant(word, known, said) for word in unknown}
        sentences = [f"{_none_has(word)}{like}." for word, like in meant.items() if like]
        unlike = [word for word, like in meant.items() if not like]
        return " ".join([*sentences, f"{_none_has(*unlike)}."] if unlike else sentences)
    if number := _count(journal, "search", words):
        fits = f"{counted(number, 'operation')} {'has' if number == 1 else 'have'}"
        return f"{_none_has(text)}. {fits} its words apart from each other (`search={words}`)."
    return f"{_none_has(text)}."


def _meant(word: str, known: list[str], groups: dict[str, str]) -> str:
    """Return the word of a text that is most like one, else the filter of a batch or sweep."""
    if meant := did_you_mean(word, known, least=_ALIKE):
        return meant
    near = nearest(word, groups, least=_ALIKE)
    return f" (did you mean `{groups[near]}`?)" if near else ""


def _none_has(*words: str) -> str:
    return f"Nothing has {' or '.join(map(quoted, words))} in its NAME, words or notes"


def _latest_words(journal: Queries) -> list[str]:
    """Return the words of the latest texts and notes."""
    wanted = (
        select(func.substr(texts.c.words, 1, _MOST_OF_A_TEXT)).order_by(texts.c.number.desc()),
        select(func.substr(takes.c.note, 1, _MOST_OF_A_TEXT)).where(takes.c.note.is_not(None)),
    )
    read = [text for each in wanted for (text,) in journal.rows(each.limit(_MOST_TEXTS))]
    found = [word for text in read for word in re.findall(r"\w[\w'-]*", str(text))]
    return list(dict.fromkeys(word for word in found if len(word) <= _LONGEST_WORD))


def _count(journal: Queries, name: str, word: str | list[str]) -> int:
    asked: dict[str, Any] = {name: word}
    return journal.count(Filter(**asked))


def _others(name: str) -> list[str]:
    """Return the filters that a word of this one may have been meant for."""
    return [each.name for each in fields(Filter) if each.name in _NOBODY_HAS and each.name != name]

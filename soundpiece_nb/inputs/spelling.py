"""Spellings that a reader takes for the same: of names, which Python decides, and of free text."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_OTHERS_ALIKE = 0.75
"""The likeness from which one of many other words counts as meant: `song` is not `sing`."""


def as_python(name: str) -> str:
    """Return a name as Python reads it: NFKC (Language Reference, 2.3), however it was typed."""
    return unicodedata.normalize("NFKC", name)


def composed(value: Any) -> Any:
    """Return a text in NFC, in which `é` is one character; any other value as it is.

    NFC unites what is the same character in two encodings (Unicode, UAX #15) and nothing else.
    NFKC would unite what a reader tells apart: ½, ², and letters of another width.
    """
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def decomposed(value: Any) -> Any:
    """Return a text in NFD, in which `é` is two characters; any other value as it is."""
    return unicodedata.normalize("NFD", value) if isinstance(value, str) else value


def spellings(text: str) -> list[str]:
    """Return a text as it was typed, then composed and decomposed, each spelling once."""
    return list(dict.fromkeys([text, composed(text), decomposed(text)]))


def nearest(word: object, known: Iterable[str], *, least: float = 0.6) -> str | None:
    """Return the known word that a person most likely meant; None if none is like it.

    `least` is how alike they must be, from 0 to 1; neither case nor the -- of an option counts, and
    the beginning of one word alone means that word.
    """
    from difflib import get_close_matches

    if not isinstance(word, str) or not word.strip("-"):
        return None
    plain = {each.lower().removeprefix("--"): each for each in known}
    typed = word.lower().removeprefix("--")
    begun = [each for each in plain if each.startswith(typed)]
    close = get_close_matches(typed, plain, n=1, cutoff=least)
    found = begun if len(begun) == 1 else close
    return plain[found[0]] if found else None


@functools.lru_cache(maxsize=256)
def letters(name: str) -> str:
    """Return a name without case and signs: `Callback URL` and `callback_url` are the same."""
    return re.sub(r"[\W_]", "", as_python(name)).casefold()


def did_you_mean(
    word: object,
    known: Iterable[str],
    others: Mapping[str, str] | None = None,
    *,
    least: float = 0.6,
) -> str:
    """Return ` (did you mean …?)` with the known word that is most like one; empty for none.

    `others` are other words that people say, each with what it stands for. One that was typed
    just so comes first, whatever known word is spelled much like it.
    """
    said = {letters(other): meant for other, meant in (others or {}).items()}
    found = said.get(letters(word)) if isinstance(word, str) else None
    found = found or nearest(word, known, least=least)
    if found is None and (near := nearest(word, others or (), least=max(least, _OTHERS_ALIKE))):
        found = said[letters(near)]
    return f" (did you mean `{found}`?)" if found else ""

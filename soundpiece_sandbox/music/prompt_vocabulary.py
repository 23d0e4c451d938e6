"""Search for the phrases of a vocabulary in a prompt."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def phrases_in(text: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the vocabulary's phrases in `text`, in the text's order, with repetitions.

    Whole words match, in any case, with hyphens or spaces, singular or plural. Of overlapping
    phrases the first one counts, and of those the longest: "bass drum" does not match "bass".
    """
    plain = " ".join(re.split(r"[\s_/-]+", text.casefold()))
    return [found.group(1) for found in _pattern(frozenset(vocabulary)).finditer(plain)]


@lru_cache(maxsize=64)
def _pattern(vocabulary: frozenset[str]) -> re.Pattern[str]:
    phrases = sorted(vocabulary, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, phrases))})(?:e?s)?(?!\w)")

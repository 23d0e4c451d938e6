"""Hearing words: which phrases of a vocabulary a prompt contains."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


def phrases_in(text: str, vocabulary: Iterable[str]) -> list[str]:
    """Return the vocabulary's phrases that occur in `text`, in its order, each as often as said.

    Whole words count, in any case, with hyphens or spaces, singular or plural. Where phrases
    overlap, the one that begins first is heard, and of those the longest: "bass drum" is no bass.
    """
    plain = " ".join(re.split(r"[\s_/-]+", text.casefold()))
    return [found.group(1) for found in _pattern(frozenset(vocabulary)).finditer(plain)]


@lru_cache(maxsize=64)
def _pattern(vocabulary: frozenset[str]) -> re.Pattern[str]:
    phrases = sorted(vocabulary, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"(?<!\w)({'|'.join(map(re.escape, phrases))})(?:e?s)?(?!\w)")

"""Secrets as they may be shown: masked keys, words without keys or signed addresses."""

from __future__ import annotations

import re


def mask(key: str) -> str:
    """Return an API key as it may be shown: its prefix and last two characters."""
    return f"spk_…{key[-2:]}" if len(key) > len("spk_") + 8 else "spk_…"


def scrub(words: str) -> str:
    """Return words of the service without what may be an API key or a URL's signature."""
    return _QUERY.sub(r"\g<shown>?…", _SECRET.sub("spk_…", words))


_SECRET = re.compile(r"(?:spk|whsec)_[!-~]+")
_QUERY = re.compile(
    r"(?<!\S)(?P<shown>(?>\S*?https?:(?:\\?/){2})(?:(?!\\u003f)[^\s?])*+)(?:\?|\\u003f)\S*",
    re.IGNORECASE,
)
"""A word with an address and its query, bare or as JSON may write it.

Possessive: nothing is looked at twice, however long the words are.
"""

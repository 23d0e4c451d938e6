"""Secrets and a service's words as they may be shown: masked, scrubbed, of bounded length."""

from __future__ import annotations

import re

from soundpiece_nb.shown_text import scrub


def mask(key: str) -> str:
    """Return an API key as it may be shown: its prefix and last two characters."""
    return f"spk_…{key[-2:]}" if len(key) > len("spk_") + 8 else "spk_…"


MOST_SAID = 2_000
"""Characters of an explanation by the service that are kept: more than anybody reads."""

MOST_OF_A_WORD = 64
"""Characters of a code or kind; the service's own have up to twenty."""


def said(words: str) -> str:
    """Return words of the service as they may be kept: scrubbed, whole signs, at most 2,000."""
    told = scrub(whole(words[: MOST_SAID + 1]))  # cut first: what is not looked at takes no time
    if max(len(words), len(told)) <= MOST_SAID:
        return told
    return told[: MOST_SAID - 1] + "…"


def plain_word(value: object) -> str | None:
    """Return a short plain word or two of the service, such as a code; None for anything else."""
    if isinstance(value, str) and _PLAIN.fullmatch(value) and not _looks_secret(value):
        return value
    return None


def plain_id(value: str) -> str | None:
    """Return an operation's id; None where it may be anything else, a key for example."""
    return value if _ID.fullmatch(value) and not _looks_secret(value) else None


def whole(text: str) -> str:
    """Return a text that can be written down: half of a surrogate pair becomes `?`."""
    return text.encode(errors="replace").decode()


def _looks_secret(word: str) -> bool:
    return any(prefix in word.lower() for prefix in ("spk_", "whsec_"))


_PLAIN = re.compile(rf"[\w.:/+ -]{{1,{MOST_OF_A_WORD}}}")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")

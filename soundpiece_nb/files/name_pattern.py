"""Patterns of file names: `{date}/{name} {take}` becomes a path within a folder, safely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePath

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import quoted

from .export_choices import FIELDS
from .naming import safe_name

MOST_IN_A_PATTERN = 400
"""Characters of a pattern."""
MOST_FOLDERS = 8
"""Folders that a pattern may make beneath each other."""

_FIELD = r"\{([^{}]*)\}"
_ELSEWHERE = r"[/\\~]|[A-Za-z]:[/\\]"
_ENDING = r"(?i)\.(flac|wav|mp3)$"


def read_pattern(text: str, what: str) -> str:
    """Return a pattern, which an error calls `what`; raises Mistake for one that names no file."""
    for field in re.findall(_FIELD, text):
        if field not in FIELDS:
            raise Mistake(
                f"{what} has no field {quoted(field)}{did_you_mean(field, FIELDS)}; "
                f"there are {', '.join(FIELDS)}."
            )
    if why := _fault(text):
        raise Mistake(f"{what} {why}; it is {quoted(text)}.")
    return text


def _fault(text: str) -> str:
    """Return the words for what a pattern must be and is not; empty for one that can be."""
    literal = re.sub(_FIELD, "", text)
    parts = text.split("/")
    ending = re.search(_ENDING, text)
    faults = {
        "must not be empty": not text,
        "must have each field in its own braces, as in {name} {take}": {"{", "}"} & set(literal),
        "must stay within the folder that it is exported to": re.match(_ELSEWHERE, text)
        or ".." in (part.strip() for part in parts),
        "must have / between folders": "\\" in literal,
        "must end with a file's name": not parts[-1].strip(),
        f"must go without {ending[0] if ending else ''}, as the format decides the ending": ending,
        f"must have at most {MOST_IN_A_PATTERN} characters and {MOST_FOLDERS} folders": len(text)
        > MOST_IN_A_PATTERN
        or len(parts) > MOST_FOLDERS + 1,
    }
    return next((words for words, is_so in faults.items() if is_so), "")


def fill(pattern: str, words: Mapping[str, str], ending: str) -> PurePath:
    """Return the relative path that a pattern and the words for its fields give.

    No word makes a folder, leads out of one, or has what some system refuses in a name. A folder
    of which nothing is left is left out, a file is called `take` then.
    """
    *folders, file = (
        safe_name(re.sub(_FIELD, lambda field: words[field[1]].replace("/", "-"), part))
        for part in pattern.split("/")
    )
    return PurePath(*filter(None, folders), f"{file or 'take'}{ending}")

"""Labels that a person gives operations, to find them again: a NAME, tags, a note."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.whole_text import require_whole
from soundpiece_nb.inputs.plain_values import is_missing, plain, unwrap
from soundpiece_nb.inputs.spelling import as_python, composed
from soundpiece_nb.shown_text import quoted

_OF_THE_NOTEBOOK = re.compile(
    r"get_ipython|exit|quit|open|display|In|Out|_+|_[iod]h|_i{1,3}|_i?[0-9]+|_exit_code|__\w+__"
)
"""Variables that IPython sets or reads (its reference, "History", "System variables"), and Python's
own of a module."""

NO_STARS = 0
"""The number of stars that takes a rating away."""


@dataclass(frozen=True)
class Labels:
    """The NAME, tags and note of one operation."""

    name: str | None = None
    tags: tuple[str, ...] = ()
    note: str | None = None

    def with_tags(self, tags: Iterable[str]) -> Labels:
        """Return these labels with tags beside their own."""
        known = set(map(composed, self.tags))
        return replace(self, tags=(*self.tags, *(t for t in tags if composed(t) not in known)))


def read_labels(name: Any = None, tags: Any = (), note: Any = None) -> Labels:
    """Return checked labels, none where a value is missing; raises Mistake."""
    return Labels(
        name=None if is_missing(name) else read_name(name),
        tags=() if is_missing(tags) else read_tags(tags),
        note=None if is_missing(note) else read_note(note),
    )


def read_name(name: Any) -> str:
    """Return a NAME as Python spells it; raises Mistake unless it is an identifier."""
    name = plain(name)
    spelled = as_python(name) if isinstance(name, str) and name.isidentifier() else ""
    if not spelled or keyword.iskeyword(spelled):
        rule = "it must be a Python identifier such as night_drive"
        raise Mistake(f"{quoted(name)} cannot be a NAME: {rule}.")
    return spelled


def read_variable(name: Any) -> str:
    """Return a NAME that is to be a variable of the notebook.

    Raises Mistake for one that the notebook or Python's own functions go by: bound to a handle, it
    would break what uses it.
    """
    spelled = read_name(name)
    if _OF_THE_NOTEBOOK.fullmatch(spelled):
        why = "the notebook itself goes by that name"
    elif hasattr(builtins, spelled):
        why = f"it would hide Python's own {spelled}"
    else:
        return spelled
    example = f"{spelled.strip('_') or 'take'}_1"
    raise Mistake(
        f"{quoted(spelled)} cannot be a NAME: {why}.", next=f"Say {example}, for example."
    )


def may_be_variable(name: str) -> bool:
    """Tell whether a NAME of the journal may be bound by a magic; see `read_variable`."""
    try:
        return read_variable(name) == name
    except Mistake:
        return False


def read_tags(tags: Any) -> tuple[str, ...]:
    """Return tags; raises Mistake unless they are a list of texts."""
    tags = plain(tags)
    listed = isinstance(tags, Iterable) and not isinstance(tags, str | bytes | dict)
    texts = tuple(map(unwrap, tags)) if listed else ()
    if not listed or not all(isinstance(tag, str) for tag in texts):
        raise Mistake(f"Tags must be a list of texts, not {quoted(tags)}.")
    return tuple(require_whole(tag, "tag") for tag in texts)


def read_note(note: Any) -> str:
    """Return a note; raises Mistake unless it is text."""
    note = plain(note)
    if not isinstance(note, str):
        raise Mistake(f"A note must be text, not {quoted(note)}.")
    return require_whole(note, "note")

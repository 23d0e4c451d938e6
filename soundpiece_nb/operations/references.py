"""References: one operation, or one of its outputs, named by a person as `night_drive:2`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import short

from .session import Session

_WITH_PICK = re.compile(r"(?P<word>.+?)(?::(?P<pick>\w+))?")
_SOUND_FILES = (".flac", ".wav", ".mp3", ".ogg", ".m4a", ".aac", ".aif", ".aiff", ".opus")


@dataclass(frozen=True)
class Reference:
    """An operation's NAME, key, beginning of a key or id, and the number or kind of an output."""

    word: str
    pick: str | None = None


class Referable(ABC):
    """A handle that may be given instead of the name of an operation or output."""

    @abstractmethod
    def as_reference(self) -> Reference:
        """Return a reference to it; raises Mistake if it is more than one operation."""


def parse_reference(value: Any, namespace: Mapping[str, Any] | None = None) -> Reference:
    """Read a handle, or a text such as `night_drive:2` or `parts:vocals`.

    A variable of the notebook's `namespace` that holds a handle comes before the journal's NAME.
    Raises Mistake for a variable that holds several operations.
    """
    if isinstance(value, Referable):
        return value.as_reference()
    output = value if isinstance(value, OutputRef) else parse_output_ref(value)
    if output is not None:
        return Reference(output.key, str(output.take))
    text = str(value).strip()
    match = _WITH_PICK.fullmatch(text)
    word, pick = (match["word"], match["pick"]) if match else (text, None)
    held = None if namespace is None else namespace.get(word)
    if not isinstance(held, Referable):
        return Reference(word, pick)
    try:
        named = held.as_reference()
    except Mistake as mistake:
        raise mistake.prefixed(word) from None
    return Reference(named.word, pick or named.pick)


def find_output(reference: Reference, journal: Journal) -> tuple[Entry, int | None]:
    """Return the operation that is named, and the number of the picked output; raises Mistake."""
    entry = journal.entry(journal.find(reference.word))
    return entry, None if reference.pick is None else _take_of(entry, reference.pick)


def find_source(
    session: Session, value: Any, role: str, namespace: Mapping[str, Any] | None = None
) -> Any:
    """Return the value of a request's source or reference: a URL, or an OutputRef.

    `value` is a URL or anything that `parse_reference` reads; `role` is the field's name. Raises
    Mistake if it names nothing, or something that has no sound at the service in use.
    """
    named = isinstance(value, Referable | OutputRef)
    if not named and (not isinstance(value, str) or "://" in value):
        return value  # a URL, or a value that the request's own checks refuse
    if not named and parse_output_ref(value) is None:
        _require_no_file(value, role)
    try:
        reference = parse_reference(value, namespace)
        entry = session.journal.entry(session.journal.find(reference.word))
    except Mistake as mistake:
        raise mistake.prefixed(f"The {role}:") from None
    try:
        return _sounding_output(entry, reference.pick, session.services.in_use)
    except Mistake as mistake:
        raise mistake.prefixed(f"The {role}") from None


def _take_of(entry: Entry, pick: str) -> int:
    kinds = {take.kind: take.take for take in entry.takes if take.kind}
    take = kinds.get(pick, int(pick) if pick.isdecimal() else 0)
    if take not in [each.take for each in entry.takes]:
        offered = ", ".join(f":{each.kind or each.take}" for each in entry.takes) or "no outputs"
        raise Mistake(f"{entry.name or short(entry.key)} has no output :{pick}; it has {offered}.")
    return take


def _sounding_output(entry: Entry, pick: str | None, service: str) -> OutputRef:
    """Return the picked output, or the only one, of an operation; raises Mistake."""
    called = entry.name or short(entry.key)
    if entry.service != service:
        raise Mistake(
            f"{called} was made by {entry.service}, and this goes to {service}, which does not "
            "have it."
        )
    if entry.status in ("submitting", "processing"):
        raise Mistake(
            f"{called} is still {entry.status}.",
            next=f"%soundpiece_wait {called}, then run this again.",
        )
    if entry.status != "ready":
        why = explain(entry)
        raise Mistake(
            f"{called} has no sound: it is {entry.status}. {why.what if why else ''}".rstrip(),
            next=why.next if why else "",
        )
    kinds = [take.kind for take in entry.takes if take.kind]
    if pick is None and kinds:
        offered = " or ".join(f"{called}:{kind}" for kind in kinds)
        raise Mistake(f"{called} has several outputs.", next=f"Say {offered}.")
    return OutputRef(entry.key, 1 if pick is None else _take_of(entry, pick))


def _require_no_file(text: str, role: str) -> None:
    path = Path(text).expanduser()
    if path.suffix.lower() in _SOUND_FILES or "/" in text or "\\" in text:
        raise Mistake(
            f"The {role} {text!r} is a file of this machine, and the service takes addresses only.",
            next="Put it where an https URL reaches it, or name an earlier operation.",
        )

"""One operation feeding the next: from what a person names to the output that is meant."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.output_ref import EarlierOutput, read_earlier
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.text import short

from .operation import Operation, Output

_PICKED = re.compile(r"(?P<word>.+?)(?::(?P<pick>\w+))?")
_SOUND_FILES = (".flac", ".wav", ".mp3", ".ogg", ".m4a", ".aac", ".aif", ".aiff", ".opus")
_NOTHING_SENT = "Nothing was sent."


def find_link(value: Any, role: str, journal: Journal, service: str) -> Any:
    """Return what a request keeps for a source or reference: a URL, or an earlier output.

    `value` is a URL, a NAME, a key or its unique beginning, or an operation id, with `:2` or
    `:vocals` behind it to pick an output, or a handle or output. Raises Mistake where that means
    nothing, or something that has no sound at `service`.
    """
    if isinstance(value, Output):
        return _output_of(journal.entry(value.operation.key), str(value.take), role, service)
    if isinstance(value, Operation):
        return _output_of(journal.entry(value.key), None, role, service)
    if not isinstance(value, str) or "://" in value:
        return value  # a URL, or what the request refuses with a sentence of its own
    earlier = read_earlier(value)
    if earlier is not None:
        return _output_of(
            journal.entry(journal.find(earlier.key)), str(earlier.take), role, service
        )
    _require_no_file(value, role)
    match = _PICKED.fullmatch(value.strip())
    try:
        key = journal.find(match["word"] if match else value)
    except Mistake as mistake:
        raise Mistake(f"The {role}: {mistake.message} {_NOTHING_SENT}") from None
    return _output_of(journal.entry(key), match["pick"] if match else None, role, service)


def find_output(word: str, journal: Journal) -> tuple[Entry, int | None]:
    """Return the operation that a word means and the take behind its colon, if there is one.

    Raises Mistake for what is not there.
    """
    match = _PICKED.fullmatch(word.strip())
    entry = journal.entry(journal.find(match["word"] if match else word))
    pick = match["pick"] if match else None
    return entry, None if pick is None else _take_of(entry, pick)


def _take_of(entry: Entry, pick: str) -> int:
    kinds = {take.kind: take.take for take in entry.takes if take.kind}
    take = kinds.get(pick, int(pick) if pick.isdecimal() else 0)
    if take not in [each.take for each in entry.takes]:
        offered = ", ".join(f":{each.kind or each.take}" for each in entry.takes) or "none"
        raise Mistake(f"{entry.name or short(entry.key)} has no output :{pick}; it has {offered}.")
    return take


def _output_of(entry: Entry, pick: str | None, role: str, service: str) -> EarlierOutput:
    """Return the output that is picked of an operation; raises Mistake where there is none."""
    called = entry.name or short(entry.key)
    if entry.service != service:
        raise Mistake(
            f"The {role} {called} was made by {entry.service}, and this goes to {service}, which "
            f"does not have it. {_NOTHING_SENT}"
        )
    if entry.status in ("submitting", "processing"):
        raise Mistake(
            f"The {role} {called} is still {entry.status}; %soundpiece_wait {called}, then run "
            f"this again. {_NOTHING_SENT}"
        )
    if entry.status != "ready":
        raise Mistake(
            f"The {role} {called} has no sound: it is {entry.status}. {explain(entry) or ''} "
            f"{_NOTHING_SENT}"
        )
    kinds = {take.kind: take.take for take in entry.takes if take.kind}
    if pick is None:
        if kinds:
            offered = " or ".join(f"{called}:{kind}" for kind in kinds)
            raise Mistake(f"The {role} has several outputs; say {offered}. {_NOTHING_SENT}")
        return EarlierOutput(entry.key, 1)
    try:
        return EarlierOutput(entry.key, _take_of(entry, pick))
    except Mistake as mistake:
        raise Mistake(f"The {role} {mistake.message} {_NOTHING_SENT}") from None


def _require_no_file(text: str, role: str) -> None:
    path = Path(text).expanduser()
    if path.suffix.lower() in _SOUND_FILES or "/" in text or "\\" in text:
        raise Mistake(
            f"The {role} {text!r} is a file of this machine, and the service takes addresses only: "
            "put it where an https URL reaches it, or name an earlier operation. " + _NOTHING_SENT
        )

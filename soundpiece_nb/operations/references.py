"""References: operations, or one of their outputs, named by a person as `night_drive:2`.

`ways[2]:1` and `"ways mood=dusty"` name one of a sweep or batch, see `choices`.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.file_ref import parse_file_ref
from soundpiece_nb.api.output_ref import OutputRef, parse_output_ref
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.inputs.spelling import as_python
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import counted, label, quoted, short

from .choices import choose, list_choices, split_choice
from .own_sources import exists_here, is_address, own_file, path_meant, require_bucket
from .session import Session

_WITH_PICK = re.compile(r"(?P<word>.+?)(?::(?P<pick>\w+))?")
_OF_AN_OUTPUT = re.compile(r"(?P<word>\w[\w-]*(?:\[[^\]]*\])?):(?P<pick>\d{1,4}:[^\W\d]\w*)")
"""A kind of output of a numbered one, such as `night:2:vocals`, which nothing has."""
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_SEPARATED = ("vocals", "vocal", "voice", "drums", "drum", "bass", "other", "instrumental")
"""Kinds of output that only stems have."""
_AS_IN_PYTHON = re.compile(r"\A(\w+)\.outputs\[(\d{1,4})\]\Z")
"""An output of a handle as Python counts it, from 0."""


@dataclass(frozen=True)
class Reference:
    """A NAME, key, beginning of a key or id, and the number or kind of an output.

    `choice` is what is meant of a sweep or batch; `keys` are its operations where a handle of it
    was named, else the journal knows them.
    """

    word: str
    pick: str | None = None
    choice: str | None = None
    keys: tuple[str, ...] = ()

    @property
    def typed(self) -> str:
        """The words that name the operation on a line; empty where no word does."""
        text = label(self.word if self.choice is None else f"{self.word}[{self.choice}]")
        return f'"{text}"' if re.search(r"\s", text) else text


class Referable(ABC):
    """A handle that may be given instead of the name of an operation or output."""

    @abstractmethod
    def as_reference(self) -> Reference:
        """Return a reference to it."""


class Variables(ChainMap[str, Any]):
    """The variables that code within a function sees: the function's own, then all others."""

    def __init__(
        self, own: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]
    ) -> None:
        super().__init__(*cast("list[dict[str, Any]]", [*own, *others]))  # nobody writes to them
        self.own = ChainMap(*self.maps[: len(own)])


def held_by(word: str, namespace: Mapping[str, Any] | None) -> Referable | None:
    """Return the handle that the variable of this name holds; None if there is none.

    Raises Mistake where it is a function's own variable and holds no handle: an operation that
    happens to have that NAME is not meant.
    """
    name = as_python(word)
    held = None if namespace is None else namespace.get(name)
    if isinstance(held, Referable):
        return held
    if isinstance(namespace, Variables) and name in namespace.own:
        raise Mistake(
            f"{name} is a variable of this function and holds no operation, but {quoted(held)}.",
            next=f"{{{{{name}}}}} stands for its text.",
        )
    return None


def parse_reference(value: Any, namespace: Mapping[str, Any] | None = None) -> Reference:
    """Read a handle, or a text such as `night_drive:2`, `ways[2]:1` or `op.outputs[1]`.

    A variable of the notebook's `namespace` that holds a handle comes before the journal's NAME.
    Raises Mistake for a variable that cannot be read.
    """
    if isinstance(value, Referable):
        return value.as_reference()
    output = value if isinstance(value, OutputRef) else parse_output_ref(value)
    if output is not None:
        return Reference(output.key, str(output.take))
    text = _AS_IN_PYTHON.sub(lambda found: f"{found[1]}:{int(found[2]) + 1}", str(value).strip())
    match = _OF_AN_OUTPUT.fullmatch(text) or _WITH_PICK.fullmatch(text)
    word, pick = (match["word"], match["pick"]) if match else (text, None)
    chosen = split_choice(word)
    if chosen is not None:
        word = chosen.group
    choice = None if chosen is None else chosen.choice
    held = held_by(word, namespace)
    if held is None:
        return Reference(word, pick, choice)
    try:
        named = held.as_reference()
    except Mistake as mistake:
        raise mistake.prefixed(word) from None
    called = word if named.keys else named.word
    return replace(named, word=called, pick=pick or named.pick, choice=choice)


def all_keys(reference: Reference, journal: Journal) -> list[str]:
    """Return the keys that are meant, all of a sweep or batch; raises Mistake for none."""
    keys = list(reference.keys)
    if not keys and (group := journal.find_group(reference.word)):
        keys = journal.of_group(group)
    if reference.choice is None:
        _require_whole_choice(reference.word, keys)
        return keys or [journal.find(reference.word)]
    if not keys:
        called = journal.entry(journal.find(reference.word)).name or short(reference.word)
        raise Mistake(
            f"{label(called)} is one operation, no sweep or batch.",
            next=f"{label(called)}:1 is its first take.",
        )
    return choose(journal, keys, reference.choice, label(reference.word or "these"))


def _require_whole_choice(word: str, keys: Sequence[str]) -> None:
    """Raise Mistake for a word that is a part of a choice, which its blanks have parted."""
    if not keys and re.match(r"[^\W\d][\w-]*(=|\[[^\]]*\Z)", word):
        raise Mistake(
            f"{quoted(word)} by itself names no operation.",
            next='What is chosen of a sweep or batch is one word, in quotes: "ways mood=dusty".',
        )


def find_key(reference: Reference, journal: Journal) -> str:
    """Return the key of the one operation that is meant; raises Mistake for none or several."""
    keys = all_keys(reference, journal)
    if len(keys) == 1:
        return keys[0]
    group = replace(reference, choice=None)
    among = all_keys(group, journal) if reference.choice else keys
    offered = list_choices(journal, keys, group.typed, among)
    subject = f"{reference.typed} is" if reference.typed else "These are"
    raise Mistake(
        f"{subject} {counted(len(keys), 'operation')}.",
        next=f"Say which one: {offered}.",
    )


def find_named(
    value: Any, journal: Journal, namespace: Mapping[str, Any] | None = None
) -> list[str]:
    """Return the keys of the operation, or of a sweep or batch, that a handle or word names.

    Raises Mistake for none, and for the text of a take.
    """
    return all_keys(_whole(value, namespace), journal)


def find_one(value: Any, journal: Journal, namespace: Mapping[str, Any] | None = None) -> str:
    """Return the key of the one operation that a handle or word names.

    Raises Mistake for none or several, and for the text of a take.
    """
    return find_key(_whole(value, namespace), journal)


def _whole(value: Any, namespace: Mapping[str, Any] | None) -> Reference:
    if not isinstance(value, str | UUID | Referable):
        raise Mistake(f"A name or key must be text, not {quoted(value)}.")
    reference = parse_reference(value, namespace)
    if reference.pick is not None and not isinstance(value, Referable):
        raise Mistake(
            f"{quoted(str(value))} names a take, and here a whole operation is meant.",
            next=f"Say {_without_pick(str(value), reference)}.",
        )
    return reference


def _without_pick(typed: str, reference: Reference) -> str:
    """Return what was typed for an output, as it names the operation: not the key it stands for."""
    text = typed.strip().split(".outputs[")[0].removesuffix(f":{reference.pick}")
    if parse_output_ref(typed) is not None or _KEY.fullmatch(text):
        return short(reference.word)
    return replace(reference, word=text, choice=None).typed


def find_output(reference: Reference, journal: Journal) -> tuple[Entry, int | None]:
    """Return the operation that is named, and the number of the picked output; raises Mistake."""
    entry = journal.entry(find_key(reference, journal))
    return entry, None if reference.pick is None else _take_of(entry, reference)


def find_picked(
    value: Any, journal: Journal, namespace: Mapping[str, Any] | None = None
) -> list[tuple[str, int | None]]:
    """Return the keys that a handle or word names, each with the take that is picked, if one is.

    Raises Mistake for none.
    """
    reference = parse_reference(value, namespace)
    if reference.pick is None:
        return [(key, None) for key in all_keys(reference, journal)]
    entry, take = find_output(reference, journal)
    return [(entry.key, take)]


def find_source(
    session: Session, value: Any, role: str, namespace: Mapping[str, Any] | None = None
) -> Any:
    """Return the value of a request's source or reference: a URL, an OutputRef or a FileRef.

    `value` is a URL, a file of this machine or anything that `parse_reference` reads; `role` is
    the field's name. Raises Mistake if it names nothing, something that has no sound at the service
    in use, or a file that cannot go to a team's store.
    """
    chosen = isinstance(value, str) and split_choice(value) is not None
    named = chosen or isinstance(value, Referable | OutputRef)
    file, path = parse_file_ref(value), None if named else path_meant(value)
    if file is not None:
        return require_bucket(file, role)
    if path is not None:
        return own_file(session, path, role, typed=namespace is not None)
    if not named and (not isinstance(value, str) or is_address(value)):
        return value  # a URL, or a value that the request's own checks refuse
    try:
        reference = parse_reference(value, namespace)
        entry = session.journal.entry(find_key(reference, session.journal))
    except Mistake as mistake:
        if not named and exists_here(value):
            return own_file(session, value, role, typed=namespace is not None)
        raise mistake.prefixed(f"The {role}:") from None
    try:
        return _sounding_output(entry, reference, session.services.in_use)
    except Mistake as mistake:
        raise mistake.prefixed(f"The {role}") from None


def _called(entry: Entry, reference: Reference) -> str:
    """Return how to name an operation: as it was typed where it is one of several."""
    return reference.typed if reference.choice else entry.name or short(entry.key)


def _take_of(entry: Entry, reference: Reference) -> int:
    pick = reference.pick or ""
    kinds = {take.kind: take.take for take in entry.takes if take.kind}
    take = kinds.get(pick, int(pick) if pick.isdecimal() else 0)
    if take not in [each.take for each in entry.takes]:
        offered = ", ".join(f":{each.kind or each.take}" for each in entry.takes) or "no outputs"
        raise Mistake(
            f"{_called(entry, reference)} has no output :{pick}; it has {offered}.",
            next=_separated(entry, reference),
        )
    return take


def _separated(entry: Entry, reference: Reference) -> str:
    """Return how an output that only stems have is made of one that is there; empty if not so."""
    number, _, kind = (reference.pick or "").rpartition(":")
    takes = [str(each.take) for each in entry.takes if not each.kind]
    if kind.lower() not in _SEPARATED or not takes:
        return ""
    source = f"{_called(entry, reference)}:{number if number in takes else takes[0]}"
    return f"%soundpiece_stems parts --source {source} separates them."


def _sounding_output(entry: Entry, reference: Reference, service: str) -> OutputRef:
    """Return the picked output, or the only one, of an operation; raises Mistake."""
    called, pick = _called(entry, reference), reference.pick
    if entry.service != service:
        raise Mistake(
            f"{called} was made by {entry.service}, and this goes to {service}, which does not "
            "have it."
        )
    if entry.unsent:
        raise Mistake(
            f"{called} is not sent yet.",
            next=f"If this kernel is to send it, %soundpiece_wait {called} waits for it; if an "
            f"earlier kernel left it, %soundpiece_resume {called} sends it. Then run this again.",
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
    return OutputRef(entry.key, 1 if pick is None else _take_of(entry, reference))

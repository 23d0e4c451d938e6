"""Targets: the operations, batches and sweeps that are named by words on a magic's line.

A variable of the notebook that holds a handle comes first: after `op = sp.fx("Rain")`, `op` can be
typed like a NAME, though the journal has no such name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations.batch import Batch, Ongoing
from soundpiece_nb.operations.named_batches import find_batch
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.references import (
    find_named,
    find_one,
    find_output,
    find_picked,
    held_by,
    parse_reference,
)
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.sweep import find_sweep


def find_keys(words: Iterable[str], namespace: Mapping[str, Any], session: Session) -> list[str]:
    """Return the keys that words name, each once, all of a sweep or batch; raises Mistake."""
    found = (key for word in words for key in find_named(word, session.journal, namespace))
    return list(dict.fromkeys(found))


def find_takes(
    words: Iterable[str], namespace: Mapping[str, Any], session: Session
) -> list[tuple[str, int | None]]:
    """Return the keys that words name, and the take where a word names one; raises Mistake."""
    found = (each for word in words for each in find_picked(word, session.journal, namespace))
    return list(dict.fromkeys(found))


def find_target(word: str, namespace: Mapping[str, Any], session: Session) -> Operation | Batch:
    """Return the operation, batch or sweep that a word names; raises Mistake if there is none.

    The word for a take names its operation. A batch or sweep that goes on here is that very one. Of
    an earlier one, what the service has acknowledged is followed; nothing is sent.
    """
    held = held_by(word, namespace)
    if isinstance(held, Operation | Batch):
        return held
    found = session.journal.find_group(word)
    if found is None:
        reference = parse_reference(word, namespace)
        if reference.pick is None:
            return find_operation(word, namespace, session)
        return Operation(find_output(reference, session.journal)[0].key, session)
    if (living := session.part(Ongoing).find(session.journal.of_group(found))) is not None:
        return living
    return find_sweep(session, word) if found.sweep else find_batch(session, word, sends=False)


def find_operation(word: str, namespace: Mapping[str, Any], session: Session) -> Operation:
    """Return the one operation that a word names; raises Mistake for none, or for a take."""
    try:
        return Operation(find_one(word, session.journal, namespace), session)
    except Mistake as mistake:
        if word.casefold() in _ALL:
            mistake.next = _NO_WORD_FOR_ALL
        raise


_ALL = ("all", "everything", "*")
_NO_WORD_FOR_ALL = (
    "%soundpiece_wait and %soundpiece_resume without any KEY are about all that is unfinished; "
    "elsewhere each is named: %soundpiece_history lists them."
)

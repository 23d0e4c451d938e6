"""Targets: the operations, batches and sweeps that are named by words on a magic's line.

A variable of the notebook that holds a handle comes first: after `op = sp.fx("Rain")`, `op` can be
typed like a NAME, though the journal has no such name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from soundpiece_nb.operations.batch import Batch, find_batch
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.references import parse_reference
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.sweep import find_sweep


def find_keys(words: Iterable[str], namespace: Mapping[str, Any], session: Session) -> list[str]:
    """Return the keys that words name, each once, all of a sweep or batch; raises Mistake."""
    return list(dict.fromkeys(key for word in words for key in _keys(word, namespace, session)))


def _keys(word: str, namespace: Mapping[str, Any], session: Session) -> Sequence[str]:
    held = namespace.get(word)
    if isinstance(held, Batch):
        return held.keys
    found = None if isinstance(held, Operation) else session.journal.find_group(word)
    if found is not None:
        return session.journal.of_group(found)
    return [find_operation(word, namespace, session).key]


def find_target(word: str, namespace: Mapping[str, Any], session: Session) -> Operation | Batch:
    """Return the operation, batch or sweep that a word names; raises Mistake if there is none.

    An earlier batch or sweep goes on, without sending rejected operations again.
    """
    held = namespace.get(word)
    if isinstance(held, Operation | Batch):
        return held
    found = session.journal.find_group(word)
    if found is None:
        return find_operation(word, namespace, session)
    return find_sweep(session, word) if found.sweep else find_batch(session, word, resend=False)


def find_operation(word: str, namespace: Mapping[str, Any], session: Session) -> Operation:
    """Return the operation that a word names; raises Mistake for none, or for a take."""
    reference = parse_reference(word, namespace)
    named = word if reference.pick else reference.word
    return Operation(session.journal.find(named), session)

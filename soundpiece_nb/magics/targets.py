"""Targets: the operations, batches and sweeps that words on a magic's line name.

A variable of the notebook that holds a handle comes first: `op = sp.fx("Rain")` may be typed as
`op`, like a NAME, though the journal knows no such name.
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
    """Return the keys that words mean, each once; a sweep or batch means all of its operations.

    Raises Mistake for a word that means nothing.
    """
    keys: dict[str, None] = {}
    for word in words:
        keys.update(dict.fromkeys(_keys(word, namespace, session)))
    return list(keys)


def _keys(word: str, namespace: Mapping[str, Any], session: Session) -> Sequence[str]:
    held = namespace.get(word)
    if isinstance(held, Batch):
        return held.keys
    found = None if isinstance(held, Operation) else session.journal.find_group(word)
    if found is not None:
        return session.journal.of_group(found)
    return [find_operation(word, namespace, session).key]


def find_target(word: str, namespace: Mapping[str, Any], session: Session) -> Operation | Batch:
    """Return the operation, batch or sweep that a word means; raises Mistake for nothing.

    What is unfinished of an earlier batch or sweep goes on; what was rejected stays so.
    """
    held = namespace.get(word)
    if isinstance(held, Operation | Batch):
        return held
    found = session.journal.find_group(word)
    if found is not None:
        if found.sweep:
            return find_sweep(session, word)
        return find_batch(session, word, resend=False)
    return find_operation(word, namespace, session)


def find_operation(word: str, namespace: Mapping[str, Any], session: Session) -> Operation:
    """Return the operation that a word means; raises Mistake for none, or for a take of one."""
    reference = parse_reference(word, namespace)
    named = word if reference.pick else reference.word
    return Operation(session.journal.find(named), session)

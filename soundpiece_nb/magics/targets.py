"""What a word on a magic's line means: a handle in a variable of the notebook comes first.

So `op = sp.fx("Rain")` may be typed as `op`, like a NAME, though the journal knows no such name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations.batch import Batch, find_batch
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.sweep import find_sweep
from soundpiece_nb.text import short

_MOST_OFFERED = 4


def one(word: str, namespace: Mapping[str, Any]) -> str:
    """Return a word with its variable's key in place, `:2` or `:vocals` behind it kept.

    Raises Mistake for the variable of a batch or sweep, which is not one operation.
    """
    name, colon, pick = word.partition(":")
    held = namespace.get(name)
    if isinstance(held, Batch):
        offered = ", ".join(map(short, held.keys[:_MOST_OFFERED]))
        more = " and so on" if len(held) > _MOST_OFFERED else ""
        raise Mistake(f"{name} is {len(held)} operations; say which one: {offered}{more}.")
    return f"{held.key}{colon}{pick}" if isinstance(held, Operation) else word


def several(words: Iterable[str], namespace: Mapping[str, Any], session: Session) -> list[str]:
    """Return the keys that words mean, each once; a sweep's or batch's are all of its operations.

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
    return [session.journal.find(one(word, namespace))]


def meant(word: str, namespace: Mapping[str, Any], session: Session) -> Operation | Batch:
    """Return the operation, batch or sweep that a word means; raises Mistake for nothing.

    What is unfinished of an earlier batch or sweep goes on; what was refused stays so.
    """
    held = namespace.get(word)
    if isinstance(held, Operation | Batch):
        return held
    found = session.journal.find_group(word)
    if found is not None:
        if found.sweep:
            return find_sweep(session, word)
        return find_batch(session, word, refused_too=False)
    return session.operation(one(word, namespace))

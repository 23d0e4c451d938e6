"""Keys that follow from what is asked for: the same for the same text, however it is encoded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.request import derive_key, has_derived_key, with_key
from soundpiece_nb.inputs.spelling import composed, decomposed

if TYPE_CHECKING:
    from soundpiece_nb.api.request import Request

    from .session import Session


MOST_LOOKED_AT = 100
"""Takes of one request among which the one is looked for that has a key."""


def take_after(session: Session, request: Request, key: str) -> int:
    """Return the number of the take after the one of this request that has a derived key.

    1 where it is no key of such a take. What is asked for once more by its handle is thereby the
    same next take, however often it is asked for.
    """
    if not has_derived_key(key):
        return 1
    scopes = [session.services.in_use]
    for take in range(1, MOST_LOOKED_AT):
        if with_lasting_key(session, request, take, scopes=scopes).key == key:
            return take + 1
    return 1


def with_lasting_key(
    session: Session,
    request: Request,
    take: Any,
    *,
    scopes: Sequence[str],
    typed_take: int | None = None,
) -> Request:
    """Return the request under the key that follows from it, at the first of the `scopes`.

    Where the journal has the same request already, its text may be encoded otherwise: then that is
    the request, with its own bytes. Versions that did not compose texts derived other keys, at any
    of the scopes and for the `typed_take`-th request of the very same bytes: one of those stays.
    Raises Mistake for a take below 1.
    """
    texts = dict(request.fields)
    lasting = {name: composed(value) for name, value in texts.items()}
    key = derive_key(request.route, lasting, scopes[0], take)
    earlier = [
        derive_key(request.route, fields, scope, take if typed_take is None else typed_take)
        for scope in scopes
        for fields in (texts, {name: decomposed(value) for name, value in texts.items()})
        if fields != lasting or scope != scopes[0]
    ]
    if earlier:
        recorded = session.journal.statuses([key, *earlier])
        for each in (key, *earlier):
            if each in recorded:
                return replace(request, key=each, body=session.journal.entry(each).body)
    return with_key(request, key)

"""Batches as they are started from rows, and found again by NAME."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soundpiece_nb.api.errors import Mistake, nothing_sent
from soundpiece_nb.api.number_arguments import read_whole
from soundpiece_nb.api.routes import Route, find_route
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.inputs.spelling import did_you_mean
from soundpiece_nb.shown_text import counted, quoted, say

from .batch import AT_ONCE, Batch
from .ceilings import begin_with_consent, most_unasked
from .consent import NOBODY, Consent
from .labels import read_name
from .plan import Draft, Planned
from .row_plans import plan_rows
from .rows import read_rows
from .session import Session
from .submission import record
from .taken_names import explain_taken, require_related

_ID = re.compile(r"batch-[0-9a-f]{8}")
"""The word for a batch without a NAME; it is no identifier, so that no NAME is like it."""


@dataclass(frozen=True)
class BatchPlan:
    """A batch whose rows were checked, and which was not yet begun."""

    route: Route
    planned: Sequence[Planned]
    max_in_flight: int
    name: str | None

    def __str__(self) -> str:
        return f"{counted(len(self.planned), 'operation')} of {self.route.noun}."

    def start(self, session: Session, consent: Consent = NOBODY) -> Batch:
        """Write all operations down, or none, and send them a few at a time.

        Raises Mistake where they are beyond a ceiling, or are many and `consent` is denied.
        """
        keys = [each.request.key for each in self.planned]
        identity = self.name or f"batch-{uuid.uuid5(uuid.NAMESPACE_OID, ' '.join(keys)).hex[:8]}"

        def begin(consent: Consent) -> Batch:
            with defer_interrupts():
                new = record(session, self.planned, batch=identity, consent=consent)
                most, name = self.max_in_flight, self.name
                started = Batch(keys, session, max_in_flight=most, name=name, new=new)
                started.id = identity
                return started

        return begin_with_consent(consent, begin)


def plan_batch(
    session: Session,
    rows: Any,
    route: str,
    *,
    max_in_flight: int = AT_ONCE,
    name: str | None = None,
    once: bool | None = None,
    extra: Mapping[str, Any] | None = None,
    unchecked: bool = False,
    add: bool = False,
) -> BatchPlan:
    """Check every row of a batch, sending and writing nothing; raises Mistake.

    `rows` are what `read_rows` takes; `extra` fields go with each of them, beneath its own. Rows
    of which none was in the earlier batch of that NAME are refused, unless they are to `add` to it.
    """
    with nothing_sent():
        most = read_whole(max_in_flight, "max_in_flight")
        names = [] if name is None else [read_name(name), name]
        typed, name = name, names[0] if names else None
        common = Draft(
            route=find_route(route), fields={}, once=once, extra=extra, unchecked=unchecked
        )
        planned = plan_rows(session, read_rows(rows), common, typed)
        keys = [each.request.key for each in planned]
        if name is not None:
            earlier = _find_earlier(session, names)
            require_related(session, name, keys, earlier, add=add)
            if not earlier and (taken := explain_taken(session, name, "batch")):
                say(taken)
    return BatchPlan(common.route, planned, most, name)


def find_batch(
    session: Session,
    name: str | None,
    *,
    max_in_flight: int = AT_ONCE,
    sends: bool = True,
    consent: Consent = NOBODY,
) -> Batch:
    """Return an earlier batch and go on with it, or, unless it `sends`, follow it.

    More than a few that were never sent are sent only with `consent`. Raises Mistake where there is
    none, or where nobody can be asked.
    """
    most = read_whole(max_in_flight, "max_in_flight")
    unnamed = name is not None and _ID.fullmatch(name)
    names = [] if name is None else [name] if unnamed else [read_name(name), name]
    keys = _find_earlier(session, names)
    if not keys:
        meant = did_you_mean(name, session.journal.known("batch"))
        none = "" if name is None else f"There is no batch {quoted(name)}{meant}. "
        raise Mistake(f"{none}A batch takes rows, or the name of a batch that was started before.")
    if sends:
        unsent = list(session.journal.states(keys).values()).count("unsent")
        sends = consent.require(unsent, most_unasked(session.settings))
    found = Batch(keys, session, max_in_flight=most, name=None if unnamed else name, sends=sends)
    found.id = name or ""
    return found


def _find_earlier(session: Session, names: Sequence[str]) -> list[str]:
    """Return the keys of an earlier batch of a NAME, which versions may spell in two ways."""
    return next(filter(None, map(session.journal.of_batch, dict.fromkeys(names))), [])

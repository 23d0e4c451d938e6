"""Submission: a planned operation is written down, handed to the engine, and gone on with later.

One operation is a plan of one: single cells, sweeps and batches are all written down by `record`
and started by `start_recorded`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from soundpiece_nb.api.errors import StorageFailed, nothing_sent
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.settings import notebook_path

from .earlier_operations import find, unfinished
from .plan import Draft, Planned, plan_operation, split_fields
from .references import Referable
from .services import SANDBOX
from .session import Session

if TYPE_CHECKING:
    from soundpiece_nb.engine.run_state import Run
    from soundpiece_nb.journal.entry import Entry


def submit(session: Session, draft: Draft) -> str:
    """Check an operation, write it down and hand it to the engine; return its key at once.

    The same request under the same key is the same operation. Raises Mistake, having written none.
    """
    with nothing_sent():
        planned = plan_operation(session, draft)
    return submit_planned(session, planned)


def submit_planned(session: Session, planned: Planned) -> str:
    """Write a checked operation down and hand it to the engine; return its key at once."""
    key, labels = planned.request.key, planned.labels
    with defer_interrupts():
        is_new = key in record(session, [planned])
        if is_new:
            session.engine.start(key, unsent=True)
    if not is_new:
        session.journal.relabel(key, name=labels.name, tags=labels.tags, note=labels.note)
        start_recorded(session, key)
    return key


def record(
    session: Session,
    planned: Sequence[Planned],
    *,
    batch: str | None = None,
    sweep: str | None = None,
) -> set[str]:
    """Write operations down, all or none, synced to disk; return the keys that are new.

    `batch` is the NAME of them together, `sweep` the id of the sweep they are of. Raises Mistake,
    having written nothing, if there is no key for the service.
    """
    notebook = notebook_path()
    with nothing_sent():
        service = session.services.require()
        try:
            return session.journal.record_all(
                [each.request for each in planned],
                [_columns(each, sweep) for each in planned],
                service=service,
                batch=batch,
                notebook=str(notebook) if notebook else None,
            )
        except StorageFailed as failure:
            failure.next = failure.next or "Run it again once that is mended."
            raise


def _columns(planned: Planned, sweep: str | None) -> dict[str, Any]:
    """Return what the journal keeps of an operation beside its request."""
    if sweep is None:
        return vars(planned.labels)
    return {**vars(planned.labels), "sweep": json.dumps({"id": sweep, **planned.varied})}


def start_recorded(
    session: Session, key: str, *, unsent: bool = False, resend: bool = True
) -> Run | None:
    """Send, or go on with, an operation of the journal; None if nothing is left to do.

    One that was rejected is sent again if `resend`; `unsent` says that the service cannot have it.
    """
    return start_entry(session, session.journal.check_files(key), unsent=unsent, resend=resend)


def start_entry(
    session: Session, entry: Entry, *, unsent: bool = False, resend: bool = True
) -> Run | None:
    """Do as `start_recorded` with an operation that was just read from the journal."""
    rejected = entry.status == "rejected"
    if entry.complete and not (rejected and resend):
        return None
    return session.engine.start(entry.key, unsent=unsent or rejected)


def rerun(session: Session, key: str, changes: Mapping[str, Any]) -> str:
    """Start the request of an operation once more under a new key, changed; return that key.

    `name`, `tags` and `note` among the changes label it; `key`, `once` and `take` decide its key;
    all others are fields.
    """
    entry = session.journal.entry(key)
    route = find_route(entry.route)
    fields, beside = split_fields(changes)
    if set(route.either) & set(fields):  # a prompt takes the place of a reference
        fields = {**dict.fromkeys(route.either), **fields}
    beside = {"once": False, "tags": entry.tags, **beside}
    return submit(session, Draft(route=route, fields={**entry.fields, **fields}, **beside))


def resume(session: Session, wanted: Iterable[str | UUID | Referable] = ()) -> list[str]:
    """Go on with operations: the named ones, else all unfinished ones of the service in use.

    A named one that was rejected is sent again under its key, one that was pruned fetched again.
    Returns the keys, also of those with nothing left to do.
    """
    keys = [find(session, word) for word in wanted]
    entries = [session.journal.check_files(key) for key in keys] or [
        entry for entry in unfinished(session) if session.services.can_connect(entry.service)
    ]
    if keys and any(entry.service != SANDBOX for entry in entries):
        session.services.require()
    for entry in entries:
        start_entry(session, session.journal.unprune(entry.key) if keys else entry)
    return [entry.key for entry in entries]

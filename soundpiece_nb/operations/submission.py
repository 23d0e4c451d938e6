"""Submission: a planned operation is written down, handed to the engine, and gone on with later.

One operation is a plan of one: single cells, sweeps and batches are all written down by `record`
and started by `start_recorded`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import StorageFailed, nothing_sent
from soundpiece_nb.api.request import needs_unchecked
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.explanations import never_sent
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.journal.entry import extra_names
from soundpiece_nb.settings import made_by, notebook_path
from soundpiece_nb.shown_text import counted, say

from .begun_in_cell import BegunInCell
from .ceilings import begin_with_consent, permit
from .consent import NOBODY, Consent
from .derived_keys import take_after
from .extra_values import read_extra
from .own_sources import keep_own_files
from .plan import Draft, Planned, derives_key, plan_operation, split_fields
from .session import Session
from .taken_names import explain_taken

if TYPE_CHECKING:
    from soundpiece_nb.engine.run_state import Run
    from soundpiece_nb.journal.entry import Entry
    from soundpiece_nb.journal.write_ahead import Permit


def submit(session: Session, draft: Draft, consent: Consent = NOBODY) -> str:
    """Check an operation, write it down and hand it to the engine; return its key at once.

    The same request under the same key is the same operation. Raises Mistake, having written none;
    so it does above a ceiling, where there is no `consent`.
    """
    with nothing_sent():
        planned = plan_operation(session, draft)
    return submit_planned(session, planned, consent)


def submit_planned(session: Session, planned: Planned, consent: Consent = NOBODY) -> str:
    """Write a checked operation down and hand it to the engine; return its key at once."""
    key, labels = planned.request.key, planned.labels
    taken = explain_taken(session, labels.name, "operation")

    def begin(consent: Consent) -> bool:
        with defer_interrupts():
            is_new = key in record(session, [planned], consent=consent)
            if is_new:
                session.engine.start(key, unsent=True)
        return is_new

    is_new = begin_with_consent(consent, begin)
    if is_new and taken:
        say(taken)
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
    consent: Consent = NOBODY,
) -> set[str]:
    """Write operations down, all or none, synced to disk; return the keys that are new.

    So are those that had been discarded: to ask for one again is a new wish, and a line says so.
    `batch` is the NAME of them together, `sweep` the id of the sweep they are of. Raises Mistake,
    having written nothing, if there is no key for the service, or if those that are new are beyond
    a ceiling.
    """
    notebook = notebook_path()
    with nothing_sent():
        service, account = session.services.require_account()
        person = made_by()
        check = permit(session, service, person, len(planned), consent)
        session.engine.ensure_running()
        keep_own_files(session, [each.request for each in planned])
        try:
            new = session.journal.record_all(
                [each.request for each in planned],
                [_columns(each, sweep) for each in planned],
                service=service,
                account=account,
                batch=batch,
                made_by=person,
                permit=check,
                notebook=os.fsencode(notebook).decode(errors="replace") if notebook else None,
            )
        except StorageFailed as failure:
            failure.next = failure.next or "Run it again once that is mended."
            raise
    new |= _revive(session, [each for each in planned if each.request.key not in new], check)
    session.part(BegunInCell).add(new)
    return new


def _revive(session: Session, planned: Sequence[Planned], permit: Permit | None) -> set[str]:
    """Begin those that had been discarded anew, and say so; return their keys."""
    if not planned:
        return set()
    keys = [each.request.key for each in planned]
    revived = session.journal.revive(keys, made_by=made_by(), permit=permit)
    for each in planned:
        if each.request.key in revived:
            named = {name: getattr(each.labels, name) for name in ("name", "tags", "note")}
            session.journal.relabel(each.request.key, **named)
    if revived:
        was, goes = ("was", "goes") if len(revived) == 1 else ("were", "go")
        say(f"{counted(len(revived), 'operation')} {was} discarded before, and {goes} out now.")
    return revived


def _columns(planned: Planned, sweep: str | None) -> dict[str, Any]:
    """Return what the journal keeps of an operation beside its request."""
    if sweep is None:
        return vars(planned.labels)
    return {**vars(planned.labels), "sweep": json.dumps({"id": sweep, **planned.varied})}


def start_recorded(
    session: Session, key: str, *, unsent: bool = False, sends: bool = True
) -> Run | None:
    """Send, or go on with, an operation of the journal; None if nothing is left to do.

    Unless it `sends`, only what the service has acknowledged is followed: what is not ends with
    NotSent, and nothing is sent. `unsent` says that the service cannot have it.
    """
    return start_entry(session, session.journal.check_files(key), unsent=unsent, sends=sends)


def start_entry(
    session: Session, entry: Entry, *, unsent: bool = False, sends: bool = True
) -> Run | None:
    """Do as `start_recorded` with an operation that was just read from the journal."""
    rejected = entry.status == "rejected"
    if entry.complete and not (rejected and sends):
        return None
    nothing_there = unsent or never_sent(entry)
    return session.engine.start(entry.key, unsent=nothing_there, sends=sends)


def must_ask(session: Session, entry: Entry) -> bool:
    """Tell whether sending an operation on may pay twice: another account may have it already."""
    sent = entry.status == "submitting" and not never_sent(entry)
    return sent and session.services.is_anothers(entry)


def rerun(session: Session, key: str, changes: Mapping[str, Any], consent: Consent = NOBODY) -> str:
    """Start the request of an operation once more under a new key, changed; return that key.

    `name`, `tags` and `note` among the changes label it; `key`, `once` and `take` decide its key;
    `extra` changes its extra fields by name; all others are fields. What went beyond a limit that
    this version knows may do so again. With `once`, else the setting of that name, the key follows
    from the request as it is now; unchanged, it is the next take of the same.
    """
    entry = session.journal.entry(key)
    route = find_route(entry.route)
    sent = entry.fields_to_send
    extra = {name: sent.pop(name) for name in extra_names(entry.route, [*sent])}
    fields, beside = split_fields(changes)
    extra |= read_extra(beside.pop("extra", None))
    if set(route.either) & set(fields):  # a prompt takes the place of a reference
        fields = {**dict.fromkeys(route.either), **fields}
    unchecked = needs_unchecked(route, sent, extra)
    beside = {"tags": entry.tags, "unchecked": unchecked, **beside}
    draft = Draft(route=route, fields={**sent, **fields}, extra=extra, **beside)
    if draft.take is None and derives_key(session, draft):
        with nothing_sent():
            take = take_after(session, plan_operation(session, draft).request, key)
        draft = replace(draft, take=take)
    return submit(session, draft, consent)

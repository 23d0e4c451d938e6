"""Resuming: going on with what an earlier kernel left, or with what was refused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.engine.explanations import never_sent
from soundpiece_nb.shown_text import label, short

from .batch import AT_ONCE, Batch
from .ceilings import most_unasked
from .consent import NOBODY, Consent, held_back
from .discarding import MOST_NAMED
from .earlier_operations import find_takes, unfinished
from .services import SANDBOX
from .submission import must_ask, start_entry

if TYPE_CHECKING:
    from uuid import UUID

    from soundpiece_nb.journal.entry import Entry

    from .references import Referable
    from .session import Session


@dataclass(frozen=True)
class Resumed:
    """The keys of what goes on, also of what has nothing left to do, and of what was held back."""

    keys: Sequence[str]
    held_back: Sequence[str] = ()
    asked: bool = False
    """Whether a person has said no to those."""


def resume(
    session: Session,
    wanted: Iterable[str | UUID | Referable] = (),
    *,
    yes: bool = False,
    consent: Consent = NOBODY,
) -> Resumed:
    """Go on with these operations, else with all unfinished ones of the service in use.

    A named one that was rejected is sent again under its key; what was pruned of it is fetched
    again, only the take where one is picked, as in `night_drive:2`. What was begun under another
    API key, and may be made a second time under this one, is sent only if `yes`; more than a few
    that were never sent, only with `consent`. Raises Mistake where all named were discarded.
    """
    takes = find_takes(session, wanted)
    entries = _named(session, takes) if takes else _unfinished(session, yes=yes)
    unasked, asked = _held_back(session, entries, consent)
    going_on = [entry for entry in entries if entry not in unasked]
    for entry in going_on:
        if yes and must_ask(session, entry):
            account = session.services.account(entry.service)
            session.journal.move_to_account(entry.key, account)
    whole = [
        session.journal.unprune(entry.key, takes[entry.key]) if takes else entry
        for entry in going_on
    ]
    to_send = [entry.key for entry in whole if entry.operation_id is None and _may_go(entry)]
    for entry in whole:
        if len(to_send) <= 1 or entry.key not in to_send:
            start_entry(session, entry)
    if len(to_send) > 1:  # a few at a time, and no further ones once credits are used up
        Batch(to_send, session, max_in_flight=AT_ONCE, name=None)
    return Resumed([entry.key for entry in whole], [entry.key for entry in unasked], asked=asked)


def require_all(resumed: Resumed) -> Resumed:
    """Return what was resumed; raises Mistake where some were held back unasked."""
    if resumed.held_back and not resumed.asked:
        raise held_back(len(resumed.held_back), len(resumed.keys))
    return resumed


def _named(session: Session, keys: Iterable[str]) -> list[Entry]:
    entries = [session.journal.check_files(key) for key in keys]
    gone = [entry for entry in entries if entry.status == "discarded"]
    rest = [entry for entry in entries if entry not in gone]
    if gone and not any(never_sent(entry) or not entry.complete for entry in rest):
        names = [label(entry.name or short(entry.key)) for entry in gone]
        called = ", ".join(names) if len(names) <= MOST_NAMED else f"{len(names)} operations"
        raise Mistake(
            f"Discarded before it was sent: {called}.",
            money="Nothing was sent.",
            next="Run the cell again, or call .rerun(), to make it after all.",
        )
    if any(entry.service != SANDBOX for entry in rest):
        session.services.require()
    return rest


def _unfinished(session: Session, *, yes: bool) -> list[Entry]:
    return [
        entry
        for entry in unfinished(session)
        if session.services.can_connect(entry.service) and (yes or not must_ask(session, entry))
    ]


def _held_back(
    session: Session, entries: Sequence[Entry], consent: Consent
) -> tuple[list[Entry], bool]:
    """Return what is not sent for want of consent, and whether a person has said so."""
    unsent = [entry for entry in entries if never_sent(entry)]
    answer = consent.to_send(len(unsent), most_unasked(session.settings))
    return ([], False) if answer else (unsent, answer is False)


def _may_go(entry: Entry) -> bool:
    return entry.status in ("submitting", "rejected")

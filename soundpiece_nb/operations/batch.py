"""Batches: many requests of one route, all checked first, then sent a few at a time."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import (
    Mistake,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    WaitInterrupted,
    WaitTimeout,
    nothing_sent,
)
from soundpiece_nb.api.number_arguments import read_whole
from soundpiece_nb.api.request import with_derived_key
from soundpiece_nb.api.routes import Route, find_route
from soundpiece_nb.engine.explanations import explain, outcome
from soundpiece_nb.engine.interrupts import defer_interrupts
from soundpiece_nb.engine.run_state import Phase, Run
from soundpiece_nb.shown_text import short

from .labels import read_name
from .operation import Operation
from .plan import Draft, Planned, plan_operation, split_fields
from .references import Referable, Reference
from .session import Session, SessionPart
from .submission import record, start_recorded
from .waiting import wait, wait_seconds

if TYPE_CHECKING:
    import pandas as pd

    from soundpiece_nb.journal.entry import Entry

MOST_COMPLAINTS = 5
"""Wrong rows that one error tells of."""
MOST_OFFERED = 4
"""Keys that an error offers where only one of a batch's operations can be meant."""
AT_ONCE = 20
"""Operations of a batch that are on the way at a time by default."""
_COLUMNS_BESIDE_FIELDS = ("name", "tags", "note", "key")


class Batch(Referable):
    """The operations of a batch, in the order of its rows; they are sent in the background."""

    def __init__(
        self,
        keys: Sequence[str],
        session: Session,
        *,
        max_in_flight: int,
        name: str | None,
        new: Collection[str] = (),
        resend: bool = True,
    ) -> None:
        """Go on with operations of the journal; `new` are unsent, `resend` sends rejected ones."""
        self.name = name
        self.session = session
        self.keys = tuple(keys)
        """The keys of all operations, in the order of the rows."""
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._max_in_flight = max_in_flight
        self._new = frozenset(new)
        self._waiting = deque(keys)
        self._ended: list[str] = []
        self._resend = resend
        self._stuck: dict[str, str] = {}
        self._next_end: Future[None] = Future()
        self._lock = threading.Lock()
        session.part(Ongoing).add(self)
        self._fill()

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<batch {self.name or 'without a name'} of {len(self)}: {self._counted()}>"

    def as_reference(self) -> Reference:
        """Raise Mistake, since a batch is several operations."""
        offered = ", ".join(map(short, self.keys[:MOST_OFFERED]))
        more = " and so on" if len(self) > MOST_OFFERED else ""
        raise Mistake(f"is {len(self)} operations.", next=f"Say which one: {offered}{more}.")

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of the rows."""
        return tuple(Operation(key, self.session) for key in self.keys)

    @property
    def done(self) -> bool:
        """Whether every operation has ended, well or badly, or is no longer followed here."""
        return self.ended == len(self)

    @property
    def route(self) -> str:
        """The route of its operations."""
        return self.session.journal.entry(self.keys[0]).route

    @property
    def ended(self) -> int:
        """The number of operations that have ended."""
        return len(self._ended)

    @property
    def seconds(self) -> float:
        """The seconds from its start here to its end, or to now."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    def counts(self) -> dict[str, int]:
        """Return the number of operations by status; those that were not sent are `waiting`."""
        waiting = set(self._waiting)
        statuses = self.session.journal.statuses(self.keys)
        return dict(Counter("waiting" if key in waiting else statuses[key] for key in self.keys))

    def _counted(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in self.counts().items())

    def __iter__(self) -> Iterator[Operation]:
        """Give the operations one by one as they end, the ready and the others."""
        for number in range(len(self)):
            self._wait_for_more_than(number, math.inf)
            yield Operation(self._ended[number], self.session)

    def result(self, timeout: float | timedelta | None = None) -> pd.DataFrame:
        """Wait for all, and return `frame()`; one that failed is a row that says so.

        Raises WaitTimeout after `timeout` seconds; the batch goes on.
        """
        until = time.monotonic() + wait_seconds(timeout)
        while not self.done:
            self._wait_for_more_than(self.ended, max(0.0, until - time.monotonic()))
        return self.frame()

    def failure(self) -> SoundpieceError | None:
        """Return why the first of the operations that are not ready is not; None if all are."""
        entries = self.session.journal.of_keys(self.keys)
        bad = [entry for entry in entries if entry.status != "ready" or not entry.complete]
        if not bad:
            return None
        error = self._error(bad[0])
        error.key, error.operation_id = bad[0].key, bad[0].operation_id
        return error.prefixed(f"{len(bad)} of {len(self)} operations are not ready.")

    def _error(self, entry: Entry) -> SoundpieceError:
        if error := outcome(entry):
            return error
        if entry.key in self._stuck:
            resume = f"%soundpiece_resume {short(entry.key)} goes on with it."
            return StorageFailed(self._stuck[entry.key], next=resume)
        why = explain(entry)
        if why is None:
            return ServiceSilent(f"It is {entry.status}.")
        return ServiceSilent(why.what, money=why.money, next=why.next)

    def frame(self) -> pd.DataFrame:
        """Return the operations as they are now, as `history()` does, in the order of the rows."""
        from soundpiece_nb.journal.dataframe import of_keys

        return of_keys(self.session.journal, self.keys)

    def _wait_for_more_than(self, number: int, timeout: float) -> None:
        """Wait until more operations than this have ended; raises WaitTimeout, WaitInterrupted."""
        with self._lock:
            if self.ended > number:
                return
            coming = self._next_end
        try:
            wait(coming, timeout, self.keys[0])
        except (WaitTimeout, WaitInterrupted) as stopped:
            stopped.what = f"{len(self) - self.ended} of {len(self)} operations go on."
            stopped.next = self._again()
            raise

    def _again(self) -> str:
        return f"sp.batch(name={self.name!r}) finds it again." if self.name else ""

    def _fill(self) -> None:
        """Start operations as long as fewer than `max_in_flight` of them are on the way."""
        while True:
            with self._lock:
                in_flight = len(self) - len(self._waiting) - self.ended
                if not self._waiting or in_flight >= self._max_in_flight:
                    return
                key = self._waiting.popleft()
            try:
                run = start_recorded(
                    self.session, key, unsent=key in self._new, resend=self._resend
                )
            except Exception as error:  # noqa: BLE001 - the others go on; `failure` tells of it
                self._stuck[key] = str(error)
                run = None
            if run is None:
                self._end(key)
            else:
                run.subscribe(self._on_change)

    def _on_change(self, run: Run) -> None:
        if run.phase is Phase.ENDED:
            self._end(run.key)
            self._fill()

    def _end(self, key: str) -> None:
        with self._lock:
            if key in self._ended:
                return
            self._ended.append(key)
            if self.done:
                self._seconds = time.monotonic() - self._began
            ended, self._next_end = self._next_end, Future()
        ended.set_result(None)
        self.session.changed.tell(key)


class Ongoing(SessionPart):
    """The batches and sweeps that go on in a session, and what was started without waiting."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._batches: list[Batch] = []
        self.unwatched: list[Operation | Batch] = []
        """Operations and batches that a headless run started and has not waited for yet."""

    def add(self, batch: Batch) -> None:
        """Remember a batch as long as it goes on."""
        self._batches = [*self.batches(), batch]

    def batches(self) -> list[Batch]:
        """Return the batches that go on, the earliest first."""
        return [batch for batch in self._batches if not batch.done]


def start_batch(
    session: Session,
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    route: str,
    *,
    max_in_flight: int = AT_ONCE,
    name: str | None = None,
) -> Batch:
    """Check every row, write all operations down, and send them a few at a time; raises Mistake."""
    with nothing_sent():
        most = read_whole(max_in_flight, "max_in_flight")
        name = None if name is None else read_name(name)
        planned = _plan_rows(session, _records(rows), find_route(route), name)
    with defer_interrupts():
        new = record(session, planned, batch=name)
        keys = [each.request.key for each in planned]
        return Batch(keys, session, max_in_flight=most, name=name, new=new)


def find_batch(
    session: Session, name: str | None, *, max_in_flight: int = AT_ONCE, resend: bool = True
) -> Batch:
    """Return an earlier batch and go on with it, with rejected ones if `resend`; raises Mistake."""
    most = read_whole(max_in_flight, "max_in_flight")
    keys = session.journal.of_batch(read_name(name)) if name is not None else []
    if not keys:
        raise Mistake("A batch takes rows, or the name of a batch that was started before.")
    return Batch(keys, session, max_in_flight=most, name=name, resend=resend)


def _plan_rows(
    session: Session, rows: Sequence[Mapping[str, Any]], route: Route, name: str | None
) -> list[Planned]:
    """Plan every row; raises one Mistake that tells of the first few wrong ones."""
    planned: list[Planned] = []
    complaints: list[str] = []
    seen: Counter[str] = Counter()
    for number, row in enumerate(rows):
        fields, beside = split_fields(row, _COLUMNS_BESIDE_FIELDS)
        draft = Draft(route=route, fields=fields, once=False, **beside)
        try:
            each = plan_operation(session, draft)
        except Mistake as mistake:
            complaints.append(mistake.prefixed(f"Row {number}:").message)
            continue
        if name is not None and draft.key is None:
            # The n-th row with the same request has the same key, whatever rows are around it.
            asked = json.dumps(dict(each.request.fields), sort_keys=True, default=str)
            seen[asked] += 1
            scope = f"{session.services.in_use}#{name}"
            each = replace(each, request=with_derived_key(each.request, scope, seen[asked]))
        planned.append(each)
    if complaints:
        more = len(complaints) - MOST_COMPLAINTS
        shown = complaints[:MOST_COMPLAINTS] + ([f"And {more} more."] if more > 0 else [])
        raise Mistake(" ".join(shown))
    if not planned:
        raise Mistake("The batch has no rows.")
    [(key, count)] = Counter(each.request.key for each in planned).most_common(1)
    if count > 1:
        raise Mistake(f"The key {key} stands in more than one row.")
    return planned


def _records(rows: pd.DataFrame | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as dictionaries without missing values, with Python's numbers for numpy's."""
    import numpy as np
    import pandas as pd

    def is_missing(value: Any) -> bool:
        return pd.api.types.is_scalar(value) and bool(pd.isna(value))

    listed: Any = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
    if not isinstance(listed, list | tuple) or not all(isinstance(row, Mapping) for row in listed):
        raise Mistake("A batch takes a DataFrame, or a list of dictionaries.")
    return [
        {
            str(name): value.item() if isinstance(value, np.generic) else value
            for name, value in row.items()
            if not is_missing(value)
        }
        for row in listed
    ]

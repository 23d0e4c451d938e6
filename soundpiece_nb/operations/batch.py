"""Batches: many requests of one route, checked whole, a few of them on the way at once."""

from __future__ import annotations

import json
import math
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import timedelta
from numbers import Integral
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import (
    Mistake,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    WaitInterrupted,
    WaitTimeout,
)
from soundpiece_nb.api.request import Request, once
from soundpiece_nb.engine.explanations import explain, outcome
from soundpiece_nb.engine.interrupts import undisturbed
from soundpiece_nb.engine.run import Phase, Run
from soundpiece_nb.text import short

from .labels import require_labels, require_name
from .operation import Operation
from .session import Session
from .waiting import in_seconds, wait

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("name", "tags", "note")
MOST_COMPLAINTS = 5
AT_ONCE = 20
"""Operations of a batch that are on the way at a time, unless told otherwise."""


class Batch:
    """The operations of a batch, in the order of its rows; it goes on by itself."""

    def __init__(
        self,
        keys: Sequence[str],
        session: Session,
        *,
        max_in_flight: int,
        name: str | None,
        refused_too: bool = True,
    ) -> None:
        """Go on with operations that are in the journal; `max_in_flight` of them at a time.

        Those that were refused are sent again, unless it is not `refused_too`.
        """
        self.name = name
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._session = session
        self._places = max_in_flight
        self._keys = list(keys)
        self._waiting = deque(keys)
        self._ended: list[str] = []
        self._refused_too = refused_too
        self._stuck: dict[str, str] = {}
        self._next_end: Future[None] = Future()
        self._lock = threading.Lock()
        session.groups[:] = [*(group for group in session.groups if not group.done), self]
        self._fill()

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<batch {self.name or 'without a name'} of {len(self)}: {self._counted()}>"

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of all operations, in the order of the rows."""
        return tuple(self._keys)

    @property
    def operations(self) -> tuple[Operation, ...]:
        """All operations, in the order of the rows."""
        return tuple(self._session.operation(key) for key in self._keys)

    @property
    def done(self) -> bool:
        """Whether every operation has ended, well or badly, or is no longer followed here."""
        return len(self._ended) == len(self._keys)

    @property
    def route(self) -> str:
        """The route of its operations."""
        return self._session.journal.entry(self._keys[0]).route

    @property
    def ended(self) -> int:
        """How many operations have ended."""
        return len(self._ended)

    @property
    def seconds(self) -> float:
        """How long it has been going on here, or went on."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    def counts(self) -> dict[str, int]:
        """Return how many operations have each status, those that were not sent as `waiting`."""
        waiting = set(self._waiting)
        statuses = self._session.journal.statuses(self._keys)
        return dict(Counter("waiting" if key in waiting else statuses[key] for key in self._keys))

    def _counted(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in self.counts().items())

    def __iter__(self) -> Iterator[Operation]:
        """Give the operations one by one as they end, the ready and the others."""
        given = 0
        while given < len(self._keys):
            with self._lock:
                key = self._ended[given] if given < len(self._ended) else None
                coming = self._next_end
            if key is None:
                self._wait(coming, math.inf)
                continue
            given += 1
            yield self._session.operation(key)

    def result(self, timeout: float | timedelta | None = None) -> pd.DataFrame:
        """Wait for all, and return `frame()`; one that failed is a row that says so.

        Raises WaitTimeout after `timeout` seconds; the batch goes on.
        """
        until = time.monotonic() + in_seconds(timeout)
        while not self.done:
            with self._lock:
                coming = self._next_end
            if self.done:
                break
            self._wait(coming, max(0.0, until - time.monotonic()))
        return self.frame()

    def failure(self) -> SoundpieceError | None:
        """Return what went wrong where not all are ready with their files, by the first of them."""
        entries = self._session.journal.of_keys(self._keys)
        bad = [entry for entry in entries if entry.status != "ready" or not entry.complete]
        if not bad:
            return None
        first = bad[0]
        error = outcome(first)
        if error is None:
            words = str(explain(first) or self._stuck.get(first.key, f"It is {first.status}."))
            resume = f"%soundpiece_resume {short(first.key)} goes on with it."
            stuck = first.key in self._stuck
            error = StorageFailed(f"{words} {resume}") if stuck else ServiceSilent(words)
        error.key, error.operation_id = first.key, first.operation_id
        error.message = f"{len(bad)} of {len(self)} operations are not ready. {error.message}"
        return error

    def frame(self) -> pd.DataFrame:
        """Return the operations as they stand, as `history()` does, in the order of the rows."""
        from soundpiece_nb.journal.dataframe import of_keys

        return of_keys(self._session.journal, self._keys)

    def _wait(self, coming: Future[None], timeout: float) -> None:
        """Wait for the next end; what stops the waiting says that the batch goes on."""
        try:
            wait(coming, timeout, self._session.operation(self._keys[0]))
        except (WaitTimeout, WaitInterrupted) as stopped:
            left = len(self) - self.ended
            stopped.message = f"{left} of {len(self)} operations go on. {self._again()}".rstrip()
            raise

    def _again(self) -> str:
        return f"sp.batch(name={self.name!r}) finds it again." if self.name else ""

    def _fill(self) -> None:
        """Let operations set out while there are places."""
        while True:
            with self._lock:
                on_the_way = len(self._keys) - len(self._waiting) - len(self._ended)
                if not self._waiting or on_the_way >= self._places:
                    return
                key = self._waiting.popleft()
            try:
                run = self._session.set_out(key, refused_too=self._refused_too)
            except Exception as error:  # noqa: BLE001 - it holds up no other; `failure` tells it
                self._stuck[key] = str(error)
                run = None
            if run is None:
                self._end(key)
            else:
                run.listen(self._on_change)

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


def start(
    session: Session,
    rows: pd.DataFrame | Sequence[Mapping[str, Any]] | None,
    *,
    route: str | None,
    max_in_flight: int,
    name: str | None,
) -> Batch:
    """Check every row, write all operations down, and send them a few at a time.

    Raises Mistake, having written and sent nothing, for rows that are wrong.
    """
    if name is not None:
        require_name(name)
    whole = isinstance(max_in_flight, Integral) and not isinstance(max_in_flight, bool)
    if not whole or max_in_flight < 1:
        raise Mistake(f"max_in_flight is a whole number from 1; {max_in_flight!r} is none.")
    if rows is None:
        return find_batch(session, name, max_in_flight=max_in_flight)
    if route is None:
        raise Mistake("A batch needs its route, as in route='song'.")
    requests, labels = _checked(session, _records(rows), route, name)
    keys = [request.key for request in requests]
    with undisturbed():
        session.record_all(requests, labels, batch=name)
        return Batch(keys, session, max_in_flight=max_in_flight, name=name)


def find_batch(
    session: Session,
    name: str | None,
    *,
    max_in_flight: int = AT_ONCE,
    refused_too: bool = True,
) -> Batch:
    """Return an earlier batch by its name, and go on with what of it is unfinished.

    What was refused is sent again, unless it is not `refused_too`. Raises Mistake where there is
    none.
    """
    keys = session.journal.of_batch(name) if name else []
    if not keys:
        raise Mistake("A batch takes rows, or the name of a batch that was started before.")
    return Batch(keys, session, max_in_flight=max_in_flight, name=name, refused_too=refused_too)


def _checked(
    session: Session, records: Sequence[Mapping[str, Any]], route: str, name: str | None
) -> tuple[list[Request], list[dict[str, Any]]]:
    requests: list[Request] = []
    labels: list[dict[str, Any]] = []
    complaints: list[str] = []
    seen: Counter[str] = Counter()
    for number, record in enumerate(records):
        fields = dict(record)
        label = {word: fields.pop(word) for word in LABELS if word in fields}
        key = fields.pop("key", None)
        try:
            if label.get("name") is not None:
                require_name(label["name"])
            require_labels(label.get("tags", ()), label.get("note"))
            request = session.prepare(route, fields, key, once=False)
        except Mistake as mistake:
            complaints.append(f"Row {number}: {mistake.message.removesuffix(' Nothing was sent.')}")
            continue
        if name is not None and key is None:
            # The n-th row that asks for just this: other rows may come and go around it.
            asked = json.dumps(dict(request.fields), sort_keys=True)
            seen[asked] += 1
            request = once(request, f"{session.service}#{name}", seen[asked])
        requests.append(request)
        labels.append(label)
    if complaints:
        more = len(complaints) - MOST_COMPLAINTS
        shown = complaints[:MOST_COMPLAINTS] + ([f"And {more} more."] if more > 0 else [])
        raise Mistake(" ".join([*shown, "Nothing was sent."]))
    if not requests:
        raise Mistake("The batch has no rows.")
    twice = [key for key, count in Counter(each.key for each in requests).items() if count > 1]
    if twice:
        raise Mistake(f"The key {twice[0]} stands in more than one row. Nothing was sent.")
    return requests, labels


def _records(rows: pd.DataFrame | Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as dictionaries, without what is missing, numbers as Python's own."""
    listed: Any = rows.to_dict("records") if hasattr(rows, "to_dict") else rows
    if not isinstance(listed, list | tuple) or not all(isinstance(row, Mapping) for row in listed):
        raise Mistake("A batch takes a DataFrame, or a list of dictionaries. Nothing was sent.")
    return [
        {str(name): _plain(value) for name, value in row.items() if not _missing(value)}
        for row in listed
    ]


def _missing(value: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_scalar(value) and bool(pd.isna(value))


def _plain(value: Any) -> Any:
    import numpy as np

    return value.item() if isinstance(value, np.generic) else value

"""Batches: many requests of one route, all checked first, then sent a few at a time."""

from __future__ import annotations

import math
import os
import threading
import time
import warnings
from collections import Counter, deque
from collections.abc import Collection, Generator, Iterator, Sequence
from concurrent.futures import Future
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from soundpiece_nb.api.errors import (
    NotSent,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    WaitInterrupted,
    WaitTimeout,
)
from soundpiece_nb.engine.explanations import Explanation, explain, outcome
from soundpiece_nb.engine.run_state import Phase, Run
from soundpiece_nb.shown_text import short

from . import discarding
from .members import Members
from .operation import Operation
from .session import Session, SessionPart
from .submission import start_recorded
from .unsent_rest import REFUSES_ALL, explain_rest
from .waiting import wait, wait_in_loop, wait_seconds

if TYPE_CHECKING:
    import pandas as pd

    from soundpiece_nb.journal.entry import Entry

AT_ONCE = 20
"""Operations of a batch that are on the way at a time by default."""


class Batch(Members):
    """The operations of a batch, in the order of its rows; they are sent in the background.

    One that came from another process goes on here once it is waited for.
    """

    name: str | None = None
    id: str = ""
    """The word for it in the journal where it has no NAME."""

    def __init__(
        self,
        keys: Sequence[str],
        session: Session,
        *,
        max_in_flight: int,
        name: str | None,
        new: Collection[str] = (),
        sends: bool = True,
    ) -> None:
        """Go on with operations of the journal, of which `new` were just written down.

        Unless it `sends`, only what the service has acknowledged is followed.
        """
        self.name = name
        self._session = session
        self.keys = tuple(keys)
        self._max_in_flight = max_in_flight
        self._new = frozenset(new)
        self._sends = sends
        self._begin()
        self._go_on_here()

    def _begin(self) -> None:
        """Have followed nothing yet."""
        self._began = time.monotonic()
        self._seconds: float | None = None
        self._waiting: deque[str] = deque()
        self._ended: list[str] = []
        self._stuck: dict[str, str] = {}
        self._held_back = False
        self._process: int | None = None

    def __getstate__(self) -> dict[str, Any]:
        """Keep what it is, and not how far this process is with it."""
        kept = ("_home", "_max_in_flight")
        state = super().__getstate__().items()
        return {name: value for name, value in state if name in kept or not name.startswith("_")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._begin()
        vars(self).update(state, _new=frozenset(), _sends=False)

    def __len__(self) -> int:
        return len(self.keys)

    def _name(self) -> str:
        return f"batch {self.name or 'without a name'} of {len(self)}"

    def _description(self) -> str:
        return f"<{self._name()}: {self._counted()}>"

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
        if self._process != os.getpid():
            self._see_ended()
        return len(self._ended)

    @property
    def seconds(self) -> float:
        """The seconds from its start here to its end, or to now."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds

    @property
    def waiting(self) -> frozenset[str]:
        """The keys of the operations that have not been sent yet."""
        return frozenset(self._waiting)

    def counts(self) -> dict[str, int]:
        """Return the number of operations by status.

        Those that are sent by and by are `waiting`, those that nobody here will send `unsent`.
        """
        return dict(Counter(self.states().values()))

    def states(self) -> dict[str, str]:
        """Return the status of each operation, or one of those words, by key."""
        states = self.session.journal.states(self.keys)
        return {key: self._state(key, states.get(key, "missing")) for key in self.keys}

    def _state(self, key: str, state: str) -> str:
        run, waits = self.session.engine.run(key), self._sends and key in self._waiting
        if state != "unsent" or not (waits or self.session.engine.will_send(key)):
            return state
        return "waiting" if run is None else "submitting"

    def rest(self) -> Explanation | None:
        """Explain why some were not sent, and are not about to be; None if there are none."""
        return explain_rest(self.session.journal, self.states(), self.called)

    @property
    def called(self) -> str:
        """The word that means it on a magic's line; else the option for all that was never sent."""
        return self.name or self.id or "--unsent"

    def _counted(self) -> str:
        return ", ".join(f"{count} {status}" for status, count in self.counts().items())

    def __iter__(self) -> Iterator[Operation]:
        """Give the operations one by one as they end, the ready and the others.

        At the end raises NotSent where some were never sent, and nobody here sends them.
        """
        self._look_again()
        for number in range(len(self)):
            self._wait_for_more_than(number, math.inf)
            operation = Operation(self._ended[number], self.session)
            if self._sends or not operation.entry.unsent:
                yield operation
        self._require_sent()

    def result(self, timeout: float | timedelta | None = None) -> pd.DataFrame:
        """Wait for all, and return `frame()`; one that failed is a row that says so.

        Raises WaitTimeout after `timeout` seconds; the batch goes on. Raises NotSent where an
        earlier kernel left some unsent: waiting sends nothing. Warns of those that are not sent
        because credits are used up.
        """
        self._look_again()
        until = time.monotonic() + wait_seconds(timeout)
        while self._end_after(len(self) - 1) is not None:
            self._wait_for_more_than(self.ended, max(0.0, until - time.monotonic()))
        self._require_sent(stacklevel=3)
        return self.frame()

    def __await__(self) -> Generator[Any, None, pd.DataFrame]:
        """Wait as `result` does, in any event loop."""
        return self._wait_in_loop().__await__()

    async def _wait_in_loop(self) -> pd.DataFrame:
        self._look_again()
        while (coming := self._end_after(len(self) - 1)) is not None:
            await wait_in_loop(coming, self.keys[0], self._stopped())
        self._require_sent(stacklevel=2)
        return self.frame()

    def _stopped(self) -> str:
        return f"{self._going_on()} {self._again()}".rstrip()

    def _going_on(self) -> str:
        """Return how many go on, and how many of them have not left this machine yet."""
        words = f"{len(self) - self.ended} of {len(self)} operations go on"
        unsent = self.counts().get("waiting", 0)
        if not unsent:
            return f"{words}."
        those = "it" if unsent == 1 else "those"
        drops = f"%soundpiece_discard {self.called} drops {those}"
        return f"{words}, {unsent} of them not sent yet: {drops}."

    def failure(self) -> SoundpieceError | None:
        """Return why the first of the operations that are not ready is not; None if all are."""
        entries = self.session.journal.of_keys(self.keys)
        bad = [entry for entry in entries if entry.status != "ready" or not entry.complete]
        if not bad:
            return None
        rest = self.rest()
        if rest is not None and bad[0].key not in self._stuck:
            return NotSent(rest.what, money=rest.money, next=rest.next, key=bad[0].key)
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
        coming = self._end_after(number)
        if coming is None:
            return
        try:
            wait(coming, timeout, self.keys[0])
        except (WaitTimeout, WaitInterrupted) as stopped:
            stopped.what = self._going_on()
            stopped.next = self._again()
            raise

    def _end_after(self, number: int) -> Future[None] | None:
        """Return what is done when more operations than this have ended; None if they have."""
        if self._process != os.getpid():
            self._go_on_here()
        with self._lock:
            return None if len(self._ended) > number else self._next_end

    def _go_on_here(self) -> None:
        """Follow in this process what had not ended.

        Nothing that another process is told reaches a copy that was forked or unpickled.
        """
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._next_end: Future[None] = Future()
        self._waiting = deque(key for key in self.keys if key not in self._ended)
        self.queue()
        self.session.part(Ongoing).add(self)
        self._fill()

    def queue(self) -> None:
        """Tell the engine what it will be given by and by, to be sent."""
        if self._sends:
            self.session.engine.queue(self._waiting)

    def _see_ended(self) -> None:
        """Look up in the journal what has ended, where it is not followed."""
        for entry in self.session.journal.of_keys(self.keys):
            if entry.complete and entry.key not in self._ended:
                self._ended.append(entry.key)

    def _look_again(self) -> None:
        """Follow what was left unsent, and then resumed by whatever means."""
        if self._process == os.getpid() and not self._sends and self.done:
            self._ended.clear()
            self._see_ended()
            self._go_on_here()

    def _require_sent(self, stacklevel: int = 2) -> None:
        """Raise NotSent where nobody here was asked to send the rest; warn if it was held back."""
        if (rest := self.rest()) is None:
            return
        if not (self._sends or self._held_back):
            raise NotSent(rest.what, money=rest.money, next=rest.next, key=self.keys[0])
        warnings.warn(str(rest), RuntimeWarning, stacklevel=stacklevel + 1)

    def discard(self) -> Self:
        """Drop, for good, what of it was never sent; raises Mistake where that is nothing.

        What was sent cannot be called back: it is still made and paid for.
        """
        discarding.require_dropped(discarding.discard(self.session, self.keys))
        return self

    def _again(self) -> str:
        return f"sp.batch(name={self.called!r}) finds it again." if self.name or self.id else ""

    def _fill(self) -> None:
        """Start operations as long as fewer than `max_in_flight` of them are on the way."""
        while True:
            with self._lock:
                in_flight = len(self) - len(self._waiting) - len(self._ended)
                if not self._waiting or in_flight >= self._max_in_flight:
                    return
                key = self._waiting.popleft()
            try:
                run = start_recorded(self.session, key, unsent=key in self._new, sends=self._sends)
            except Exception as error:  # noqa: BLE001 - the others go on; `failure` tells of it
                self._stuck[key], run = str(error), None
                self.session.engine.queue([key], sends=False)
            if run is None:
                self._end(key)
            else:
                run.subscribe(self._on_change)

    def _on_change(self, run: Run) -> None:
        if run.phase is Phase.ENDED:
            if run.refusal in REFUSES_ALL:
                self.hold_back()
            self._end(run.key)
            self._fill()

    def hold_back(self) -> None:
        """Send no more of it; what was not sent stays in the journal, to be resumed or dropped."""
        with self._lock:
            left, self._waiting = self._waiting, deque()
            self._sends, self._held_back = False, True
        self.session.engine.queue(left, sends=False)
        for key in left:
            self._end(key)

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

    def go_on(self) -> None:
        """Tell the engine, which is another one now, what the batches will send."""
        for batch in self.batches():
            batch.queue()

    def add(self, batch: Batch) -> None:
        """Remember a batch as long as it goes on."""
        self._batches = [*(each for each in self.batches() if each is not batch), batch]

    def batches(self) -> list[Batch]:
        """Return the batches that go on, the earliest first."""
        return [batch for batch in self._batches if not batch.done]

    def find(self, keys: Sequence[str]) -> Batch | None:
        """Return the batch of just these operations, if it goes on."""
        return next((each for each in self.batches() if each.keys == tuple(keys)), None)

"""One operation and everything that carrying it takes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from soundpiece_nb.api.answer import Answer
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.error_logging import log
from soundpiece_nb.api.errors import WireFailure
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Exchange, may_have_arrived
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.files.own_files import OwnFiles
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.shown_text import label

from .clock import Clock
from .departures import Departures
from .explanations import trouble_words
from .retrying import Limits, retry
from .run_state import Run
from .webhook_wakeups import WebhookWakeups
from .workers import Workers

Result = TypeVar("Result")


@dataclass(frozen=True)
class OperationContext:
    """An operation on its way, with its journal, files, connection, limits and clock."""

    run: Run
    entry: Entry
    journal: Journal
    store: AudioStore
    client: Client
    pace: AccountPace
    limits: Limits
    workers: Workers
    wakeups: WebhookWakeups
    departures: Departures
    clock: Clock
    own_files: OwnFiles
    account: str | None = None
    """The mark of the account whose key the client has; None at the sandbox."""

    async def read(self, operation_id: str, *, wait: bool = False) -> Answer:
        """Ask the service how the operation stands, as often as it takes to get an answer."""
        self.run.polls += 1
        answer = await self.retry(
            lambda: self.client.read(self.entry.route, operation_id, wait=wait, key=self.entry.key),
            Exchange.POLL,
        )
        self.log(logging.DEBUG, "polled: %s", answer.status)
        self.run.hear(answer.status)
        return answer

    async def retry(
        self,
        attempt: Callable[[], Awaitable[Result]],
        exchange: Exchange,
        progress: Callable[[], int] = int,
    ) -> Result:
        """Repeat one exchange while that makes sense; the run shows the trouble meanwhile."""
        phase = self.run.phase

        def on_failure(failure: WireFailure) -> None:
            self.run.retries += 1
            self.run.may_have_arrived |= exchange is Exchange.SUBMIT and may_have_arrived(failure)
            self.log(logging.INFO, "%s is retried: %s", exchange.value, trouble_words(failure))
            self.run.change(phase, trouble_words(failure))

        result = await retry(
            attempt,
            exchange,
            pace=self.pace,
            budget=self.limits.retry_budget,
            patience=self.limits.operation_deadline,
            on_failure=on_failure,
            progress=progress,
            begun=self.run.begun,
            clock=self.clock,
        )
        self.run.change(phase)
        return result

    def log(self, level: int, message: str, *values: object) -> None:
        """Log what happens to the operation, under its route and key."""
        given = (self.entry.route, self.run.key, *values)
        told = (label(value) if isinstance(value, str) else value for value in given)
        log("engine", level, f"%s %s: {message}", *told)

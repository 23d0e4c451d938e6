"""The way of one operation, top to bottom: submit, long poll, then fetch what was made."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from soundpiece_nb.api.answer import Answer
from soundpiece_nb.api.client import Client
from soundpiece_nb.api.errors import Refusal, ServiceSilent, SourceLost, WireFailure
from soundpiece_nb.api.pacing import AccountPace, Backoff, Exchange, may_have_arrived, poll_pause
from soundpiece_nb.api.request import Request
from soundpiece_nb.api.routes import CALLBACK_URL, find_route
from soundpiece_nb.audio.store import Shelf
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.journal.journal import Journal

from .downloads import fetch_takes
from .explanations import trouble_words
from .retrying import Limits, persist
from .run import Phase, Run
from .submitting import Sending
from .webhook_wakeups import Doorbell
from .workers import Workbench

Result = TypeVar("Result")

CAUTION = 0.9
"""Of the shortest time that an operation of the kind took: then polling begins at the latest."""


@dataclass(frozen=True)
class Passage:
    """One operation and everything it needs on its way."""

    run: Run
    entry: Entry
    journal: Journal
    shelf: Shelf
    client: Client
    pace: AccountPace
    limits: Limits
    workbench: Workbench
    doorbell: Doorbell

    async def travel(self) -> None:
        """Carry the operation from where the journal has it to its end, noting every step.

        Raises SoundpieceError where following it has to stop short of an end.
        """
        if self._is_told:
            await self.doorbell.listen()
        answer = await self._first_answer()
        if answer is None:
            return
        if not (answer.ready or answer.failed):
            self.run.change(Phase.PROCESSING)
            answer = await self._follow(answer)
        if answer.failed:
            code, message = answer.error_code or "internal_error", answer.error_message or ""
            await self.workbench.note(self.journal.failed, self.run.key, code, message)
            return
        self.run.change(Phase.DOWNLOADING)
        await self.workbench.note(self.journal.ready, self.run.key, answer.outputs)
        await fetch_takes(self, answer)

    async def read(self, operation_id: str, *, wait: bool = False) -> Answer:
        """Ask the service how the operation stands, as often as it takes to hear it."""
        self.run.polls += 1
        return await self.persist(
            lambda: self.client.read(self.entry.route, operation_id, wait=wait), Exchange.POLL
        )

    async def persist(
        self,
        attempt: Callable[[], Awaitable[Result]],
        exchange: Exchange,
        progress: Callable[[], int] = int,
    ) -> Result:
        """Repeat one exchange while that makes sense, showing the trouble meanwhile."""
        phase = self.run.phase

        def on_trouble(failure: WireFailure) -> None:
            self.run.retries += 1
            self.run.may_have_arrived |= exchange is Exchange.SUBMIT and may_have_arrived(failure)
            self.run.change(phase, trouble_words(failure))

        result = await persist(
            attempt,
            exchange,
            pace=self.pace,
            budget=self.limits.retry_budget,
            patience=self.limits.operation_deadline,
            on_trouble=on_trouble,
            progress=progress,
        )
        self.run.change(phase)
        return result

    async def _first_answer(self) -> Answer | None:
        """Return where the operation stands, submitting it if the service gave it no id yet."""
        if self.entry.operation_id is None:
            return await self._submit()
        if self.entry.status == "ready":
            return await self.read(self.entry.operation_id)
        return Answer(id=self.entry.operation_id, status="processing")

    async def _submit(self) -> Answer | None:
        entry = self.entry
        request = Request(find_route(entry.route), entry.key, entry.fields, entry.body)
        try:
            answer = await self.persist(Sending(self, request).attempt, Exchange.SUBMIT)
        except (Refusal, SourceLost) as why:
            if self.run.may_have_arrived:  # a refusal now does not say that nothing was made
                raise
            match why:
                case Refusal():
                    code, words = str(why.status_code), why.detail
                case SourceLost():
                    code, words = "source", why.message
            await self.workbench.note(self.journal.rejected, entry.key, code, words)
            return None
        await self.workbench.note(self.journal.accepted, entry.key, answer.id)
        return answer

    async def _follow(self, answer: Answer) -> Answer:
        """Long-poll until the operation has ended or its deadline is over."""
        deadline = time.monotonic() + self.limits.operation_deadline
        if self._is_told and await self._is_told_early(answer.id):
            answer = await self.read(answer.id)
            if answer.ready or answer.failed:
                return answer
        quick_polls = 0
        while True:
            began = time.monotonic()
            answer = await self.read(answer.id, wait=True)
            if answer.ready or answer.failed:
                return answer
            if time.monotonic() > deadline:
                raise ServiceSilent(
                    "It has been processing for longer than the operation deadline "
                    f"({self.limits.operation_deadline:.0f} s)."
                )
            took = time.monotonic() - began
            pause = poll_pause(took, quick_polls + 1, random.random(), Backoff())
            quick_polls = quick_polls + 1 if pause else 0
            await asyncio.sleep(pause)

    @property
    def _is_told(self) -> bool:
        """Whether the service was asked to tell of the operation's end."""
        return CALLBACK_URL.name in self.entry.fields

    async def _is_told_early(self, operation_id: str) -> bool:
        """Ask nothing while no operation of the kind was ever ready; True once a webhook came.

        After that time the long poll is quicker than any webhook, and needs none.
        """
        soonest = await self.workbench.note(
            self.journal.soonest_seconds, self.entry.route, self.entry.service
        )
        age = (datetime.now(UTC) - self.entry.submitted_at).total_seconds()
        left = min(soonest * CAUTION - max(age, 0.0), self.limits.operation_deadline)
        return left > 0 and await self.doorbell.wait(operation_id, left)

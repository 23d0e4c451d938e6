"""The loop that repeats one exchange with the service, by the rules of `api.retry_policy`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from soundpiece_nb.api.client import REQUEST_TIMEOUT
from soundpiece_nb.api.errors import Refusal, ServiceSilent, WireFailure
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Backoff, Exchange, Verdict, judge

from .clock import Clock
from .explanations import trouble_words

Answered = TypeVar("Answered")
SLOW_DOWN = 429


@dataclass(frozen=True)
class Limits:
    """Three clocks with three names; none of them ends the operation itself.

    `request_timeout`: seconds one exchange may take, beyond what the service holds it.
    `retry_budget`: seconds of nothing but failures after which trying stops.
    `operation_deadline`: seconds after which following one operation stops, and so does waiting
    for a turn to send a request at all.
    """

    request_timeout: float = REQUEST_TIMEOUT
    retry_budget: float = 300.0
    operation_deadline: float = 3600.0


async def retry(
    attempt: Callable[[], Awaitable[Answered]],
    exchange: Exchange,
    *,
    pace: AccountPace,
    budget: float,
    on_failure: Callable[[WireFailure], None],
    patience: float = math.inf,
    begun: float = -math.inf,
    progress: Callable[[], int] = int,
    backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    clock: Clock,
) -> Answered:
    """Make `attempt` until it succeeds, its failure is final, or nothing but failures came.

    `budget` is how many seconds of failures are borne, `progress` a number that an attempt raises
    where it achieved something before it failed, which begins the count anew. A 429 slows down
    everything that shares `pace`, or one download; waiting for the account's turn is no failure,
    up to `patience` seconds of it, and neither is a laptop's sleep in a pause. `begun` is when a
    person asked for the operation: if that was after the account was closed for longer than the
    budget, it may ask whether it still is. Raises the final WireFailure, or ServiceSilent at once
    where a named pause is longer than the budget, or than what is left of it.
    """
    tries, failing = 0, 0.0
    furthest = progress()
    turn = _Turn(pace, exchange, budget, patience, begun, clock, backoff)
    while True:
        began = await turn.take()
        try:
            answer = await attempt()
        except WireFailure as failure:
            if judge(exchange, failure) is not Verdict.AGAIN:
                turn.answered(began, failure)
                raise
            now = clock.monotonic()
            named = failure.retry_after if isinstance(failure, Refusal) else None
            if isinstance(failure, Refusal) and failure.status_code == SLOW_DOWN:
                pause = turn.refused(named, now, began)
                on_failure(failure)
                if named is not None and named > budget:
                    raise ServiceSilent(trouble_words(failure), retry_after=named) from None
                await turn.pause(pause)
                continue
            if tries == 0 or progress() > furthest:
                furthest, tries, failing = max(furthest, progress()), 0, 0.0
            else:
                failing += now - began
            tries += 1
            pause = backoff.pause(tries, clock.chance(), named)
            on_failure(failure)
            failing += pause  # as long as it was meant to be: it may take a night
            if failing > budget:
                raise ServiceSilent(trouble_words(failure), retry_after=named) from None
            await clock.sleep(pause)
        else:
            turn.answered(began)
            return answer


@dataclass
class _Turn:
    """The waiting of one operation's requests for the account's turn, a little more each time."""

    pace: AccountPace
    exchange: Exchange
    longest: float
    patience: float
    begun: float
    clock: Clock
    backoff: Backoff
    waited: float = 0.0
    refusals: int = 0

    async def take(self) -> float:
        """Wait until a request may leave, in the order of coming; return when it does.

        Raises ServiceSilent where one wait would be longer than `longest`, or all together longer
        than `patience`. A download waits for nothing: files lie with a storage service.
        """
        while self.exchange is not Exchange.DOWNLOAD:
            came, before = self.pace.waited, self.waited
            async with self.pace.queue:
                while 0 < (wait := self.pace.wait(self.clock.monotonic())) <= self.longest:
                    self.waited = before + self.pace.waited - came  # in the queue too
                    self._check_patience(wait)
                    self.pace.waited += wait
                    await self.clock.sleep(wait)
                self.waited = before + self.pace.waited - came
                if wait == 0:
                    return self._sent()
            if await self._may_ask(wait):
                return self._sent()
        return self.clock.monotonic()

    def refused(self, named: float | None, now: float, left: float) -> float:
        """Note a 429; return the seconds that this one alone has to pause, if it is a download."""
        chance = self.clock.chance()
        if self.exchange is not Exchange.DOWNLOAD:
            self.pace.refused(named, chance, now, left)
            return 0.0
        self.refusals += 1
        return self.backoff.pause(self.refusals, chance, named)

    async def pause(self, seconds: float) -> None:
        """Pause as a storage service asks for; raises ServiceSilent after too much of it."""
        if seconds:
            self._check_patience(seconds)
            self.waited += seconds
            await self.clock.sleep(seconds)

    def _check_patience(self, wait: float) -> None:
        if self.waited + wait > self.patience:
            raise _asked_to_slow_down(wait)

    def _sent(self) -> float:
        now = self.clock.monotonic()
        self.pace.sent(now)
        return now

    def answered(self, left: float, failure: WireFailure | None = None) -> None:
        """Note that a request had its answer, a refusal for another reason than the pace too."""
        storage = self.exchange is Exchange.DOWNLOAD
        if not storage and (failure is None or isinstance(failure, Refusal)):
            self.pace.answered(left)

    async def _may_ask(self, wait: float) -> bool:
        """Tell whether this request may ask a closed account; pauses before it says no."""
        now = self.clock.monotonic()
        question_in = self.pace.question_in(self.begun, now)
        if question_in is None or self.waited > self.patience:
            raise _asked_to_slow_down(wait)
        if question_in == 0:
            self.pace.ask(now)
            return True
        pause = min(question_in, LOOK_AGAIN)
        self.waited += pause
        await self.clock.sleep(pause)
        return False


def _asked_to_slow_down(wait: float) -> ServiceSilent:
    return ServiceSilent("The service asks to slow down. (429)", retry_after=wait)


LOOK_AGAIN = 1.0
"""Seconds after which an operation that may not ask yet looks whether another's question helped."""

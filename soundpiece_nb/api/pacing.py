"""The account's pace: at which moment its next request may leave.

Decisions alone: the clock is the caller's.
"""

from __future__ import annotations

import asyncio
import math

from .learnt_limit import LearntLimit
from .retry_policy import Backoff


class AccountPace:
    """When the next request of an account may leave: a 429 to one closes the account to all.

    It is open again at the moment that the service names, or after ever longer tries where it
    names none; from then on requests keep to the limit that such refusals reveal. Times are
    seconds of whatever monotonic clock the caller uses throughout.

    A service may name a pause that nobody waits for, by mistake perhaps. What a person begins
    after that may therefore ask, now and then, whether the account is open again.
    """

    def __init__(self, backoff: Backoff = Backoff()) -> None:  # noqa: B008 - frozen
        self.queue = asyncio.Lock()
        """Held by the request whose turn is next, while it waits: requests leave in order."""
        self.waited = 0.0
        """The seconds that those whose turn was next have waited, as long as they were meant to."""
        self._backoff = backoff
        self._limit = LearntLimit()
        self._refused_at = -math.inf
        self._refusals = 0
        """Refusals since a request was taken; of requests that left together, one counts."""
        self._not_before = self._closed_at = -math.inf
        self._asked_at = -math.inf
        self._asking = False

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._limit.sent(now)

    def refused(self, named: float | None, chance: float, now: float, left: float) -> None:
        """Note a 429, at `now`, to a request that had left then: close the account.

        `named` is the pause that the service named, in seconds; `chance` is uniform in [0, 1). A
        nearer end than one already set changes nothing, unless this answers a question.
        """
        self._limit.forget(left)
        if left > self._refused_at:  # of many that were refused together, one teaches
            self._limit.learn(named, now, again=self._refusals > 0)
            self._refusals += 1
            self._refused_at = now
        pause = self._backoff.pause(max(1, self._refusals), chance, named)
        if now + pause > self._not_before or self._answers(left):
            self._not_before, self._closed_at, self._asking = now + pause, now, False

    def question_in(self, begun: float, now: float) -> float | None:
        """Return the seconds until an operation begun then may ask although the account is closed.

        None where the account was closed after that: its person has not asked since.
        """
        if begun <= self._closed_at:
            return None
        return max(0.0, self._asked_at + QUESTION_SECONDS - now)

    def ask(self, now: float) -> None:
        """Note that the request that leaves now asks whether the account is open again."""
        self._asked_at, self._asking = now, True

    def answered(self, left: float) -> None:
        """Note that a request that had left then was not refused: an answer opens the account."""
        if left > self._refused_at:
            self._refusals = 0
        if self._answers(left):
            self._not_before, self._asking = -math.inf, False
            self._limit = LearntLimit()  # a pause that was no limit teaches none

    def _answers(self, left: float) -> bool:
        """Tell whether a request left as the question, not before the account was closed."""
        return self._asking and left >= self._asked_at

    def wait(self, now: float) -> float:
        """Return how many seconds from `now` the next request has to wait."""
        return max(0.0, self._not_before - now, self._limit.next_at(now) - now)


QUESTION_SECONDS = 10.0
"""Seconds between two questions to a service that has asked to be left alone for long."""

"""The account's pace: at which moment its next request may leave.

Decisions alone: the clock is the caller's.
"""

from __future__ import annotations

import math
from collections import deque


class AccountPace:
    """When the next request of an account may leave: a 429 to one slows all, and teaches a rate.

    Once the service has refused one of many requests for coming too fast, requests leave evenly
    spaced, a little below the rate at which they came before; each one that is not refused makes
    the rate grow a little. Times are seconds of whatever monotonic clock the caller uses
    throughout.

    A service may name a pause that nobody waits for, by mistake perhaps. What a person begins
    after that may therefore ask, now and then, whether the account is open again.
    """

    def __init__(self) -> None:
        self._not_before = -math.inf
        self._next_at = -math.inf
        self._interval = 0.0
        self._refused_at = -math.inf
        self._asked_at = -math.inf
        self._asking = False
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._sent.append(now)
        self._next_at = max(self._next_at, now) + self._interval
        self._interval *= _GROWTH

    def slow_down(self, pause: float, now: float, left: float = -math.inf) -> None:
        """Note that a request was refused: let nothing leave for `pause` seconds.

        `left` is when it had left. A nearer time than one already set changes nothing, unless this
        answers a question.
        """
        if now >= self._not_before:  # of many that were refused together, one is heeded
            horizon = min(max(pause, 1.0), _MINUTE)
            came = sum(moment > now - horizon for moment in self._sent) - 1
            if came >= _TELLING:
                self._interval = max(self._interval, horizon / came)
            self._interval = min(self._interval * _CAUTION, _SLOWEST)
            self._sent.clear()  # the pause that follows says nothing of the rate that is allowed
        if now + pause > self._not_before or self._answers(left):
            self._not_before, self._refused_at, self._asking = now + pause, now, False

    def question_in(self, begun: float, now: float) -> float | None:
        """Return the seconds until an operation begun then may ask although the account is closed.

        None where the account was closed after that: its person has not asked since.
        """
        if begun <= self._refused_at:
            return None
        return max(0.0, self._asked_at + QUESTION_SECONDS - now)

    def ask(self, now: float) -> None:
        """Note that the request that leaves now asks whether the account is open again."""
        self._asked_at, self._asking = now, True

    def answered(self, left: float) -> None:
        """Note that a request that had left then was not refused: an answer opens the account."""
        if self._answers(left):
            self._not_before, self._asking = -math.inf, False

    def _answers(self, left: float) -> bool:
        """Tell whether a request left as the question, not before the account was closed."""
        return self._asking and left >= self._asked_at

    def wait(self, now: float) -> float:
        """Return how many seconds from `now` the next request has to wait."""
        return max(0.0, self._not_before - now, self._next_at - now)


QUESTION_SECONDS = 10.0
"""Seconds between two questions to a service that has asked to be left alone for long."""

_MINUTE = 60.0
_REMEMBERED = 4096
_TELLING = 5
"""Fewer requests than this tell no rate: one alone may be refused because the service is busy."""
_SLOWEST = 0.5
"""Seconds that are between two requests at most: to a slower service's limit, its pauses keep."""
_CAUTION = 1.05
_GROWTH = 0.998
"""With these, a limit of 300 a minute is met within about a tenth, at a few refusals a minute."""

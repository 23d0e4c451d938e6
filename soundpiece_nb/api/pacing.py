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
    """

    def __init__(self) -> None:
        self._not_before = -math.inf
        self._next_at = -math.inf
        self._interval = 0.0
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._sent.append(now)
        self._next_at = max(self._next_at, now) + self._interval
        self._interval *= _GROWTH

    def slow_down(self, pause: float, now: float) -> None:
        """Note that a request was refused: let nothing leave for `pause` seconds.

        A nearer time than one already set changes nothing.
        """
        if now >= self._not_before:  # of many that were refused together, one is heeded
            horizon = min(max(pause, 1.0), _MINUTE)
            came = sum(moment > now - horizon for moment in self._sent) - 1
            if came >= _TELLING:
                self._interval = max(self._interval, horizon / came)
            self._interval = min(self._interval * _CAUTION, _SLOWEST)
            self._sent.clear()  # the pause that follows says nothing of the rate that is allowed
        self._not_before = max(self._not_before, now + pause)

    def wait(self, now: float) -> float:
        """Return how many seconds from `now` the next request has to wait."""
        return max(0.0, self._not_before - now, self._next_at - now)


_MINUTE = 60.0
_REMEMBERED = 4096
_TELLING = 5
"""Fewer requests than this tell no rate: one alone may be refused because the service is busy."""
_SLOWEST = 0.5
"""Seconds that are between two requests at most: to a slower service's limit, its pauses keep."""
_CAUTION = 1.05
_GROWTH = 0.998
"""With these, a limit of 300 a minute is met within about a tenth, at a few refusals a minute."""

"""The limit that a service's refusals reveal: so many requests in any so many seconds.

Decisions alone: the clock is the caller's.
"""

from __future__ import annotations

import math
from collections import deque


class LearntLimit:
    """At most `most` requests in any `window` seconds, learnt from refusals; none at first.

    A refusal says when the next request will be taken: the oldest that still counts ceases to
    count then. So the window is as long as from when that one left until that moment, and as many
    are taken in it as have left since.

    That holds for windows that slide and for fixed ones, where all cease at once; of a bucket that
    fills up it tells how quickly it does, after two or three refusals. The service may take more
    later, or another process that shared the limit may end: so some time after a refusal one
    leaves beyond the limit, then more and more quickly, until one is refused.
    """

    def __init__(self) -> None:
        self._left: deque[float] = deque(maxlen=_REMEMBERED)
        """When requests left, but for those that were refused."""
        self._most, self._window = 0, 0.0
        self._oldest = self._learnt_at = -math.inf
        self._refused_at, self._opened_at = -math.inf, -math.inf
        self._since_refusal = self._beyond = 0

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._since_refusal += 1
        self._beyond += self._room_at() > now
        self._left.append(now)

    def forget(self, left: float) -> None:
        """Note that the request that had left then was refused: it does not count."""
        if left in self._left:
            self._left.remove(left)
            self._most -= self._oldest <= left <= self._learnt_at

    def learn(self, named: float | None, now: float, *, again: bool) -> None:
        """Learn from a refusal, and the seconds that it `named`; `again` if none was taken since.

        Where none is named, the window is known to be longer than up to now.
        """
        known = self._known
        if not again:
            self._count_most(named or 0.0, now)
        window = now + (named or 0.0) - self._oldest
        if again or (known and named is None):
            window = max(window, self._window)
        elif known:  # whole seconds may be rounded by one
            window = max(window - 1.0, min(window, self._window))
        self._window = window
        self._refused_at, self._opened_at = now, now + (named or 0.0)
        self._since_refusal = self._beyond = 0

    def next_at(self, now: float) -> float:
        """Return from when the next request may leave, as far as the limit is known."""
        if self._refused_at == -math.inf:
            return -math.inf
        latest = self._left[-1] if self._left else -math.inf
        gently = latest + _GENTLY / max(1, self._since_refusal)
        room_at = self._room_at()
        if room_at <= now:
            return gently
        beyond = max(self._refused_at + _CONTENT, latest + _GENTLY / (1 + self._beyond))
        return max(gently, min(room_at, beyond))

    def _count_most(self, named: float, now: float) -> None:
        """Count the requests that the service took until it refused one.

        One that leaves the moment that the window says there is room may be refused all the same:
        then it was the window that seemed too short, not the number too large.
        """
        window = self._window
        since = min(now - window, max(self._opened_at, now - 2 * window))
        if self._known and self._count(since) >= self._most:
            self._most = max(self._most, self._count(now - window))
        else:  # the limit is not what it seemed
            self._most = self._count(now - min(max(named, 1.0), _MINUTE))
        self._oldest = self._left[-self._most] if self._most else now
        self._learnt_at = now

    @property
    def _known(self) -> bool:
        return self._most >= _TELLING

    def _count(self, after: float) -> int:
        return sum(moment > after for moment in self._left)

    def _room_at(self) -> float:
        """Return from when on fewer have left within the window than the service takes."""
        most = self._most + self._beyond
        if not self._known or len(self._left) < most:
            return -math.inf
        return self._left[-most] + self._window


_MINUTE = 60.0
_REMEMBERED = 16_384
_TELLING = 5
"""Fewer requests than this tell no limit: one alone may be refused because the service is busy."""
_CONTENT = 10.0
"""Seconds after a refusal in which nothing leaves beyond the limit: each costs a second or two."""
_GENTLY = 0.25
"""Seconds from the first to the second request after a refusal, half so many to the third, and on.

So their number grows e-fold in this time, and few are on their way when one is refused. With these
two numbers least was lost of what `tests/support/simulated_limits.py` simulates.
"""

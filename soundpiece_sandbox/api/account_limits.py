"""What the account may spend: requests a minute, and credits."""

import math
import time
from collections import deque

_MINUTE = 60.0
_IN_FLIGHT_SECONDS = 0.5
"""A request this soon after a refusal was under way already when its caller heard of it."""


class RequestRate:
    """At most so many API requests in any minute. A refused request does not count."""

    def __init__(self, per_minute: int | None) -> None:
        """Admit ``per_minute`` requests in any 60 seconds, or all of them when it is None."""
        self.refused = 0
        """How many requests were over the rate."""
        self.early = 0
        """How many requests did not wait as long as an earlier refusal had asked."""
        self._per_minute = per_minute
        self._admitted: deque[float] = deque()
        self._refused_at = -math.inf
        self._closed_until = -math.inf

    def seconds_to_wait(self) -> int:
        """Admit a request (0), or say in how many whole seconds there will be room for one."""
        if self._per_minute is None:
            return 0
        now = time.monotonic()
        if self._refused_at + _IN_FLIGHT_SECONDS < now < self._closed_until:
            self.early += 1
        while self._admitted and self._admitted[0] <= now - _MINUTE:
            self._admitted.popleft()
        if len(self._admitted) < self._per_minute:
            self._admitted.append(now)
            return 0
        self.refused += 1
        wait = max(1, math.ceil(self._admitted[0] + _MINUTE - now))
        self._refused_at, self._closed_until = now, now + wait
        return wait


class Credits:
    """What operations are paid from: one credit each, given back for one that failed."""

    def __init__(self, balance: int | None) -> None:
        """Begin with this balance; None never runs out."""
        self.balance = balance
        self._paid: set[str] = set()

    @property
    def spent(self) -> bool:
        """Whether there is nothing left."""
        return self.balance is not None and self.balance < 1

    def pay_for(self, operation_id: str) -> None:
        """Pay for an operation."""
        if self.balance is not None:
            self.balance -= 1
            self._paid.add(operation_id)

    def settle(self, operation_id: str, *, failed: bool) -> None:
        """Note an operation's end: a failed one gives back what this account paid for it."""
        if operation_id in self._paid:
            self._paid.discard(operation_id)
            self.add(int(failed))

    def add(self, count: int) -> None:
        """Top up."""
        if self.balance is not None:
            self.balance += count

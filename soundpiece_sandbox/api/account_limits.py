"""The limits of the account: requests per minute, and credits."""

import math
import time
from collections import deque

_MINUTE = 60.0
_IN_FLIGHT_SECONDS = 0.5
"""A request this soon after a 429 was probably sent before its caller received it."""


class RateLimit:
    """A sliding window that limits API requests per minute; refused requests do not count."""

    def __init__(self, per_minute: int | None) -> None:
        """Admit ``per_minute`` requests in any 60 seconds; None admits all."""
        self.refused = 0
        """The number of requests over the rate."""
        self.early = 0
        """The number of requests sent before the Retry-After of an earlier 429 had passed."""
        self._per_minute = per_minute
        self._admitted: deque[float] = deque()
        self._refused_at = -math.inf
        self._closed_until = -math.inf

    def admit(self) -> int:
        """Admit a request and return 0, or return the whole seconds until one will be admitted."""
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
    """The account's credits: an operation costs one, which is refunded if it fails."""

    def __init__(self, balance: int | None) -> None:
        """Start with this balance; None never runs out."""
        self.balance = balance
        self._charged: set[str] = set()

    @property
    def spent(self) -> bool:
        """Whether no credit is left."""
        return self.balance is not None and self.balance < 1

    def charge(self, operation_id: str) -> None:
        """Charge an operation."""
        if self.balance is not None:
            self.balance -= 1
            self._charged.add(operation_id)

    def settle(self, operation_id: str, *, failed: bool) -> None:
        """Record an operation's end, and refund a failed one if it was charged since the start."""
        if operation_id in self._charged:
            self._charged.discard(operation_id)
            self.add(int(failed))

    def add(self, count: int) -> None:
        """Add credits to the balance."""
        if self.balance is not None:
            self.balance += count

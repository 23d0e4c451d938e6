"""The limits of the account: requests in a time, and credits."""

import math
import time
from collections import deque
from typing import Protocol

_IN_FLIGHT_SECONDS = 0.5
"""A request this soon after a 429 was probably sent before its caller received it."""


class Limiter(Protocol):
    """A rule for how many requests are admitted."""

    def admit(self, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one will be admitted."""
        ...


class SlidingWindow:
    """Admits so many requests in any ``seconds``."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._admitted: deque[float] = deque()

    def admit(self, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one will be admitted."""
        while self._admitted and self._admitted[0] <= now - self._seconds:
            self._admitted.popleft()
        if len(self._admitted) < self._most:
            self._admitted.append(now)
            return 0.0
        return self._admitted[0] + self._seconds - now


class FixedWindow:
    """Admits so many requests in each ``seconds``; the first request begins the first window."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._seconds = most, seconds
        self._began: float | None = None
        self._window = self._admitted = 0

    def admit(self, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one will be admitted."""
        self._began = now if self._began is None else self._began
        window = int((now - self._began) // self._seconds)
        if window != self._window:
            self._window, self._admitted = window, 0
        if self._admitted < self._most:
            self._admitted += 1
            return 0.0
        return self._began + (window + 1) * self._seconds - now


class TokenBucket:
    """Holds so many requests, full at first, and is filled with as many in ``seconds``."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most, self._per_second = most, most / seconds
        self._held, self._at = float(most), -math.inf

    def admit(self, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one will be admitted."""
        self._held = min(self._most, self._held + (now - self._at) * self._per_second)
        self._at = now
        if self._held >= 1:
            self._held -= 1
            return 0.0
        return (1 - self._held) / self._per_second


LIMITERS: dict[str, type[SlidingWindow] | type[FixedWindow] | type[TokenBucket]] = {
    "sliding": SlidingWindow,
    "fixed": FixedWindow,
    "bucket": TokenBucket,
}
"""The kinds of limit, by the name that the option ``--rate-window`` takes."""


class RateLimit:
    """Limits API requests; refused requests do not count."""

    def __init__(self, limiter: Limiter | None) -> None:
        """Admit what the limiter admits; None admits all."""
        self.refused = 0
        """The number of requests over the rate."""
        self.early = 0
        """The number of requests sent before the Retry-After of an earlier 429 had passed."""
        self._limiter = limiter
        self._refused_at = -math.inf
        self._closed_until = -math.inf

    def admit(self) -> int:
        """Admit a request and return 0, or return the whole seconds until one will be admitted."""
        if self._limiter is None:
            return 0
        now = time.monotonic()
        if self._refused_at + _IN_FLIGHT_SECONDS < now < self._closed_until:
            self.early += 1
        left = self._limiter.admit(now)
        if not left:
            return 0
        self.refused += 1
        wait = max(1, math.ceil(left))
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

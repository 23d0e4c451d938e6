"""Operations at a service's request limit, in virtual time: an hour of waiting takes a moment.

The engine's own `retry` and `AccountPace` run on an event loop whose clock jumps to whatever comes
next, against limiters of the kinds that services use. Nothing sleeps; a seed decides all chance.
"""

from __future__ import annotations

import asyncio
import math
import random
import selectors
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from soundpiece_nb.api.errors import Refusal
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.engine.clock import Clock
from soundpiece_nb.engine.retrying import retry

IN_FLIGHT_SECONDS = 0.5
"""What is sent so soon after a refusal may have left before anybody knew of it."""


class Limiter(Protocol):
    """A service's rule for how many requests it takes."""

    def admit(self, now: float) -> float:
        """Admit a request and return 0, or return the seconds until one would be admitted."""
        ...


class SlidingWindow:
    """Admits so many requests in any so many seconds; refused ones do not count."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self.seconds = most, seconds
        self._admitted: deque[float] = deque()

    def admit(self, now: float) -> float:
        while self._admitted and self._admitted[0] <= now - self.seconds:
            self._admitted.popleft()
        if len(self._admitted) < self.most:
            self._admitted.append(now)
            return 0.0
        return max(1e-6, self._admitted[0] + self.seconds - now)


class FixedWindow:
    """Admits so many requests in each window of so many seconds.

    `phase` is how much of one is over; None where one begins with the first request after another.
    """

    def __init__(self, most: int, seconds: float, phase: float | None = None) -> None:
        self.most, self.seconds, self._phase = most, seconds, phase
        self._ends = -math.inf
        self._count = 0

    def admit(self, now: float) -> float:
        if now >= self._ends:
            if self._phase is None:
                begins = now
            else:
                begins = math.floor((now + self._phase) / self.seconds) * self.seconds - self._phase
            self._ends, self._count = begins + self.seconds, 0
        if self._count < self.most:
            self._count += 1
            return 0.0
        return max(1e-6, self._ends - now)


class TokenBucket:
    """Holds so many requests, full at first, and is filled with as many in so many seconds."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most, self._rate = most, most / seconds
        self._held, self._at = float(most), 0.0

    def admit(self, now: float) -> float:
        self._held = min(self.most, self._held + (now - self._at) * self._rate)
        self._at = now
        if self._held >= 1:
            self._held -= 1
            return 0.0
        return max(1e-6, (1 - self._held) / self._rate)


Honesty = Callable[[float], float | None]
"""Makes the Retry-After header of the seconds that are left."""

HONEST: dict[str, Honesty] = {
    "exact": lambda left: left,
    "up": lambda left: float(max(1, math.ceil(left))),
    "down": lambda left: float(math.floor(left)),
    "missing": lambda _: None,
}


@dataclass
class Service:
    """A service in virtual time: each request travels, is admitted or refused, and travels back."""

    limiter: Limiter
    honesty: Honesty
    chance: random.Random
    travel: float = 0.01
    """Seconds of one way, half to one and a half times so many."""
    operation: float = 0.0
    """Seconds that an operation takes; a poll is held until then."""
    requests: int = 0
    refused: int = 0
    early: int = 0
    """Requests that came before an earlier refusal's Retry-After, whoever had been told."""
    closed: tuple[float, float] = (math.inf, -math.inf)
    admitted: list[float] = field(default_factory=list)

    async def answer(self, until: float = -math.inf) -> None:
        """Answer a request, held until then; raises Refusal."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self.travel * (0.5 + self.chance.random()))
        now = loop.time()
        self.requests += 1
        told, opens = self.closed
        self.early += told + IN_FLIGHT_SECONDS < now < opens - 1e-9
        left = self.limiter.admit(now)
        if left:
            self.refused += 1
            named = self.honesty(left)
            if named:
                self.closed = (now, max(opens, now + named))
        else:
            self.admitted.append(now)
            await asyncio.sleep(max(0.0, until - now))
        await asyncio.sleep(self.travel * (0.5 + self.chance.random()))
        if left:
            raise Refusal(429, "", retry_after=named)


class _Clock(Clock):
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def chance(self) -> float:
        return self._chance.random()


class Process:
    """A process that carries operations, a number of them at a time, at its own pace."""

    def __init__(self, service: Service, seed: int, *, work: float = 0.004) -> None:
        """`work` is how many seconds of the processor a request takes."""
        self.service, self.clock = service, _Clock(random.Random(seed))
        self.pace = AccountPace()
        self.done: list[float] = []
        self.early = 0
        self.told = -math.inf
        self._work, self._free = work, 0.0

    async def carry(self, operations: int, in_flight: int, begins: float = 0.0) -> None:
        """Carry so many operations: a PUT and a poll each."""
        await asyncio.sleep(begins)
        places = asyncio.Semaphore(in_flight)

        async def one() -> None:
            async with places:
                await self._retry(Exchange.SUBMIT)
                loop = asyncio.get_running_loop()
                await self._retry(Exchange.POLL, loop.time() + self.service.operation)
                self.done.append(loop.time())

        await asyncio.gather(*(one() for _ in range(operations)))

    async def _retry(self, exchange: Exchange, until: float = -math.inf) -> None:
        loop = asyncio.get_running_loop()

        async def attempt() -> None:
            self.early += loop.time() < self.told - 1e-9
            self._free = max(self._free, loop.time()) + self._work
            await asyncio.sleep(self._free - loop.time())
            try:
                await self.service.answer(until)
            except Refusal as refusal:
                self.told = max(self.told, loop.time() + (refusal.retry_after or 0.0))
                raise

        await retry(
            attempt,
            exchange,
            pace=self.pace,
            budget=300.0,
            patience=3_600.0,
            on_failure=lambda _: None,
            clock=self.clock,
        )


class _Jump(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    """A selector that lets virtual time pass instead of waiting."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("Everything waits, and nothing will come.")
        self.now += max(0.0, timeout)
        return super().select(0)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next thing that is due."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jump.now


@dataclass(frozen=True)
class Course:
    """How operations at a limit went."""

    seconds: float
    least: float
    """Seconds that the limiter makes whoever knows it take, for as many requests."""
    requests: int
    refused: int
    early: int
    """Sent by a process before what it had been told itself."""
    early_of_account: int
    done: list[list[float]]
    """When the operations of each process were done."""

    @property
    def times_the_limit(self) -> float:
        """How many times as long as the least it took."""
        return self.seconds / self.least


def run(
    make_limiter: Callable[[], Limiter],
    operations: list[int],
    *,
    honesty: str = "up",
    seed: int = 0,
    in_flight: int = 50,
    begins: list[float] | None = None,
    **service: float,
) -> Course:
    """Let as many processes as there are numbers of operations work at one limit."""
    server = Service(make_limiter(), HONEST[honesty], random.Random(seed), **service)
    processes = [Process(server, 1_000 * seed + n) for n in range(len(operations))]
    begins = begins or [0.0] * len(operations)

    async def work() -> None:
        each = zip(processes, operations, begins, strict=True)
        await asyncio.gather(*(process.carry(n, in_flight, start) for process, n, start in each))

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(work())
    return Course(
        seconds=max(process.done[-1] for process in processes),
        least=least_seconds(make_limiter(), 2 * sum(operations)),
        requests=server.requests,
        refused=server.refused,
        early=sum(process.early for process in processes),
        early_of_account=server.early,
        done=[process.done for process in processes],
    )


def least_seconds(limiter: Limiter, requests: int) -> float:
    """Return when the last of so many requests is admitted, each sent the moment that it can be."""
    now = 0.0
    for _ in range(requests):
        while left := limiter.admit(now):
            now += left
    return now

"""A clock that the tests of the engine's loops turn, so that hours of patience take no time."""

from __future__ import annotations

from collections.abc import Callable

from soundpiece_nb.engine.clock import Clock

MOST_PAUSES = 1_000


class TurnedClock(Clock):
    """Time that passes only in pauses and where a test lets it; jitter is a share that it sets."""

    def __init__(self) -> None:
        self.seconds = 1_000.0
        self.jitter = 1.0
        self.pauses: list[float] = []
        self.before_pause: Callable[[], object] = bool
        self.after_pause: Callable[[], object] = bool

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.seconds += seconds

    def monotonic(self) -> float:
        return self.seconds

    def chance(self) -> float:
        return self.jitter

    async def sleep(self, seconds: float) -> None:
        assert len(self.pauses) < MOST_PAUSES, "it pauses for ever"
        self.before_pause()
        self.pauses.append(seconds)
        self.seconds += seconds
        self.after_pause()


class HurriedClock(Clock):
    """The machine's clock with a chance that makes every pause a tenth of the longest it may be."""

    def chance(self) -> float:
        return super().chance() / 10


class Script:
    """What becomes of one attempt after the other: an error is raised, else it is returned.

    Each takes some seconds: as many as are given, or the next of several.
    """

    def __init__(self, clock: TurnedClock, *ends: object, takes: float | list[float] = 0.0) -> None:
        self.clock = clock
        self.ends = list(ends)
        self.takes = [takes] * len(ends) if isinstance(takes, float) else takes
        self.began: list[float] = []

    async def __call__(self) -> object:
        self.began.append(self.clock.seconds)
        self.clock.seconds += self.takes[len(self.began) - 1]
        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end

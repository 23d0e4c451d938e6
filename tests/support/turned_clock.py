"""A clock that the tests of the engine's loops turn, so that hours of patience take no time."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace

MOST_PAUSES = 1_000


class Clock:
    """Time that passes only in pauses and where a test lets it; jitter is a share that it sets."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.chance = 1.0
        self.pauses: list[float] = []

    def rule(self, patch, *modules: ModuleType) -> Clock:
        """Give the modules this time, these pauses and this chance."""
        for module in modules:
            patch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
            patch.setattr(module, "asyncio", SimpleNamespace(sleep=self.sleep))
            patch.setattr(module, "random", SimpleNamespace(random=lambda: self.chance))
        return self

    async def sleep(self, seconds: float) -> None:
        assert len(self.pauses) < MOST_PAUSES, "it pauses for ever"
        self.pauses.append(seconds)
        self.now += seconds


class Script:
    """What becomes of one attempt after the other: an error is raised, else it is returned.

    Each takes some seconds: as many as are given, or the next of several.
    """

    def __init__(self, clock: Clock, *ends: object, takes: float | list[float] = 0.0) -> None:
        self.clock = clock
        self.ends = list(ends)
        self.takes = [takes] * len(ends) if isinstance(takes, float) else takes
        self.began: list[float] = []

    async def __call__(self) -> object:
        self.began.append(self.clock.now)
        self.clock.now += self.takes[len(self.began) - 1]
        end = self.ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        return end

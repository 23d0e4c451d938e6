"""Sending again, with patience: the loop around one exchange, by the rules of `api.pacing`."""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from soundpiece_nb.api.errors import Refusal, ServiceSilent, WireFailure
from soundpiece_nb.api.pacing import AccountPace, Backoff, Exchange, Verdict, judge

from .explain import trouble_words

Answered = TypeVar("Answered")
SLOW_DOWN = 429


@dataclass(frozen=True)
class Limits:
    """Three clocks with three names, beside the request timeout that `api.client` keeps.

    `retry_budget`: seconds of nothing but failures after which trying stops.
    `operation_deadline`: seconds after which following one operation stops.
    Neither ends the operation itself.
    """

    retry_budget: float = 300.0
    operation_deadline: float = 3600.0


async def persist(
    attempt: Callable[[], Awaitable[Answered]],
    exchange: Exchange,
    *,
    pace: AccountPace,
    budget: float,
    on_trouble: Callable[[WireFailure], None],
    progress: Callable[[], int] = int,
    backoff: Backoff = Backoff(),  # noqa: B008 - frozen
) -> Answered:
    """Make `attempt` until it succeeds, its failure is final, or nothing but failures came.

    `budget` is how many seconds of failures are borne, `progress` a number that moves when an
    attempt achieved something before it failed, which begins the count anew. A 429 slows down
    everything that shares `pace`; waiting for the account's turn is no failure, however long it
    takes. Raises the final WireFailure, or ServiceSilent at once where a named pause is longer
    than the budget, or than what is left of it.
    """
    tries = 0
    give_up_at = math.inf
    achieved = progress()
    while True:
        give_up_at += await _keep_pace(pace, budget)
        if exchange is not Exchange.DOWNLOAD:  # files lie with a storage service
            pace.sent(time.monotonic())
        try:
            return await attempt()
        except WireFailure as failure:
            if judge(exchange, failure) is not Verdict.AGAIN:
                raise
            now = time.monotonic()
            named = failure.retry_after if isinstance(failure, Refusal) else None
            if isinstance(failure, Refusal) and failure.status_code == SLOW_DOWN:
                pace.slow_down(backoff.pause(tries + 1, random.random(), named), now)
                on_trouble(failure)
                if named is not None and named > budget:
                    raise ServiceSilent(trouble_words(failure), retry_after=named) from None
                continue
            if tries == 0 or progress() != achieved:
                achieved, tries, give_up_at = progress(), 0, now + budget
            tries += 1
            pause = backoff.pause(tries, random.random(), named)
            on_trouble(failure)
            if now + pause > give_up_at:
                raise ServiceSilent(trouble_words(failure), retry_after=named) from None
            await asyncio.sleep(pause)


async def _keep_pace(pace: AccountPace, longest: float) -> float:
    """Wait for the account's turn, each waiter a little differently; return the seconds it took.

    Raises ServiceSilent where a single wait would be longer than `longest`.
    """
    began = time.monotonic()
    while (wait := pace.wait(time.monotonic())) > 0:
        if wait > longest:
            raise ServiceSilent("The service asks to slow down. (429)", retry_after=wait)
        await asyncio.sleep(wait + random.random() * Backoff().base)
    return time.monotonic() - began

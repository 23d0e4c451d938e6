"""Sending again, with patience: the loop around one exchange, by the rules of `api.pacing`."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from soundpiece_nb.api.errors import Refusal, ServiceSilent, WireFailure
from soundpiece_nb.api.pacing import AccountPace, Backoff, Exchange, Verdict, judge

from .explain import passing_words

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
    limits: Limits,
    on_trouble: Callable[[str], None],
    backoff: Backoff = Backoff(),  # noqa: B008 - frozen
) -> Answered:
    """Make `attempt` until it succeeds, its failure is final, or the retry budget is spent.

    A 429 slows down everything that shares `pace`. Raises the final WireFailure, or
    ServiceSilent at once where a named pause is longer than the time that is left.
    """
    began = time.monotonic()
    tries = 0
    while True:
        await _keep_pace(pace, began + limits.retry_budget)
        try:
            return await attempt()
        except WireFailure as failure:
            if judge(exchange, failure) is not Verdict.AGAIN:
                raise
            tries += 1
            words = passing_words(failure) if isinstance(failure, Refusal) else failure.message
            named = failure.retry_after if isinstance(failure, Refusal) else None
            pause = backoff.pause(tries, random.random(), named)
            now = time.monotonic()
            if isinstance(failure, Refusal) and failure.status_code == SLOW_DOWN:
                pace.slow_down(now + pause)
            if now + pause > began + limits.retry_budget:
                raise ServiceSilent(words, retry_after=named) from None
            on_trouble(words)
            await asyncio.sleep(pause)


async def _keep_pace(pace: AccountPace, until: float) -> None:
    """Wait as the account was told to; each waiter a little differently, so that none rush."""
    while (wait := pace.wait(time.monotonic())) > 0:
        if time.monotonic() + wait > until:
            raise ServiceSilent("The service asks to slow down. (429)", retry_after=wait)
        await asyncio.sleep(wait + random.random() * Backoff().base)

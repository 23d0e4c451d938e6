"""The loop that repeats one exchange with the service, by the rules of `api.retry_policy`."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from soundpiece_nb.api.client import REQUEST_TIMEOUT
from soundpiece_nb.api.errors import Refusal, ServiceSilent, WireFailure
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Backoff, Exchange, Verdict, judge

from .clock import Clock
from .explanations import trouble_words

Answered = TypeVar("Answered")
SLOW_DOWN = 429


@dataclass(frozen=True)
class Limits:
    """Three clocks with three names; none of them ends the operation itself.

    `request_timeout`: seconds one exchange may take, beyond what the service holds it.
    `retry_budget`: seconds of nothing but failures after which trying stops.
    `operation_deadline`: seconds after which following one operation stops, and so does waiting
    for a turn to send a request at all.
    """

    request_timeout: float = REQUEST_TIMEOUT
    retry_budget: float = 300.0
    operation_deadline: float = 3600.0


async def retry(
    attempt: Callable[[], Awaitable[Answered]],
    exchange: Exchange,
    *,
    pace: AccountPace,
    budget: float,
    on_failure: Callable[[WireFailure], None],
    patience: float = math.inf,
    progress: Callable[[], int] = int,
    backoff: Backoff = Backoff(),  # noqa: B008 - frozen
    clock: Clock,
) -> Answered:
    """Make `attempt` until it succeeds, its failure is final, or nothing but failures came.

    `budget` is how many seconds of failures are borne, `progress` a number that an attempt raises
    where it achieved something before it failed, which begins the count anew. A 429 slows down
    everything that shares `pace`; waiting for the account's turn is no failure, up to `patience`
    seconds of it, and neither is a laptop's sleep in a pause. Raises the final WireFailure, or
    ServiceSilent at once where a named pause is longer than the budget, or than what is left of it.
    """
    tries, failing, slowed, waited = 0, 0.0, 0, 0.0
    furthest = progress()
    while True:
        waited = await _keep_pace(pace, budget, waited, patience, clock)
        began = clock.monotonic()
        if exchange is not Exchange.DOWNLOAD:  # files lie with a storage service
            pace.sent(began)
        try:
            return await attempt()
        except WireFailure as failure:
            if judge(exchange, failure) is not Verdict.AGAIN:
                raise
            now = clock.monotonic()
            named = failure.retry_after if isinstance(failure, Refusal) else None
            if isinstance(failure, Refusal) and failure.status_code == SLOW_DOWN:
                slowed += 1
                pace.slow_down(backoff.pause(slowed, clock.chance(), named), now)
                on_failure(failure)
                if named is not None and named > budget:
                    raise ServiceSilent(trouble_words(failure), retry_after=named) from None
                continue
            if tries == 0 or progress() > furthest:
                furthest, tries, failing = max(furthest, progress()), 0, 0.0
            else:
                failing += now - began
            tries += 1
            pause = backoff.pause(tries, clock.chance(), named)
            on_failure(failure)
            failing += pause  # as long as it was meant to be: it may take a night
            if failing > budget:
                raise ServiceSilent(trouble_words(failure), retry_after=named) from None
            await clock.sleep(pause)


async def _keep_pace(
    pace: AccountPace, longest: float, waited: float, patience: float, clock: Clock
) -> float:
    """Wait for the account's turn, each waiter a little differently; return the seconds of all.

    Raises ServiceSilent where one wait would be longer than `longest`, or together with the
    `waited` seconds before it than `patience`.
    """
    while (wait := pace.wait(clock.monotonic())) > 0:
        if wait > longest or waited + wait > patience:
            raise ServiceSilent("The service asks to slow down. (429)", retry_after=wait)
        waited += wait
        await clock.sleep(wait + clock.chance() * Backoff().base)
    return waited

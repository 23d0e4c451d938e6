"""Decisions on sending again: which failures, after which pause.

Without clock, network or randomness. A PUT carries its idempotency key, so an unknown outcome is
sent again; a failed poll says nothing of the operation; a signed URL that is refused is fetched
anew. Full jitter with base 0.5 s, factor 2 and cap 8 s came out best of what was simulated with a
thousand clients.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus

from .errors import Refusal, Unreachable, Unreadable, WireFailure


class Exchange(Enum):
    """The three kinds of request an operation's way is made of."""

    SUBMIT = "submit"
    POLL = "poll"
    DOWNLOAD = "download"


class Verdict(Enum):
    """The decision about a failed exchange."""

    AGAIN = "again"
    NEVER = "never"
    FRESH_LINK = "fresh link"
    """Ask the service for a new signed URL, then go on."""


LINK_REFUSED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def judge(exchange: Exchange, failure: WireFailure) -> Verdict:
    """Say what a failure means for the exchange it befell."""
    match failure:
        case Unreachable(never=True):
            return Verdict.NEVER
        case Unreachable() | Unreadable():
            return Verdict.AGAIN
        case Refusal(status_code=code) if exchange is Exchange.DOWNLOAD and code in LINK_REFUSED:
            return Verdict.FRESH_LINK
        case Refusal(status_code=code) if (
            code in PASSING or code >= HTTPStatus.INTERNAL_SERVER_ERROR
        ):
            return Verdict.AGAIN
        case _:
            return Verdict.NEVER


def may_have_arrived(failure: WireFailure) -> bool:
    """Tell whether the service may have taken the request although the exchange failed."""
    match failure:
        case Unreachable(undelivered=True):
            return False
        case Refusal(status_code=code):
            return code not in PASSING
        case _:
            return True


@dataclass(frozen=True)
class Backoff:
    """Full jitter between tries, in seconds: a random share of `base * factor**n`, up to `cap`."""

    base: float = 0.5
    factor: float = 2.0
    cap: float = 8.0

    def __post_init__(self) -> None:
        """Refuse numbers that would make a client hammer or sleep for ever."""
        if not all(math.isfinite(n) and n > 0 for n in (self.base, self.factor, self.cap)):
            raise ValueError("base, factor and cap must be positive, finite numbers")

    def pause(self, tries: int, chance: float, named: float | None = None) -> float:
        """Return the pause after `tries` failures; `chance` is uniform in [0, 1).

        A pause the service named is kept whole, with up to half a second of jitter on top.
        """
        if named is not None:
            return named + chance * self.base
        exponent = min(tries - 1, 32)
        return float(chance * min(self.cap, self.base * self.factor**exponent))


QUICK = 1.0
"""Seconds: a long poll that comes back sooner without an end was not held by the service."""


def poll_pause(took: float, quick_polls: int, chance: float, backoff: Backoff) -> float:
    """Return the pause before the next long poll: none after one that was held.

    A service that answers `processing` at once (one that does not know `wait`, or speaks of an
    unknown status) must not be hammered: such answers in a row space out.
    """
    if took >= QUICK:
        return 0.0
    return QUICK / 2 + backoff.pause(quick_polls, chance)


DAY = 86_400.0
"""Seconds; nobody who asks to slow down means longer than that."""

_LONGEST_HEADER = 64
"""Characters; the longest HTTP date has 33."""


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Read `Retry-After` as seconds from `now`: a number, also decimal, or an HTTP date.

    None for what is absent or makes no sense: negative, not a number, or more than a day, as a
    moment's number of seconds is that was meant as a date. A date that has passed means now.
    """
    if value is None or len(value) > _LONGEST_HEADER:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = read_date(value)
        if moment is None:
            return None
        seconds = max(0.0, (moment - now).total_seconds())
    return seconds if 0 <= seconds <= DAY else None


def read_date(value: str | None) -> datetime | None:
    """Read an HTTP date as UTC; None for what is absent or none."""
    if value is None or len(value) > _LONGEST_HEADER:
        return None
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment

"""When to send again, and when not: decisions alone, without clock, network or randomness.

The table these rules follow, and the simulation behind base, factor and cap, are in the project's
facts on retrying: a PUT carries its idempotency key, so an unknown outcome is sent again; a failed
poll says nothing of the operation; a signed URL that is refused is fetched anew.
"""

from __future__ import annotations

import math
from collections import deque
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
    """What to do about a failed exchange."""

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


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Read `Retry-After` as seconds from `now`: a number, also decimal, or an HTTP date.

    None for what is absent or makes no sense: infinite, negative, not a number. A date that has
    passed means now.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        moment = read_date(value)
        return None if moment is None else max(0.0, (moment - now).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def read_date(value: str | None) -> datetime | None:
    """Read an HTTP date as UTC; None for what is absent or none."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


class AccountPace:
    """When the next request of an account may leave: a 429 to one slows all, and teaches a rate.

    Once the service has refused one of many requests for coming too fast, requests leave evenly
    spaced, a little below the rate at which they came before; each one that is not refused makes
    the rate grow a little. Times are seconds of whatever monotonic clock the caller uses
    throughout.
    """

    def __init__(self) -> None:
        self._not_before = -math.inf
        self._next_at = -math.inf
        self._interval = 0.0
        self._sent: deque[float] = deque(maxlen=_REMEMBERED)

    def sent(self, now: float) -> None:
        """Note that a request leaves."""
        self._sent.append(now)
        self._next_at = max(self._next_at, now) + self._interval
        self._interval *= _GROWTH

    def slow_down(self, pause: float, now: float) -> None:
        """Note that a request was refused: let nothing leave for `pause` seconds.

        A nearer time than one already set changes nothing.
        """
        if now >= self._not_before:  # of many that were refused together, one is heeded
            horizon = min(max(pause, 1.0), _MINUTE)
            came = sum(moment > now - horizon for moment in self._sent) - 1
            if came >= _TELLING:
                self._interval = max(self._interval, horizon / came)
            self._interval = min(self._interval * _CAUTION, _SLOWEST)
            self._sent.clear()  # the pause that follows says nothing of the rate that is allowed
        self._not_before = max(self._not_before, now + pause)

    def wait(self, now: float) -> float:
        """Return how many seconds from `now` the next request has to wait."""
        return max(0.0, self._not_before - now, self._next_at - now)


_MINUTE = 60.0
_REMEMBERED = 4096
_TELLING = 5
"""Fewer requests than this tell no rate: one alone may be refused because the service is busy."""
_SLOWEST = 0.5
"""Seconds that are between two requests at most: to a slower service's limit, its pauses keep."""
_CAUTION = 1.05
_GROWTH = 0.998
"""With these, a limit of 300 a minute is met within about a tenth, at a few refusals a minute."""

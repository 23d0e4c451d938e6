"""The loop around one exchange: what it tries again, how long it pauses, when it gives up."""

from __future__ import annotations

import asyncio
import contextlib
import math

import pytest

from soundpiece_nb.api.errors import Refusal, ServiceSilent, Unreachable, Unreadable
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.engine.retrying import retry
from support.turned_clock import Script, TurnedClock

BUSY, SLOW_DOWN = Refusal(503, "busy"), Refusal(429, "too many")
LOST = Unreachable("The connection broke off.")


@pytest.fixture
def clock():
    return TurnedClock()


class Noted(AccountPace):
    """A pace that keeps when requests left."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[float] = []

    def sent(self, now: float) -> None:
        self.left.append(now)
        super().sent(now)


@pytest.fixture
def pace():
    return Noted()


@pytest.fixture
def troubles():
    return []


@pytest.fixture
def trying(pace, troubles, clock):
    """Try with some patience; what is said of the failures is kept."""

    def trying(script, exchange=Exchange.POLL, *, budget=300.0, **options):
        return retry(
            script,
            exchange,
            pace=pace,
            budget=budget,
            on_failure=troubles.append,
            clock=clock,
            **options,
        )

    return trying


async def test_what_succeeds_at_once_is_made_once_without_a_word(clock, trying, troubles):
    assert await trying(Script(clock, "done")) == "done"
    assert (clock.pauses, troubles) == ([], [])


@pytest.mark.parametrize("passing", [BUSY, LOST, Unreadable("cut")])
async def test_a_passing_failure_is_told_and_tried_again_after_ever_longer_pauses(
    passing, clock, trying, troubles
):
    assert await trying(Script(clock, *[passing] * 6, "done")) == "done"
    assert clock.pauses == [0.5, 1, 2, 4, 8, 8]
    assert troubles == [passing] * 6


async def test_pauses_are_jittered(clock, trying):
    clock.jitter = 0.25
    await trying(Script(clock, BUSY, BUSY, "done"))
    assert clock.pauses == [0.125, 0.25]


@pytest.mark.parametrize(
    ("exchange", "failure"),
    [
        (Exchange.SUBMIT, Refusal(400, "no such field")),
        (Exchange.POLL, Refusal(404, "no such operation")),
        (Exchange.POLL, Unreachable("an unusable address", never=True)),
        (Exchange.DOWNLOAD, Refusal(403, "expired")),
    ],
)
async def test_a_final_failure_is_raised_at_once_as_it_is(
    exchange, failure, clock, trying, troubles
):
    with pytest.raises(type(failure)) as caught:
        await trying(Script(clock, failure), exchange)
    assert caught.value is failure
    assert (clock.pauses, troubles) == ([], [])


async def test_what_is_no_failure_of_the_wire_is_not_tried_again(clock, trying):
    with pytest.raises(ZeroDivisionError):
        await trying(Script(clock, ZeroDivisionError()))
    assert clock.pauses == []


async def test_a_pause_the_service_names_is_kept_whole(clock, trying):
    clock.jitter = 0.5
    await trying(Script(clock, Refusal(503, "", retry_after=40.0), "done"))
    assert clock.pauses == [40.25]


# ------------------------------------------------------------------ the budget


@pytest.mark.parametrize(("budget", "tries"), [(10.4, 4), (10.5, 5), (19.4, 5), (19.5, 6)])
async def test_trying_stops_when_failures_and_pauses_fill_the_budget(budget, tries, clock, trying):
    """Pauses of 0.5, 1, 2, 4 and 8 s; a second for each failure but the first."""
    script = Script(clock, *[BUSY] * 20, takes=1.0)
    with pytest.raises(ServiceSilent, match=r"^The service has a problem\. \(503\)$") as caught:
        await trying(script, budget=budget)
    assert len(script.began) == tries
    assert caught.value.retry_after is None


async def test_how_long_the_first_failure_took_does_not_count(clock, trying):
    script = Script(clock, LOST, "done", takes=1_000.0)
    assert await trying(script, budget=1.0) == "done"


async def test_a_named_pause_beyond_the_budget_is_not_begun(clock, trying, troubles):
    clock.jitter = 0.0
    failure = Refusal(503, "", retry_after=61.0)
    with pytest.raises(ServiceSilent) as caught:
        await trying(Script(clock, failure), budget=60.0)
    assert caught.value.retry_after == 61.0
    assert (clock.pauses, troubles) == ([], [failure])


async def test_a_pause_counts_as_long_as_it_was_meant_to_be(clock, trying):
    """A laptop that sleeps through it has not tried meanwhile."""
    script = Script(clock, BUSY, BUSY, "done")
    clock.after_pause = lambda: clock.pass_by(30_000)
    assert await trying(script, budget=2.0) == "done"


# ------------------------------------------------------------------ progress


class Download(Script):
    """Attempts that fail, each at its place of the file, but the last."""

    def __init__(
        self, clock: TurnedClock, places: list[int], *, already: int = 0, takes: float
    ) -> None:
        super().__init__(clock, *[LOST] * len(places), "done", takes=takes)
        self.places = places.copy()
        self.reached = already

    async def __call__(self) -> object:
        if self.places:
            self.reached = self.places.pop(0)
        return await super().__call__()


@pytest.mark.parametrize(
    ("already", "places", "pauses"),
    [
        (0, [0, 0, 0, 0], [0.5, 1, 2, 4]),
        (0, [1, 2, 3, 4], [0.5, 0.5, 0.5, 0.5]),
        (0, [10, 10, 10, 20, 20, 20], [0.5, 1, 2, 0.5, 1, 2]),
        (100, [20, 60, 20, 100, 100], [0.5, 1, 2, 4, 8]),  # to fall behind and to catch up is none
        (0, [50, 100, 60, 90, 101], [0.5, 0.5, 1, 2, 0.5]),
    ],
)
async def test_progress_begins_the_count_of_failures_anew(already, places, pauses, clock, trying):
    script = Download(clock, places, already=already, takes=0.0)
    await trying(script, Exchange.DOWNLOAD, progress=lambda: script.reached)
    assert clock.pauses == pauses


@pytest.mark.parametrize("places", [[1, 2, 3, 4, 5, 6], [10, 10, 10, 20, 20, 20]])
async def test_seconds_before_progress_count_no_more(places, clock, trying):
    """Three failures in a row come to 5.5 seconds, six to more."""
    script = Download(clock, places, takes=1.0)
    await trying(script, Exchange.DOWNLOAD, progress=lambda: script.reached, budget=5.5)
    assert len(clock.pauses) == 6


async def test_seconds_after_progress_count_as_ever(clock, trying):
    script = Download(clock, [10, 20, 20, 20], takes=1.0)
    with pytest.raises(ServiceSilent, match="broke off"):
        await trying(script, Exchange.DOWNLOAD, progress=lambda: script.reached, budget=5.4)
    assert len(script.began) == 4


# ------------------------------------------------------------------ the account's pace


@pytest.mark.parametrize("exchange", [Exchange.SUBMIT, Exchange.POLL])
async def test_each_request_is_noted_with_the_account_when_it_leaves(exchange, clock, pace, trying):
    await trying(Script(clock, BUSY, "done", takes=3.0), exchange)
    assert pace.left == [1_000.0, 1_003.5]


async def test_downloads_are_no_requests_of_the_account(clock, pace, trying):
    await trying(Script(clock, BUSY, "done"), Exchange.DOWNLOAD)
    assert pace.left == []


async def test_a_request_waits_for_the_accounts_turn(clock, pace, trying):
    clock.jitter = 0.5
    pace.refused(20.0, 0.0, clock.seconds, clock.seconds)
    script = Script(clock, "done")
    await trying(script)
    assert script.began == [1_020.0]


async def test_another_refusal_meanwhile_makes_the_wait_longer(clock, pace, trying):
    clock.jitter = 0.0
    pace.refused(20.0, 0.0, clock.seconds, clock.seconds)

    def refused_meanwhile():
        if not clock.pauses:
            pace.refused(50.0, 0.0, clock.seconds, clock.seconds)

    clock.before_pause = refused_meanwhile
    await trying(Script(clock, "done"))
    assert clock.pauses == [20, 30]


async def test_a_429_slows_the_account_down_from_when_it_came(clock, pace, trying, troubles):
    script = Script(clock, Refusal(429, "", retry_after=30.0), "done", takes=2.0)
    clock.jitter = 0.0
    await trying(script)
    assert script.began == [1_000, 1_032]
    assert len(troubles) == 1


async def test_429s_in_a_row_pause_ever_longer_and_count_as_no_failure(clock, trying):
    script = Script(clock, *[SLOW_DOWN] * 6, "done", takes=1.0)
    assert await trying(script, budget=8.0) == "done"
    assert clock.pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]


@pytest.mark.parametrize(("patience", "tries"), [(15.4, 5), (15.5, 6), (23.4, 6), (23.5, 7)])
async def test_429s_without_end_are_borne_for_a_time(patience, tries, clock, trying):
    """Turns of 0.5, 1, 2, 4, 8 and 8 s."""
    script = Script(clock, *[SLOW_DOWN] * 20)
    with pytest.raises(ServiceSilent, match=r"^The service asks to slow down\. \(429\)$") as caught:
        await trying(script, patience=patience)
    assert len(script.began) == tries
    assert caught.value.retry_after == 8.0


async def test_others_that_are_refused_meanwhile_do_not_hold_one_up_for_ever(clock, pace, trying):
    pace.refused(10.0, 0.0, clock.seconds, clock.seconds)
    clock.after_pause = lambda: pace.refused(10.0, 0.0, clock.seconds, clock.seconds)
    script = Script(clock, "done")
    with pytest.raises(ServiceSilent):
        await trying(script, patience=45.0)
    assert (script.began, len(clock.pauses)) == ([], 4)


async def test_a_turn_that_is_slept_through_counts_as_long_as_it_was_meant_to_be(clock, trying):
    script = Script(clock, SLOW_DOWN, SLOW_DOWN, "done")
    clock.after_pause = lambda: clock.pass_by(30_000)
    assert await trying(script, patience=1.5) == "done"


async def test_after_429s_another_failure_is_the_first(clock, trying):
    script = Script(clock, SLOW_DOWN, SLOW_DOWN, BUSY, "done")
    await trying(script)
    assert clock.pauses == [0.5, 1.0, 0.5]


@pytest.mark.parametrize("named", [59.0, 60.0])
async def test_a_pause_of_the_whole_budget_is_waited_for(named, clock, trying):
    clock.jitter = 0.0
    await trying(Script(clock, Refusal(429, "", retry_after=named), "done"), budget=60.0)
    assert clock.pauses == [named]


async def test_a_429_that_names_more_than_the_budget_ends_the_trying_at_once(
    clock, pace, trying, troubles
):
    failure = Refusal(429, "", retry_after=61.0)
    with pytest.raises(ServiceSilent, match=r"^The service asks to slow down\. \(429\)$") as caught:
        await trying(Script(clock, failure), budget=60.0)
    assert caught.value.retry_after == 61.0
    assert (clock.pauses, troubles) == ([], [failure])
    assert pace.wait(clock.seconds) >= 61.0, "all others wait too"


async def test_nothing_is_sent_where_the_accounts_turn_is_further_away_than_the_budget(
    clock, pace, trying
):
    pace.refused(61.0, 0.0, clock.seconds, clock.seconds)
    script = Script(clock, "done")
    with pytest.raises(ServiceSilent, match=r"^The service asks to slow down\. \(429\)$") as caught:
        await trying(script, budget=60.0)
    assert caught.value.retry_after == 61.0
    assert script.began == []


# ------------------------------------------------------------------ an account closed for long

CLOSED = Refusal(429, "", retry_after=3_600.0)


@pytest.fixture
def closed(clock, pace):
    """The account was closed for an hour, ten seconds ago."""
    pace.sent(clock.seconds)
    pace.refused(3_600.0, 0.0, clock.seconds, clock.seconds)
    clock.pass_by(10.0)
    pace.left.clear()
    return clock.seconds


@pytest.mark.parametrize("end", ["done", Refusal(402, "no credits")])
async def test_what_is_begun_after_that_asks_once_and_opens_the_account(
    end, closed, clock, pace, trying
):
    script = Script(clock, end)
    with contextlib.suppress(Refusal):
        await trying(script, begun=closed)
    assert (script.began, clock.pauses) == ([closed], [])
    assert pace.wait(clock.seconds) == 0
    await trying(Script(clock, "done"))


async def test_what_was_begun_before_fails_at_once_as_ever(closed, clock, trying):
    for begun in (-math.inf, closed - 10.0):
        with pytest.raises(ServiceSilent) as caught:
            await trying(Script(clock, "done"), begun=begun)
        assert caught.value.retry_after == 3_590.0
    assert clock.pauses == []


async def test_a_question_that_is_refused_closes_the_account_for_what_was_begun_meanwhile(
    closed, clock, pace, trying
):
    clock.pass_by(1.0)
    with pytest.raises(ServiceSilent) as caught:
        await trying(Script(clock, CLOSED), begun=closed)
    assert caught.value.retry_after == 3_600.0
    with pytest.raises(ServiceSilent):
        await trying(Script(clock, "done"), begun=closed + 0.5)
    assert pace.left == [closed + 1.0]


async def test_the_next_question_waits_ten_seconds_and_looks_meanwhile(closed, clock, pace, trying):
    pace.ask(clock.seconds - 4.0)
    script = Script(clock, "done")
    await trying(script, begun=closed)
    assert script.began == [closed + 6.0]
    assert clock.pauses == [1.0] * 6


async def test_it_goes_on_as_soon_as_anothers_question_was_answered(closed, clock, pace, trying):
    pace.ask(clock.seconds)
    clock.after_pause = lambda: pace.answered(closed)
    script = Script(clock, "done")
    await trying(script, begun=closed)
    assert script.began == [closed + 1.0]


async def test_a_question_without_an_answer_opens_nothing_and_is_asked_again_later(
    closed, clock, pace, trying
):
    script = Script(clock, LOST, LOST, "done")
    await trying(script, begun=closed)
    assert script.began == [closed, closed + 10.0, closed + 20.0]
    assert pace.wait(clock.seconds) == 0


async def test_a_download_opens_no_account(closed, clock, pace, trying):
    await trying(Script(clock, "done"), Exchange.DOWNLOAD, begun=closed)
    assert pace.wait(clock.seconds) == 3_590.0


async def test_waiting_for_a_question_has_its_patience(closed, clock, pace, trying):
    pace.ask(clock.seconds)
    clock.after_pause = lambda: pace.ask(clock.seconds)
    with pytest.raises(ServiceSilent):
        await trying(Script(clock, "done"), begun=closed, patience=30.0)
    assert sum(clock.pauses) < 32


async def test_a_download_that_is_told_to_slow_down_pauses_alone(clock, pace, trying):
    """Files lie with a storage service: the account stays open, whatever that one says."""
    script = Script(clock, Refusal(429, "", retry_after=30.0), SLOW_DOWN, "done")
    clock.jitter = 0.5
    assert await trying(script, Exchange.DOWNLOAD) == "done"
    assert clock.pauses == [30.25, 0.5]
    assert pace.wait(clock.seconds) == 0


async def test_a_download_does_not_wait_for_the_accounts_turn(clock, pace, trying):
    pace.refused(60.0, 0.0, clock.seconds, clock.seconds)
    assert await trying(Script(clock, "done"), Exchange.DOWNLOAD) == "done"
    assert clock.pauses == []


class SharedClock(TurnedClock):
    """A clock whose pauses let others come."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        await super().sleep(seconds)


async def test_requests_leave_in_the_order_of_coming_and_the_queue_counts_as_waiting(pace):
    """Each of the first two is refused: the third has waited ten seconds when its turn comes."""
    clock, left = SharedClock(), []

    async def ask(number, patience=math.inf):
        async def attempt():
            left.append(number)
            pace.refused(10.0, 0.0, clock.seconds, clock.seconds)

        await retry(
            attempt,
            Exchange.POLL,
            pace=pace,
            budget=300.0,
            on_failure=print,
            patience=patience,
            clock=clock,
        )

    pace.refused(10.0, 0.0, clock.seconds, clock.seconds)
    asked = [ask(0), ask(1), ask(2, patience=19.0), ask(3)]
    ends = await asyncio.gather(*asked, return_exceptions=True)
    assert left == [0, 1, 3]
    assert isinstance(ends[2], ServiceSilent)

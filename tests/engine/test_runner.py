"""The way of one operation: what is sent, asked and written down, and when following it stops.

The service is a list of answers, time is turned by hand, the journal is a real one.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.errors import (
    Refusal,
    ServiceSilent,
    SoundpieceError,
    SourceLost,
    Unreachable,
    Unreadable,
)
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.departures import Departures
from soundpiece_nb.engine.operation_context import OperationContext
from soundpiece_nb.engine.retrying import Limits
from soundpiece_nb.engine.run_state import Phase, Run
from soundpiece_nb.engine.runner import run_operation
from soundpiece_nb.journal.journal import Journal
from support.turned_clock import Script, TurnedClock

PROCESSING = Answer("op_1", "processing")
READY = Answer("op_1", "ready", outputs=(OutputLink("https://cdn.example/1", None, 3.0, None),))
FAILED = Answer("op_1", "failed", error_code="content_policy", error_message="Not this.")
BUSY = Refusal(503, "busy")


class Service:
    """Answers in turn; what it was asked is kept."""

    def __init__(self, clock: TurnedClock) -> None:
        self.answers = Script(clock)
        self.asked: list[tuple[object, ...]] = []
        self.keys: set[str] = set()
        """The keys whose operation the answers to reads have to be about."""

    async def submit(self, request):
        self.asked.append(("submit", request))
        return await self.answers()

    async def read(self, route, operation_id, *, wait, key):
        self.keys.add(key)
        self.asked.append(("read", route, operation_id, wait))
        return await self.answers()

    @property
    def polls(self) -> list[tuple[object, ...]]:
        return [asked for asked in self.asked if asked[0] == "read"]


class Workers:
    """Notes at once what is to be noted."""

    async def journal(self, write, *a, **k):
        return write(*a, **k)


class WebhookWakeups:
    """Rings at once, or never; how long it was waited for is kept."""

    def __init__(self, *, rings: bool) -> None:
        self.rings = rings
        self.listened = False
        self.waited: list[tuple[str, float]] = []

    async def listen(self) -> None:
        self.listened = True

    async def wait(self, operation_id, seconds):
        assert self.listened, "before it was sent"
        self.waited.append((operation_id, seconds))
        return self.rings


@pytest.fixture
def clock():
    return TurnedClock()


class TimedJournal(Journal):
    """A journal that may be told how long the quickest song took."""

    soonest: float | None = None

    def soonest_seconds(self, route, service):
        if self.soonest is None:
            return super().soonest_seconds(route, service)
        return self.soonest if (route, service) == ("create.new_song", "sandbox") else 0.0


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    opened = TimedJournal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.close()


@pytest.fixture
def fetched():
    """The answers whose takes were fetched; fetching itself has tests of its own."""
    return []


@pytest.fixture
def follow(clock, journal, fetched):
    """Let an operation travel through these answers of the service."""

    async def follow(
        *answers, before=None, unsent=True, takes=0.0, limits=None, doorbell=None, **fields
    ):
        fields = {"lyrics": "la", "prompt": "jazz"} | fields
        request = new_request(find_route("song"), fields)
        journal.record(request, service="sandbox")
        if before is not None:
            before(request.key)
        run = Run(request.key, unsent=unsent)
        service = Service(clock)
        service.answers = Script(clock, *answers, takes=takes)
        heard: list[tuple[Phase, str | None]] = []
        run.subscribe(lambda run: heard.append((run.phase, run.trouble)))
        context = OperationContext(
            run=run,
            entry=journal.entry(request.key),
            journal=journal,
            store=None,
            client=service,
            pace=AccountPace(),
            limits=limits or Limits(),
            workers=Workers(),
            wakeups=doorbell,
            departures=Departures(journal, Workers()),
            clock=clock,
            own_files=None,
        )

        async def fetch(context, answer):
            assert context.run.phase is Phase.DOWNLOADING
            fetched.append(answer)

        error = None
        try:
            await run_operation(context, fetch=fetch)
        except SoundpieceError as caught:
            error = caught
        assert service.keys <= {request.key}
        return SimpleNamespace(
            request=request,
            run=run,
            service=service,
            heard=heard,
            error=error,
            entry=journal.entry(request.key),
        )

    return follow


# ------------------------------------------------------------------ the way, from each place of it


async def test_a_new_operation_is_sent_followed_and_fetched(follow, fetched):
    done = await follow(PROCESSING, PROCESSING, READY)
    poll = ("read", "create.new_song", "op_1", True)
    assert done.service.asked == [("submit", done.request), poll, poll]
    assert (done.error, done.entry.status, done.entry.operation_id) == (None, "ready", "op_1")
    assert [phase for phase, _ in done.heard] == [
        Phase.SENDING,
        Phase.PROCESSING,
        Phase.DOWNLOADING,
    ]
    assert fetched == [READY]
    assert done.run.polls == 2


async def test_what_is_ready_at_once_is_not_asked_for(follow, fetched):
    done = await follow(READY)
    assert done.service.polls == []
    assert [phase for phase, _ in done.heard] == [Phase.SENDING, Phase.DOWNLOADING]
    assert fetched == [READY]


async def test_what_the_service_has_is_not_sent_again(follow, journal, fetched):
    done = await follow(READY, before=lambda key: journal.accepted(key, "op_1"))
    assert done.service.asked == [("read", "create.new_song", "op_1", True)]
    assert fetched == [READY]


async def test_of_what_is_ready_fresh_links_are_asked_for_without_waiting(follow, journal, fetched):
    def made(key):
        journal.accepted(key, "op_1")
        journal.ready(key, READY.outputs)

    done = await follow(READY, before=made)
    assert done.service.asked == [("read", "create.new_song", "op_1", False)]
    assert [phase for phase, _ in done.heard] == [Phase.SENDING, Phase.DOWNLOADING]
    assert fetched == [READY]


@pytest.mark.parametrize("answers", [(FAILED,), (PROCESSING, FAILED)])
async def test_a_failure_is_written_down_in_the_services_words(answers, follow, fetched):
    done = await follow(*answers)
    assert (done.error, done.entry.status) == (None, "failed")
    assert (done.entry.error_code, done.entry.error_message) == ("content_policy", "Not this.")
    assert fetched == []


async def test_a_failure_without_reason_is_one_all_the_same(follow):
    done = await follow(Answer("op_1", "failed"))
    assert done.entry.status == "failed"
    assert (done.entry.error_code, done.entry.error_message) == ("internal_error", "")


# ------------------------------------------------------------------ refused


async def test_a_refusal_of_what_was_never_sent_before_ends_it(follow, fetched):
    done = await follow(Refusal(402, "no credits"))
    assert (done.error, done.entry.status) == (None, "rejected")
    assert (done.entry.error_code, done.entry.error_message) == ("402", "no credits")
    assert fetched == []


async def test_a_lost_source_ends_it_too(follow):
    done = await follow(SourceLost("Take 1 of 550e8400 cannot be had."))
    assert (done.error, done.entry.status) == (None, "rejected")
    assert done.entry.error_code == "source"
    assert done.entry.error_message == "Take 1 of 550e8400 cannot be had."


@pytest.mark.parametrize("why", [Refusal(402, "no credits"), SourceLost("gone")])
async def test_of_what_may_have_arrived_before_a_refusal_says_nothing(why, follow):
    done = await follow(why, unsent=False)
    assert done.error is why
    assert (done.entry.status, done.entry.error_code) == ("submitting", None)


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (Unreachable("broke off"), "submitting"),
        (Unreadable("cut"), "submitting"),
        (BUSY, "submitting"),
        (Unreachable("no such host", undelivered=True), "rejected"),
        (Refusal(429, "", retry_after=1.0), "rejected"),
    ],
)
async def test_a_refusal_after_a_failure_counts_if_that_cannot_have_arrived(
    failure, status, follow
):
    done = await follow(failure, Refusal(402, "no credits"))
    assert done.entry.status == status
    assert (done.error is None) is (status == "rejected")


async def test_one_that_may_have_arrived_does_so_however_the_next_one_fails(follow):
    done = await follow(
        Unreachable("broke off"),
        Unreachable("no such host", undelivered=True),
        Refusal(402, "no credits"),
    )
    assert done.run.may_have_arrived
    assert done.entry.status == "submitting"


async def test_a_failed_poll_does_not_say_that_the_request_may_have_arrived(follow):
    done = await follow(PROCESSING, BUSY, READY)
    assert not done.run.may_have_arrived


async def test_a_refused_poll_is_no_refusal_of_the_request(follow):
    done = await follow(PROCESSING, Refusal(401, "a revoked key"))
    assert isinstance(done.error, Refusal)
    assert done.entry.status == "processing"


# ------------------------------------------------------------------ trouble


async def test_every_repetition_sends_the_same_bytes(follow):
    done = await follow(BUSY, Unreadable("cut"), READY)
    assert done.service.asked == [("submit", done.request)] * 3
    assert done.run.retries == 2


async def test_trouble_is_told_while_it_lasts(follow):
    done = await follow(PROCESSING, BUSY, Unreachable("It broke off."), READY)
    assert done.heard == [
        (Phase.SENDING, None),
        (Phase.PROCESSING, None),
        (Phase.PROCESSING, "The service has a problem. (503)"),
        (Phase.PROCESSING, "It broke off."),
        (Phase.PROCESSING, None),
        (Phase.DOWNLOADING, None),
    ]
    assert (done.run.polls, done.run.retries) == (1, 2)


async def test_nothing_but_failures_stops_the_trying_after_the_retry_budget(follow):
    done = await follow(PROCESSING, *[BUSY] * 5, limits=Limits(retry_budget=3.5))
    assert isinstance(done.error, ServiceSilent)
    assert len(done.service.polls) == 4
    assert done.entry.status == "processing"


async def test_nothing_but_refusals_to_take_ones_turn_stop_it_after_the_operation_deadline(follow):
    """Turns of 0.5, 1, 2 and 4 s fill it."""
    slow_down = [Refusal(429, "too many")] * 9
    done = await follow(PROCESSING, *slow_down, limits=Limits(operation_deadline=7.5))
    assert isinstance(done.error, ServiceSilent)
    assert len(done.service.polls) == 5
    assert done.entry.status == "processing"


async def test_a_download_goes_on_while_it_comes_further_and_is_no_request(clock):
    pace, reached = AccountPace(), iter(range(1, 99))
    pace.sent = None
    download = Script(clock, *[BUSY] * 8, "done")
    context = OperationContext(
        run=Run("key"),
        entry=SimpleNamespace(route="create.new_song"),
        journal=None,
        store=None,
        client=None,
        pace=pace,
        limits=Limits(retry_budget=1.0),
        workers=Workers(),
        wakeups=None,
        departures=None,
        clock=clock,
        own_files=None,
    )
    assert await context.retry(download, Exchange.DOWNLOAD, lambda: next(reached)) == "done"
    assert context.run.retries == 8


# ------------------------------------------------------------------ long polls


async def test_polls_that_were_held_follow_each_other_at_once(follow, clock):
    await follow(*[PROCESSING] * 4, READY, takes=20.0)
    assert clock.pauses == [0, 0, 0]


async def test_polls_that_were_not_held_space_out(follow, clock):
    await follow(*[PROCESSING] * 6, READY)
    assert clock.pauses == [1.0, 1.5, 2.5, 4.5, 8.5]


async def test_a_poll_that_was_held_ends_the_spacing_out(follow, clock):
    await follow(*[PROCESSING] * 6, READY, takes=[0, 0, 0, 20, 0, 0, 0])
    assert clock.pauses == [1.0, 1.5, 0, 1.0, 1.5]


@pytest.mark.parametrize(("deadline", "polls"), [(60.0, 4), (59.0, 3), (0.0, 1)])
async def test_following_stops_once_its_deadline_is_over(deadline, polls, follow):
    done = await follow(*[PROCESSING] * 9, takes=20.0, limits=Limits(operation_deadline=deadline))
    assert isinstance(done.error, ServiceSilent)
    assert done.error.message == (
        f"It has been processing for longer than the operation deadline ({deadline:.0f} s)."
    )
    assert len(done.service.polls) == polls
    assert done.entry.status == "processing"


async def test_an_end_counts_although_the_deadline_is_over(follow, fetched):
    done = await follow(PROCESSING, READY, takes=20.0, limits=Limits(operation_deadline=1.0))
    assert done.error is None
    assert fetched == [READY]


# ------------------------------------------------------------------ with a callback

TOLD = {"callback_url": "https://example.org/hook"}
LONG_POLL, QUESTION = (("read", "create.new_song", "op_1", wait) for wait in (True, False))


@pytest.fixture
def usually(journal):
    """Say how long the quickest operation of the kind took."""

    def usually(seconds):
        journal.soonest = seconds

    yield usually
    journal.soonest = None


async def test_until_one_can_be_ready_nothing_is_asked_and_a_ring_is_a_reason_to(follow, usually):
    usually(60.0)
    doorbell = WebhookWakeups(rings=True)
    done = await follow(PROCESSING, READY, doorbell=doorbell, **TOLD)
    assert done.service.polls == [QUESTION]
    [(operation, seconds)] = doorbell.waited
    assert operation == "op_1"
    assert 53.0 < seconds <= 54.0


async def test_it_is_waited_for_however_quick_they_are(follow, usually):
    usually(1.1)
    done = await follow(PROCESSING, READY, doorbell=WebhookWakeups(rings=True), **TOLD)
    assert done.service.polls == [QUESTION]


async def test_it_is_not_waited_for_beyond_the_deadline(follow, usually):
    usually(60.0)
    doorbell, limits = WebhookWakeups(rings=False), Limits(operation_deadline=5.0)
    await follow(PROCESSING, READY, doorbell=doorbell, limits=limits, **TOLD)
    [(_, seconds)] = doorbell.waited
    assert seconds <= 5.0


async def test_a_failure_that_is_told_of_is_a_failure(follow, usually):
    usually(60.0)
    done = await follow(PROCESSING, FAILED, doorbell=WebhookWakeups(rings=True), **TOLD)
    assert (done.entry.status, done.service.polls) == ("failed", [QUESTION])


async def test_a_ring_too_early_is_no_end(follow, usually):
    usually(60.0)
    doorbell = WebhookWakeups(rings=True)
    done = await follow(PROCESSING, PROCESSING, PROCESSING, READY, doorbell=doorbell, **TOLD)
    assert done.service.polls == [QUESTION, LONG_POLL, LONG_POLL]
    assert len(doorbell.waited) == 1


async def test_without_a_ring_it_polls_as_ever(follow, usually):
    usually(60.0)
    done = await follow(PROCESSING, READY, doorbell=WebhookWakeups(rings=False), **TOLD)
    assert done.service.polls == [LONG_POLL]


async def test_where_nothing_is_known_it_polls_at_once(follow, usually):
    usually(0.0)
    doorbell = WebhookWakeups(rings=True)
    done = await follow(PROCESSING, READY, doorbell=doorbell, **TOLD)
    assert (done.service.polls, doorbell.waited) == ([LONG_POLL], [])


async def test_without_a_callback_nobody_listens(follow, usually):
    usually(60.0)
    doorbell = WebhookWakeups(rings=True)
    await follow(PROCESSING, READY, doorbell=doorbell)
    assert (doorbell.listened, doorbell.waited) == (False, [])

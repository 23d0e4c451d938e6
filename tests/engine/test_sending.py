"""A request made from earlier outputs: their addresses are fetched fresh, and only when needed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from soundpiece_nb.api.answer import Answer, OutputLink
from soundpiece_nb.api.errors import Refusal, SourceLost, Unreachable
from soundpiece_nb.api.file_ref import FileRef
from soundpiece_nb.api.output_ref import OutputRef
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.clock import Clock
from soundpiece_nb.engine.run_state import Run
from soundpiece_nb.engine.sending import Submission

MAKER = "550e8400-e29b-41d4-a716-446655440000"
LATER, BEFORE = (datetime.now(UTC) + timedelta(hours=sign) for sign in (1, -1))


class Service:
    """Names an address anew each time it is asked; what is sent is kept."""

    def __init__(self) -> None:
        self.expires_at = LATER
        self.asked = 0
        self.sent: list[bytes] = []
        self.fails: list[Exception] = []

    async def read(self, route, operation_id, *, wait, key):
        assert (route, operation_id, wait, key) == ("create.new_song", "op_1", False, MAKER)
        self.asked += 1
        if self.fails:
            raise self.fails.pop()
        url = f"https://cdn.example/1?{self.asked}"
        return Answer("op_1", "ready", outputs=(OutputLink(url, self.expires_at, 3.0, None),))

    async def submit(self, request):
        self.sent.append(request.body)
        return Answer("op_2", "processing")


class Workers:
    async def journal(self, call, *a):
        return call(*a)


def entry(key):
    known = {MAKER: SimpleNamespace(route="create.new_song", operation_id="op_1")}
    return known[key]


async def retry(attempt, exchange):
    return await attempt()


async def depart(key):
    return True


@pytest.fixture
def service():
    return Service()


@pytest.fixture
def context(service):
    return SimpleNamespace(
        client=service,
        workers=Workers(),
        journal=SimpleNamespace(entry=entry),
        retry=retry,
        clock=Clock(),
        run=Run("key", unsent=True),
        departures=SimpleNamespace(note=depart),
    )


def stems(source):
    return new_request(find_route("stems"), {"source": source})


def sources(service):
    return [json.loads(body)["source"]["url"] for body in service.sent]


async def test_a_request_without_earlier_outputs_is_sent_as_it_was_written_down(context, service):
    request = stems("https://a.example/b.flac")
    await Submission(context, request).attempt()
    assert service.sent == [request.body]
    assert service.asked == 0


async def test_repeated_attempts_carry_one_address_while_it_is_good(context, service):
    submission = Submission(context, stems(OutputRef(MAKER, 1)))
    await submission.attempt()
    await submission.attempt()
    assert sources(service) == ["https://cdn.example/1?1"] * 2


async def test_an_address_that_has_expired_is_asked_for_anew(context, service):
    service.expires_at = BEFORE
    submission = Submission(context, stems(OutputRef(MAKER, 1)))
    await submission.attempt()
    await submission.attempt()
    assert sources(service) == ["https://cdn.example/1?1", "https://cdn.example/1?2"]


async def test_the_address_stays_out_of_what_was_written_down(context):
    request = stems(OutputRef(MAKER, 1))
    await Submission(context, request).attempt()
    assert b"cdn.example" not in request.body


@pytest.mark.parametrize(
    ("earlier", "fails", "says"),
    [
        (OutputRef(MAKER, 2), [], "Take 2 of 550e8400 cannot be had: The service no longer"),
        (OutputRef(MAKER[:-1] + "1", 1), [], "The service no longer names it."),
        (OutputRef(MAKER, 1), [Refusal(404, "unknown")], r"refused \(404\): unknown\."),
    ],
)
async def test_a_source_that_is_lost_is_said_and_nothing_is_sent(
    earlier, fails, says, context, service
):
    service.fails = fails
    with pytest.raises(SourceLost, match=says):
        await Submission(context, stems(earlier)).attempt()
    assert service.sent == []


class OwnFiles:
    """Signs an address anew each time it is asked."""

    def __init__(self, expires_at) -> None:
        self.expires_at, self.asked = expires_at, 0

    async def link(self, *_):
        self.asked += 1
        return OutputLink(f"https://store.example/{self.asked}", self.expires_at, None, None)


@pytest.mark.parametrize(("expires_at", "signed"), [(LATER, 1), (BEFORE, 2)])
async def test_an_own_files_address_is_signed_at_sending_and_again_when_it_has_expired(
    context, service, expires_at, signed
):
    context.own_files, context.entry = OwnFiles(expires_at), SimpleNamespace(service="sandbox")
    request = stems(FileRef("a" * 64, ".wav", "idea.wav"))
    submission = Submission(context, request)
    await submission.attempt()
    await submission.attempt()
    assert sources(service)[-1] == f"https://store.example/{signed}"
    assert json.loads(request.body)["source"] == {"url": f"soundpiece-file:{'a' * 64}.wav"}


async def test_a_service_that_is_away_loses_no_source(context, service):
    service.fails = [Unreachable("The service cannot be reached.")]
    with pytest.raises(Unreachable):
        await Submission(context, stems(OutputRef(MAKER, 1))).attempt()

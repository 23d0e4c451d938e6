"""Runs that stop short of the end: for what reason, in which words, and what is kept."""

from __future__ import annotations

import pytest

from soundpiece_nb.api.errors import (
    DownloadFailed,
    Mistake,
    Refusal,
    ServiceSilent,
    SoundpieceError,
    StorageFailed,
    Unreachable,
    WatchingStopped,
)
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.audio.store import AudioStore
from soundpiece_nb.engine.clients import Connection
from soundpiece_nb.engine.engine import Engine, Waits
from soundpiece_nb.engine.run_state import Phase
from soundpiece_nb.engine.stop_reasons import as_known, code_of
from soundpiece_nb.journal.journal import Journal
from support.held_lease import held_by_another


@pytest.mark.parametrize(
    ("raised", "kind", "code", "says"),
    [
        (Refusal(401, "revoked"), ServiceSilent, "unreachable", "refused (401): revoked."),
        (Unreachable("It broke off."), ServiceSilent, "unreachable", "It broke off."),
        (ServiceSilent("Nothing came."), ServiceSilent, "unreachable", "Nothing came."),
        (DownloadFailed("Not intact."), DownloadFailed, "download", "Not intact."),
        (OSError(28, "No space left"), StorageFailed, "storage", "disk refused: No space left."),
        (OSError("odd"), StorageFailed, "storage", "The disk refused: odd."),
        (Mistake("No key."), Mistake, "stopped", "No key."),
        (ExceptionGroup("", [OSError("odd")]), StorageFailed, "storage", "refused: odd."),
    ],
)
def test_whatever_happens_has_a_name_and_a_sentence(raised, kind, code, says):
    known = as_known(raised)
    assert type(known) is kind
    assert code_of(known) == code
    assert says in str(known)


def test_a_pause_the_service_named_is_passed_on():
    assert as_known(Refusal(429, "", retry_after=7.0)).retry_after == 7.0


def test_a_connection_shows_no_key():
    assert repr(Connection("https://a.example", "spk_" + "x" * 20)) == (
        "Connection('https://a.example')"
    )


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    opened = Journal(tmp_path_factory.mktemp("home"))
    yield opened
    opened.close()


@pytest.fixture
def key(journal):
    request = new_request(find_route("fx"), {"prompt": "rain", "duration": 1})
    journal.record(request, service="sandbox")
    return request.key


@pytest.fixture
def begin(journal):
    """Start an engine whose connection cannot be had."""
    begun = []

    def refuse(_):
        raise Mistake("There is no key.")

    def begin(**options):
        begun.append(Engine(journal, AudioStore(journal.home / "audio"), refuse, **options))
        return begun[-1]

    yield begin
    for engine in begun:
        engine.stop()


def test_why_it_stopped_is_raised_and_kept(begin, journal, key):
    with pytest.raises(Mistake, match=r"There is no key\..*%soundpiece_resume " + key[:8]):
        begin().start(key, unsent=True).ended.result(5)
    entry = journal.entry(key)
    assert (entry.status, entry.error_code) == ("submitting", "stopped")
    assert entry.error_message == "There is no key."


def test_a_journal_that_fails_too_changes_nothing_of_what_is_said(begin):
    with pytest.raises(SoundpieceError, match=r"%soundpiece_resume 00000000 goes on with it\."):
        begin().start("00000000-0000-4000-8000-000000000000").ended.result(5)


def test_an_operation_on_its_way_is_not_taken_on_twice(begin, journal, key):
    with held_by_another(journal, key):
        engine = begin()
        run = engine.start(key)
        assert engine.start(key) is run
        assert engine.in_flight() == [key]
        assert engine.run(key) is run
        engine.stop()


def test_what_another_process_carries_is_watched_until_it_ends_it(begin, journal, key):
    with held_by_another(journal, key):
        run = begin(waits=Waits(watch=0.001)).start(key)
        phases = []
        run.subscribe(lambda run: phases.append(run.phase))
        journal.accepted(key, "op_1")
        while Phase.PROCESSING not in phases:
            assert not run.ended.done()
        journal.failed(key, "content_policy", "Not this.")
        assert run.ended.result(5) is None


def test_a_stopped_engine_takes_nothing_on(begin, key):
    engine = begin()
    engine.stop()
    with pytest.raises(WatchingStopped, match="goes on at the service"):
        engine.start(key).ended.result(0)


def test_a_paused_engine_leaves_its_runs_for_the_next(begin, journal, key):
    left = {}
    with held_by_another(journal, key):
        resting = begin(paused=left)
        run = resting.start(key)
        resting.pause()
        late = resting.start(key)
    assert late is run
    assert run.phase is Phase.PAUSED
    assert not run.ended.done()
    assert begin(paused=left).start(key) is run
    with pytest.raises(Mistake, match="no key"):
        run.ended.result(5)

"""Several processes on one journal: each operation is carried by one at a time, made once."""

from __future__ import annotations

import signal
import time
from collections import Counter

import pytest

from soundpiece_nb.engine.engine import Waits
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.lease import LEASE_SECONDS, RENEWAL_SECONDS
from support.held_service import HeldService, eventually
from support.services import quiet_environment
from support.session_processes import Process

SUBMIT = "keys = [sp.fx(f'{name} {{n}}', duration=1).key for n in range({number})]"
RESUME = "keys = [op.key for op in sp.resume()]"
WAIT = "[sp.operation(key).result(20).status for key in keys]"
LISTEN = """
told = []
for key in keys:
    current().engine.run(key).subscribe(lambda run: told.append((run.phase.value, run.trouble)))
"""


@pytest.fixture
def service():
    started = HeldService()
    yield started
    started.close()


@pytest.fixture
def start(service, tmp_path):
    """Start a process whose home and service are this test's."""
    environment = quiet_environment(
        tmp_path / "home",
        SOUNDPIECE_BASE_URL=service.base_url,
        SOUNDPIECE_API_KEY="spk_tests_only_0123456789",
    )
    started = []

    def begin():
        started.append(Process(environment))
        return started[-1]

    yield begin
    for process in started:
        process.close()


@pytest.fixture
def journal(tmp_path):
    (tmp_path / "home").mkdir(mode=0o700)
    opened = Journal(tmp_path / "home")
    yield opened
    opened.close()


def submit(process, name, number):
    process.do(SUBMIT.format(name=name, number=number))
    return process.do("keys")


def holders(journal, keys):
    """Return who holds these operations, as the processes' numbers."""
    rows = journal.select(_holder_of(keys))
    return {row["holder"] and int(row["holder"].split("/")[1]) for row in rows}


def _holder_of(keys):
    from sqlalchemy import select

    from soundpiece_nb.journal.schema import operations

    return select(operations.c.holder).where(operations.c.idempotency_key.in_(keys))


def test_three_submit_one_is_killed_and_the_others_resume_at_the_same_moment(
    start, service, journal
):
    doomed, second, third = start(), start(), start()
    keys = [key for who in (doomed, second, third) for key in submit(who, "all", 8)]
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    doomed.send(signal.SIGKILL)
    for each in (second, third):
        each.begin(RESUME)
    for each in (second, third):
        each.finish()
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    service.done.set()
    for each in (second, third):
        assert set(each.do(WAIT)) == {"ready"}
    assert journal.counts() == {"ready": 24}
    assert service.requests == Counter(keys)
    assert service.downloads == Counter(keys)
    assert service.most_pollers == Counter(keys)
    assert holders(journal, keys) == {None}
    assert not list(journal.home.rglob("*.part"))


def test_one_killed_in_the_middle_of_downloads_leaves_the_rest_of_them_to_another(
    start, service, journal
):
    service.flowing.clear()
    service.done.set()
    doomed, other = start(), start()
    keys = submit(doomed, "half", 4)
    eventually(lambda: service.downloads == Counter(keys))
    doomed.send(signal.SIGKILL)
    service.flowing.set()
    other.do(RESUME)
    assert set(other.do(WAIT)) == {"ready"}
    assert service.requests == Counter(keys)
    assert service.downloads == Counter(keys * 2)  # once to the half, once from there on
    assert all(path.read_bytes() == service.file for path in journal.home.rglob("*.flac"))
    assert len(list(journal.home.rglob("*.flac"))) == 4


@pytest.mark.measured
def test_a_dead_ones_lease_is_taken_over_as_soon_as_somebody_looks(start, service, journal):
    doomed, heir = start(), start()
    keys = submit(doomed, "heir", 3)
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    heir.do(RESUME)
    time.sleep(2 * Waits().watch)
    assert len(holders(journal, keys)) == 1  # the living one's are not taken
    before = holders(journal, keys)
    doomed.send(signal.SIGKILL)
    began = time.monotonic()
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    assert time.monotonic() - began < Waits().watch + 0.5
    assert holders(journal, keys).isdisjoint(before)
    service.done.set()
    assert set(heir.do(WAIT)) == {"ready"}
    assert service.requests == Counter(keys)


def test_who_waits_for_another_process_is_told_how_far_that_is(start, service):
    first, second = start(), start()
    keys = submit(first, "told", 1)
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    second.do(RESUME)
    second.do(LISTEN)
    eventually(lambda: ("processing", None) in second.do("told"))
    service.done.set()
    assert second.do(WAIT) == ["ready"]
    assert second.do("told")[-1] == ("ended", None)
    assert {trouble for _, trouble in second.do("told")} == {None}
    assert service.most_pollers == Counter(keys)
    assert service.downloads == Counter(keys)


def test_one_that_stops_following_hands_over_to_one_that_waits(start, service):
    first, second = start(), start()
    keys = submit(first, "handed", 2)
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    second.do(RESUME)
    first.do("[sp.operation(key).stop_watching() for key in keys]")
    eventually(lambda: not first.do("current().engine.in_flight()"))
    service.done.set()
    assert second.do(WAIT) == ["ready"] * 2
    assert service.requests == service.most_pollers == service.downloads == Counter(keys)


def test_a_stopped_process_keeps_its_leases_and_then_goes_on(start, service, journal):
    sleeper, other = start(), start()
    keys = submit(sleeper, "asleep", 3)
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    before = holders(journal, keys)
    sleeper.send(signal.SIGSTOP)
    journal._note(keys[0], held_until=0)  # as after a night: all time is up
    other.do(RESUME)
    service.done.set()
    time.sleep(3 * Waits().watch)
    assert holders(journal, keys) == before
    assert other.do("[sp.operation(key).status for key in keys]") == ["processing"] * 3
    sleeper.send(signal.SIGCONT)
    assert set(other.do(WAIT)) == set(sleeper.do(WAIT)) == {"ready"}
    assert service.requests == service.most_pollers == service.downloads == Counter(keys)


def test_a_lease_of_another_host_ends_with_its_time(start, service, journal):
    process = start()
    keys = submit(process, "host", 2)
    eventually(lambda: service.held() == dict.fromkeys(keys, 1))
    process.send(signal.SIGKILL)
    now = time.time_ns() // 1000
    far, near = now + int(LEASE_SECONDS * 1e6), now + 1_500_000
    for key, until in zip(keys, (far, near), strict=True):
        journal._note(key, holder="elsewhere/1/0.00", held_until=until)
    other = start()
    other.do(RESUME)
    assert service.held() == {}
    eventually(lambda: service.held() == {keys[1]: 1})
    assert time.time_ns() // 1000 >= near
    time.sleep(Waits().watch)
    assert service.held() == {keys[1]: 1}
    service.done.set()
    assert other.do("sp.operation(keys[1]).result(20).status") == "ready"
    assert journal.entry(keys[0]).status == "processing"


def test_leases_are_renewed_three_times_before_they_end(start, service, journal):
    assert 3 * RENEWAL_SECONDS <= LEASE_SECONDS
    process = start()
    process.do("from soundpiece_nb.engine import engine; engine.RENEWAL_SECONDS = 0.2")
    [key] = submit(process, "kept", 1)
    eventually(lambda: service.held() == {key: 1})
    journal._note(key, held_until=0)
    eventually(lambda: _held_for(journal, key) > LEASE_SECONDS - 2)
    assert _held_for(journal, key) <= LEASE_SECONDS


def _held_for(journal, key):
    from sqlalchemy import select

    from soundpiece_nb.journal.schema import operations

    [row] = journal.select(
        select(operations.c.held_until).where(operations.c.idempotency_key == key)
    )
    return row["held_until"] / 1e6 - time.time()


def test_one_that_was_refused_elsewhere_is_not_sent_again_by_who_waited(start, service, journal):
    first, second = start(), start()
    [key] = submit(first, "refused", 1)
    eventually(lambda: service.held() == {key: 1})
    first.do("current().engine.detach(keys[0])")
    eventually(lambda: not first.do("current().engine.in_flight()"))
    # Between its asking and its turn, another process had the refusal.
    second.do(f"keys = ['{key}']; entry = current().journal.entry(keys[0])")
    journal.rejected(key, "402", "Not enough credits.")
    second.do("from soundpiece_nb.operations.submission import start_entry")
    second.do("run = start_entry(current(), entry)")
    eventually(lambda: not second.do("current().engine.in_flight()"))
    assert journal.entry(key).status == "rejected"
    assert service.requests == Counter([key])


def test_two_that_prune_at_once_lose_nothing(start, service, journal):
    service.done.set()
    first, second = start(), start()
    keys = submit(first, "both", 6)
    assert set(first.do(WAIT)) == {"ready"}
    second.do(f"keys = {keys!r}")
    for who in (first, second):
        who.do("from soundpiece_nb.engine.pruning import prune")
        who.begin("pruned = [prune(current().engine, sp.operation(key).entry) for key in keys]")
    for who in (first, second):
        who.finish()
    assert all(any(pair) for pair in zip(first.do("pruned"), second.do("pruned"), strict=True))
    assert not list(journal.home.rglob("*.flac"))
    assert all(journal.entry(key).takes[0].pruned_at for key in keys)
    assert holders(journal, keys) == {None}
    second.do("[op] = sp.resume(keys[0])")
    assert second.do("op.result(20).outputs[0].path.exists()")

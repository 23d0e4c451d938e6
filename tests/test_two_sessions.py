"""Two sessions in one process, and a forked child: each is a holder of its own."""

from __future__ import annotations

import os
import threading
import time

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import SoundpieceError
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.engine import Waits
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.plan import Draft
from soundpiece_nb.operations.resuming import resume
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.submission import submit
from support.held_service import HeldService, eventually

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@pytest.fixture
def service(home, monkeypatch):
    started = HeldService()
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", started.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", "spk_tests_only_0123456789")
    yield started
    current.close()
    started.close()


@pytest.fixture
def sessions(service):
    both = Session(), Session()
    yield both
    for session in both:
        session.close()


def click(session):
    draft = Draft(route=find_route("fx"), fields={"prompt": "a click", "duration": 1})
    return submit(session, draft)


def test_two_sessions_of_one_process_carry_an_operation_one_at_a_time(service, sessions):
    service.flowing.clear()
    one, other = sessions
    key = click(one)
    eventually(lambda: service.most_pollers[key] == 1)
    assert resume(other, [key]).keys == [key]
    time.sleep(0.7)
    assert service.most_pollers[key] == 1, "the second waits"
    service.done.set()
    eventually(lambda: service.downloads[key] == 1)
    time.sleep(0.7)
    assert service.downloads[key] == 1
    service.flowing.set()
    for session in sessions:
        assert Operation(key, session).result(20).status == "ready"
    assert service.requests[key] == 1
    folder = one.home / "audio" / key
    assert [file.name for file in folder.iterdir()] == ["1.flac"]


def test_the_second_goes_on_at_once_where_the_first_has_closed(service, sessions):
    one, other = sessions
    key = click(one)
    eventually(lambda: service.most_pollers[key] == 1)
    one.close()
    service.done.set()
    resume(other, [key])
    assert Operation(key, other).result(10).status == "ready"


def test_a_lease_that_another_took_is_noticed_and_waited_for(service):
    """A container that slept for longer than its lease; the other's is not visible from here."""
    one = Session(waits=Waits(renew=0.1, watch=0.1))
    key = click(one)
    eventually(lambda: service.held() and one.journal.entry(key).status == "processing")
    until = one.journal.now() + 3_000_000
    taken = "UPDATE operations SET holder = 'another:place/1/1.00/00', held_until = ?"
    with one.journal._database.write() as connection:
        connection.exec_driver_sql(taken, (until,))
    eventually(lambda: not service.held())
    assert one.journal.renew([key]) == {key}
    one.journal.mark_stuck(key, "stopped", "Not by the one who has it.")
    assert one.journal.entry(key).error_code is None
    eventually(service.held, 10)
    assert one.journal.now() > until, "taken up again once it is free"
    service.done.set()
    assert Operation(key, one).result(20).status == "ready"
    assert service.requests[key] == 1
    one.close()


def in_a_child(call):
    """Return what a call returns or raises, as text, in a forked child of this process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            said = str(call())
        except BaseException as error:  # noqa: BLE001 - it is told
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode()[:4000])
        os._exit(0)
    os.close(writing)
    said = b""
    deadline = time.monotonic() + 30
    os.set_blocking(reading, False)
    while time.monotonic() < deadline:
        try:
            chunk = os.read(reading, 4096)
        except BlockingIOError:
            time.sleep(0.02)
            continue
        if not chunk:
            break
        said += chunk
    else:
        os.kill(child, 9)
        said += b" ... and hung"
    os.waitpid(child, 0)
    os.close(reading)
    return said.decode()


def test_a_forked_child_makes_operations_of_its_own(service):
    service.done.set()
    sp.fx("of the parent", 1).result(20)
    assert in_a_child(lambda: sp.fx("of the child", 1).result(20).status) == "ready"
    assert sorted(service.requests.values()) == [1, 1]
    assert set(sp.history()["status"]) == {"ready"}
    assert len(sp.history()) == 2


def test_a_forked_child_waits_for_what_its_parent_carries(service):
    op = sp.fx("of the parent", 1)
    eventually(lambda: service.most_pollers[op.key] == 1)

    def wait_there():
        service_is_done = op.status  # the handle was made in the parent
        return service_is_done, op.session.engine.run(op.key)

    assert in_a_child(wait_there) == "('processing', None)"
    service.done.set()
    assert in_a_child(lambda: op.result(20).status) == "ready"
    assert op.result(20).status == "ready"
    assert service.most_pollers[op.key] == 1
    assert service.requests[op.key] == 1


def test_a_forked_child_that_dies_leaves_its_operation_to_the_parent(service):
    sp.fx("of the parent", 1)

    def make_and_die():
        op = sp.fx("of the child", 1)
        eventually(lambda: op.status == "processing")
        return op.key

    key = in_a_child(make_and_die)
    service.done.set()
    assert key in [op.key for op in sp.resume()]
    assert sp.operation(key).result(20).status == "ready"
    assert service.requests[key] == 1


def test_a_forked_child_waits_for_a_batch_of_its_parent(service):
    batch = sp.batch([{"prompt": f"click {n}", "duration": 1} for n in range(3)], route="fx")
    eventually(lambda: len(service.held()) == 3)
    service.done.set()
    assert in_a_child(lambda: list(batch.result(20)["status"])) == "['ready', 'ready', 'ready']"
    assert list(batch.result(20)["status"]) == ["ready"] * 3
    assert sorted(service.requests.values()) == [1, 1, 1]


@pytest.mark.usefixtures("service")
def test_a_child_forked_while_locks_are_held_hangs_nowhere():
    session = current()
    with session._making_part, current._making, type(session).journal._lock:
        said = in_a_child(lambda: (sp.history().shape[0], sp.fx("x", 1).status))
    assert said in ("(0, 'submitting')", "(0, 'processing')"), said


@pytest.mark.usefixtures("service")
def test_a_child_is_not_forked_within_a_write_whose_lock_it_would_never_get():
    """SQLite's memory of its process's locks is inherited, and nobody in the child gives them back.

    Seen as "database is locked" in children of a busy parent.
    """
    database, writing = current().journal._database, threading.Event()

    def write_for_a_while():
        with database.write():
            writing.set()
            time.sleep(0.3)

    writer = threading.Thread(target=write_for_a_while)
    writer.start()
    writing.wait()
    assert in_a_child(lambda: sp.fx("x", 1).status) in ("submitting", "processing")
    writer.join()
    assert sp.fx("y", 1).status in ("submitting", "processing")


def test_the_parent_of_forked_children_goes_on_as_before(service):
    op = sp.fx("of the parent", 1)
    eventually(lambda: service.most_pollers[op.key] == 1)
    for _ in range(5):
        in_a_child(lambda: len(sp.history()))
    service.done.set()
    assert op.result(20).status == "ready"
    assert session_is_whole(current())


def session_is_whole(session):
    try:
        return session.journal.complaints() == []
    except SoundpieceError:
        return False

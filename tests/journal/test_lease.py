"""The holder of an operation: a living session that can be seen from here, or a lease in time."""

from __future__ import annotations

import os
import subprocess
import sys

import psutil
import pytest

from soundpiece_nb.journal.lease import LEASE_SECONDS, Holder, holder_name, is_held

NOW = 1_800_000_000_000_000
PAST, FUTURE = NOW - 1, NOW + 1
LONGEST = NOW + int(LEASE_SECONDS * 1e6)
ELSEWHERE = "00000000-2c8a-4d5f-9c6b-000000000000:4026531836/1/1.00/0123456789abcdef"
EARLIER_VERSION = "host/1/1.00"


@pytest.fixture
def holder():
    made = Holder()
    yield made
    made.end()


def test_a_holder_is_a_session_of_a_process_in_a_place_and_stays_the_same(holder):
    _, number, started, part = holder.name.split("/")
    assert int(number) == os.getpid()
    assert float(started) > 0
    assert part == holder.part
    assert holder.name == holder.name


def test_two_sessions_of_one_process_are_two_holders(holder):
    session = Holder()
    other = session.name
    assert other != holder.name
    assert is_held(other, FUTURE, NOW)
    session.end()
    assert not is_held(other, FUTURE, NOW), "a session that ended holds nothing"
    assert is_held(holder.name, FUTURE, NOW)


@pytest.mark.parametrize("held_until", [PAST, NOW, FUTURE])
def test_a_living_session_here_holds_however_long_it_slept(holder, held_until):
    assert is_held(holder.name, held_until, NOW)


@pytest.mark.parametrize("name", [ELSEWHERE, EARLIER_VERSION, "elsewhere/1/1.00/00/00", "", "x"])
@pytest.mark.parametrize(
    ("held_until", "held"), [(PAST, False), (NOW, True), (FUTURE, True), (LONGEST, True)]
)
def test_what_cannot_be_seen_from_here_holds_until_it_expires(name, held_until, held):
    assert is_held(name, held_until, NOW) is held


@pytest.mark.parametrize("hours", [0.1, 1, 1e6])
def test_a_lease_that_ends_later_than_one_can_is_none(hours):
    assert not is_held(ELSEWHERE, LONGEST + int(hours * 3_600e6), NOW)


def test_without_a_holder_or_a_time_there_is_no_lease(holder):
    assert not is_held(None, FUTURE, NOW)
    assert not is_held(None, None, NOW)
    assert not is_held(holder.name, None, NOW)
    assert not is_held(ELSEWHERE, None, NOW)


def test_a_process_that_has_the_number_of_an_earlier_one_holds_nothing_of_it():
    place, number, started, part = holder_name(os.getppid()).split("/")
    assert is_held(f"{place}/{number}/{started}/{part}", PAST, NOW)
    assert not is_held(f"{place}/{number}/{float(started) - 1:.2f}/{part}", FUTURE, NOW)


@pytest.mark.parametrize("process", ["//", "x/1.00/0", "-1/1.00/0", "99999999999999999999/1/0"])
def test_a_holder_that_names_no_process_of_this_place_holds_nothing(holder, process):
    place = holder.name.split("/")[0]
    assert not is_held(f"{place}/{process}", FUTURE, NOW)


def test_a_process_that_ended_holds_nothing_even_before_anybody_waited_for_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    holder = holder_name(child.pid)
    assert is_held(holder, PAST, NOW)
    child.stdin.close()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert psutil.Process(child.pid).status() == psutil.STATUS_ZOMBIE
    assert not is_held(holder, FUTURE, NOW)
    child.wait()
    assert not is_held(holder, FUTURE, NOW)


def test_a_forked_child_is_another_holder_and_sees_its_parents(holder):
    parents = holder.name
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        seen = holder.name != parents and is_held(parents, PAST, NOW)
        os.write(writing, b"yes" if seen and is_held(holder.name, PAST, NOW) else b"no")
        os._exit(0)
    assert os.read(reading, 8) == b"yes"
    os.waitpid(child, 0)
    os.close(reading)
    os.close(writing)


IN_A_NAMESPACE = """
import sys
from soundpiece_nb.journal.lease import Holder, is_held

print(Holder().name, is_held(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
"""


@pytest.mark.parametrize("mount", [["--mount-proc"], []], ids=["own /proc", "the outer /proc"])
@pytest.mark.parametrize(("held_until", "held"), [(PAST, False), (FUTURE, True)])
def test_processes_of_another_namespace_go_by_time_though_their_numbers_are_ours(
    holder, mount, held_until, held
):
    """Two containers of one host: both have a process 1, and neither sees the other's."""
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork", *mount, sys.executable]
    given = [holder.name, str(held_until), str(NOW)]
    ran = subprocess.run(
        [*command, "-c", IN_A_NAMESPACE, *given], capture_output=True, text=True, check=True
    )
    inside, seen = ran.stdout.split()
    assert inside.split("/")[0] != holder.name.split("/")[0]
    assert seen == str(held)
    assert is_held(inside, held_until, NOW) is held

"""The holder of an operation: a living process here, or an unexpired lease elsewhere."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import psutil
import pytest

from soundpiece_nb.journal.lease import holder_name, is_held, this_holder

HERE = socket.gethostname()
NOW = 1_800_000_000_000_000
PAST, FUTURE = NOW - 1, NOW + 1


def test_a_holder_is_a_process_on_a_host_and_stays_the_same():
    host, number, started = this_holder().split("/")
    assert (host, int(number)) == (HERE, os.getpid())
    assert float(started) > 0
    assert this_holder() == this_holder()


@pytest.mark.parametrize("held_until", [PAST, NOW, FUTURE])
def test_a_living_process_here_holds_however_long_it_slept(held_until):
    assert is_held(this_holder(), held_until, NOW)


@pytest.mark.parametrize(("held_until", "held"), [(PAST, False), (NOW, True), (FUTURE, True)])
def test_another_hosts_lease_holds_until_it_expires(held_until, held):
    assert is_held("elsewhere/1/1.00", held_until, NOW) is held


@pytest.mark.parametrize(
    "holder", [None, this_holder(), "elsewhere/1/1.00"], ids=["nobody", "here", "elsewhere"]
)
@pytest.mark.parametrize("held_until", [None, FUTURE])
def test_without_a_holder_or_a_time_there_is_no_lease(holder, held_until):
    both = holder is not None and held_until is not None
    assert is_held(holder, held_until, NOW) is both


def test_a_process_that_has_the_number_of_an_earlier_one_holds_nothing_of_it():
    host, number, started = this_holder().split("/")
    assert not is_held(f"{host}/{number}/{float(started) - 1:.2f}", FUTURE, NOW)


@pytest.mark.parametrize("process", ["", "/", "x/1.00", "-1/1.00", "1/2/3"])
def test_a_holder_that_names_no_process_holds_nothing(process):
    assert not is_held(f"{HERE}/{process}", FUTURE, NOW)


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

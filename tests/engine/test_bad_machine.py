"""The machine is what fails: its disk, its clock, its sleep, its names, its journal's neighbours.

Each time one sentence says what happened and what is next, and once the trouble is gone
everything ends ready, made once. Where a process must suffer, it is another one than the tests'.
"""

from __future__ import annotations

import resource
import signal
import socket
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.errors import StorageFailed, Unreachable
from soundpiece_nb.api.pacing import AccountPace
from soundpiece_nb.api.retry_policy import Exchange
from soundpiece_nb.engine.clock import Clock
from soundpiece_nb.engine.retrying import retry
from soundpiece_nb.journal.database import BUSY_SECONDS
from soundpiece_nb.journal.entry import microseconds
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.session import Session
from soundpiece_nb.settings import SETTINGS
from support.fx_service import AUDIO, MOMENTS, Studio, in_seconds
from support.services import Reply, quiet_environment
from support.session_processes import Process
from support.turned_clock import TurnedClock

KEY = "spk_tests_only_0123456789"


@pytest.fixture
def studio():
    service = Studio("localhost")
    yield service
    service.close()


@pytest.fixture
def connected(home, studio, monkeypatch):
    """A home whose service is the studio, by name."""
    monkeypatch.setenv("SOUNDPIECE_BASE_URL", studio.base_url)
    monkeypatch.setenv("SOUNDPIECE_API_KEY", KEY)
    yield home
    current.close()


@pytest.fixture
def start_process(tmp_path, studio):
    """Start a process with a session over the studio; `said` waits there and tells what is said."""
    started = []

    def start(home: Path = tmp_path / "home") -> Process:
        environment = quiet_environment(
            home, SOUNDPIECE_BASE_URL=studio.base_url, SOUNDPIECE_API_KEY=KEY
        )
        started.append(Process(environment))
        started[-1].do(SAID)
        return started[-1]

    yield start
    for process in started:
        process.close()


SAID = """
def said(op=None):
    try:
        (op or sp.fx("a click", duration=1)).result(30)
    except sp.SoundpieceError as error:
        return f"{type(error).__name__}: {error}"
"""


def all_is_well(studio: Studio, keys: int = 1) -> None:
    """Check, from this process, that everything is ready, made once and whole."""
    operations = [sp.operation(key) for key in sp.history().index]
    assert [op.status for op in operations] == ["ready"] * keys
    assert sorted(studio.made) == sorted(op.key for op in operations)
    assert all(op.outputs[0].path.read_bytes() == AUDIO for op in operations)
    left = [p.name for p in (current().home / "audio").glob("*/*") if p.suffix != ".flac"]
    assert left == []


# ------------------------------------------------------------------ the disk is full


def let_files_grow_to(size: int, process: int) -> None:
    """Let no file grow beyond `size` bytes there: what a full disk does, but to one process."""
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.fixture
def process(start_process):
    """A process whose journal is open, and its number."""
    process = start_process()
    process.do("sp.history()")
    return process, process.do("__import__('os').getpid()")


@pytest.mark.parametrize(
    ("moment", "size"),
    [("PUT", 0), ("GET", 0), ("download", len(AUDIO) // 2), ("download", len(AUDIO) - 1)],
    ids=["accepting", "noting the end", "downloading", "finishing"],
)
def test_a_full_disk_is_said_and_what_was_on_its_way_goes_on_later(
    moment, size, studio, process, connected
):
    process, number = process
    studio.when[moment] = lambda: let_files_grow_to(size, number)
    said = process.do("said()")
    assert said.startswith("StorageFailed: The "), said
    [key] = sp.history().index
    assert f"%soundpiece_resume {key[:8]}" in said
    let_files_grow_to(resource.RLIM_INFINITY, number)
    assert process.do("[said(op) for op in sp.resume()]") == [None]
    all_is_well(studio)


def test_what_a_full_disk_cannot_write_down_is_not_sent(studio, process, connected):
    process, number = process
    let_files_grow_to(0, number)
    assert process.do("said()").startswith("StorageFailed: The journal cannot be used")
    assert studio.heard == []
    let_files_grow_to(resource.RLIM_INFINITY, number)
    assert process.do("said()") is None
    all_is_well(studio)


# ------------------------------------------------------------------ the folder goes


@pytest.mark.parametrize("another", [False, True], ids=["nothing there", "another one there"])
def test_where_the_home_was_taken_away_nothing_more_is_sent(
    another, tmp_path, studio, start_process, connected
):
    """The file that is open could still be written to, and would be lost with the process."""
    process = start_process()
    assert process.do("said()") is None
    connected.rename(tmp_path / "kept")
    if another:
        newcomer = start_process()
        assert newcomer.do("said()") is None
    made = len(studio.made)
    said = process.do("said()")
    assert said.startswith(f"StorageFailed: The journal is no longer at {connected}")
    way_out = "Put it back, or restart the kernel; then run it again."
    assert said.endswith(f"Nothing was sent. {way_out}")
    assert len(studio.made) == made
    if not another:
        (tmp_path / "kept").rename(connected)
        assert process.do("said()") is None
        all_is_well(studio, 2)


# ------------------------------------------------------------------ the folder is read-only

OBEY_PERMISSIONS = """
import ctypes, os
if os.geteuid() == 0:  # the super-user may write anywhere, by CAP_DAC_OVERRIDE: drop it
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, sets) == 0
    sets[0] &= ~(1 << 1)
    assert libc.capset(header, sets) == 0
"""


def test_a_home_that_cannot_be_made_is_named_and_nothing_is_sent(tmp_path, studio, start_process):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    process = start_process(closed / "home")
    process.do(OBEY_PERMISSIONS)
    said = process.do("said()")
    assert said.startswith(f"StorageFailed: The journal in {closed / 'home'} cannot be opened")
    assert "SOUNDPIECE_HOME" in said
    assert studio.heard == []


def test_a_home_that_became_read_only_is_said_and_is_as_before_afterwards(
    tmp_path, studio, start_process, connected
):
    process = start_process()
    assert process.do("said()") is None
    process.do("from soundpiece_nb.operations.current_session import current\ncurrent.close()")
    process.do(OBEY_PERMISSIONS)
    files = [connected, *connected.rglob("*")]
    for file in files:
        file.chmod(0o555 if file.is_dir() else 0o444)
    said = process.do("said()")
    assert said.startswith("StorageFailed: The journal"), said
    assert len(studio.made) == 1
    for file in files:
        file.chmod(0o755 if file.is_dir() else 0o644)
    process.do("current.close()")
    assert process.do("said()") is None
    all_is_well(studio, keys=2)


def test_an_audio_folder_that_becomes_read_only_meanwhile(studio, start_process, connected):
    process = start_process()
    process.do(OBEY_PERMISSIONS)
    assert process.do("said()") is None
    audio = connected / "audio"
    studio.when["GET"] = lambda: audio.chmod(0o555)
    said = process.do("said()")
    audio.chmod(0o755)
    key = sp.history().index[0]
    assert said.startswith("StorageFailed: The disk refused: Permission denied."), said
    assert f"%soundpiece_resume {key[:8]} downloads it again." in said
    assert process.do("[said(op) for op in sp.resume()]") == [None]
    all_is_well(studio, keys=2)


# ------------------------------------------------------------------ the journal is locked


@pytest.fixture
def neighbour(start_process, connected):
    """Another process that writes to the journal; it is waited for a tenth as long as usual."""
    current().journal = Journal(connected, busy_seconds=BUSY_SECONDS / 10)
    process = start_process()
    file = current().journal.file
    process.do(f"import sqlite3\nmine = sqlite3.connect({str(file)!r}, isolation_level=None)")
    return process


LOCKED = r"The journal cannot be used .*locked"
LOCK, UNLOCK = "mine.execute('BEGIN IMMEDIATE').close()", "mine.execute('ROLLBACK').close()"


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_journal_that_is_locked_for_a_moment_is_waited_for(moment, studio, neighbour):
    def lock_for_a_moment() -> None:
        neighbour.do(f"{LOCK}\nimport threading\ntime.sleep(0.2)\n{UNLOCK}")

    studio.when[moment] = lambda: threading.Thread(target=lock_for_a_moment).start()
    sp.fx("a click", duration=1).result(20)
    neighbour.do("None")
    all_is_well(studio)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_journal_that_stays_locked_is_said_and_waited_for_no_longer(moment, studio, neighbour):
    studio.when[moment] = lambda: neighbour.do(LOCK)
    op = sp.fx("a click", duration=1)
    with pytest.raises(StorageFailed, match=LOCKED) as caught:
        op.result(20)
    assert f"%soundpiece_resume {op.key[:8]}" in str(caught.value)
    neighbour.do(UNLOCK)
    for each in sp.resume():
        each.result(20)
    all_is_well(studio)


def test_a_locked_journal_holds_no_ending_kernel_up(studio, neighbour, connected):
    """Two seconds, one of them for what is on its way, though each write would wait for longer."""
    current.close()
    current().journal = Journal(connected, busy_seconds=20.0)
    studio.after["GET"] = threading.Event()
    ops = [sp.fx("a click", duration=1) for _ in range(3)]
    while not all(op.status == "processing" for op in ops):
        time.sleep(0.02)
    neighbour.do(LOCK)
    began = time.monotonic()
    current.close()
    assert time.monotonic() - began < 5
    neighbour.do(UNLOCK)
    studio.after["GET"].set()
    for each in sp.resume():
        each.result(20)
    all_is_well(studio, 3)


def test_what_a_locked_journal_does_not_take_is_not_sent(studio, neighbour):
    neighbour.do(LOCK)
    with pytest.raises(StorageFailed, match=LOCKED):
        sp.fx("a click", duration=1)
    neighbour.do(UNLOCK)
    assert studio.heard == []
    sp.fx("a click", duration=1).result(20)
    all_is_well(studio)


# ------------------------------------------------------------------ the clock jumps

YEARS = timedelta(days=3653)


class MovedClock(Clock):
    """This machine's wall clock, so much off."""

    def __init__(self) -> None:
        self.off = timedelta()

    def now(self) -> datetime:
        return super().now() + self.off

    def jump(self, by: timedelta) -> None:
        self.off += by


@pytest.fixture
def clock(connected):
    moved = MovedClock()

    class MovedJournal(Journal):
        """A journal that is written by that clock."""

        def now(self) -> int:
            return microseconds(moved.now())

    current.use(Session(clock=moved))
    current().journal = MovedJournal(connected)
    return moved


@pytest.mark.parametrize("by", [YEARS, -YEARS], ids=["ahead", "behind"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_clock_that_jumps_meanwhile_changes_nothing(moment, by, studio, clock):
    studio.when[moment] = lambda: clock.jump(by)
    op = sp.fx("a click", duration=1).result(20)
    assert len(studio.of("GET", "/v1/create.new_fx")) <= 2
    assert abs(op.elapsed) < 2 * YEARS
    all_is_well(studio)


def test_an_address_that_expired_by_the_services_clock_alone_is_replaced(studio, clock):
    clock.jump(-YEARS)
    studio.instead["download"] = [Reply(403, b"expired")]
    sp.fx("a click", duration=1).result(20)
    assert len(studio.of("GET", "/v1/create.new_fx")) == 2
    all_is_well(studio)


@pytest.mark.parametrize(
    ("moment", "by"), [("PUT", -YEARS), ("GET", YEARS), ("download", -YEARS)], ids=MOMENTS
)
def test_a_date_to_wait_for_is_one_of_the_services_clock(moment, by, studio, clock):
    """By this machine's clock it is ten years away, and would be waited for, or long gone."""
    clock.jump(by)
    studio.when[moment] = lambda: studio.instead[moment].append(
        Reply(429, headers={"Retry-After": in_seconds(1)})
    )
    sp.fx("a click", duration=1).result(20)
    all_is_well(studio)


# ------------------------------------------------------------------ the laptop sleeps

A_NIGHT = 2.4
"""Seconds: longer than each limit that the sleeper is given."""


def test_a_laptop_that_sleeps_in_every_phase_goes_on_by_itself(studio, start_process, connected):
    process = start_process()
    process.do(
        "from soundpiece_nb.settings import SETTINGS\n"
        "SETTINGS.request_timeout = SETTINGS.retry_budget = 1.2"
    )

    def sleep() -> None:
        process.send(signal.SIGSTOP)
        threading.Timer(A_NIGHT, process.send, [signal.SIGCONT]).start()

    studio.when = dict.fromkeys(MOMENTS, sleep)
    assert process.do("said()") is None
    assert studio.when == {}
    all_is_well(studio)


async def test_a_night_asleep_between_two_tries_counts_as_the_pause_it_was_to_be():
    """A night passes in each pause; trying goes on until the budget of seconds awake is used up."""

    class Nights(TurnedClock):
        async def sleep(self, _: float) -> None:
            self.seconds += 8 * 3600

    clock = Nights()
    began = clock.seconds
    failures = []

    async def attempt() -> str:
        if len(failures) < 10:
            raise Unreachable("The service cannot be reached.")
        return "answered"

    answered = await retry(
        attempt,
        Exchange.POLL,
        pace=AccountPace(),
        budget=90.0,
        on_failure=failures.append,
        clock=clock,
    )
    assert answered == "answered"
    assert clock.seconds - began == 10 * 8 * 3600


# ------------------------------------------------------------------ names cannot be looked up


class Names:
    """The machine's name service, which may be gone."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.gone = False
        self.back_after: float | None = None
        usual = socket.getaddrinfo

        def look_up(*asked, **more):
            if self.gone:
                if self.back_after is not None:
                    threading.Timer(self.back_after, self.come_back).start()
                    self.back_after = None
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return usual(*asked, **more)

        patch.setattr(socket, "getaddrinfo", look_up)

    def go(self, seconds: float | None = None) -> None:
        """Be gone, if said until so many seconds after somebody has looked one up in vain."""
        self.gone, self.back_after = True, seconds

    def come_back(self) -> None:
        self.gone = False


@pytest.fixture
def names(connected, monkeypatch):
    return Names(monkeypatch)


BEFORE = {"sending": None, "following": "PUT", "downloading": "GET"}
"""The request during which names go, so that a phase cannot begin."""


@pytest.mark.parametrize("phase", BEFORE)
def test_names_that_cannot_be_looked_up_for_a_while_are_waited_for(phase, studio, names, hurried):
    studio.keeps = False
    if BEFORE[phase] is None:
        names.go(0.5)
    else:
        studio.when[BEFORE[phase]] = lambda: names.go(0.5)
    op = sp.fx("a click", duration=1).result(20)
    assert sp.history().loc[op.key, "retries"] >= 1
    all_is_well(studio)


@pytest.mark.parametrize("phase", BEFORE)
def test_names_that_stay_away_are_said_and_the_operation_goes_on_later(
    phase, studio, names, hurried, monkeypatch
):
    studio.keeps = False
    monkeypatch.setattr(SETTINGS, "retry_budget", 0.3)
    if BEFORE[phase] is None:
        names.go()
    else:
        studio.when[BEFORE[phase]] = names.go
    op = sp.fx("a click", duration=1)
    with pytest.raises(sp.ServiceSilent, match="The service cannot be reached") as caught:
        op.result(20)
    assert f"%soundpiece_resume {op.key[:8]}" in str(caught.value)
    names.come_back()
    [again] = sp.resume()
    again.result(20)
    all_is_well(studio)

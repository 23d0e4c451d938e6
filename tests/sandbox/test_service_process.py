"""The sandbox as a process: starting, stopping, being killed and coming back."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

COMMAND = [sys.executable, "-m", "soundpiece_sandbox"]


class SandboxCommand(subprocess.Popen[str]):
    """The command as a person types it; `line` is the first that it printed."""

    def __init__(self, *options: str) -> None:
        command = [*COMMAND, *options]
        super().__init__(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.line = self.stdout.readline()

    def end(self) -> None:
        """Kill it, whatever it is doing."""
        self.kill()
        self.communicate()


@pytest.fixture
def begin_sandbox():
    return SandboxCommand


def test_it_prints_one_line_when_it_listens_and_nothing_else(start):
    sandbox = start("--pace", "0")
    assert re.fullmatch(
        r"Soundpiece sandbox on http://127\.0\.0\.1:[1-9]\d*/v1\n", sandbox.process.line
    )
    sandbox.finished(sandbox.submit()["id"])
    sandbox.process.terminate()
    assert sandbox.process.communicate(timeout=5) == ("", "")


def test_it_listens_on_this_machine_only(start):
    sandbox = start()
    listening = [
        connection.laddr.ip
        for connection in psutil.Process(sandbox.process.pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening == ["127.0.0.1"]


@pytest.mark.measured
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly_with_polls_held_and_songs_under_way(start, stop):
    sandbox = start("--pace", "1")
    ids = [sandbox.submit()["id"] for _ in range(5)]
    statuses = []

    def poll(operation_id):
        statuses.append(sandbox.get(operation_id, wait="true").json()["song"]["status"])

    polls = [threading.Thread(target=poll, args=[operation_id]) for operation_id in ids]
    for each in polls:
        each.start()
    while sandbox.counters()["held"] < len(ids):
        time.sleep(0.02)
    family = psutil.Process(sandbox.process.pid).children(recursive=True)
    assert family
    began = time.monotonic()
    sandbox.process.send_signal(stop)
    out, errors = sandbox.process.communicate(timeout=5)
    assert time.monotonic() - began < 1
    for each in polls:
        each.join()
    assert statuses == ["processing"] * len(ids)
    assert (sandbox.process.returncode, out, errors) == (0, "", "")
    assert all_gone(family)


def test_a_download_that_nobody_reads_does_not_keep_it(start):
    sandbox = start("--pace", "0")
    song = sandbox.finished(sandbox.submit(lyrics="[Verse]\n" + "La la la la\n" * 30)["id"])
    with sandbox.storage.stream("GET", song["outputs"][0]["url"]):
        sandbox.process.terminate()
        _, errors = sandbox.process.communicate(timeout=5)
    assert sandbox.process.returncode == 0
    assert "Traceback" not in errors
    assert "signature" not in errors


def test_a_taken_port_is_one_sentence_and_exit_code_2(start):
    port = start().origin.rpartition(":")[2]
    second = subprocess.run(
        [*COMMAND, "--port", port], capture_output=True, text=True, timeout=10, check=False
    )
    assert (second.returncode, second.stdout) == (2, "")
    assert re.fullmatch(rf"Port {port} is taken\. .*\n", second.stderr)


def test_a_data_folder_in_use_is_one_sentence_and_exit_code_2(start, tmp_path):
    start("--data", tmp_path)
    second = subprocess.run(
        [*COMMAND, "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert (second.returncode, second.stdout) == (2, "")
    assert second.stderr == (
        f"{tmp_path} cannot be the data folder: another sandbox is using it.\n"
    )


def test_a_data_folder_with_something_else_in_it_is_left_alone(tmp_path):
    ledger = tmp_path / "ledger.sqlite3"
    ledger.write_text("A diary. " * 1000)
    refused = subprocess.run(
        [*COMMAND, "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == (f"{tmp_path} cannot be the data folder: file is not a database.\n")
    assert ledger.read_text() == "A diary. " * 1000


@pytest.mark.parametrize("file", ["ledger.sqlite3", "signing-secret"])
def test_a_data_folder_with_a_folder_for_a_file_is_one_sentence(tmp_path, file):
    (tmp_path / file).mkdir()
    refused = subprocess.run(
        [*COMMAND, "--port", "0", "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert "cannot be the data folder" in refused.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--pace", "-1"],
        ["--port", "70000"],
        ["--hold", "nan"],
        ["--pace", "inf"],
        ["--data", __file__],
    ],
)
def test_an_impossible_option_gets_exit_code_2(options):
    refused = subprocess.run(
        [*COMMAND, "--port", "0", *options], capture_output=True, text=True, timeout=10, check=False
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "Traceback" not in refused.stderr


def test_its_help_says_that_it_is_a_sandbox():
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
    assert "It is not Soundpiece's model." in " ".join(shown.stdout.split())


def test_without_a_data_folder_it_leaves_nothing_behind(start, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    sandbox = start("--pace", "0")
    sandbox.submit()
    assert list(tmp_path.iterdir())
    sandbox.process.terminate()
    sandbox.process.wait(timeout=5)
    assert list(tmp_path.iterdir()) == []


def test_a_kill_and_a_restart_lose_nothing(start, tmp_path: Path, a_song):
    data = tmp_path / "made" / "by itself"
    first = start("--pace", "0", "--data", data)
    ready = first.finished(first.submit()["id"])
    sound = first.storage.get(ready["outputs"][0]["url"]).content
    failed = first.finished(first.submit(lyrics="content_policy")["id"])
    requests = [a_song(lyrics=f"La {number}") for number in range(4)]
    accepted = [first.put(request).json()["song"] for request in requests]
    # What is made from another output finds it again, though its address names the old port.
    source = {"url": first.get(ready["id"]).json()["song"]["outputs"][0]["url"]}
    remix = first.ask("create.remix_song", source=source, lyrics="La", prompt="Jazz")
    stems = first.ask("adapt.separate_stems", source=source)
    family = psutil.Process(first.process.pid).children(recursive=True)
    assert family
    first.process.kill()
    assert all_gone(family)

    second = start("--pace", "0", "--data", data)
    again = second.get(ready["id"]).json()["song"]
    assert second.storage.get(again["outputs"][0]["url"]).content == sound
    # An address signed before the kill is still good, but for the new port.
    old = ready["outputs"][0]["url"].replace(first.origin, second.origin)
    assert second.storage.get(old).content == sound
    assert second.get(failed["id"]).json()["song"] == failed
    assert [second.put(request).json()["song"] for request in requests] == accepted
    for song in accepted:
        assert second.finished(song["id"])["status"] == "ready"
    assert second.end("create.remix_song", remix["id"])["status"] == "ready"
    assert len(second.end("adapt.separate_stems", stems["id"])["outputs"]) == 4
    assert second.counters()["operations"] == 8
    assert second.counters()["created"] == 0
    assert list(data.rglob("*.part")) == []


def test_a_killed_worker_does_not_fail_its_song(start):
    sandbox = start("--pace", "0")
    operation_id = sandbox.submit()["id"]
    time.sleep(0.3)
    for worker in psutil.Process(sandbox.process.pid).children():
        worker.kill()
    assert sandbox.finished(operation_id)["status"] == "ready"


@pytest.mark.measured
def test_idle_exit_stops_it_when_nobody_asks(start):
    sandbox = start("--idle-exit", "0.5")
    for _ in range(4):
        time.sleep(0.3)
        sandbox.counters()
    began = time.monotonic()
    assert sandbox.process.wait(timeout=5) == 0
    assert 0.4 < time.monotonic() - began < 2


@pytest.mark.measured
def test_idle_exit_waits_for_a_song_that_is_under_way(start):
    sandbox = start("--idle-exit", "0.2", "--pace", "0.2")
    operation_id = sandbox.submit(lyrics="content_policy")["id"]
    time.sleep(0.8)
    assert sandbox.get(operation_id).json()["song"]["status"] == "processing"
    assert sandbox.process.wait(timeout=5) == 0


def all_gone(family) -> bool:
    """Wait until none of these processes runs any more; say whether that came true in time."""
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        # An orphan that has ended stays listed until the machine's first process notices.
        if not any(each.is_running() and each.status() != "zombie" for each in family):
            return True
        time.sleep(0.02)
    return False

"""A remembered port is asked for proof before it is told a prompt; its note is input."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from contextlib import suppress

import psutil
import pytest

import soundpiece_nb as sp
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.embedded_sandbox import EmbeddedSandbox
from soundpiece_nb.operations.sandbox_address import Address, read_address
from soundpiece_nb.operations.sandbox_process import end_process
from support.services import Reply, RunningSandbox, ScriptedService

SECRET = "ab" * 32


@pytest.fixture
def embedded(home):
    sandbox = EmbeddedSandbox(home)
    yield sandbox
    sandbox.stop()


def remember(embedded: EmbeddedSandbox, port: int, **more: object) -> None:
    embedded.folder.mkdir(parents=True, exist_ok=True)
    note = {"port": port, "process": os.getpid(), "secret": SECRET, **more}
    (embedded.folder / "address.json").write_text(json.dumps(note))


def test_a_stranger_on_the_remembered_port_is_told_nothing(embedded):
    def pose(*_):
        return Reply(headers={"Soundpiece-Sandbox": "an offline sandbox, not Soundpiece's model"})

    stranger = ScriptedService(pose)
    remember(embedded, int(stranger.root.rpartition(":")[2]))
    current().services.uses_sandbox = True
    made = sp.fx("a very private door", duration=1)
    assert made.result(60).status == "ready"
    assert embedded.running().port != int(stranger.root.rpartition(":")[2])
    assert stranger.heard
    for heard in stranger.heard:
        assert (heard.method, heard.path, heard.body) == ("GET", "/", b"")
        assert SECRET not in str(heard.headers)
        assert "private" not in str(heard.headers)
        assert "spk_" not in str(heard.headers)
    stranger.close()


def echo(connection: socket.socket) -> None:
    while heard := connection.recv(4096):
        connection.sendall(heard)


def trickle(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x")
        time.sleep(0.1)


def flood(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"x" * 2**16)


def keep_silent(connection: socket.socket) -> None:
    time.sleep(20)


def hang_up(connection: socket.socket) -> None:
    connection.close()


@pytest.mark.parametrize("answer", [echo, trickle, flood, keep_silent, hang_up])
def test_whatever_a_stranger_answers_is_no_proof_and_takes_no_time(embedded, answer):
    def serve() -> None:
        with suppress(OSError):
            while True:
                answer(listener.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        remember(embedded, listener.getsockname()[1])
        began = time.monotonic()
        assert embedded.running() is None
        assert time.monotonic() - began < 4


def test_the_sandbox_of_another_home_is_not_ours(embedded, tmp_path):
    other = EmbeddedSandbox(tmp_path / "other home")
    theirs = other.start(pace=0)
    remember(embedded, theirs.port, process=theirs.process)
    assert embedded.running() is None
    assert embedded.stop() is False
    assert embedded.start(pace=0).port != theirs.port
    assert other.running() == theirs
    other.stop()


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"[" * 4000,
        b'"address"',
        b"\xff\xfe\x00",
        b'{"port": 1e999, "process": 1, "secret": "' + SECRET.encode() + b'"}',
        b'{"port": ' + b"9" * 5000 + b"}",
        *(
            json.dumps({"port": 8765, "process": 1, "secret": SECRET, **wrong}).encode()
            for wrong in (
                {"port": "8765"},
                {"port": True},
                {"port": 0},
                {"port": -1},
                {"port": 65536},
                {"port": 8765.0},
                {"port": None},
                {"process": "1"},
                {"process": 0},
                {"process": -1},
                {"process": 2**63},
                {"secret": ""},
                {"secret": 5},
                {"secret": "é" * 64},
                {"secret": SECRET + "\n"},
                {"more": 1},
            )
        ),
        json.dumps({"port": 8765, "process": 1, "secret": SECRET}).encode()[:-4],
        b'{"port": 8765, "process": 1}',  # as an earlier version wrote it
    ],
)
def test_a_damaged_note_is_none(tmp_path, note):
    file = tmp_path / "address.json"
    file.write_bytes(note)
    assert read_address(file) is None


def replaced_by_a_folder(note):
    note.mkdir()
    (note / "something").touch()


def replaced_by_a_link(note):
    elsewhere = note.with_name("elsewhere")
    elsewhere.write_text(json.dumps({"port": 8765, "process": 1, "secret": SECRET}))
    note.symlink_to(elsewhere)


def replaced_by_a_pipe(note):
    os.mkfifo(note)


@pytest.mark.parametrize("spoil", [replaced_by_a_folder, replaced_by_a_link, replaced_by_a_pipe])
def test_something_else_in_the_notes_place_begins_anew(embedded, spoil):
    embedded.folder.mkdir(parents=True)
    note = embedded.folder / "address.json"
    spoil(note)
    assert embedded.running() is None
    started = embedded.start(pace=0)
    assert embedded.running() == started
    assert note.is_file()
    assert not note.is_symlink()
    assert note.stat().st_mode & 0o077 == 0


def test_a_note_of_another_user_is_none(tmp_path):
    note = tmp_path / "address.json"
    note.write_text(json.dumps({"port": 8765, "process": 1, "secret": SECRET}))
    assert read_address(note) == Address(8765, 1, SECRET)
    if os.geteuid() == 0:  # nobody else can give a file away
        os.chown(note, 65534, 65534)
        assert read_address(note) is None


def test_an_earlier_versions_sandbox_makes_way_for_one_that_proves_itself(embedded):
    old = RunningSandbox(embedded.folder, pace=0)  # it knows no secret
    process = psutil.Process(old.process.pid)
    note = embedded.folder / "address.json"
    note.write_text(json.dumps({"port": old.port, "process": process.pid}))
    assert embedded.running() is None
    # The tests' own process does not say on its command line that it is a sandbox.
    assert end_process(process.pid, embedded.folder) is False
    old.kill()
    assert embedded.start(pace=0).port != old.port


def test_its_secret_is_in_no_repr():
    assert SECRET not in repr(Address(8765, 1, SECRET))
    assert re.fullmatch(
        r"Address\(port=8765, process=1, pace=None\)", repr(Address(8765, 1, SECRET))
    )

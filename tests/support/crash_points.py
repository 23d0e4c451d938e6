"""Every instant at which an operation's way can be cut: named, counted, and died at.

What is hooked lies below our own code: SQL statements and commits, what goes over a connection,
and what changes the file system. So a step that is added to the engine is met without a word here.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import httpcore._backends.anyio as network
from sqlalchemy import Engine, event
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from soundpiece_nb.audio.store import PartialFile

CHANGING_NOTHING = ("SELECT", "PRAGMA", "WITH", "BEGIN")


class Step(NamedTuple):
    """The `time`-th time (from 1) that something of this name happens."""

    name: str
    time: int


class Steps:
    """Counts the steps of this process from `begin` on; at one of them the process kills itself."""

    def __init__(self, home: Path, last: Step | None, epitaph: Path) -> None:
        self.reached: list[Step] = []
        self._counts = Counter[str]()
        self._home = str(home)
        self._last = last
        self._epitaph = epitaph
        self._begun = False
        self._lock = threading.Lock()
        _hook_journal(self)
        _hook_network(self)
        _hook_files(self)

    def begin(self) -> None:
        self._begun = True

    def reach(self, name: str) -> None:
        if not self._begun:
            return
        with self._lock:
            self._counts[name] += 1
            step = Step(name, self._counts[name])
            self.reached.append(step)
            if step == self._last:
                self._epitaph.write_text(name)
                os.kill(os.getpid(), signal.SIGKILL)

    def is_at_home(self, path: object) -> bool:
        return isinstance(path, str | os.PathLike) and os.fspath(path).startswith(self._home)


def _hook_journal(steps: Steps) -> None:
    def named(statement: str) -> str | None:
        words = statement.split()
        if not words or words[0] in CHANGING_NOTHING:
            return None
        return f"{words[0]} {words[2] if words[0] == 'INSERT' else words[1]}"

    @event.listens_for(Engine, "before_cursor_execute")
    def before(_connection, _cursor, statement, *_):
        if name := named(statement):
            steps.reach(f"before {name}")

    @event.listens_for(Engine, "after_cursor_execute")
    def after(_connection, _cursor, statement, *_):
        if name := named(statement):
            steps.reach(f"after {name}")

    _around(steps, SQLiteDialect_pysqlite, "do_commit", lambda *_: "COMMIT")


def _hook_network(steps: Steps) -> None:
    write, read = network.AnyIOStream.write, network.AnyIOStream.read

    async def sending(self, buffer, timeout=None):  # noqa: ASYNC109 - as the library has it
        name = _place(bytes(buffer[:200])) if buffer else None
        if name:
            steps.reach(f"before sending {name}")
        await write(self, buffer, timeout)
        if name:
            steps.reach(f"after sending {name}")

    async def receiving(self, max_bytes, timeout=None):  # noqa: ASYNC109 - as the library has it
        received = await read(self, max_bytes, timeout)
        steps.reach("after receiving")
        return received

    network.AnyIOStream.write, network.AnyIOStream.read = sending, receiving


def _place(sent: bytes) -> str:
    method, _, rest = sent.partition(b"\r\n")[0].decode(errors="replace").partition(" ")
    if method not in ("GET", "PUT"):
        return "a body"
    place = rest.split("?")[0].split(" ")[0].rsplit("/", 1)[-1]
    return f"{method} {'download' if place.endswith('.flac') else place}"


def _hook_files(steps: Steps) -> None:
    def named(path: object) -> str:
        return Path(os.fspath(path)).suffix or "folder"

    for act in ("replace", "rename", "link", "unlink", "mkdir", "rmdir"):
        _around(
            steps,
            os,
            act,
            lambda path, *_, act=act: f"{act} {named(path)}" if steps.is_at_home(path) else None,
        )
    _around(steps, os, "fsync", lambda *_: "fsync")
    _around(steps, PartialFile, "write", lambda *_: "writing a chunk")

    def opening(event_name, arguments):
        if event_name == "open" and steps.is_at_home(arguments[0]):
            path, mode = arguments[:2]
            if mode and set(str(mode)) & set("wax+"):
                steps.reach(f"before opening {named(path)}")

    sys.addaudithook(opening)


def _around(steps: Steps, owner: object, attribute: str, name) -> None:
    """Make a step before and after each call of a function that `name` has a name for."""
    usual = getattr(owner, attribute)

    def stepping(*given, **options):
        called = name(*given)
        if called:
            steps.reach(f"before {called}")
        result = usual(*given, **options)
        if called:
            steps.reach(f"after {called}")
        return result

    setattr(owner, attribute, stepping)

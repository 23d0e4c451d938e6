"""Repairs, the doctor's only changes: each of one operation, under its lease."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from soundpiece_nb.operations.session import Session


class Stopped(Exception):
    """A person interrupted the examination."""


@dataclass
class Repairs:
    """The repairs of one examination; `refusals` are the sentences of those the disk refused."""

    session: Session
    dry_run: bool
    stopped: threading.Event
    refusals: list[str] = field(default_factory=list)

    @property
    def now(self) -> str:
        """The words before a repair in a sentence: it is done now, or would be."""
        return "would be" if self.dry_run else "now"

    def check_stopped(self) -> None:
        """Raise Stopped if a person interrupted the examination."""
        if self.stopped.is_set():
            raise Stopped

    def mend(self, key: str, repair: Callable[[], object]) -> bool:
        """Call `repair` under the operation's lease; return False if another process has it."""
        self.check_stopped()
        if self.dry_run:
            return True
        engine, journal = self.session.engine, self.session.journal
        if engine.run(key) is not None or not journal.claim(key):
            return False
        try:
            repair()
        finally:
            if engine.run(key) is None:
                journal.release([key])
        return True

    def attempt(self, repair: Callable[[], object]) -> bool:
        """Call `repair`; returns False, and keeps the reason, if the disk refuses it."""
        try:
            repair()
        except OSError as error:
            self.refusals.append(f"{error.filename}: {error.strerror}")
            return False
        return True

"""How the doctor touches anything: one operation at a time, under its lease, or not at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from soundpiece_nb.operations.session import Session


class Stopped(Exception):
    """A person interrupted the examination."""


@dataclass
class Repairs:
    """What one examination may do, and what the disk refused meanwhile."""

    session: Session
    dry_run: bool
    stopped: threading.Event
    refusals: list[str] = field(default_factory=list)

    @property
    def now(self) -> str:
        """What stands before a deed: that it is done, or would be."""
        return "would be" if self.dry_run else "now"

    def check_stopped(self) -> None:
        """Raise Stopped once a person wants it to end."""
        if self.stopped.is_set():
            raise Stopped

    def mend(self, key: str, deed: Callable[[], object]) -> bool:
        """Do a repair that is whole in itself; True where it is done, or would be.

        False, with nothing done, where somebody has taken the operation on meanwhile.
        """
        self.check_stopped()
        if self.dry_run:
            return True
        engine, journal = self.session.engine, self.session.journal
        if engine.run(key) is not None or not journal.claim(key):
            return False
        try:
            deed()
        finally:
            if engine.run(key) is None:
                journal.release([key])
        return True

    def attempt(self, deed: Callable[[], object]) -> bool:
        """Do something with files; False, and kept to be said, where the disk refuses."""
        try:
            deed()
        except OSError as error:
            self.refusals.append(f"{error.filename}: {error.strerror}")
            return False
        return True

"""Resuming operations whose kernel has died, where the owner of the server wants that.

The journal's leases tell which those are, and keep other processes from resuming them too.
"""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from soundpiece_nb.api.error_logging import log_unforeseen, unforeseen_words
from soundpiece_nb.api.errors import SoundpieceError
from soundpiece_nb.journal.quick_reads import Abandoned, find_abandoned
from soundpiece_nb.operations.ceilings import most_unasked
from soundpiece_nb.settings import Settings

if TYPE_CHECKING:
    from soundpiece_nb.operations.session import Session

LOOK_SECONDS = 2.0
"""Seconds between two looks for abandoned operations."""
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0
"""Seconds before an operation that did not end is resumed again, doubled each time."""


class Resumer:
    """Looks for abandoned operations, and resumes them on threads of its own."""

    def __init__(
        self,
        home: Path,
        complain: Callable[[str], None],
        *,
        find: Callable[[Path, int], list[Abandoned]] = find_abandoned,
        clock: Callable[[], float] = time.monotonic,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        """Prepare to look; `complain` is told of each problem once.

        `find` returns the keys of abandoned operations, `clock` the seconds that pass.
        """
        self._home = home
        self._complain = complain
        self._find = find
        self._clock = clock
        self._look_seconds = look_seconds
        self._pauses: dict[str, tuple[float, float]] = {}

    def start(self) -> None:
        """Begin to look; it ends with the process."""
        threading.Thread(target=self._keep_looking, name="soundpiece-resumer", daemon=True).start()

    @cached_property
    def _session(self) -> Session:
        from soundpiece_nb.operations.session import Session

        session = Session(Settings(home=str(self._home)))
        atexit.register(session.close)
        return session

    def _keep_looking(self) -> None:
        last_problem = ""
        while True:
            problem = ""
            try:
                self.look()
            except SoundpieceError as error:
                problem = error.message
            except Exception as error:  # noqa: BLE001 - the next look may go better
                log_unforeseen("server", error)
                problem = unforeseen_words(error, self._home)
            if problem and problem != last_problem:
                self._complain(problem)
            last_problem = problem
            time.sleep(self._look_seconds)

    def look(self) -> None:
        """Resume what is abandoned; raises SoundpieceError where the journal cannot be used."""
        now = self._clock()
        abandoned = self._find(self._home, time.time_ns() // 1000)
        if sum(each.unsent for each in abandoned) > most_unasked(Settings()):
            abandoned = [each for each in abandoned if not each.unsent]
        for key, _ in abandoned:
            due, pause = self._pauses.get(key, (now, FIRST_PAUSE))
            if due > now:
                continue
            self._pauses[key] = (now + pause, min(2 * pause, LONGEST_PAUSE))
            if self._session.services.can_connect(self._session.journal.entry(key).service):
                from soundpiece_nb.operations.submission import start_recorded

                start_recorded(self._session, key)

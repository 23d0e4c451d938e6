"""The page: one object a session that knows the notebook's outputs, and redraws them.

The session says which operation has changed; what shows it is drawn again, off the main thread and
at most so often. Changes that other processes make are looked for only while an output shows an
operation that has yet to end or to be downloaded.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import MachineLimit
from soundpiece_nb.engine.threads import start_thread
from soundpiece_nb.journal.quick_reads import ChangeDetector
from soundpiece_nb.operations.session import Session, SessionPart
from soundpiece_nb.operations.waiting import attend
from soundpiece_nb.shown_text import say

from .front_end import FrontEnd, front_end
from .live_output import LiveOutput, Rendering, display_here, progress_of
from .page_script import PageScript

QUIET_SECONDS, LATEST_SECONDS = 0.4, 1.0
"""An output is drawn once changes have paused for the first, or after the second at the latest."""
WATCH_SECONDS = 1.0
"""Seconds between two looks for changes by other processes."""
JOIN_SECONDS = 1.0
"""Seconds that `pause` waits for a drawing to end."""
MOST_OUTPUTS = 200
"""Outputs of one kernel that are kept up to date, the latest ones."""
_TICKS_A_SECOND = 20
"""Outputs drawn a second merely because time passes; with more, each is drawn less often."""


@dataclass
class _Kept:
    """An output that is kept up to date, and when it is to be drawn."""

    output: LiveOutput
    goes_on: bool = False
    """Whether, when last asked, an operation that it shows had yet to end."""
    ended: bool = False
    """Whether nothing more will come, and its last work is still to be done."""
    drawing: bool = False
    due: float = math.inf
    first_change: float = math.inf
    """Time of the first change that is not drawn yet."""
    changed_meanwhile: set[str] = field(default_factory=set)
    """Keys that changed during a drawing, which may have read them before that."""

    @property
    def is_live(self) -> bool:
        """Whether it is due, or may become so as time passes."""
        return self.goes_on or self.drawing or bool(self.output.open) or self.due < math.inf

    def change(self) -> None:
        """Have it drawn once changes pause."""
        now = time.monotonic()
        self.first_change = min(self.first_change, now)
        self.due = min(now + QUIET_SECONDS, self.first_change + LATEST_SECONDS)

    def plan(self, now: float, least_tick: float) -> None:
        """Have it drawn when it has ended, and until then as often as it ticks."""
        went_on, self.goes_on = self.goes_on, self.output.goes_on()
        tick = self.output.tick_seconds
        if went_on and not self.goes_on and (self.output.has_last_work or tick is not None):
            self.ended, self.due = True, now
        elif self.goes_on and tick is not None and self.due == math.inf:
            self.due = now + max(tick, least_tick)

    def draw(self) -> None:
        """Draw it in its place, and do its last work if it has ended."""
        self.output.redraw()
        if self.ended:
            self.ended = False
            if self.output.finish():
                self.output.redraw()


class Page(SessionPart):
    """The outputs of this kernel's notebook."""

    def __init__(self, session: Session, where: Callable[[], FrontEnd] = front_end) -> None:
        super().__init__(session)
        self._where = where
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._watched: set[str] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._paused = False
        session.changed.subscribe(self.changed)

    def show(self, output: LiveOutput, *, meanwhile: Rendering | None = None) -> None:
        """Show an output in the running cell; before a person, keep it up to date from then on.

        There, what is drawn `meanwhile` is shown until its own drawing, which takes long, is done.
        """
        if not self._where().shows_html:
            say(attend(self.session.engine.workers.start(output.text)))
            return
        with self.keep(output) as kept:
            first = self.draw(output) if kept is None or meanwhile is None else meanwhile
            output.handle = display_here(first, first.text)
            if kept is not None and meanwhile is not None:
                kept.due = time.monotonic()

    def draw(self, output: LiveOutput) -> Rendering:
        """Return an output, drawn off this thread; the notebook's tasks go on meanwhile."""
        if output.quick:
            return output.draw()
        return attend(self.session.engine.workers.start(output.draw))

    @contextmanager
    def keep(self, output: LiveOutput) -> Iterator[_Kept | None]:
        """Keep an output up to date in place of the one that had its id; only before a person.

        It is first drawn within; what changes meanwhile is drawn after that.
        """
        if self._where() is not FrontEnd.NOTEBOOK:
            yield None
            return
        script = self.session.part(PageScript)
        with suppress(RuntimeError, MachineLimit):  # all work has just been stopped
            self.session.engine.workers.start(script.ensure_companion, self.find, self.wake)
        kept = _Kept(output, drawing=True)
        with self._wake:
            self._kept[output.id] = kept
            self._kept.move_to_end(output.id)
            if len(self._kept) > MOST_OUTPUTS:  # the oldest goes, if possible one that has ended
                ended = (each for each, kept in self._kept.items() if not kept.is_live)
                del self._kept[next(ended, next(iter(self._kept)))]
        try:
            yield kept
        except BaseException:
            with self._wake:
                self._kept.pop(output.id, None)
            raise
        kept.goes_on = output.goes_on() or output.has_last_work
        self._end_drawing(kept)

    def find(self, identity: str) -> LiveOutput | None:
        """Return the output of an id, if this kernel keeps it up to date."""
        kept = self._kept.get(identity)
        return kept.output if kept else None

    def changed(self, key: str) -> None:
        """Draw what shows this operation again, once changes have paused; returns at once."""
        with self._wake:
            for kept in self._kept.values():
                if kept.drawing:
                    kept.changed_meanwhile.add(key)
                elif key in kept.output.keys:
                    kept.change()
            self.wake()

    def pause(self) -> None:
        """Draw nothing more, until `go_on`."""
        with self._wake:
            self._paused = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_SECONDS)

    def go_on(self) -> None:
        """Draw again what goes on, and what has changed meanwhile."""
        with self._wake:
            self._paused = False
            self.wake()

    def wake(self) -> None:
        """Look again which outputs go on: one of them was drawn, or arranged in another way."""
        with self._wake:
            live = any(kept.is_live for kept in self._kept.values())
            works = self._thread is not None and self._thread.is_alive()
            if live and not works and not self._paused:
                with suppress(MachineLimit):  # then the next change tries again
                    self._thread = start_thread(self._work, "soundpiece-page")
            self._wake.notify_all()

    def _work(self) -> None:
        """Draw whatever is due, until nothing goes on any more."""
        with closing(ChangeDetector(self.session.home)) as detector:
            look_at = time.monotonic() + WATCH_SECONDS
            while (due := self._wait_for_due(look_at)) is not None:
                for kept in due:
                    self._begin_drawing(kept)
                if time.monotonic() >= look_at:
                    with logging_unforeseen("display"):  # an unreadable journal is told elsewhere
                        self._look_for_others(detector)
                    look_at = time.monotonic() + WATCH_SECONDS

    def _wait_for_due(self, until: float) -> list[_Kept] | None:
        """Return the outputs that are due, as soon as there are any; none when it is `until`.

        Returns None where nothing goes on any more, and with that the thread ends.
        """
        with self._wake:
            while True:
                live = [kept for kept in self._kept.values() if kept.is_live]
                if self._paused or not live:
                    self._thread = None
                    return None
                now = time.monotonic()
                for kept in live:
                    kept.plan(now, len(live) / _TICKS_A_SECOND)
                idle = [kept for kept in live if not kept.drawing]
                due = [kept for kept in idle if kept.due <= now]
                if due or now >= until:
                    for kept in due:
                        kept.drawing, kept.due, kept.first_change = True, math.inf, math.inf
                    return due
                self._wake.wait(min([until, *(kept.due for kept in idle)]) - now)

    def _begin_drawing(self, kept: _Kept) -> None:
        """Draw an output: at once where that is quick, else on a thread for such work."""
        try:
            if kept.output.quick:
                kept.draw()
                self._end_drawing(kept)
            else:
                job = self.session.engine.workers.start(kept.draw)
                job.add_done_callback(lambda j: self._end_drawing(kept, drawn=not j.cancelled()))
        except Exception:  # noqa: BLE001 - a closed front end, or all work has just been stopped
            self._end_drawing(kept, drawn=False)

    def _end_drawing(self, kept: _Kept, *, drawn: bool = True) -> None:
        with self._wake:
            kept.drawing = False
            changed, kept.changed_meanwhile = kept.changed_meanwhile, set()
            if not changed.isdisjoint(kept.output.keys) or (self._paused and not drawn):
                kept.change()
            self.wake()

    def _look_for_others(self, detector: ChangeDetector) -> None:
        """Find out which operations another process has brought further than they are drawn."""
        with self._wake:
            outputs = [kept.output for kept in self._kept.values()]
        open_keys = {key for output in outputs for key in output.open}
        if not open_keys or not (detector.has_changed() or open_keys - self._watched):
            return
        self._watched = set()  # until they are read
        now = {e.key: progress_of(e) for e in self.session.journal.of_keys(sorted(open_keys))}
        self._watched = open_keys
        drawn = [item for output in outputs for item in output.open.items()]
        for key in {key for key, progress in drawn if now.get(key, progress) != progress}:
            self.changed(key)

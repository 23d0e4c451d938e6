"""The page: one object a session that knows every output in the notebook, and redraws them.

The session says which operation has changed; what shows it is drawn again, off the main thread and
at most so often. Changes that other processes make are looked for only while an output shows an
unfinished operation that is not followed here.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from contextlib import closing, suppress
from dataclasses import dataclass

from soundpiece_nb.journal.quick_reads import ChangeDetector
from soundpiece_nb.operations.session import Session, SessionPart
from soundpiece_nb.operations.waiting import attend

from .front_end import FrontEnd, front_end
from .live_output import LiveOutput, Rendering
from .page_script import PageScript

QUIET_SECONDS, LATEST_SECONDS = 0.4, 1.0
"""An output is drawn once changes have paused for the first, or after the second at the latest."""
WATCH_SECONDS = 1.0
"""How often to look for changes by other processes."""
JOIN_SECONDS = 1.0
MOST_OUTPUTS = 200
"""Outputs of one kernel that are kept up to date, the latest ones."""
_TICKS_A_SECOND = 20
"""Outputs drawn a second merely because time passes; with more, each is drawn less often."""


@dataclass
class _Kept:
    """An output that is kept up to date, and when it is to be drawn."""

    output: LiveOutput
    due: float | None = None
    first_change: float | None = None
    goes_on: bool = False
    drawing: bool = False

    def change(self, now: float) -> None:
        """Have it drawn once changes pause."""
        self.first_change = now if self.first_change is None else self.first_change
        self.due = min(now + QUIET_SECONDS, self.first_change + LATEST_SECONDS)


class Page(SessionPart):
    """The outputs that stand in this kernel's notebook."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._seen: dict[str, object] = {}
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._paused = False
        session.changed.subscribe(self.changed)

    def show(self, output: LiveOutput) -> None:
        """Display an output in the running cell, and keep it up to date from then on."""
        drawn = self.draw(output)
        if not front_end().shows_html:
            print(drawn.text)  # noqa: T201 - a terminal's way of showing
            return
        from IPython.display import display

        output.handle = display(drawn, display_id=True)
        self.keep(output)

    def draw(self, output: LiveOutput) -> Rendering:
        """Return an output as it stands, drawn off this thread; the notebook's tasks go on."""
        return attend(self.session.engine.workers.start(output.draw))

    def keep(self, output: LiveOutput) -> None:
        """Keep an output up to date, in place of the one that had its id; only before a person."""
        if front_end() is not FrontEnd.NOTEBOOK:
            return
        script = self.session.part(PageScript)
        with suppress(RuntimeError):  # all work has just been stopped
            self.session.engine.workers.start(script.ensure_companion, self.find)
        with self._wake:
            goes_on = output.goes_on() or output.has_last_work
            self._kept[output.id] = _Kept(output, goes_on=goes_on)
            self._kept.move_to_end(output.id)
            while len(self._kept) > MOST_OUTPUTS:
                self._kept.popitem(last=False)
            self._start()

    def find(self, identity: str) -> LiveOutput | None:
        """Return the output of an id, if it stands in this kernel's notebook."""
        kept = self._kept.get(identity)
        return None if kept is None else kept.output

    def changed(self, key: str) -> None:
        """Draw what shows this operation again, once changes have paused; returns at once."""
        with self._wake:
            showing = [kept for kept in self._kept.values() if key in set(kept.output.keys())]
            for kept in showing:
                kept.change(time.monotonic())
            if showing:
                self._start()

    def pause(self) -> None:
        """Draw nothing more, until `go_on`."""
        with self._wake:
            self._paused = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(JOIN_SECONDS)

    def go_on(self) -> None:
        """Draw again what goes on."""
        with self._wake:
            self._paused = False
            self._start()

    def _start(self) -> None:
        if self._thread is None and not self._paused:
            self._thread = threading.Thread(target=self._work, name="soundpiece-page", daemon=True)
            self._thread.start()
        self._wake.notify_all()

    def _work(self) -> None:
        """Draw whatever is due, until nothing goes on any more."""
        with closing(ChangeDetector(self.session.home)) as detector:
            looked_at = time.monotonic()
            while (pause := self._draw_due()) is not None:
                with self._wake:
                    self._wake.wait(pause)
                if time.monotonic() - looked_at >= WATCH_SECONDS:
                    looked_at = time.monotonic()
                    with suppress(Exception):  # a journal that cannot be read is told elsewhere
                        self._look_for_others(detector)

    def _draw_due(self) -> float | None:
        """Draw what is due and return how long to wait for more; None where nothing goes on."""
        now = time.monotonic()
        due: list[tuple[_Kept, bool]] = []
        with self._wake:
            live = [
                kept for kept in self._kept.values() if kept.goes_on or kept.due or kept.drawing
            ]
            if self._paused or not live:
                self._thread = None
                return None
            for kept in live:
                ended = kept.goes_on and not kept.output.goes_on()
                tick = kept.output.tick_seconds
                if ended:
                    kept.goes_on, kept.due = False, now
                elif kept.goes_on and kept.due is None and tick is not None:
                    kept.due = now + max(tick, len(live) / _TICKS_A_SECOND)
                if kept.due is not None and kept.due <= now and not kept.drawing:
                    kept.due, kept.first_change, kept.drawing = None, None, True
                    due.append((kept, ended))
            soonest = min((kept.due for kept in live if kept.due), default=now + WATCH_SECONDS)
        for kept, ended in due:
            self._begin_drawing(kept, ended=ended)
        return max(0.0, min(soonest - now, WATCH_SECONDS))

    def _begin_drawing(self, kept: _Kept, *, ended: bool) -> None:
        """Draw an output: at once where that is quick, else on a thread for such work."""

        def draw() -> None:
            kept.output.redraw()
            if ended and kept.output.finish():
                kept.output.redraw()

        def done(_: object = None) -> None:
            with self._wake:
                kept.drawing = False
                self._wake.notify_all()

        if kept.output.quick:
            draw()
            done()
            return
        try:
            self.session.engine.workers.start(draw).add_done_callback(done)
        except RuntimeError:  # all work has just been stopped
            done()

    def _look_for_others(self, detector: ChangeDetector) -> None:
        """Find out which operations another process has brought further."""
        open_keys = {key for kept in list(self._kept.values()) for key in kept.output.open_keys}
        if not open_keys or not detector.has_changed():
            return
        for entry in self.session.journal.of_keys(sorted(open_keys)):
            state = (entry.status, sum(take.path is not None for take in entry.takes))
            if self._seen.setdefault(entry.key, state) != state:
                self._seen[entry.key] = state
                self.changed(entry.key)

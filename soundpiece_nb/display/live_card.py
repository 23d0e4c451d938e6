"""The live card: a widget in the cell while its operation is on the way.

At the end the permanent output takes its place, so that nothing live is left in the saved
notebook; likewise while the session is paused, after which the card comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

from soundpiece_nb.api.error_logging import logging_unforeseen
from soundpiece_nb.api.errors import MachineLimit, WatchingStopped
from soundpiece_nb.api.routes import route_title
from soundpiece_nb.engine.run_state import Phase, Run
from soundpiece_nb.engine.threads import start_thread
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.shown_text import label, short

from . import html_parts as html
from .finished_output import FinishedOutput, kind
from .html_parts import Markup
from .live_output import LiveOutput, Rendering, display_here
from .redrawing import Page
from .sound_source import Place

_STATUS = Markup('<div><span style="float:right;{};padding-left:12px">key {}</span>{} {}</div>')
WORDS = {
    Phase.SENDING: "Sending",
    Phase.PROCESSING: "Processing",
    Phase.DOWNLOADING: "Downloading and checking",
    Phase.ENDED: "Done",
    Phase.PAUSED: "Paused",
}


class LiveCard(LiveOutput):
    """One operation in one cell, from `show` to its permanent output."""

    tick_seconds = 1.0
    quick = True

    def __init__(self, operation: Operation, run: Run, place: Place) -> None:
        super().__init__(operation.session, (operation.key,))
        self.finished: Future[None] = Future()
        self.key = operation.key
        self._operation = operation
        self._run = run
        self._place = place
        self._page = self.session.part(Page)
        self._entry = operation.entry
        self._usual: tuple[float, float] | None = None
        self._shows_key = False
        self._paused = False
        stop = operation.stop_watching
        self._html: Any = None
        self._box: Any = None
        with logging_unforeseen("display"):  # without a widget it is drawn in place, as others are
            self._html, self._box = _make_widgets(self._on_show_key, lambda _: stop())

    def goes_on(self) -> bool:
        """Tell whether the operation is on its way in this process."""
        return not (self._paused or self._run.ended.done())

    def show(self, usual: tuple[float, float] | None) -> None:
        """Display the card in the running cell; `usual` is how long such work takes, in seconds."""
        self._usual = usual
        with self._page.keep(self):
            self.redraw()
            self.handle = display_here(self, self.text())
        self._run.subscribe(self._on_change)

    def redraw(self) -> None:
        """Draw the card in its widget; where that fails, in its place from then on."""
        if self._html is not None:
            with logging_unforeseen("display"):
                self._html.value = self.draw().html
                return
            self._html = self._box = None
        super().redraw()

    def draw(self) -> Rendering:
        """Return the card in its present state."""
        drawn = live_html(self._entry, self._run, self._usual, shows_key=self._shows_key)
        return Rendering(drawn, self.text())

    def text(self) -> str:
        """Return the card as one line, for front ends without widgets."""
        return f"{self._entry.title} · {kind(self._entry)} · key {short(self._entry.key)}"

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        if self._box is None:
            return dict(self.draw()._repr_mimebundle_())
        return {**self._box._repr_mimebundle_(), "text/plain": self.text()}

    def _on_show_key(self, _: object) -> None:
        self._shows_key = True  # however often a front end says that it was pressed
        self.redraw()

    def _on_change(self, run: Run) -> None:
        if run.phase is Phase.PAUSED:
            self._pause()
        elif run.phase is not Phase.ENDED:
            self._go_on() if self._paused else self.redraw()
        elif isinstance(run.ended.exception(), WatchingStopped):
            self._finish()  # there is nothing to encode, and the workers may be closing
        else:
            try:
                job = self.session.engine.workers.start(self._finish)
            except (RuntimeError, MachineLimit):  # the workers have closed, or never began
                self._finish_apart()
            else:
                job.add_done_callback(self._if_dropped)

    def _pause(self) -> None:
        """Show the permanent output until the operation goes on, which may be never."""
        self._paused = True
        self.replace(self._permanent().draw())

    def _go_on(self) -> None:
        """Be live again where it was."""
        self._paused = False
        self._entry = self._operation.entry
        with self._page.keep(self):
            self.redraw()
            self.replace(self)

    def _permanent(self) -> FinishedOutput:
        output = FinishedOutput(self.key, self.session, self._place, self.id)
        output.handle = self.handle
        return output

    def _if_dropped(self, job: Future[None]) -> None:
        if job.cancelled():  # by workers that have closed
            self._finish_apart()

    def _finish_apart(self) -> None:
        """Finish on a thread of its own, if the machine has one."""
        try:
            start_thread(self._finish, "soundpiece-card")
        except MachineLimit:
            self._end()

    def _finish(self) -> None:
        """Replace the widget by the permanent output; runs on a thread for slow work."""
        try:
            output = self._permanent()
            with self._page.keep(output):
                output.redraw()
            with logging_unforeseen("display"):  # a page reloaded meanwhile still has the widget
                self._put_away()
        finally:
            self._end()

    def _put_away(self) -> None:
        if self._box is not None:
            self._box.children = [self._html]
            done = html.line(f"Done. %soundpiece_show {short(self.key)} shows it.")
            self._html.value = str(html.frame(html.BLUE, done))

    def _end(self) -> None:
        """Let go of who waits for the end to be shown."""
        with suppress(InvalidStateError):
            self.finished.set_result(None)


def live_html(
    entry: Entry, run: Run, usual: tuple[float, float] | None, *, shows_key: bool
) -> Markup:
    """Return a card's HTML: name, prompt, progress, time, and the time it usually takes."""
    elapsed = (datetime.now(UTC) - entry.submitted_at).total_seconds()
    colour = html.AMBER if run.trouble else html.BLUE
    more = f"· {run.trouble} Trying again." if run.trouble else _expectation(entry, usual)
    key = html.code(entry.key if shows_key else short(entry.key))
    state = WORDS[run.phase]
    state += f" ({label(run.word)}, says the service)" if run.word else ""
    return html.frame(
        colour,
        html.head(entry.title, kind(entry), html.clock(elapsed)),
        html.quiet_line(entry.summary),
        html.bar(3, [(_share(run.phase, elapsed, usual), colour)]),
        _STATUS.format(html.QUIET, key, state, html.quiet(more)),
    )


def _expectation(entry: Entry, usual: tuple[float, float] | None) -> str:
    return f"· such {route_title(entry.route)}s {html.usual_time(usual)}" if usual else ""


def _share(phase: Phase, elapsed: float, usual: tuple[float, float] | None) -> float:
    """Return the percentage of the bar that is filled, which grows ever more slowly."""
    if phase is Phase.SENDING:
        return 2
    if phase is Phase.DOWNLOADING:
        return 97
    expected = usual[1] if usual else 30.0
    return 4 + 88 * (1 - 2 ** (-1.6 * elapsed / max(expected, 0.5)))


def _make_widgets(
    on_show_key: Callable[..., None], on_stop: Callable[..., None]
) -> tuple[Any, Any]:
    """Return the widget of a card's HTML, and the box that has it above two buttons."""
    import ipywidgets

    layout, style, boxes = _shared_styles()
    key, stop = (
        ipywidgets.Button(description=words, layout=layout, style=style)
        for words in ("Show key", "Stop watching")
    )
    key.tooltip = "Show the whole idempotency key of this operation"
    stop.tooltip = "Leave it to the service; %soundpiece_resume follows it again"
    key.on_click(on_show_key)
    stop.on_click(on_stop)
    content = ipywidgets.HTML()
    buttons = ipywidgets.HBox([key, stop], layout=boxes)
    return content, ipywidgets.VBox([content, buttons], layout=boxes)


@cache
def _shared_styles() -> tuple[Any, Any, Any]:
    """Return the layout and style of all cards' buttons, and the layout of their boxes."""
    from ipywidgets import ButtonStyle, Layout

    return Layout(width="auto", margin="0 6px 0 17px"), ButtonStyle(), Layout()

"""The live card: a widget in the cell while its operation is on the way.

At the end it is replaced, in place, by the permanent output, so that nothing live is left in the
saved notebook; likewise while the session is paused, and it comes back when that goes on.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import Any

from markupsafe import Markup

from soundpiece_nb.api.errors import WatchingStopped
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.run import Phase, Run
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.text import short, visible

from .finished_output import FinishedOutput, kind
from .html_parts import (
    AMBER,
    BLUE,
    QUIET,
    clock,
    code,
    frame,
    head,
    line,
    quiet_line,
    usual_time,
)
from .live_output import LiveOutput, Rendering
from .page import Page
from .sound_source import Place

_BAR = Markup(
    '<div style="height:3px;background:rgba(128,128,128,.22);border-radius:2px;margin:10px 0 8px">'
    '<div style="height:3px;width:{share:.0f}%;background:{colour};border-radius:2px"></div></div>'
)
_STATUS = Markup(
    '<div><span style="float:right;{quiet};padding-left:12px">key {key}</span>{words} '
    '<span style="{quiet}">{more}</span></div>'
)
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
        super().__init__(operation.session)
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
        self._widget = _Widget(self)

    def keys(self) -> tuple[str, ...]:
        """Return the key of the operation."""
        return (self.key,)

    def goes_on(self) -> bool:
        """Tell whether the operation is on its way here."""
        return not (self._paused or self._run.ended.done())

    def show(self, usual: tuple[float, float] | None) -> None:
        """Display the card in the running cell; `usual` is how long such work takes, in seconds."""
        from IPython.display import display

        self._usual = usual
        with self._page.keep(self):
            self.redraw()
            self.handle = display(self._widget, display_id=True)
        self._run.subscribe(self._on_change)

    def redraw(self) -> None:
        """Draw the card as it stands now."""
        self._widget.draw(self.draw().html)

    def draw(self) -> Rendering:
        """Return the card as it stands."""
        html = live_html(self._entry, self._run, self._usual, shows_key=self._shows_key)
        return Rendering(str(html), self.text())

    def text(self) -> str:
        """Return the card as one line, for front ends without widgets."""
        title = visible(self._entry.title)
        return f"{title} · {kind(self._entry)} · key {short(self._entry.key)}"

    def on_show_key(self, _: object = None) -> None:
        """Show the whole key, or its beginning again."""
        self._shows_key = not self._shows_key
        self.redraw()

    def on_stop_watching(self, _: object = None) -> None:
        """Leave the operation to the service; the card says how to follow it again."""
        self._operation.stop_watching()

    def _on_change(self, run: Run) -> None:
        if run.phase is Phase.PAUSED:
            self._pause()
        elif run.phase is not Phase.ENDED:
            self._go_on() if self._paused else self.redraw()
        elif isinstance(run.ended.exception(), WatchingStopped):
            self._finish()  # there is nothing to encode, and the workers may be closing
        else:
            job = self.session.engine.workers.start(self._finish)
            job.add_done_callback(self._if_dropped)

    def _pause(self) -> None:
        """Show what lasts until the operation goes on, which may be never."""
        self._paused = True
        self.handle.update(self._lasting().draw())

    def _go_on(self) -> None:
        """Be live again where it was."""
        self._paused = False
        self._entry = self._operation.entry
        with self._page.keep(self):
            self.redraw()
            self.handle.update(self._widget)

    def _lasting(self) -> FinishedOutput:
        output = FinishedOutput(self.key, self.session, self._place, self.id)
        output.handle = self.handle
        return output

    def _if_dropped(self, job: Future[None]) -> None:
        if job.cancelled():  # by workers that have closed
            threading.Thread(target=self._finish, name="soundpiece-card", daemon=True).start()

    def _finish(self) -> None:
        """Swap the widget for what lasts; runs on a thread for work that takes time."""
        output = self._lasting()
        with self._page.keep(output):
            output.redraw()
        with suppress(Exception):
            self._widget.retire()
        self.finished.set_result(None)


def live_html(
    entry: Entry, run: Run, usual: tuple[float, float] | None, *, shows_key: bool
) -> Markup:
    """Return a card's HTML: name, prompt, how far, how long, and how long it usually takes."""
    elapsed = (datetime.now(UTC) - entry.submitted_at).total_seconds()
    trouble = run.trouble
    colour = AMBER if trouble else BLUE
    more = f"· {trouble} Trying again." if trouble else _expectation(entry, usual)
    return frame(
        colour,
        head(entry.title, kind(entry), clock(elapsed)),
        quiet_line(entry.summary),
        _BAR.format(share=_share(run.phase, elapsed, usual), colour=colour),
        _STATUS.format(
            quiet=Markup(QUIET),
            key=code(entry.key if shows_key else short(entry.key)),
            words=WORDS[run.phase],
            more=more,
        ),
    )


def _expectation(entry: Entry, usual: tuple[float, float] | None) -> str:
    return "" if usual is None else f"· such {find_route(entry.route).title}s {usual_time(usual)}"


def _share(phase: Phase, elapsed: float, usual: tuple[float, float] | None) -> float:
    """Return how much of the bar is filled: never more than the end would justify."""
    if phase is Phase.SENDING:
        return 2
    if phase is Phase.DOWNLOADING:
        return 97
    expected = usual[1] if usual else 30.0
    return 4 + 88 * (1 - 2 ** (-1.6 * elapsed / max(expected, 0.5)))


class _Widget:
    """The widgets of one card; they share their layouts and styles."""

    def __init__(self, card: LiveCard) -> None:
        import ipywidgets

        self._card = card
        self._html = ipywidgets.HTML()
        key, stop = (
            ipywidgets.Button(description=words, layout=_layout("auto"), style=_button_style())
            for words in ("Show key", "Stop watching")
        )
        key.tooltip = "Show the whole idempotency key of this operation"
        stop.tooltip = "Leave it to the service; %soundpiece_resume follows it again"
        key.on_click(card.on_show_key)
        stop.on_click(card.on_stop_watching)
        self._buttons = ipywidgets.HBox([key, stop], layout=_layout(None))
        self._box = ipywidgets.VBox([self._html, self._buttons], layout=_layout(None))

    def draw(self, html: str) -> None:
        self._html.value = html

    def retire(self) -> None:
        """Leave one line for a page that was reloaded meanwhile and lost the swap."""
        self._box.children = [self._html]
        self._html.value = str(
            frame(BLUE, line(f"Done. %soundpiece_show {short(self._card.key)} shows it."))
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, object]:
        bundle: dict[str, object] = self._box._repr_mimebundle_()
        return {**bundle, "text/plain": self._card.text()}


@cache
def _layout(width: str | None) -> Any:
    import ipywidgets

    return ipywidgets.Layout(width=width, margin="0 6px 0 17px" if width else None)


@cache
def _button_style() -> Any:
    import ipywidgets

    return ipywidgets.ButtonStyle()

"""The live card: what a cell shows while its operation is on the way.

One thread of this room ticks all cards once a second; changes come from the engine's thread. At
the end the widget is replaced, in place, by the permanent output, so that nothing live is left
in the saved notebook; likewise while the session rests, and it comes back when that goes on.
"""

from __future__ import annotations

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
from soundpiece_nb.operations.session import Session
from soundpiece_nb.text import short, visible

from .expectation import took
from .finished_output import Rendering, compose, kind
from .following import follow
from .html_parts import AMBER, BLUE, QUIET, clock, code, frame, head, isolated, line, quiet_line
from .live_output import Standing, stand
from .page_script import summon
from .request_summary import subject
from .sound_source import Place

TICK = 1.0

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
    Phase.RESTING: "Resting",
}


class LiveCard:
    """One operation in one cell, from `show` to its permanent output."""

    def __init__(self, operation: Operation, run: Run, place: Place, session: Session) -> None:
        self.finished: Future[None] = Future()
        self.key = operation.key
        self._operation = operation
        self._run = run
        self._place = place
        self._session = session
        self._entry = operation.entry
        self._usual: tuple[float, float] | None = None
        self._shows_key = False
        self._rests = False
        self._handle: Any = None
        self._view = _View(self)

    def show(self, usual: tuple[float, float] | None) -> None:
        """Display the card in the running cell; `usual` is how long such work takes, in seconds."""
        from IPython.display import display

        self._usual = usual
        self.redraw()
        self._handle = display(self._view, display_id=True)
        self._keep_ticking()
        self._run.listen(self._on_change)

    def redraw(self) -> None:
        """Draw the card as it stands now."""
        self._view.draw(
            str(live_html(self._entry, self._run, self._usual, shows_key=self._shows_key))
        )

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

    def _keep_ticking(self) -> None:
        self._session.engine.workbench.start(summon)
        _cards.append(self)
        follow(_tick, "soundpiece-cards")

    def _on_change(self, run: Run) -> None:
        if run.phase is Phase.RESTING:
            self._rest()
        elif run.phase is not Phase.ENDED:
            self._go_on() if self._rests else self.redraw()
        elif isinstance(run.ended.exception(), WatchingStopped):
            self._finish()  # there is nothing to encode, and the workbench may be closing
        else:
            job = self._session.engine.workbench.start(self._finish)
            job.add_done_callback(self._if_dropped)

    def _rest(self) -> None:
        """Show what lasts until the operation goes on, which may be never."""
        self._rests = True
        _stop_ticking(self)
        self._handle.update(compose(self._operation.entry, self._place))

    def _go_on(self) -> None:
        """Be live again where it was."""
        self._rests = False
        self._entry = self._operation.entry
        self.redraw()
        self._handle.update(self._view)
        self._keep_ticking()

    def _if_dropped(self, job: Future[None]) -> None:
        if job.cancelled():  # by a workbench that closed
            follow(self._finish, "soundpiece-card")

    def _finish(self) -> None:
        """Swap the widget for what lasts; runs on a thread for work that takes time."""
        _stop_ticking(self)
        try:
            output = compose(self._operation.entry, self._place)
        except Exception as error:  # noqa: BLE001 - what went wrong has to be seen in the cell
            output = unshowable(self._operation.entry, error)
        with suppress(Exception):
            self._handle.update(output)
            stand_card(self._operation, self._place, self._handle)
        with suppress(Exception):
            self._view.retire()
        self.finished.set_result(None)


def stand_card(operation: Operation, place: Place, handle: Any) -> None:
    """Keep an operation's permanent output up to date with how its takes are judged."""
    stand(
        Standing(
            id=handle.display_id,
            draw=lambda _: compose(operation.entry, place),
            keys=lambda: (operation.key,),
        ),
        handle,
    )


def unshowable(entry: Entry, error: Exception) -> Rendering:
    """Return an output that says why a finished operation cannot be shown."""
    what = f"It is {entry.status}, but its player cannot be made here"
    why = f"{type(error).__name__}: {error}"
    then = f"%soundpiece_show {short(entry.key)} tries again."
    words = line(Markup("{} ({}). {}").format(what, isolated(why), then))
    html = frame(AMBER, head(entry.title, kind(entry), entry.status), words)
    return Rendering(str(html), f"{what} ({why}). {then}")


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
        quiet_line(subject(entry)),
        _BAR.format(share=_share(run.phase, elapsed, usual), colour=colour),
        _STATUS.format(
            quiet=Markup(QUIET),
            key=code(entry.key if shows_key else short(entry.key)),
            words=WORDS[run.phase],
            more=more,
        ),
    )


def _expectation(entry: Entry, usual: tuple[float, float] | None) -> str:
    if usual is None:
        return ""
    return f"· such {find_route(entry.route).title}s {took(usual)}"


def _share(phase: Phase, elapsed: float, usual: tuple[float, float] | None) -> float:
    """Return how much of the bar is filled: never more than the end would justify."""
    if phase is Phase.SENDING:
        return 2
    if phase is Phase.DOWNLOADING:
        return 97
    expected = usual[1] if usual else 30.0
    return 4 + 88 * (1 - 2 ** (-1.6 * elapsed / max(expected, 0.5)))


class _View:
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


_REDRAWS_A_SECOND = 20

_cards: list[LiveCard] = []


def _tick() -> float | None:
    """Redraw every live card: once a second, more slowly when there are many."""
    for card in tuple(_cards):
        if card in _cards:
            with suppress(Exception):
                card.redraw()
    return max(TICK, len(_cards) / _REDRAWS_A_SECOND) if _cards else None


def _stop_ticking(card: LiveCard) -> None:
    with suppress(ValueError):
        _cards.remove(card)

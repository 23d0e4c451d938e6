"""Showing an operation where the person is: a card that becomes a player, or lines of text."""

from __future__ import annotations

import math
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from soundpiece_nb.api.errors import MachineLimit, WaitTimeout
from soundpiece_nb.engine.run_state import Phase, Run
from soundpiece_nb.operations.operation import Operation
from soundpiece_nb.operations.waiting import wait
from soundpiece_nb.shown_text import say, short

from .finished_output import FinishedOutput, kind, plain
from .front_end import FrontEnd, front_end
from .html_parts import BLUE, frame, head
from .live_card import LiveCard
from .live_output import Rendering
from .redrawing import Page
from .sound_source import Holding, place_of

SHOWN_SECONDS = 10.0
"""Seconds that a magic waits for its end to be shown, once its operation has ended."""


def show(operation: Operation, run: Run, holding: Holding = Holding.AUTO) -> Future[None]:
    """Show an operation that is on its way; the future resolves when its end is shown.

    That is a live card in a notebook, and a line now and one at the end in a terminal. Where nobody
    watches it is nothing: the caller waits and calls `show_end`, or at once `say_submitted`.
    """
    match front_end():
        case FrontEnd.NOTEBOOK:
            entry, session = operation.entry, operation.session
            card = LiveCard(operation, run, place_of(session, holding))
            card.show(session.journal.usual_seconds(entry.route, entry.service))
            return card.finished
        case FrontEnd.HEADLESS:
            return run.ended
        case FrontEnd.TERMINAL | FrontEnd.SCRIPT:
            return _show_lines(operation, run)


def await_shown(shown: Future[Any], key: str) -> None:
    """Wait until something is shown; only a moment where it is a front end that has to take it.

    A pipe is waited for as long as it takes: this process ends after its line.
    """
    patience = math.inf if front_end() is FrontEnd.SCRIPT else SHOWN_SECONDS
    with suppress(WaitTimeout):
        wait(shown, patience, key)


def show_end(operation: Operation, holding: Holding = Holding.AUTO) -> None:
    """Show an operation's present state: the permanent player, or one line of text.

    Before a person, a preview that has yet to be encoded comes a moment later, from a thread.
    """
    session, entry = operation.session, operation.entry
    place = place_of(session, holding)
    output = FinishedOutput(operation.key, session, place)
    output.quick = place.at_hand(entry)
    preparing = frame(BLUE, head(entry.title, kind(entry), "preparing its sound"))
    meanwhile = None if output.quick else Rendering(str(preparing), plain(entry, {}))
    session.part(Page).show(output, meanwhile=meanwhile)


def say_submitted(operation: Operation) -> None:
    """Print one line: what was begun, and under which key."""
    entry = operation.entry
    say(f"{entry.title} · {kind(entry)} · submitted, key {short(entry.key)}")


def show_handle(operation: Operation) -> None:
    """Show a handle that ends a cell; IPython calls this for it."""
    run = operation.session.engine.run(operation.key)
    if run is None or front_end() is FrontEnd.HEADLESS:
        show_end(operation)
    else:
        show(operation, run)


def _show_lines(operation: Operation, run: Run) -> Future[None]:
    """Print one line now and, from a thread, one at the end; a prompt redraws itself around it."""
    finished: Future[None] = Future()
    output = FinishedOutput(operation.key, operation.session, place_of(operation.session))
    say_submitted(operation)

    def print_end() -> None:
        if not finished.done():
            try:
                say(output.text(), flush=True)
            finally:
                finished.set_result(None)

    def on_change(changed: Run) -> None:
        if changed.phase is Phase.ENDED:
            try:
                operation.session.engine.workers.print(print_end)
            except (RuntimeError, MachineLimit):  # there is no thread for it, or no longer
                print_end()

    run.subscribe(on_change)
    return finished

"""The card of a batch: counts while it goes on, and a summary that stays when it is done."""

from __future__ import annotations

from markupsafe import Markup

from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.operations.batch import Batch
from soundpiece_nb.shown_text import counted, short

from . import html_parts as html
from .finished_output import ACCENTS
from .front_end import FrontEnd, front_end
from .live_output import LiveOutput, Rendering
from .redrawing import Page

MOST_TROUBLES = 20
"""Failed operations that a card lists."""
_COLOURS = {**ACCENTS, "processing": html.BLUE}
_ORDER = (*_COLOURS, "submitting", "waiting")
_ENOUGH_TO_TELL = 5
"""Operations that must have ended before the time that is left is guessed."""


def show_batch(batch: Batch) -> None:
    """Show a batch where the person is; where nobody watches, once it is done."""
    if front_end() is FrontEnd.HEADLESS:
        batch.result()
    batch.session.part(Page).show(BatchCard(batch))


class BatchCard(LiveOutput):
    """One batch in one output."""

    prefix = "batch"
    tick_seconds = 1.0

    def __init__(self, batch: Batch) -> None:
        super().__init__(batch.session, frozenset(batch.keys))
        self._batch = batch

    def goes_on(self) -> bool:
        """Tell whether an operation of the batch has yet to end."""
        return not self._batch.done

    def draw(self) -> Rendering:
        """Return the batch in its present state."""
        return summary(self._batch)


def summary(batch: Batch) -> Rendering:
    """Return a batch's counts by status, its time, and what went wrong."""
    counts = batch.counts()
    ordered = {status: counts[status] for status in _ORDER if status in counts}
    words = " · ".join(f"{count} {status}" for status, count in ordered.items())
    took = html.span(batch.seconds)
    title = batch.name or "batch"
    kind = f"{counted(len(batch), 'operation')} of {batch.route}"
    state = f"done in {took}" if batch.done else f"{took}{_left(batch)}"
    troubles = _troubles(batch) if counts.keys() & {"failed", "rejected"} else []
    shares = [(100 * n / len(batch), _COLOURS[s]) for s, n in ordered.items() if s in _COLOURS]
    drawn = html.frame(
        html.AMBER if troubles else html.GREEN if batch.done else html.BLUE,
        html.head(title, kind, state),
        html.bar(6, shares),
        html.line(words),
        *([html.fold("What went wrong", *troubles)] if troubles else []),
    )
    return Rendering(drawn, f"{title} · {kind} · {words} · {state}")


def _left(batch: Batch) -> str:
    """Return roughly how long the rest will take, once enough has ended to tell."""
    share = batch.ended / len(batch)
    if batch.ended < _ENOUGH_TO_TELL or share >= 1:
        return ""
    return f", about {html.span(batch.seconds * (1 - share) / share)} to go"


def _troubles(batch: Batch) -> list[Markup]:
    entries = [operation.entry for operation in batch.operations]
    bad = [entry for entry in entries if entry.status in ("failed", "rejected")]
    reason = Markup("{} {}")
    rows = [
        html.row(short(each.key), reason.format(html.code(each.error_code or ""), explain(each)))
        for each in bad[:MOST_TROUBLES]
    ]
    more = len(bad) - MOST_TROUBLES
    return [*rows, html.line(f"And {more} more.")] if more > 0 else rows

"""The card of a batch: counts while it goes on, and a summary that stays when it is done."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.operations.batch import Batch
from soundpiece_nb.text import counted, short

from .front_end import FrontEnd, front_end
from .html_parts import AMBER, BLUE, GREEN, code, fold, frame, head, line, row, span
from .live_output import LiveOutput, Rendering
from .page import Page

MOST_TROUBLES = 20

_BAR = Markup(
    '<div style="height:6px;background:rgba(128,128,128,.22);border-radius:3px;margin:10px 0 8px;'
    'overflow:hidden">{}</div>'
)
_PART = Markup('<div style="float:left;height:6px;width:{:.2f}%;background:{}"></div>')
_COLOURS = {"ready": GREEN, "failed": "#c9503c", "rejected": AMBER, "processing": BLUE}
_ORDER = ("ready", "failed", "rejected", "processing", "submitting", "waiting")


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
        super().__init__(batch.session)
        self._batch = batch
        self._keys = frozenset(batch.keys)

    def keys(self) -> frozenset[str]:
        """Return the keys of the batch's operations."""
        return self._keys

    def goes_on(self) -> bool:
        """Tell whether an operation of the batch has yet to end."""
        return not self._batch.done

    def draw(self) -> Rendering:
        """Return the batch as it stands."""
        return summary(self._batch)


def summary(batch: Batch) -> Rendering:
    """Return a batch as it stands: how many have which status, how long, and what went wrong."""
    counts = batch.counts()
    ordered = {status: counts[status] for status in _ORDER if status in counts}
    words = " · ".join(f"{count} {status}" for status, count in ordered.items())
    took = span(batch.seconds)
    title = batch.name or "batch"
    kind = f"{counted(len(batch), 'operation')} of {batch.route}"
    state = f"done in {took}" if batch.done else f"{took}{_left(batch)}"
    troubles = [] if not (counts.keys() & {"failed", "rejected"}) else _troubles(batch)
    html = frame(
        GREEN if batch.done and not troubles else AMBER if troubles else BLUE,
        head(title, kind, state),
        _bar(ordered, len(batch)),
        line(words),
        *([fold("What went wrong", *troubles)] if troubles else []),
    )
    return Rendering(str(html), f"{title} · {kind} · {words} · {state}")


def _left(batch: Batch) -> str:
    """Return roughly how long the rest will take, once enough has ended to tell."""
    share = batch.ended / len(batch)
    if batch.ended < _ENOUGH_TO_TELL or share >= 1:
        return ""
    return f", about {span(batch.seconds * (1 - share) / share)} to go"


_ENOUGH_TO_TELL = 5


def _bar(counts: Mapping[str, int], total: int) -> Markup:
    parts = [
        _PART.format(100 * count / total, _COLOURS[status])
        for status, count in counts.items()
        if status in _COLOURS
    ]
    return _BAR.format(Markup("").join(parts))


def _troubles(batch: Batch) -> list[Markup]:
    entries = [operation.entry for operation in batch.operations]
    bad = [entry for entry in entries if entry.status in ("failed", "rejected")]
    rows = [
        row(short(entry.key), Markup("{} {}").format(code(entry.error_code or ""), explain(entry)))
        for entry in bad[:MOST_TROUBLES]
    ]
    if len(bad) > MOST_TROUBLES:
        rows.append(line(f"And {len(bad) - MOST_TROUBLES} more."))
    return rows

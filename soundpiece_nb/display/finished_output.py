"""The output of a finished operation: script-free HTML with its own player, and text.

The `src` is an attribute of `<audio>` itself and the waveform is an image, because that is what
JupyterLab leaves in a notebook it does not trust, and what a saved page plays without any kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from markupsafe import Markup

from soundpiece_nb.api.request import has_derived_key
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import counted, short, visible

from . import html_parts as html
from .cell_source import as_cell
from .live_output import LiveOutput, Rendering
from .sound_source import Place
from .take_player import player

ACCENTS = {"ready": html.GREEN, "failed": html.RED, "rejected": html.AMBER}
ONCE = "Made once: running its cell again makes nothing new and costs nothing."


class FinishedOutput(LiveOutput):
    """The permanent output of one operation, kept up to date with how its takes are rated."""

    def __init__(
        self, key: str, session: Session, place: Place, identity: str | None = None
    ) -> None:
        super().__init__(session, (key,), identity)
        self._key = key
        self._place = place

    def text(self) -> str:
        """Return the operation as one line, for a terminal."""
        entry, home = self.session.journal.entry(self._key), self._place.home
        files = {take.take: str(home / take.path) for take in entry.takes if take.path}
        first, *rest = plain(entry, files).split("\n")
        return " · ".join([first, *(line.strip() for line in rest)])

    def draw(self) -> Rendering:
        """Return the operation in its present state, or why that cannot be shown."""
        entry = self.session.journal.entry(self._key)
        self.follow([entry])
        try:
            return compose(entry, self._place)
        except Exception as error:  # noqa: BLE001 - said in the cell, and the operation is fine
            return unshowable(entry, error)


def compose(entry: Entry, place: Place) -> Rendering:
    """Return the permanent output of an operation.

    Links files or encodes previews on the way: call it off the main thread.
    """
    takes = place.stored_takes(entry)
    players = [player(entry, take, place) for take in takes]
    files = {take.take: path for take, (_, path) in zip(takes, players, strict=True)}
    troubled = entry.status != "failed" and explain(entry) is not None
    drawn = html.frame(
        html.AMBER if troubled else ACCENTS.get(entry.status, html.BLUE),
        html.head(entry.title, kind(entry), _state(entry)),
        *([html.quiet_line(entry.summary)] if entry.summary else []),
        *([html.quiet_line(ONCE)] if has_derived_key(entry.key) else []),
        *(player for player, _ in players),
        *_problem(entry),
        _folded(entry, list(files.values())),
    )
    return Rendering(drawn, plain(entry, files))


def unshowable(entry: Entry, error: Exception) -> Rendering:
    """Return an output that says why a finished operation cannot be shown."""
    what = f"It is {entry.status}, but its player cannot be made here"
    why = f"{type(error).__name__}: {error}"
    then = f"%soundpiece_show {short(entry.key)} tries again."
    words = html.line(Markup("{} ({}). {}").format(what, html.isolated(why), then))
    heading = html.head(entry.title, kind(entry), entry.status)
    return Rendering(html.frame(html.AMBER, heading, words), f"{what} ({why}). {then}")


def plain(entry: Entry, files: Mapping[int, str]) -> str:
    """Return the operation as text: one line, then a line for each take's file or the reason."""
    first = f"{entry.title} · {kind(entry)} · {_state(entry)} · key {short(entry.key)}"
    lengths = {take.take: html.clock(take.duration or 0) for take in entry.takes}
    lines = [f"  {take}  {lengths[take]}  {path}" for take, path in files.items()]
    notes = [str(explain(entry) or _left_to_do(entry)), ONCE if has_derived_key(entry.key) else ""]
    return visible("\n".join([first, *lines, *(f"  {words}" for words in notes if words)]))


def kind(entry: Entry) -> str:
    """Return what the operation makes, and that the sandbox made it if it did."""
    noun = find_route(entry.route).title
    return f"{noun} · sandbox" if entry.service == "sandbox" else noun


def _left_to_do(entry: Entry) -> str:
    """Return how to go on with an operation that is pruned or not complete, without trouble."""
    resume = f"%soundpiece_resume {short(entry.key)}"
    pruned = [take.pruned_at for take in entry.takes if take.pruned_at and not take.path]
    if pruned:
        return f"Its audio was pruned on {max(pruned):%Y-%m-%d}. {resume} fetches it again."
    if entry.complete:
        return ""
    if entry.status == "ready":
        return f"Not all of its files are on this machine; {resume} fetches them."
    return f"It goes on at the service; {resume} follows it here."


def _took(entry: Entry) -> str:
    end = entry.finished_at or datetime.now(UTC)
    return html.span((end - entry.submitted_at).total_seconds())


def _state(entry: Entry) -> str:
    match entry.status:
        case "ready":
            return f"{counted(entry.outputs or 0, 'take')} in {_took(entry)}"
        case "failed":
            return f"failed after {_took(entry)}"
        case "rejected":
            return "not started"
        case status:
            return status


def _problem(entry: Entry) -> list[Markup]:
    why = explain(entry)
    if why is None:
        left = _left_to_do(entry)
        return [html.line(html.with_commands(left))] if left else []
    what = html.join([html.isolated(why.what), html.quiet(f"({why.code})")], " ")
    then = html.quiet_block(html.with_commands(f"{why.money} {why.next}"))
    return [html.line(what), then]


def _folded(entry: Entry, files: list[str]) -> Markup:
    made = f"{html.moment(entry.submitted_at)}, {_took(entry)}, {counted(entry.polls, 'poll')}"
    rows = {
        "Files": html.join(files, "<br>"),
        "Key": html.code(entry.key),
        "Tags": ", ".join(entry.tags),
        "Note": entry.note,
        "Made" if entry.status == "ready" else "Sent": made,
    }
    summary = "The cell, files, key" if files else "The cell, key"
    shown = [html.row(label, value) for label, value in rows.items() if value]
    return html.fold(summary, html.pre(as_cell(entry)), *shown)

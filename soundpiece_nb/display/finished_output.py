"""The output that stays: script-free HTML with its own player, and text that says as much.

`src` stands on `<audio>` itself and the waveform is an image, because that is what JupyterLab
leaves in a notebook it does not trust, and what a saved page plays without any kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup

from soundpiece_nb.api.request import is_once
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.engine.explanations import explain
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.text import counted, short, visible

from .cell_source import as_cell
from .html_parts import (
    AMBER,
    BLUE,
    GREEN,
    QUIET,
    RED,
    clock,
    code,
    fold,
    frame,
    head,
    isolated,
    line,
    moment,
    pre,
    quiet_line,
    row,
    span,
    with_commands,
)
from .request_summary import subject
from .sound_source import Place
from .take_player import player

ACCENTS = {"ready": GREEN, "failed": RED, "rejected": AMBER}


ONCE = "Made once: running its cell again makes nothing new and costs nothing."


@dataclass
class Rendering:
    """Static HTML and text for one place in a notebook, without what neither can show."""

    html: str
    text: str

    def __post_init__(self) -> None:
        self.html, self.text = visible(self.html), visible(self.text)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """Give both forms to whatever front end shows this."""
        del include, exclude
        return {"text/html": self.html, "text/plain": self.text}


def compose(entry: Entry, place: Place) -> Rendering:
    """Return the permanent output of an operation as it stands.

    Links files or encodes previews on the way: call it off the main thread.
    """
    takes = [take for take in entry.takes if take.path and (place.home / take.path).exists()]
    players = [player(entry, take, place) for take in takes]
    files = {take.take: path for take, (_, path) in zip(takes, players, strict=True)}
    html = frame(
        _accent(entry),
        head(entry.title, kind(entry), _standing(entry)),
        _subtitle(entry),
        *([quiet_line(ONCE)] if is_once(entry.key) else []),
        *(player for player, _ in players),
        *_problem(entry),
        _folded(entry, list(files.values())),
    )
    return Rendering(str(html), plain(entry, files))


def plain(entry: Entry, files: Mapping[int, str]) -> str:
    """Return the operation as text: one line, then a line for each take's file or the reason."""
    first = f"{entry.title} · {kind(entry)} · {_standing(entry)} · key {short(entry.key)}"
    lengths = {take.take: clock(take.duration or 0) for take in entry.takes}
    lines = [f"  {take}  {lengths[take]}  {path}" for take, path in files.items()]
    said = [str(explain(entry) or _left_to_do(entry)), ONCE if is_once(entry.key) else ""]
    return visible("\n".join([first, *lines, *(f"  {words}" for words in said if words)]))


def _left_to_do(entry: Entry) -> str:
    """Return how to go on with an operation that is pruned or not complete, without trouble."""
    resume = f"%soundpiece_resume {short(entry.key)}"
    pruned = [take.pruned_at for take in entry.takes if take.pruned_at and not take.path]
    if pruned:
        return f"Its audio was pruned on {max(pruned):%Y-%m-%d}; {resume} fetches it again."
    if entry.complete:
        return ""
    if entry.status == "ready":
        return f"Not all of its files are on this machine; {resume} fetches them."
    return f"It goes on at the service; {resume} follows it here."


def kind(entry: Entry) -> str:
    """Return what the operation makes, and that the sandbox made it if it did."""
    noun = find_route(entry.route).title
    return f"{noun} · sandbox" if entry.service == "sandbox" else noun


def _accent(entry: Entry) -> str:
    if explain(entry) is not None and entry.status != "failed":
        return AMBER
    return ACCENTS.get(entry.status, BLUE)


def _standing(entry: Entry) -> str:
    end = entry.finished_at or datetime.now(UTC)
    took = span((end - entry.submitted_at).total_seconds())
    match entry.status:
        case "ready":
            return f"{counted(entry.outputs or 0, 'take')} in {took}"
        case "failed":
            return f"failed after {took}"
        case "rejected":
            return "not started"
        case status:
            return status


def _subtitle(entry: Entry) -> Markup:
    text = subject(entry)
    return quiet_line(text) if text else Markup("")


def _problem(entry: Entry) -> list[Markup]:
    why = explain(entry)
    if why is None:
        left = _left_to_do(entry)
        return [line(with_commands(left))] if left else []
    happened = isolated(why.happened) + Markup(' <span style="{}" dir="auto">({})</span>').format(
        QUIET, why.code
    )
    return [
        line(happened),
        Markup('<div style="{};margin-top:4px">{}</div>').format(
            QUIET, with_commands(f"{why.money} {why.next}")
        ),
    ]


def _folded(entry: Entry, files: list[str]) -> Markup:
    rows = []
    if files:
        rows.append(row("Files", Markup("<br>").join(files)))
    rows.append(row("Key", code(entry.key)))
    if entry.tags:
        rows.append(row("Tags", ", ".join(entry.tags)))
    if entry.note:
        rows.append(row("Note", entry.note))
    took = (entry.finished_at or datetime.now(UTC)) - entry.submitted_at
    asked = counted(entry.polls, "poll")
    made = f"{moment(entry.submitted_at)}, {span(took.total_seconds())}, {asked}"
    rows.append(row("Made" if entry.status == "ready" else "Sent", made))
    names = ["the cell", *(["files"] if files else []), "key"]
    return fold(", ".join(names).capitalize(), pre(as_cell(entry)), *rows)

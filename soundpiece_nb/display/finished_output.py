"""The output of a finished operation: script-free HTML with its own player, and text.

The `src` is an attribute of `<audio>` itself and the waveform is an image, because that is what
JupyterLab leaves in a notebook it does not trust, and what a saved page plays without any kernel.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from soundpiece_nb.api.request import has_derived_key
from soundpiece_nb.api.routes import route_title
from soundpiece_nb.engine.explanations import explain, waiting_words
from soundpiece_nb.journal.entry import STATUSES, Entry
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import MOST_SAID, counted, label, short, shown

from . import html_parts as html
from .cell_source import as_cell
from .html_parts import Markup
from .live_output import Rendering, as_view
from .sound_source import Place
from .take_player import player, pruned_words, status_words
from .unsent_output import UnsentOutput

ACCENTS = {
    "ready": html.GREEN,
    "failed": html.RED,
    "rejected": html.AMBER,
    "discarded": html.GREY,
}
NONE = Markup("")
ONCE = "Made once: running its cell again makes nothing new and costs nothing."


class FinishedOutput(UnsentOutput):
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
        engine = self.session.engine
        on_its_way = engine.run(self._key) is not None
        goes_on = engine.will_send(self._key) if entry.unsent else on_its_way
        try:
            buttons = self.buttons()
            drawn = compose(entry, self._place, goes_on=goes_on, buttons=buttons)
        except Exception as error:  # noqa: BLE001 - said in the cell, and the operation is fine
            why = f"{type(error).__name__}: {self._place.without_home(error)}"
            return unshowable(entry, why)
        return Rendering(as_view(self.id, Markup(drawn.html)), drawn.text) if buttons else drawn


def compose(
    entry: Entry, place: Place, *, goes_on: bool = False, buttons: Markup = NONE
) -> Rendering:
    """Return the permanent output of an operation, which may be one that `goes_on` here.

    Links files or encodes previews on the way: call it off the main thread.
    """
    takes = place.stored_takes(entry)
    players = [player(entry, take, place) for take in takes]
    files = {take.take: path for take, (_, path) in zip(takes, players, strict=True)}
    accent = html.BLUE if goes_on else accent_of(entry)
    drawn = html.frame(
        accent,
        html.head(entry.title, kind(entry), _state(entry)),
        *([html.quiet_line(entry.summary)] if entry.summary else []),
        *([html.quiet_line(ONCE)] if has_derived_key(entry.key) else []),
        *([html.line(entry.complaint)] if entry.complaint else []),
        *(player for player, _ in players),
        *_problem(entry, goes_on=goes_on),
        buttons,
        _folded(entry, [path for path in files.values() if path]),
    )
    return Rendering(drawn, plain(entry, files, goes_on=goes_on))


def accent_of(entry: Entry) -> str:
    """Return the colour of an operation: amber for whatever needs a person."""
    stuck = entry.status not in ("failed", "discarded") and explain(entry) is not None
    return html.AMBER if stuck or entry.unsent else ACCENTS.get(entry.status, html.BLUE)


def unshowable(entry: Entry, why: str) -> Rendering:
    """Return an output that says why a finished operation cannot be shown."""
    what = f"It is {entry.status}, but its player cannot be made here"
    then = f"%soundpiece_show {short(entry.key)} tries again."
    words = html.line(Markup("{} ({}). {}").format(what, html.isolated(why), then))
    heading = html.head(entry.title, kind(entry), entry.status)
    return Rendering(html.frame(html.AMBER, heading, words), f"{what} ({why}). {then}")


def plain(entry: Entry, files: Mapping[int, str], *, goes_on: bool = False) -> str:
    """Return the operation as text: one line, then a line for each take's file or the reason."""
    first = f"{entry.title} · {kind(entry)} · {_state(entry)} · key {short(entry.key)}"
    lengths = {take.take: html.clock(take.duration or 0) for take in entry.takes}
    lines = [f"  {take}  {lengths[take]}  {path}".rstrip() for take, path in files.items()]
    notes = (
        str(explain(entry) or _left_to_do(entry, goes_on=goes_on)),
        entry.complaint,
        ONCE if has_derived_key(entry.key) else "",
    )
    said = "\n".join([first, *lines, *(f"  {words}" for words in notes if words)])
    return shown(said, MOST_SAID)


def kind(entry: Entry) -> str:
    """Return what the operation makes, and that the sandbox made it if it did."""
    noun = route_title(entry.route)
    return f"{noun} · sandbox" if entry.service == "sandbox" else noun


def _left_to_do(entry: Entry, *, goes_on: bool) -> str:
    """Return how to go on with an operation that is pruned or not complete, without trouble."""
    if goes_on and not entry.complete:
        return "It is on its way here."
    resume = f"%soundpiece_resume {short(entry.key)}"
    pruned = _about_pruned(entry)
    if pruned or entry.complete or entry.status not in STATUSES:
        return pruned
    if entry.status == "submitting":
        why = waiting_words(entry)
        return f"{why.what} {why.money} {why.next}"
    if entry.status == "ready":
        return f"Not all of its files are on this machine; {resume} fetches them."
    return f"It goes on at the service; {resume} follows it here."


def _about_pruned(entry: Entry) -> str:
    """Return which of its takes were pruned, and how to fetch them again; empty for none."""
    gone = [take for take in entry.takes if take.pruned_at and not take.path]
    if not gone:
        return ""
    words = pruned_words(entry)
    if len(gone) == len(entry.takes):
        return f"Its audio was {words}. %soundpiece_resume {short(entry.key)} fetches it again."
    again = " ".join(map(entry.word_for, gone))
    them = "it" if len(gone) == 1 else "them"
    return f"{words.capitalize()}. %soundpiece_resume {again} fetches {them} again."


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
        case _:
            return status_words(entry)


def _problem(entry: Entry, *, goes_on: bool) -> list[Markup]:
    why = explain(entry)
    if why is None:
        left = _left_to_do(entry, goes_on=goes_on)
        return [html.line(html.with_commands(left))] if left else []
    what = html.reason(why.what, "" if why.code == entry.status else why.code)
    then = html.quiet_block(html.with_commands(f"{why.money} {why.next}"))
    return [html.line(what), then]


def _folded(entry: Entry, files: list[str]) -> Markup:
    made = f"{html.moment(entry.submitted_at)}, {_took(entry)}, {counted(entry.polls, 'poll')}"
    key = html.code(entry.key)
    if entry.name is None:
        how = f"%soundpiece_rename {short(entry.key)} NAME gives it a NAME."
        key += html.quiet_block(html.with_commands(how))
    rows = {
        "Files": html.join(files, "<br>"),
        "Key": key,
        "Tags": label(", ".join(entry.tags)),
        "Note": entry.note,
        "Cost": entry.cost,
        "Made" if entry.status == "ready" else "Sent": made,
    }
    summary = "The cell, files, key" if files else "The cell, key"
    shown = [html.row(label, value) for label, value in rows.items() if value]
    return html.fold(summary, html.pre(as_cell(entry)), *shown)

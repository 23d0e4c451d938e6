"""Outputs that are drawn again in place whenever an operation that they show has changed.

What is drawn is static at any time: a notebook saved at any moment keeps it as it is.
"""

from __future__ import annotations

import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from soundpiece_nb.api.error_logging import log_unforeseen, logging_unforeseen
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.entry import Entry
from soundpiece_nb.operations.session import Session
from soundpiece_nb.shown_text import MOST_SAID, say, shown

from .html_parts import Markup

SLOT = Markup('<div class="soundpiece-slot"></div>')
"""The place into which the page's script puts the controls to arrange an output with."""

Message = dict[str, Any]
"""A message from the page's script, or an answer to it."""

Progress = tuple[str, str | None, int]
"""The status of an operation, its error code, and the number of its takes that are stored."""


def progress_of(entry: Entry) -> Progress:
    """Return how far an operation is."""
    return entry.status, entry.error_code, sum(take.path is not None for take in entry.takes)


def as_view(identity: str, content: Markup) -> Markup:
    """Return an output that a person can arrange, with its id."""
    return Markup('<div class="soundpiece-view soundpiece-is-{}">{}</div>').format(
        identity, content
    )


@dataclass
class Rendering:
    """Static HTML, made of `html_parts.Markup`, and text for one place in a notebook."""

    html: str
    text: str

    def __post_init__(self) -> None:
        self.html, self.text = str(self.html), shown(self.text, MOST_SAID)

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """Give both forms to whatever front end shows this."""
        return {"text/html": self.html, "text/plain": self.text}


def display_here(shown: Any, text: str) -> Any:
    """Display something in the running cell; return the handle to draw it again by.

    Where the front end fails, the text is printed instead: no output decides what goes on.
    """
    from IPython.display import DisplayHandle

    handle = DisplayHandle()
    try:
        handle.display(shown)
    except Exception as error:  # noqa: BLE001 - anybody's publisher, hook or formatter
        log_unforeseen("display", error)
        say(text)
    return handle


class LiveOutput(ABC):
    """One output of a notebook, which the session's `Page` keeps up to date.

    Drawing links files or encodes previews, so it happens off the main thread.
    """

    orders: Mapping[str, str] = {}
    """Orders it can be sorted by, and their words; empty where it has none."""
    order: str = ""
    page: int = 1
    pages: int = 1
    matched: bool = False
    """Whether its takes may be played at equal loudness."""
    form: Mapping[str, Any] | None = None
    """Description of the form in it, for the page's script."""
    tick_seconds: float | None = None
    """Seconds between two drawings while it goes on, though nothing has changed."""
    has_last_work: bool = False
    """Whether `finish` does anything."""
    quick: bool = False
    """Whether drawing it again takes so little that any thread may do so."""

    prefix: str = "operation"
    """The beginning of the id of such an output."""

    def __init__(
        self, session: Session, keys: Collection[str] = (), identity: str | None = None
    ) -> None:
        self.id = identity or f"{self.prefix}-{uuid.uuid4().hex[:8]}"
        self.session = session
        self.keys = keys
        """Keys of the operations that it shows."""
        self.handle: Any = None
        """IPython's display handle, once it is displayed."""
        self.open: dict[str, Progress] = {}
        """Operations that have yet to end or to be downloaded, as far as they are drawn."""
        self._fails = False
        self._drawing = threading.RLock()

    @abstractmethod
    def draw(self) -> Rendering:
        """Return it in its present state."""

    def goes_on(self) -> bool:
        """Tell whether an operation that it shows has yet to end."""
        return bool(self.open)

    def text(self) -> str:
        """Return it as text, for a terminal."""
        return self.draw().text

    def follow(self, entries: Iterable[Entry]) -> None:
        """Note how far operations are drawn, to draw them again when they have gone further."""
        self.open = {each.key: progress_of(each) for each in entries if not each.complete}

    def finish(self) -> bool:
        """Do the last work once nothing more will come; True where it is to be drawn once more."""
        return False

    def redraw(self) -> None:
        """Draw it again in its place; one thread at a time, so that the latest state is last."""
        with self._drawing, logging_unforeseen("display"):
            self.replace(self.draw())

    def replace(self, shown: Any) -> None:
        """Show this in its place, if it is displayed; the first failure is logged."""
        if self.handle is None:
            return
        try:
            self.handle.update(shown)
            self._fails = False
        except Exception as error:  # noqa: BLE001 - of a front end that has gone, say
            if not (self._fails or isinstance(error, OSError)):
                log_unforeseen("display", error)
            self._fails = True

    def answer(self, message: Message) -> Message | None:
        """Answer a message of the page's script that is about this output; raises Mistake."""
        if message.get("do") != "arrange":
            raise Mistake("This output has no such control.")
        if (order := str(message.get("order", self.order))) in self.orders:
            self.order = order
        self.page = min(max(int(message.get("page", 1)), 1), self.pages)
        self.redraw()
        return {"say": "seen", "judged": [], "views": [self.arranged()]}

    def arranged(self) -> Message:
        """Return a description of it for the page's script."""
        names = ("id", "order", "page", "pages", "matched", "form")
        return {"orders": dict(self.orders), **{name: getattr(self, name) for name in names}}

"""The page's script: stars, notes, sorting and forms beside static outputs, while a kernel lives.

One widget without a view brings the script to the page. There it finds takes and views by their
class names; a saved notebook holds nothing of it. Where the front end has no widgets, outputs are
as they are, and magics do what buttons would.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from typing import Any

from soundpiece_nb.api.error_logging import log_unforeseen, logging_unforeseen, unforeseen_words
from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.journal.entry import TakeEntry
from soundpiece_nb.operations import earlier_operations
from soundpiece_nb.operations.session import Session, SessionPart

from .live_output import LiveOutput, Message


class PageScript(SessionPart):
    """The companion of the page's outputs: sent there once, it passes clicks and answers on."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._find: Callable[[str], LiveOutput | None] = lambda _: None
        self._on_answer: Callable[[], None] = lambda: None
        self._companion: Any = None
        self._making = threading.Lock()
        session.rated.subscribe(self._tell_ratings)

    def ensure_companion(
        self, find: Callable[[str], LiveOutput | None], on_answer: Callable[[], None]
    ) -> None:
        """Send the script to this kernel's page, once.

        `find` returns an output by its id; `on_answer` is called when one may have been redrawn.
        """
        self._find, self._on_answer = find, on_answer
        with self._making:
            if self._companion is not None:
                return
            import anywidget

            class Companion(anywidget.AnyWidget):
                _esm = script()

            self._companion = Companion()
            self._companion.on_msg(self._hear)

    def pause(self) -> None:
        """Take the script from the page, with all it added there."""
        with self._making:
            companion, self._companion = self._companion, None
        with logging_unforeseen("display"):
            if companion is not None:
                companion.close()

    def _send(self, message: Message) -> None:
        with logging_unforeseen("display"):  # of a page that has gone
            if self._companion is not None:
                self._companion.send(message)

    def _hear(self, _: Any, message: Any, __: object) -> None:
        """Answer a message from the page; errors are shown there, where the person looks."""
        if not isinstance(message, dict):
            return
        try:
            answer = self._answer(message)
        except Exception as error:  # noqa: BLE001 - a person has clicked, and must be answered
            words = str(error)
            if not isinstance(error, SoundpieceError):
                log_unforeseen("display", error, [repr(message)])
                words = unforeseen_words(error, self.session.home)
            answer = {"say": "refused", "words": words, "about": message}
        if answer is not None:
            self._send(answer)

    def _answer(self, message: Message) -> Message | None:
        match message.get("do"):
            case "look":
                return self._look(message)
            case "judge":
                key, take = str(message["key"]), int(message["take"])
                given = {word: message.get(word) for word in ("rating", "note")}
                earlier_operations.rate(self.session, key, take, **given)
                return None
            case "arrange":
                return self._pass_on(message, "output", "Run its cell again to sort it.")
            case "send" | "discard":
                return self._pass_on(message, "output", "%soundpiece_show shows it anew.")
            case "make" | "cell":
                return self._pass_on(message, "form", "%soundpiece_lab opens a new one.")
        return None

    def _pass_on(self, message: Message, noun: str, remedy: str) -> Message | None:
        """Return the answer of the output that a message is about; raises Mistake."""
        output = self._find(str(message["form" if noun == "form" else "view"]))
        if output is None:
            raise Mistake(f"This {noun} belongs to an earlier kernel.", next=remedy)
        answer = output.answer(message)
        self._on_answer()
        return answer

    def _look(self, message: Message) -> Message:
        """Return how the takes of a page are rated by now, and what its outputs can do."""
        keys = dict.fromkeys(str(each["key"]) for each in message["takes"])
        judged = [rating for key in keys for rating in self._ratings(key)]
        found = [self._find(str(each)) for each in message["views"]]
        views = [output.arranged() for output in found if output is not None]
        return {"say": "seen", "judged": judged, "views": views}

    def _tell_ratings(self, key: str) -> None:
        self._send({"say": "seen", "judged": self._ratings(key), "views": []})

    def _ratings(self, key: str) -> list[Message]:
        """Return how the takes of an operation are rated; nothing for one that is not known."""
        takes: Sequence[TakeEntry] = ()
        with suppress(KeyError):
            takes = self.session.journal.entry(key).takes
        return [{"key": key, "take": t.take, "rating": t.rating, "note": t.note} for t in takes]


@cache
def script() -> str:
    """Return the page's script, of which every file is a part, as one module."""
    folder = resources.files(__package__) / "javascript"
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.iterdir(), key=str))

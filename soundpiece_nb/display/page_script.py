"""The page's script: stars, notes, sorting and forms beside static outputs, while a kernel lives.

One widget without a view brings the script to the page. There it finds takes and views by their
class names; a saved notebook holds nothing of it. Where the front end has no widgets, outputs are
as they are, and magics do what buttons would.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib import resources
from typing import Any, Protocol

from soundpiece_nb.api.errors import Mistake, SoundpieceError
from soundpiece_nb.api.log_filter import log_unforeseen, unforeseen_words
from soundpiece_nb.operations import library
from soundpiece_nb.operations.session import Session, SessionPart

from .live_output import LiveOutput, Message

SCRIPTS = ("nodes", "playback", "server", "ratings", "tools", "form", "companion")
"""The parts of the page's script, which become one module."""


class Outputs(Protocol):
    """The outputs that a page has, as the script asks for them."""

    def find(self, identity: str) -> LiveOutput | None:
        """Return the output of an id, if there is one."""

    def wake(self) -> None:
        """Look again which outputs go on."""


class PageScript(SessionPart):
    """The companion of the page's outputs: sent there once, it passes clicks and answers on."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._outputs: Outputs
        self._companion: Any = None
        self._making = threading.Lock()
        session.rated.subscribe(self._tell_ratings)

    def ensure_companion(self, outputs: Outputs) -> None:
        """Send the script to this kernel's page, once; its messages are about these outputs."""
        self._outputs = outputs
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
            if self._companion is not None:
                self._companion.close()
            self._companion = None

    def _send(self, message: Message) -> None:
        if self._companion is not None:
            self._companion.send(message)

    def _hear(self, _: Any, message: Any, __: object) -> None:
        """Answer a message from the page; errors are shown there, where the person looks."""
        if not isinstance(message, dict):
            return
        try:
            said = self._answer(message)
        except SoundpieceError as error:
            said = {"say": "refused", "words": str(error), "about": message}
        except Exception as error:  # noqa: BLE001 - a person has clicked, and has to hear of it
            log_unforeseen("display", error, [repr(message)])
            words = unforeseen_words(error, self.session.home)
            said = {"say": "refused", "words": words, "about": message}
        if said is not None:
            self._send(said)

    def _answer(self, message: Message) -> Message | None:
        match message.get("do"):
            case "look":
                return self._look(message)
            case "judge":
                key, take = str(message["key"]), int(message["take"])
                given = {word: message.get(word) for word in ("rating", "note")}
                library.rate(self.session, key, take, **given)
                return None
            case "arrange" | "make" | "cell" as word:
                arranges = word == "arrange"
                output = self._outputs.find(str(message["view" if arranges else "form"]))
                if output is None and arranges:
                    raise Mistake(
                        "This output belongs to an earlier kernel; run its cell again to sort it."
                    )
                if output is None:
                    raise Mistake(
                        "This form belongs to an earlier kernel; %soundpiece_lab opens a new one."
                    )
                answer = output.answer(message)
                self._outputs.wake()  # what it shows now may go on
                return answer
        return None

    def _look(self, message: Message) -> Message:
        """Return how the takes of a page are rated by now, and what its outputs can do."""
        judged: list[Message] = []
        for key in dict.fromkeys(str(each["key"]) for each in message["takes"]):
            judged += self._ratings(key)
        found = [self._outputs.find(str(each)) for each in message["views"]]
        return {
            "say": "seen",
            "judged": judged,
            "views": [output.arranged() for output in found if output is not None],
        }

    def _tell_ratings(self, key: str) -> None:
        if self._companion is not None:
            self._send({"say": "seen", "judged": self._ratings(key), "views": []})

    def _ratings(self, key: str) -> list[Message]:
        """Return how the takes of an operation are rated; nothing for one that is not known."""
        try:
            takes = self.session.journal.entry(key).takes
        except KeyError:
            return []
        return [
            {"key": key, "take": each.take, "rating": each.rating, "note": each.note}
            for each in takes
        ]


@cache
def script() -> str:
    """Return the page's script as one module."""
    folder = resources.files(__package__) / "javascript"
    return "\n".join((folder / f"{name}.js").read_text(encoding="utf-8") for name in SCRIPTS)

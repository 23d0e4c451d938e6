"""Outputs that show what was never sent, and offer to send it or to drop it for good.

What is drawn says so in words and names the commands; the buttons are the page script's.
"""

from __future__ import annotations

from collections.abc import Sequence

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations import discarding, resuming
from soundpiece_nb.operations.consent import Consent
from soundpiece_nb.shown_text import counted

from .html_parts import Markup
from .live_output import LiveOutput, Message

_PLACE = Markup('<div class="soundpiece-unsent soundpiece-left-{}"></div>')
"""The place of the buttons, and how many operations they are about."""


class UnsentOutput(LiveOutput):
    """An output whose operations may wait to be sent, with nobody here to send them."""

    _answered = False

    def unsent(self) -> Sequence[str]:
        """Return the keys of those that were never sent, and that this kernel does not send."""
        states, engine = self.session.journal.states(list(self.keys)), self.session.engine
        return [
            key for key in self.keys if states.get(key) == "unsent" and not engine.will_send(key)
        ]

    def buttons(self) -> Markup:
        """Return the place for the buttons; nothing where they would have nothing to do.

        It stays once one was pressed, since the answer is told there.
        """
        left = len(self.unsent())
        return _PLACE.format(left) if left or self._answered else Markup("")

    def answer(self, message: Message) -> Message | None:
        """Send or drop what was never sent, when its button is pressed; raises Mistake."""
        match message.get("do"):
            case "send":
                words = self._send()
            case "discard":
                words = self._discard()
            case _:
                return super().answer(message)
        self._answered = True
        self.redraw()
        return {"say": "told", "view": self.id, "words": words}

    def _send(self) -> str:
        keys = self.unsent()
        if keys:  # the button said how many
            resuming.resume(self.session, keys, consent=Consent(given=True))
        return f"{counted(len(keys), 'operation')} sent."

    def _discard(self) -> str:
        if not (keys := self.unsent()):
            raise Mistake("Nothing of this waits to be sent any more.")
        return str(discarding.require_dropped(discarding.discard(self.session, keys)))

"""Consent: a person's yes to many operations at once, given beforehand or asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import counted


@dataclass(frozen=True)
class Consent:
    """A person's word about sending more than a ceiling.

    `given` is a word beforehand, such as `--send`. `ask` puts a question to a person and returns
    the answer, None where nobody was there after all; there is none where nobody is.
    """

    given: bool = False
    ask: Callable[[str], bool | None] | None = None

    def to(self, question: str) -> bool | None:
        """Return the answer to a question; None where nobody can be asked."""
        if self.given:
            return True
        return None if self.ask is None else self.ask(question)

    def to_send(self, number: int, most: int) -> bool | None:
        """Return whether so many that were never sent go out now; `most` do without a word."""
        if number <= most:
            return True
        return self.to(f"{counted(number, 'operation')} were never sent. Send all of them now?")

    def require(self, number: int, most: int) -> bool:
        """Do as `to_send`; raises Mistake where nobody can be asked."""
        answer = self.to_send(number, most)
        if answer is None:
            raise held_back(number)
        return answer


NOBODY = Consent()
GIVEN = Consent(given=True)

MOST_UNASKED = 50
"""Operations that go out at once without a question, where no ceiling is set."""


def held_back(number: int, others: int = 0) -> Mistake:
    """Return the refusal of so many that were never sent, while others go on."""
    beside = f" {counted(others, 'other')} go on." if others else ""
    return Mistake(
        f"{counted(number, 'operation')} were never sent, and that is more than go out unasked."
        f"{beside}",
        money="Nothing of them was sent or charged.",
        next="%soundpiece_resume --send sends them (sp.resume(send=True)); %soundpiece_history "
        "--unsent lists them, %soundpiece_discard --unsent drops them.",
    )

"""Ceilings: how many operations that can cost may be begun a day, and how many at once.

They guard against slips, not against people: whoever may write the journal may change them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from soundpiece_nb.api.errors import NOTHING_SENT, Mistake
from soundpiece_nb.settings import Ceiling, Settings, made_by
from soundpiece_nb.shown_text import counted

from .consent import GIVEN, MOST_UNASKED, Consent

if TYPE_CHECKING:
    from soundpiece_nb.journal.usage import Usage
    from soundpiece_nb.journal.write_ahead import Permit

    from .session import Session

Begun = TypeVar("Begun")
A_DAY: tuple[Ceiling, Ceiling] = ("most_a_day", "most_a_day_in_journal")
AT_ONCE: tuple[Ceiling, Ceiling] = ("most_at_once", "most_at_once_in_journal")
"""The ceilings of one person, and of everybody who shares the journal."""


class TooManyAtOnce(Mistake):
    """More at once than goes out unasked; where a ceiling is set, refused unless somebody agrees.

    `question` is put to a person. `refused` says that it is not sent where nobody can be asked.
    """

    question: str
    refused: bool


@dataclass(frozen=True)
class SetCeiling:
    """A ceiling that is set, and whose operations it counts: one person's, or everybody's."""

    most: int
    name: Ceiling
    by_environment: bool
    person: str | None

    def __str__(self) -> str:
        """Return the setting and its value, as a part of a sentence."""
        setting = f"SOUNDPIECE_{self.name.upper()}" if self.by_environment else self.config
        return f"{setting} is {self.most:,}"

    @property
    def config(self) -> str:
        """The setting as %config writes it."""
        return f"SoundpieceMagics.{self.name}"

    @property
    def whose(self) -> str:
        """Return the people whose operations are counted, as a part of a sentence."""
        return "by all who share the journal" if self.person is None else "by you"


def begin_with_consent(consent: Consent, begin: Callable[[Consent], Begun]) -> Begun:
    """Begin operations; a person is asked first where they are more at once than go unasked.

    Raises Mistake, having begun nothing, where the answer is no, and above a ceiling where nobody
    is there to be asked.
    """
    try:
        return begin(consent)
    except TooManyAtOnce as many:
        answer = consent.to(many.question)
        if answer is False:
            raise Mistake("You said no.", money=NOTHING_SENT) from None
        if answer is None and many.refused:
            raise Mistake(many.what, money=many.money, next=many.next) from None
    return begin(GIVEN)


def permit(
    session: Session, service: str, person: str, most: int, consent: Consent
) -> Permit | None:
    """Return the check of what is about to be begun, `most` operations; None if it needs none.

    With consent given, however many may be begun at once. Raises Mistake where a setting in the
    environment is no number.
    """
    settings, at_once, unasked = session.settings, list[SetCeiling](), float("inf")
    a_day = _set(settings, person, *A_DAY)
    if not consent.given:
        at_once = _set(settings, person, *AT_ONCE)
        if consent.ask is not None and settings.read_ceiling("most_at_once") is None:
            unasked = MOST_UNASKED
    if not a_day and not at_once and most <= unasked:
        return None

    def check(number: int, usage: Usage) -> None:
        for each in a_day:
            begun = usage.begun_today(service, each.person)
            if begun + number > each.most:
                raise _too_many_today(each, number, begun)
        for each in at_once:
            holder, carried = session.journal.holder, session.engine.in_flight(queued=True)
            going = usage.under_way(service, each.person, holder=holder, carried=carried)
            if going + number > each.most:
                raise _too_many_at_once(each, number, going)
        if number > unasked:
            raise _too_many_unasked(number)

    return check


def most_unasked(settings: Settings) -> int:
    """Return how many never-sent operations go out at once without a question; raises Mistake."""
    return settings.read_ceiling("most_at_once") or MOST_UNASKED


def begun_of_ceilings(session: Session) -> list[str]:
    """Return how many of each ceiling of a day were begun, in words; raises Mistake."""
    journal, service = session.journal, session.services.in_use
    return [
        f"{journal.begun_today(service, each.person):,} of at most {each.most:,} today {each.whose}"
        for each in _set(session.settings, made_by(), *A_DAY)
    ]


def _set(settings: Settings, person: str, own: Ceiling, everybodys: Ceiling) -> list[SetCeiling]:
    return [
        SetCeiling(most, name, getattr(settings, name) is None, whose)
        for name, whose in ((own, person), (everybodys, None))
        if (most := settings.read_ceiling(name)) is not None
    ]


def _too_many_today(ceiling: SetCeiling, number: int, begun: int) -> Mistake:
    left = max(ceiling.most - begun, 0)
    return Mistake(
        f"{counted(number, 'more operation')} would make {begun + number:,} today, and {ceiling}: "
        f"{begun:,} begun {ceiling.whose}, {left:,} left.",
        money=NOTHING_SENT,
        next=f"It begins anew at midnight; %config {ceiling.config} = {begun + number} allows it "
        "today.",
    )


def _too_many_at_once(ceiling: SetCeiling, number: int, going: int) -> TooManyAtOnce:
    what = f"{counted(number, 'operation')} at once, "
    if going:
        what = f"{counted(number, 'more operation')} would make {going + number:,} at once "
        what += f"with the {going:,} under way that were begun {ceiling.whose}, "
    wait = " %soundpiece_wait waits for what is on the way." if going else ""
    return TooManyAtOnce(
        f"{what}and {ceiling}.",
        money=NOTHING_SENT,
        next=f"--send (send=True) begins all the same.{wait}",
        question=f"{what}and {ceiling}. Begin all the same?",
        refused=True,
    )


def _too_many_unasked(number: int) -> TooManyAtOnce:
    question = f"Begin {counted(number, 'operation')} at once?"
    return TooManyAtOnce(question, money=NOTHING_SENT, question=question, refused=False)

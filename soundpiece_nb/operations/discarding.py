"""Discarding: what was never sent is dropped for good, and its row stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import TYPE_CHECKING

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.lease import is_held
from soundpiece_nb.shown_text import counted, label, short

if TYPE_CHECKING:
    from soundpiece_nb.journal.entry import Entry

    from .session import Session

NO_WAY_BACK = "What was sent cannot be called back: it is still made and paid for."


@dataclass(frozen=True)
class DiscardResult:
    """The operations that were dropped, and those that could not be."""

    dropped: Sequence[Entry]
    left: Sequence[Entry]

    def __str__(self) -> str:
        """Return what was dropped, and what becomes of the rest, as sentences."""
        sentences = []
        if self.dropped:
            number, total = len(self.dropped), len(self.dropped) + len(self.left)
            what = counted(total, "operation")
            what = f"{number} of {what}" if self.left else what
            were = "It was" if number == 1 else "They were"
            sentences.append(f"{what} discarded. {were} never made, and nothing was charged.")
        if len({_called(entry) for entry in self.left}) == len(self.left) <= MOST_NAMED:
            sentences += [f"{_called(entry)} {_reason(entry)}." for entry in self.left]
        else:
            reasons = Counter(map(_reason, self.left)).items()
            sentences.append(f"{', '.join(f'{n} {_of(n, why)}' for why, n in reasons)}.")
        if any(entry.status in ("submitting", "processing") for entry in self.left):
            sentences.append(NO_WAY_BACK)
        return " ".join(sentences)


MOST_NAMED = 3
"""Operations that are named one by one where they could not be dropped; more are counted."""
ENDING_SECONDS = 1.0
"""Seconds that discarding waits until what was on its way here has let go of it."""


def discard(session: Session, keys: Sequence[str]) -> DiscardResult:
    """Drop those of which the service has nothing: never sent, or refused.

    No process sends them any more, whichever was about to.
    """
    dropped = session.journal.discard(keys)
    runs = [run for run in map(session.engine.run, dropped) if run is not None]
    for run in runs:
        session.engine.drop(run.key)
    futures.wait([run.ended for run in runs], ENDING_SECONDS)  # so that each can begin anew
    for key in dropped:
        session.changed.tell(key)
    entries = session.journal.of_keys(keys)
    return DiscardResult(
        [entry for entry in entries if entry.key in dropped],
        [entry for entry in entries if entry.key not in dropped],
    )


def require_dropped(discarded: DiscardResult) -> DiscardResult:
    """Return what was discarded; raises Mistake if that is nothing."""
    if not discarded.dropped:
        raise Mistake(f"Nothing was discarded. {discarded}")
    return discarded


def unsent(session: Session) -> list[str]:
    """Return the keys of what was never sent, but for what another living kernel is about to send.

    The oldest comes first.
    """
    now, journal = session.journal.now(), session.journal
    return [
        key
        for key, holder, until in journal.never_sent()
        if holder == journal.holder or not is_held(holder, until, now)
    ]


def nothing_to_discard(*, asked: bool) -> str:
    """Return the words for nothing to discard where it was `asked` for; raises Mistake if not."""
    if asked:
        return "Nothing to discard: nothing waits to be sent."
    raise Mistake(
        "Say what to discard: NAMEs, keys and their beginnings, or --unsent (unsent=True) for all "
        "that was never sent.",
        next="%soundpiece_history --unsent lists those.",
    )


def _called(entry: Entry) -> str:
    return label(entry.name or short(entry.key))


def _reason(entry: Entry) -> str:
    match entry.status:
        case "discarded":
            return "was discarded before"
        case "submitting":
            return "may have been sent"
        case "processing":
            return "was sent"
        case "ready":
            return "is made and paid for"
        case status:
            return f"is {status}: nothing was made of it"


def _of(number: int, reason: str) -> str:
    """Return what is said of one operation as it is said of so many."""
    verb, rest = reason.split(" ", 1)
    return reason if number == 1 else f"{_PLURALS.get(verb, verb)} {rest}"


_PLURALS = {"was": "were", "is": "are"}

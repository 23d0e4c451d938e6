"""Work left to do for operations, after the service was asked about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from soundpiece_nb.engine.explanations import NOT_SENT
from soundpiece_nb.shown_text import counted

from .inventory import Known
from .report import LONGEST_REASON, Finding, Group, inert, listed, named
from .service_inquiry import Inquiry


@dataclass(frozen=True)
class Backlog:
    """Operations that no living process holds, and what they lack.

    `without_audio` are the keys of those whose audio is not here, `without_rows` of those whose
    takes the journal does not know; `service` is the one in use, as the journal calls it, and
    `account` the mark of the account whose key is set: the service shows an operation to its own
    account alone, and a key may have been replaced by another of the same account.
    """

    operations: Sequence[Known]
    without_audio: Collection[str]
    without_rows: Collection[str]
    service: str
    account: str | None

    def to_ask(self, *, everything: bool) -> list[Known]:
        """Return the operations to ask the service in use about: all, or those with work left."""
        return [
            known
            for known in self.operations
            if known.service == self.service
            and known.operation_id is not None
            and (everything or self._has_work(known))
        ]

    def findings(self, inquiry: Inquiry) -> list[Finding]:
        """Return what a person can do, and what nobody can any more."""
        unknown, ends_there = inquiry.unknown, inquiry.ends
        needing = [known for known in self.operations if self._has_work(known)]
        here = [known for known in needing if known.service == self.service]
        elsewhere = [known for known in needing if known.service != self.service]
        left = [known for known in here if known.key not in unknown]
        ended = [each for each in left if each.unfinished and each.key in ends_there]
        unfinished = [each for each in left if each.unfinished and each.key not in ends_there]
        over = [known.key for known in left if not known.unfinished]
        missed = [known for known in here if known.key in unknown]
        anothers = [known for known in missed if self._is_anothers(known)]
        lost = [known.key for known in missed if not self._is_anothers(known)]
        statuses = Counter(ends_there[known.key] for known in ended)
        ends = ", ".join(f"{number:,} {status}" for status, number in statuses.items())
        services = listed(dict.fromkeys(known.service for known in elsewhere))
        sentences = (
            _about(
                "Unfinished, and followed by nobody",
                _keys(unfinished),
                f"%soundpiece_resume goes on.{_unsure(unfinished)}",
            ),
            _about(
                f"Ended at the service meanwhile ({ends})",
                _keys(ended),
                "%soundpiece_resume brings that here, at no cost.",
            ),
            _about(
                "Without its audio here",
                [key for key in over if key in self.without_audio],
                "%soundpiece_resume fetches it, at no cost.",
            ),
            _about(
                "With takes that the journal lost",
                [key for key in over if key in self.without_rows],
                "%soundpiece_resume KEY fetches them, at no cost.",
            ),
            _about(
                "Unknown to the service",
                lost,
                "Audio of these that is not here cannot be fetched any more.",
            ),
            _about(
                f"Of another service than the one in use ({services}), and not asked about",
                _keys(elsewhere),
                "%soundpiece_resume says what to set.",
            ),
            _about(
                "Not seen under the API key that is set, and begun under another",
                _keys(anothers),
                "Set that key, then %soundpiece_resume goes on; nothing is known to be lost.",
            ),
            _about(
                "Not as the service has it",
                [known.key for known in inquiry.asked if _differs(known, inquiry)],
                "The journal keeps what it was told first; nothing is lost by that.",
            ),
            _unanswered(inquiry),
        )
        found = [Finding(Group.FOR_YOU, sentence) for sentence in sentences if sentence]
        if gone := len(unknown) - len(missed):
            kept = f"{counted(gone, 'operation')}, of which nothing that is wanted is missing here"
            found.append(Finding(Group.IN_ORDER, f"No longer at the service: {kept}."))
        return found

    def _is_anothers(self, known: Known) -> bool:
        return self.account is not None and known.account not in (None, self.account)

    def _has_work(self, known: Known) -> bool:
        key = known.key
        return known.unfinished or key in self.without_audio or key in self.without_rows


def _about(state: str, keys: Collection[str], remedy: str) -> str:
    """Return a sentence about operations in this state; empty if there are none."""
    if not keys:
        return ""
    return f"{state}: {counted(len(keys), 'operation')} ({named(keys)}). {remedy}"


def _keys(operations: Sequence[Known]) -> list[str]:
    return [known.key for known in operations]


def _differs(known: Known, inquiry: Inquiry) -> bool:
    """Tell whether an operation that has ended in the journal has another status at the service."""
    answer = inquiry.answers.get(known.key)
    return answer is not None and not known.unfinished and answer.status != known.status


def _unsure(unfinished: Sequence[Known]) -> str:
    number = sum(
        known.operation_id is None and known.error_code != NOT_SENT for known in unfinished
    )
    if not number:
        return ""
    return (
        f" Whether the service has {number:,} of them is not known; what it does not have is made "
        "then, and paid for, once."
    )


def _unanswered(inquiry: Inquiry) -> str:
    if inquiry.silence is None:
        return ""
    left = counted(len(inquiry.asked) - len(inquiry.answers), "operation")
    return f"Not heard about from the service: {left}. {inert(inquiry.silence, LONGEST_REASON)}"

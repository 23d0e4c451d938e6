"""What is left to do for operations, after what the service said of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from soundpiece_nb.text import counted

from .inventory import Known
from .report import LONGEST_REASON, Finding, Group, inert, listed, named
from .service import Inquiry


@dataclass(frozen=True)
class Backlog:
    """Operations that no living process holds, and what they lack.

    `lacking` are the keys of those whose audio is not here, `untold` of those whose takes the
    journal does not know; `service` is the one in use, as the journal calls it.
    """

    operations: Sequence[Known]
    lacking: Collection[str]
    untold: Collection[str]
    service: str

    def to_ask(self, *, everything: bool) -> list[Known]:
        """Return what the service in use can be asked about: all, or what something is left of."""
        return [
            known
            for known in self.operations
            if known.service == self.service
            and known.operation_id is not None
            and (everything or self._needs(known))
        ]

    def findings(self, inquiry: Inquiry) -> list[Finding]:
        """Return what a person can do, and what nobody can any more."""
        needing = [known for known in self.operations if self._needs(known)]
        here = [known for known in needing if known.service == self.service]
        left = [known for known in here if known.key not in inquiry.unknown]
        over = [known for known in left if not known.unfinished]
        lost = [known.key for known in here if known.key in inquiry.unknown]
        ended = {
            known.key: inquiry.ends[known.key]
            for known in left
            if known.unfinished and known.key in inquiry.ends
        }
        sentences = (
            _unfinished([each for each in left if each.unfinished and each.key not in ended]),
            _ended(ended),
            _without_audio([each.key for each in over if each.key in self.lacking]),
            _without_rows([each.key for each in over if each.key in self.untold]),
            _lost(lost),
            _elsewhere([each for each in needing if each.service != self.service]),
            _otherwise([each.key for each in inquiry.asked if _differs(each, inquiry)]),
            _unasked(inquiry),
        )
        yours = [Finding(Group.FOR_YOU, sentence) for sentence in sentences if sentence]
        return [*yours, *_departed(len(inquiry.unknown) - len(lost))]

    def _needs(self, known: Known) -> bool:
        return known.unfinished or known.key in self.lacking or known.key in self.untold


def _differs(known: Known, inquiry: Inquiry) -> bool:
    """Tell whether an operation that has ended here ended otherwise, or not at all, there."""
    answer = inquiry.answers.get(known.key)
    return answer is not None and not known.unfinished and answer.status != known.status


def _unfinished(operations: Sequence[Known]) -> str:
    if not operations:
        return ""
    sentence = (
        f"Unfinished, and followed by nobody: {_these([known.key for known in operations])}. "
        "%soundpiece_resume goes on."
    )
    unsure = sum(known.operation_id is None for known in operations)
    if not unsure:
        return sentence
    return (
        f"{sentence} Whether the service has {unsure:,} of them is not known; what it does not "
        "have is made then, and paid for, once."
    )


def _ended(ends: dict[str, str]) -> str:
    if not ends:
        return ""
    how = ", ".join(f"{number:,} {status}" for status, number in Counter(ends.values()).items())
    return (
        f"Ended at the service meanwhile ({how}): {_these(ends)}. "
        "%soundpiece_resume brings that here, at no cost."
    )


def _without_audio(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    return f"Without its audio here: {_these(keys)}. %soundpiece_resume fetches it, at no cost."


def _without_rows(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    return (
        f"With takes that the journal lost: {_these(keys)}. "
        "%soundpiece_resume KEY fetches them, at no cost."
    )


def _lost(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    return (
        f"Unknown to the service: {_these(keys)}. Audio of these that is not here cannot be "
        "fetched any more."
    )


def _elsewhere(operations: Sequence[Known]) -> str:
    if not operations:
        return ""
    services = listed(dict.fromkeys(known.service for known in operations))
    return (
        f"Of another service than the one in use ({services}), and not asked about: "
        f"{_these([known.key for known in operations])}. %soundpiece_resume says what to set."
    )


def _otherwise(keys: Sequence[str]) -> str:
    if not keys:
        return ""
    return (
        f"Not as the service has it: {_these(keys)}. "
        "The journal keeps what it was told first; nothing is lost by that."
    )


def _unasked(inquiry: Inquiry) -> str:
    if inquiry.silence is None:
        return ""
    left = counted(len(inquiry.asked) - len(inquiry.answers), "operation")
    return f"Not heard about from the service: {left}. {inert(inquiry.silence, LONGEST_REASON)}"


def _departed(number: int) -> list[Finding]:
    if not number:
        return []
    kept = f"{counted(number, 'operation')}, of which nothing that is wanted is missing here"
    return [Finding(Group.IN_ORDER, f"No longer at the service: {kept}.")]


def _these(keys: Collection[str]) -> str:
    return f"{counted(len(keys), 'operation')} ({named(keys)})"

"""The report of an examination: its findings, one sentence each, and its text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from soundpiece_nb.shown_text import cut, scrub, short

KEYS_NAMED = 4
LONGEST_NAME, LONGEST_REASON = 60, 600
LARGEST_IN_KB = 100_000


class Group(Enum):
    """The headings of a report: repaired by itself, left for the person to do, in order."""

    REPAIRED = "Repaired"
    FOR_YOU = "For you"
    IN_ORDER = "In order"


@dataclass(frozen=True)
class Finding:
    """One sentence: the state of something, and what was done about it or can be."""

    group: Group
    sentence: str


@dataclass(frozen=True)
class Report:
    """All findings, one of each kind, and a sentence about what was examined."""

    findings: tuple[Finding, ...]
    looked_at: str
    dry_run: bool = False

    def of(self, group: Group) -> list[str]:
        """Return the sentences of a group."""
        return [finding.sentence for finding in self.findings if finding.group is group]

    def __str__(self) -> str:
        """Return it as plain text; the first line says so if all is in order."""
        repaired, yours, fine = map(self.of, Group)
        if not (repaired or yours):
            return "\n".join([f"All is in order: {self.looked_at}.", *fine])
        mended = "Would be repaired" if self.dry_run else Group.REPAIRED.value
        looked_at = f"{self.looked_at[0].upper()}{self.looked_at[1:]}."
        lines = [
            *_headed(mended, repaired),
            *_headed(Group.FOR_YOU.value, yours),
            *_headed(Group.IN_ORDER.value, [looked_at, *fine]),
        ]
        if self.dry_run:
            lines.append("Nothing was changed; the same line without --dry-run repairs it.")
        return "\n".join(lines)


def _headed(heading: str, sentences: list[str]) -> list[str]:
    return [heading, *(f"  {sentence}" for sentence in sentences)] if sentences else []


def named(keys: Iterable[str]) -> str:
    """Return the first few keys, shortened, and how many more there are."""
    return listed(short(key) for key in dict.fromkeys(keys))


def listed(words: Iterable[str]) -> str:
    """Return the first few words without control characters, and how many more there are."""
    words = list(words)
    shown = ", ".join(inert(word) for word in words[:KEYS_NAMED])
    left = len(words) - KEYS_NAMED
    return f"{shown} and {left:,} more" if left > 0 else shown


def inert(text: str, longest: int = LONGEST_NAME) -> str:
    """Return text of others on one line, cut to `longest`; control characters are spelled out."""
    beginning = cut(scrub(text), longest + 1)  # scrubbed first: half a secret cannot be told
    harmless = "".join(each if each.isprintable() else repr(each)[1:-1] for each in beginning)
    return harmless if len(harmless) <= longest else f"{harmless[:longest]}…"


def weight(size: int) -> str:
    """Return a number of bytes in kB or MB."""
    return f"{size / 1e6:,.1f} MB" if size >= LARGEST_IN_KB else f"{size / 1e3:.1f} kB"

"""NAMEs that an earlier thing of another kind has: a batch's, a sweep's, or one operation's.

Nothing is lost by using one again, but from then on it means the newer thing; that is said.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Literal

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.shown_text import counted, label, say, short

from .choices import describe

if TYPE_CHECKING:
    from .session import Session

Kind = Literal["operation", "sweep", "batch"]


def explain_taken(session: Session, name: str | None, kind: Kind) -> str:
    """Return that the newest thing of a NAME is of another kind than this one; empty if it is not.

    Call it before the new thing is written down.
    """
    if name is None:
        return ""
    journal, called = session.journal, label(name)
    group = journal.find_group(name)
    if group is None:
        key = None if kind == "operation" else journal.newest_named(name)
        if key is None:
            return ""
        entry = journal.entry(key)
        what, again = f"an operation, {short(key)}", f"%soundpiece_show {short(key)}"
    else:
        earlier: Kind = "batch" if group.sweep is None else "sweep"
        if earlier == kind:
            return ""
        keys = journal.of_group(group)
        entry = journal.entry(keys[0])
        what = f"a {earlier} of {counted(len(keys), 'operation')}"
        again = f"%soundpiece_history --{earlier} {label(group.sweep or called)}"
    return (
        f"{called} is also the NAME of {what}, begun on {entry.submitted_at:%Y-%m-%d}; from now on "
        f"it means this {kind}. {again} still finds the other."
    )


def require_related(
    session: Session, name: str, keys: Sequence[str], earlier: Collection[str], *, add: bool
) -> None:
    """Say how many rows of a batch were begun before, where others are new beside them.

    Raises Mistake where none of them was, unless they are to be added: the NAME is taken.
    """
    new = [key for key in keys if key not in earlier]
    if not earlier or not new:
        return
    journal, known = session.journal, len(keys) - len(new)
    if known or add:
        were = f"{known} of {counted(len(keys), 'row')} were begun before" if known else ""
        beside = f"{counted(len(earlier), 'row')} were begun before" if not known else were
        say(f"{label(name)}: {beside}; {len(new)} {'is' if len(new) == 1 else 'are'} new.")
        return
    first = journal.entry(next(iter(earlier)))
    these = "this row is another" if len(new) == 1 else f"these {len(new)} rows are others"
    raise Mistake(
        f"{label(name)} is the batch of {counted(len(earlier), 'operation')} that began on "
        f"{first.submitted_at:%Y-%m-%d} with {describe(journal, list(earlier)[:1])[0]}; {these}.",
        next=f"Choose another name, or say add=True to add to {label(name)}.",
    )

"""The rest of a batch or sweep that nobody sends: how many wait, why, and how to go on or drop."""

from __future__ import annotations

from collections.abc import Mapping

from soundpiece_nb.engine.explanations import Explanation, explain
from soundpiece_nb.journal.journal import Journal

REFUSES_ALL = frozenset({401, 402, 403})
"""The answers after which all others would be refused as well: no valid key, or no credits."""


def explain_rest(journal: Journal, states: Mapping[str, str], called: str) -> Explanation | None:
    """Explain why some of a batch were not sent, and are not about to be; None if there are none.

    `states` are those of its operations, by key, and `called` is the word that means it. After a
    refusal that all of them would get, those that were refused wait with the others.
    """
    unsent = list(states.values()).count("unsent")
    if not unsent:
        return None
    rejected = [key for key, state in states.items() if state == "rejected"]
    codes = [str(code) for code in REFUSES_ALL]
    refused = [entry for entry in journal.of_keys(rejected) if entry.error_code in codes]
    waiting, made = unsent + len(refused), list(states.values()).count("ready")
    why = explain(refused[0]) if refused else None
    parts = [f"{made} of {len(states)} are ready"]
    if refused:
        parts.append(f"{len(refused)} {'was' if len(refused) == 1 else 'were'} refused")
    parts.append(f"{unsent} {'was' if unsent == 1 else 'were'} never sent")
    first = f"{why.what} " if why else ""
    remedy = _remedy(why.code) if why else ""
    them = "it" if waiting == 1 else "them"
    rest = "it" if waiting == 1 else f"all {waiting}"
    go_on = f"goes on with {rest}" if why else f"sends {them}"
    resume, drop = (f"%soundpiece_{verb} {called}" for verb in ("resume", "discard"))
    return Explanation(
        f"{first}{', '.join(parts[:-1])}, and {parts[-1]}.",
        f"Of {'it' if waiting == 1 else f'those {waiting}'} nothing was made or charged.",
        f"{remedy}{resume} {go_on}; {drop} drops {them}.",
        why.code if why else "unsent",
    )


def _remedy(code: str) -> str:
    return "Top up, then " if code == "402" else "Set a key that the service takes, then "

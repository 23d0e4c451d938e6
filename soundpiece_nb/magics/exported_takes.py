"""The takes that a line exports: those it names, or the best of each."""

from __future__ import annotations

from argparse import Namespace

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.operations.best_takes import find_best
from soundpiece_nb.shown_text import say

from .command import Notebook
from .targets import find_takes

MOST_LISTED = 20
"""Operations that are listed; the rest is a number."""


def choose_takes(notebook: Notebook, options: Namespace) -> list[tuple[str, str | None]]:
    """Return the keys to export, and the take of each that is wanted alone; raises Mistake.

    With `--best`, says what is left out because it has no stars, and what has several best takes.
    """
    if not options.best:
        found = find_takes(options.keys, notebook.namespace, notebook.session)
        return [(key, options.take if take is None else str(take)) for key, take in found]
    if options.take is not None:
        raise Mistake("--best chooses the take itself.", next="Leave --take or --best out.")
    best = find_best(notebook.session.journal, notebook.find_keys(options.keys))
    if best.unrated:
        say(f"Without stars, and left out: {_some(best.unrated)}.")
    if best.tied:
        say(f"Several are rated alike, and the first is taken: {_some(best.tied)}.")
    if not best.takes:
        raise Mistake(
            "None of it has stars, so there is no best take.",
            next="%soundpiece_rate night_drive:2 4 gives some; so do the stars beside a player.",
        )
    return [(each.key, str(each.take)) for each in best.takes]


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MOST_LISTED} more" * (len(names) > MOST_LISTED)
    return f"{'; '.join(names[:MOST_LISTED])}{more}"

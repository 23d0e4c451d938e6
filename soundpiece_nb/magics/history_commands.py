"""What the magics that look back do: the history, and operations side by side."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.display.show import place_of
from soundpiece_nb.display.sound_source import Holding
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.operation import require_path
from soundpiece_nb.operations.session import current

from .targets import several

if TYPE_CHECKING:
    import pandas as pd

ON_A_PAGE, MOST_ON_A_PAGE = 20, 1000


def history(magics: Any, options: Namespace) -> pd.DataFrame | None:
    """Show the history as a table, return it as a DataFrame with `-o df`, or write it to a file."""
    session = current()
    names = Filter.__dataclass_fields__
    wanted = Filter(**{name: value for name, value in vars(options).items() if name in names})
    if options.output == "df":
        from soundpiece_nb.journal import dataframe as frame

        return frame.history(session.journal, wanted)
    place = place_of(session, Holding(magics.sound))
    if options.to is not None:
        from soundpiece_nb.display.history_file import write_history

        path, count = write_history(session, wanted, require_path(options.to))
        print(f"{count} operations in {path}")  # noqa: T201 - the answer to what was typed
        return None
    from soundpiece_nb.display.history_table import show_history

    show_history(session, _page(options, wanted), place)
    return None


def _page(options: Namespace, wanted: Filter) -> Filter:
    """Return a filter for the page that is asked for; raises Mistake for one that cannot be."""
    from dataclasses import replace

    size = ON_A_PAGE if options.limit is None else options.limit
    if not 1 <= size <= MOST_ON_A_PAGE:
        raise Mistake(f"-n takes how many operations to show, 1 to {MOST_ON_A_PAGE}.")
    if options.page < 1:
        raise Mistake("--page takes the number of a page, from 1.")
    return replace(wanted, limit=size, offset=(options.page - 1) * size)


def compare(magics: Any, options: Namespace) -> None:
    """Show operations side by side."""
    from soundpiece_nb.display.comparison import show_comparison

    session = current()
    keys = several(options.keys, magics.shell.user_ns, session)
    show_comparison(session, keys, place_of(session, Holding(magics.sound)))

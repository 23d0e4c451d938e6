"""The command that shows, returns or writes the history."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from soundpiece_nb.api.number_arguments import MOST_STARS, read_whole

from .command import Notebook, command
from .options import option

if TYPE_CHECKING:
    import pandas as pd


ON_A_PAGE, MOST_ON_A_PAGE = 20, 1000
"""Operations that one page shows by default, and at most."""


_read_page_size = partial(read_whole, most=MOST_ON_A_PAGE)
_read_rating = partial(read_whole, most=MOST_STARS)


@command(
    "history",
    option("-n", dest="limit", reader=_read_page_size, help="how many on a page (20)"),
    option("--page", reader=read_whole, default=1, help="which page (1)"),
    option("--status", help="submitting, processing, ready, failed or rejected"),
    option("--route", help="create.new_song, or song"),
    option("--since", metavar="AGE", help="no older than this: 90m, 12h, 2d, or a date"),
    option("--search", metavar="TEXT", help="in names, prompts, lyrics and notes, a take's too"),
    option("--tag", help="with this tag"),
    option(
        "--min-rating", reader=_read_rating, metavar="STARS", help="whose best take has so many"
    ),
    option("--sweep", metavar="ID", help="of this sweep, by id or NAME"),
    option("--name", help="of this NAME"),
    option("--error", metavar="CODE", help="that failed with this code"),
    option("--order", help="made, name, route, status, duration, rating, elapsed; -rating"),
    option("-o", dest="output", choices=["df"], help="df: return a DataFrame"),
    option("--to", metavar="FILE", help="write all that fits: .csv, .parquet or .html"),
    example="%soundpiece_history --since 2d --status ready",
)
def history(notebook: Notebook, options: Namespace) -> pd.DataFrame | None:
    """Show what was ever made, newest first."""
    from soundpiece_nb.display.history_file import write_history
    from soundpiece_nb.display.history_table import HistoryTable
    from soundpiece_nb.display.redrawing import Page
    from soundpiece_nb.display.sound_source import place_of
    from soundpiece_nb.files import read_path
    from soundpiece_nb.journal import dataframe
    from soundpiece_nb.journal.filters import Filter
    from soundpiece_nb.shown_text import visible

    session = notebook.session
    names = Filter.__dataclass_fields__
    wanted = Filter(**{name: value for name, value in vars(options).items() if name in names})
    if options.output == "df":
        return dataframe.history(session.journal, wanted)
    if options.to is not None:
        path, count = write_history(session, wanted, read_path(options.to))
        print(visible(f"{count} operations in {path}"))
        return None
    size = options.limit or ON_A_PAGE
    page = replace(wanted, limit=size, offset=(options.page - 1) * size)
    session.part(Page).show(HistoryTable(session, page, place_of(session, notebook.holding())))
    return None

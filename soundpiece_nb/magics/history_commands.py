"""Commands that show the history, earlier operations again, several side by side, and the lab."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from soundpiece_nb.api.values import MOST_STARS, read_whole

from .command import Notebook, command
from .options import HOLDING, option

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
    from soundpiece_nb.display.page import Page
    from soundpiece_nb.display.sound_source import place_of
    from soundpiece_nb.files import read_path
    from soundpiece_nb.journal import dataframe
    from soundpiece_nb.journal.filters import Filter

    session = notebook.session
    names = Filter.__dataclass_fields__
    wanted = Filter(**{name: value for name, value in vars(options).items() if name in names})
    if options.output == "df":
        return dataframe.history(session.journal, wanted)
    if options.to is not None:
        path, count = write_history(session, wanted, read_path(options.to))
        print(f"{count} operations in {path}")
        return None
    size = options.limit or ON_A_PAGE
    page = replace(wanted, limit=size, offset=(options.page - 1) * size)
    session.part(Page).show(HistoryTable(session, page, place_of(session, notebook.holding())))
    return None


@command(
    "show",
    option("key", metavar="KEY", help="a key, its beginning, a NAME, or a sweep's id"),
    option("--order", help="of a sweep: made, what was varied, rating, duration, loudness"),
    *HOLDING,
    example="%soundpiece_show night_drive",
)
def show(notebook: Notebook, options: Namespace) -> None:
    """Show an operation or a whole sweep again, from this machine's own store."""
    from .route_commands import show_target

    holding = notebook.holding(options.holding)
    show_target(notebook.find_target(options.key), holding, order=options.order)


@command(
    "compare",
    option("keys", nargs="+", metavar="KEY", help="two or more keys or NAMEs"),
    example="%soundpiece_compare night_drive late",
)
def compare(notebook: Notebook, options: Namespace) -> None:
    """Show operations side by side: what differs between their requests, and their players."""
    from soundpiece_nb.display.comparison import Comparison
    from soundpiece_nb.display.page import Page
    from soundpiece_nb.display.sound_source import place_of

    session = notebook.session
    place = place_of(session, notebook.holding())
    session.part(Page).show(Comparison(session, notebook.find_keys(options.keys), place))


@command("lab")
def lab(notebook: Notebook, _: Namespace) -> None:
    """Open a form for every route, beside the growing list of what it makes.

    These are ordinary operations; each is shown with the cell that would make it.
    """
    from soundpiece_nb.display.lab_form import show_lab

    show_lab(notebook.namespace.__setitem__)

"""The command that shows, returns or writes the history."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.number_arguments import MOST_STARS, read_whole
from soundpiece_nb.api.routes import ROUTES
from soundpiece_nb.journal.filter_words import (
    SAID_FOR,
    SAID_FOR_ORDERS,
    SAID_FOR_STATUS,
    filters_named,
)
from soundpiece_nb.shown_text import quoted, say, short

from .command import Notebook, command
from .options import option, reads_as_moment

if TYPE_CHECKING:
    import pandas as pd

    from soundpiece_nb.journal.journal import Journal


MOST_ON_A_PAGE = 1000
"""Operations that one page shows at most."""


_STATUSES = ("submitting", "processing", "ready", "failed", "rejected", "discarded")


_read_page_size = partial(read_whole, most=MOST_ON_A_PAGE)
_read_offset = partial(read_whole, least=0)
_read_rating = partial(read_whole, most=MOST_STARS)


@command(
    "history",
    option("words", nargs="*", default=[], metavar="TEXT", help="as --search; what has all"),
    option(
        *("-n", "--limit"),
        metavar="N",
        reader=_read_page_size,
        help="how many on a page (20)",
        known_as=SAID_FOR["limit"],
    ),
    option("--page", metavar="N", reader=read_whole, help="which page (1)"),
    option(
        "--offset",
        metavar="N",
        reader=_read_offset,
        help="how many to leave out at first",
        known_as=SAID_FOR["offset"],
    ),
    option(
        "--status",
        help="submitting, processing, ready, failed, rejected or discarded",
        known_as=(
            *SAID_FOR["status"],
            *(f"{word}={word}" for word in _STATUSES),
            *(f"{word}={status}" for word, status in SAID_FOR_STATUS.items()),
        ),
    ),
    option(
        "--route",
        help="create.new_song, or song",
        known_as=(*SAID_FOR["route"], *(f"{each.noun}={each.noun}" for each in ROUTES.values())),
    ),
    option(
        "--since",
        metavar="AGE",
        help="no older than this: 90m, 2d, yesterday, last week, monday, or a date",
        known_as=SAID_FOR["since"],
        joins=reads_as_moment,
    ),
    option(
        "--search",
        metavar="TEXT",
        help="in names, prompts, lyrics and notes, a take's too",
        known_as=SAID_FOR["search"],
    ),
    option("--tag", help="with this tag", known_as=SAID_FOR["tag"]),
    option(
        "--min-rating",
        reader=_read_rating,
        metavar="STARS",
        help="whose best take has so many",
        known_as=SAID_FOR["min_rating"],
    ),
    option(
        "--sweep",
        metavar="ID",
        help="of this sweep or batch, by id or NAME",
        known_as=SAID_FOR["sweep"],
    ),
    option("--batch", metavar="ID", help="the same"),
    option(
        "--name",
        help="of this NAME, or of the sweep or batch of this NAME",
        known_as=SAID_FOR["name"],
    ),
    option(
        "--error", metavar="CODE", help="that failed with this code", known_as=SAID_FOR["error"]
    ),
    option(
        "--unsent",
        action="store_true",
        default=None,
        help="that was never sent",
        known_as=SAID_FOR["unsent"],
    ),
    option(
        "--order",
        help="made, name, route, status, duration, rating, elapsed; -rating",
        known_as=(
            *SAID_FOR["order"],
            *(f"{word}={order}" for word, order in SAID_FOR_ORDERS.items()),
            "before=made",
        ),
    ),
    option(
        "-o",
        dest="output",
        choices=["df"],
        help="df: return a DataFrame",
        known_as=("dataframe=df", "frame=df", "pandas=df"),
    ),
    option(
        "--to",
        metavar="FILE",
        help="write all that fits: .csv, .xlsx, .parquet, .json, .html",
        known_as=(
            *("file", "output", "out", "save", "export"),
            *(
                f"{ending}=history.{ending}"
                for ending in ("csv", "xlsx", "parquet", "json", "html")
            ),
            "excel=history.xlsx",
        ),
    ),
    option(
        "--shared",
        action="store_true",
        help="a file without paths of this machine, and without who made it",
        known_as=("share", "private", "public"),
    ),
    option("--raw", action="store_true", help="a .csv without apostrophes before =, +, - and @"),
    example="%soundpiece_history rain --since 2d --status ready",
)
def history(notebook: Notebook, options: Namespace) -> pd.DataFrame | None:
    """Show what was ever made, newest first, or of it what has every TEXT in its words."""
    from soundpiece_nb.display.history_file import write_history
    from soundpiece_nb.display.history_table import HistoryTable
    from soundpiece_nb.display.redrawing import Page
    from soundpiece_nb.display.sound_source import place_of
    from soundpiece_nb.files.path_text import expand_variables
    from soundpiece_nb.files.paths import read_path, shown_path
    from soundpiece_nb.journal import dataframe
    from soundpiece_nb.journal.filters import ON_A_PAGE, Filter
    from soundpiece_nb.journal.unmatched import explain_unmatched

    session = notebook.session
    names = Filter.__dataclass_fields__
    wanted = Filter(**{name: value for name, value in vars(options).items() if name in names})
    if options.words:
        _require_words(options.words)
        wanted = replace(wanted, search=(*filter(None, [options.search]), *options.words))
        if not session.journal.count(wanted):
            _require_no_other_way(session.journal, options.words)
    if options.page is not None:
        wanted = wanted.at_page(options.page)
    if options.output == "df":
        found = dataframe.history(session.journal, wanted)
        if found.empty and (why := explain_unmatched(session.journal, wanted)):
            say(why)
        return found
    if options.raw and options.to is None:
        raise Mistake("--raw says how --to writes a .csv.", next="Name the file: --to history.csv.")
    if options.shared and options.to is None:
        what = "--shared says what --to writes."
        raise Mistake(what, next="Name the file: --to history.csv.")
    if options.to is not None:
        path = read_path(expand_variables(options.to))
        path, count = write_history(session, wanted, path, raw=options.raw, shared=options.shared)
        say(f"{count} operations in {shown_path(path)}")
        if not count and (why := explain_unmatched(session.journal, wanted)):
            say(why)
        return None
    page = replace(wanted, limit=wanted.limit or ON_A_PAGE)
    session.part(Page).show(HistoryTable(session, page, place_of(session, notebook.holding())))
    return None


def _require_words(words: Sequence[str]) -> None:
    """Raise Mistake if all of the words may be meant for other filters: `failed`, `last week`."""
    if named := filters_named(words):
        text = " ".join(words)
        raise Mistake(
            f"{quoted(text)} may be words to look for, or not (did you mean `{_typed(named)}`?).",
            next=f'--search "{text}" looks for the words.',
        )


def _require_no_other_way(journal: Journal, words: Sequence[str]) -> None:
    """Raise Mistake for words that nothing has, if some of them may be meant for other filters."""
    from soundpiece_nb.journal.filters import Filter

    text = " ".join(words)
    if journal.find_group(text) is not None:
        _refuse_words(text, f"%soundpiece_show {text}")
    if (key := _key_begun(journal, text)) is not None:
        _refuse_words(text, f"%soundpiece_show {short(key)}")
    if journal.count(Filter(tag=text)):
        _refuse_words(text, f"%soundpiece_history {_typed([('tag', text)])}")
    for place in range(1, len(words)):
        for free, rest in ((words[:place], words[place:]), (words[place:], words[:place])):
            if named := filters_named(rest):
                _refuse_words(text, f"%soundpiece_history {' '.join(free)} {_typed(named)}")


def _key_begun(journal: Journal, text: str) -> str | None:
    """Return the key of the one operation whose key, or id, is meant; None if there is none."""
    try:
        return journal.find(text) if len(text) >= _FEWEST_OF_A_KEY else None
    except Mistake:
        return None


_FEWEST_OF_A_KEY = 4
"""Characters that may be meant as a key's beginning; fewer begin one by chance."""


def _refuse_words(text: str, instead: str) -> NoReturn:
    what = f"Nothing has {quoted(text)} in its name, prompt, lyrics or notes"
    raise Mistake(f"{what} (did you mean `{instead}`?).")


def _typed(named: Sequence[tuple[str, str]]) -> str:
    """Return filters as they are typed."""
    values = ((name, f'"{value}"' if " " in value else value) for name, value in named)
    return " ".join(f"--{name} {value}" for name, value in values)

"""A history of 100,000 operations with two takes each: how long one waits for what is asked of it.

    python bench/history_at_100k.py

Prints the median and the worst of five for each, and beside the whole history the plain
`pandas.read_sql` of the same columns, which leaves times, lists and dictionaries unread. The last
line is one opening of the same journal as version 7 left it: without the index of its words.
"""

from __future__ import annotations

import runpy
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from soundpiece_nb.analysis.rated_words import top_words
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.dataframe import DTYPES, history, takes_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.journal.quick_reads import find_abandoned
from soundpiece_nb.journal.summary import summarise

ROWS, PAGE, TIMES = 100_000, 20, 5
CROWD = Path(__file__).parent.parent / "tests" / "support" / "large_journal.py"
SEARCH = Filter(search="tender strings", limit=PAGE)
PAGES = {
    "newest first": Filter(limit=PAGE),
    "best first": Filter(order="-rating", limit=PAGE),
    "of one route": Filter(route="song", limit=PAGE),
    "of a search": SEARCH,
    "of a search among what is ready and has 4 stars, best first": Filter(
        search="silver", status="ready", min_rating=4, order="-rating", limit=PAGE
    ),
}


def main() -> None:
    """Run it and print what was measured."""
    print("| what | median | worst |\n| --- | --- | --- |")
    for what, median, worst in measure(ROWS):
        print(f"| {what} | {median:.1f} ms | {worst:.1f} ms |")


def measure(rows: int) -> list[tuple[str, float, float]]:
    """Return what was measured with so many operations: what, median and worst in milliseconds."""
    build: Callable[[Path, int], Journal] = runpy.run_path(str(CROWD))["build"]
    figures = []
    with tempfile.TemporaryDirectory() as home:
        journal = build(Path(home), rows)
        for what, work in _asked(journal):
            took = [_milliseconds(work) for _ in range(TIMES)]
            figures.append((what, statistics.median(took), max(took)))
        journal.close()
        larger = journal.file.stat().st_size
        _take_back(journal.file)
        smaller = journal.file.stat().st_size
        took_once = _milliseconds(lambda: Journal(Path(home)).close())
        size = f"{smaller / 1e6:.0f} MB, now {larger / 1e6:.0f}"
        figures.append((f"opened for the first time since version 7 ({size})", *2 * (took_once,)))
    return figures


def _take_back(file: Path) -> None:
    """Make a journal what it was in version 7."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for trigger in ("written", "changed", "deleted"):
            connection.execute(f"DROP TRIGGER unindexed_{trigger}")
        connection.execute("DROP TABLE texts_index")
        connection.execute("DROP TABLE texts_unindexed")
        connection.execute("UPDATE schema_version SET version = 7")
        connection.execute("VACUUM")


def _asked(journal: Journal) -> Iterator[tuple[str, Callable[[], Any]]]:
    for which, wanted in PAGES.items():
        yield f"page of {PAGE}, {which}", partial(journal.page, wanted)
    yield f"takes of {PAGE}, as a DataFrame", lambda: takes_of(journal, Filter(limit=PAGE))
    yield "number of a search's operations", lambda: journal.count(SEARCH)
    yield "whole history as a DataFrame", lambda: history(journal, Filter())
    yield "the same columns by `pandas.read_sql`", lambda: _read_sql(journal)
    yield "all takes as a DataFrame", lambda: takes_of(journal, Filter())
    takes = takes_of(journal, Filter())
    yield "`top_words` of all takes", lambda: top_words(takes)
    yield "`summarise`", lambda: summarise(journal, Filter())
    yield "unfinished ones, as `%load_ext` counts them", lambda: _count(journal)
    yield "one more written down, synced", lambda: _record(journal)
    key = next(each.key for each in journal.entries(Filter(limit=PAGE)) if each.takes)
    yield "a take judged", lambda: journal.judge(key, 1, rating=4, note="warm")


def _milliseconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return 1_000 * (time.perf_counter() - began)


def _read_sql(journal: Journal) -> pd.DataFrame:
    columns = ", ".join(("idempotency_key", *DTYPES))
    query = f"SELECT {columns} FROM operations ORDER BY submitted_at DESC"  # noqa: S608 - constants
    with closing(sqlite3.connect(journal.file)) as connection:
        return pd.read_sql(query, connection, index_col="idempotency_key")


def _count(journal: Journal) -> int:
    return len(find_abandoned(journal.home, time.time_ns() // 1_000))


def _record(journal: Journal) -> bool:
    asked = {"prompt": "Slow jazz", "lyrics": "Driving on"}
    return journal.record(new_request(find_route("song"), asked), service="bench")


if __name__ == "__main__":
    main()

"""The history as a file: CSV and Parquet for programs, a page for people."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from soundpiece_nb.api.errors import Mistake, StorageFailed
from soundpiece_nb.journal import dataframe as frame
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.waiting import attend

from .history_table import HistoryTable
from .sound_source import Holding, Place

if TYPE_CHECKING:
    import pandas as pd

MOST_ON_A_PAGE = 5_000
"""Operations of a page; of more, a program can read the table."""
_PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Soundpiece history</title>'
    '<meta name="viewport" content="width=device-width"><style>body {{ color: #1f1f1f; '
    "background: #fff; max-width: 1100px; margin: 24px auto; padding: 0 16px }} "
    "tr:nth-child(even) {{ background: #f6f6f6 }}</style></head><body>{}</body></html>"
)


def write_history(session: Session, wanted: Filter, path: Path) -> tuple[Path, int]:
    """Write all operations that fit, and return the file and their number.

    CSV and Parquet have the columns of `history()`, lists and dictionaries as JSON; a page plays
    the stored files on this machine. Raises Mistake for another ending, StorageFailed of the disk.
    """
    ending = path.suffix.lower()
    if ending not in _WRITERS:
        raise Mistake(f"A history is written as .csv, .parquet or .html, not as {path.name}.")
    beside = path.with_name(f".{path.name}.part")

    def write() -> int:
        count = _WRITERS[ending](session, wanted, beside)
        beside.replace(path)
        return count

    try:
        return path, attend(session.engine.workers.start(write))
    except OSError as error:
        raise StorageFailed(f"{path} cannot be written: {error.strerror or error}.") from None
    finally:
        with suppress(OSError):  # where the file cannot be written, this one may be in no folder
            beside.unlink()


def _as_table(session: Session, wanted: Filter) -> pd.DataFrame:
    """Return the history with what a cell of a file cannot hold written as JSON."""
    table = frame.history(session.journal, wanted)
    for name in ("params", "tags", "sweep", "files"):
        texts = [json.dumps(value, ensure_ascii=False) for value in table[name]]
        table[name] = [None if text == "null" else text for text in texts]
    return table


def _write_csv(session: Session, wanted: Filter, path: Path) -> int:
    table = _as_table(session, wanted)
    table.to_csv(path, lineterminator="\r\n")  # RFC 4180; a \r within a text is quoted only so
    return len(table)


def _write_parquet(session: Session, wanted: Filter, path: Path) -> int:
    table = _as_table(session, wanted)
    try:
        table.to_parquet(path)
    except ImportError:
        what = "Parquet needs pyarrow, which is not installed: %pip install pyarrow, or write .csv."
        raise Mistake(what) from None
    return len(table)


def _write_page(session: Session, wanted: Filter, path: Path) -> int:
    fitting = session.journal.count(wanted)
    count = min(fitting, wanted.limit or fitting)
    if count > MOST_ON_A_PAGE:
        what = f"{count} operations are too many for a page ({MOST_ON_A_PAGE} at most)."
        raise Mistake(what, next="Choose fewer, or write .csv.")
    beside = Place(session.home, path.absolute().parent, Holding.LINK)
    table = HistoryTable(session, replace(wanted, limit=max(count, 1), offset=None), beside)
    path.write_text(str(_PAGE.format(Markup(table.draw().html))), encoding="utf-8")
    return count


_WRITERS = {".csv": _write_csv, ".parquet": _write_parquet, ".html": _write_page}

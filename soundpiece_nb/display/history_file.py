"""The history as a file: for spreadsheets, for programs, and a page for people."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import pandas as pd

from soundpiece_nb.api.errors import Mistake, StorageFailed
from soundpiece_nb.files.machine_traces import MachineTraces
from soundpiece_nb.files.paths import shown_path
from soundpiece_nb.files.writing import written_beside
from soundpiece_nb.journal import dataframe as frame
from soundpiece_nb.journal.cells import DictCell, ListCell
from soundpiece_nb.journal.columns import TEXT
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from soundpiece_nb.operations.session import Session
from soundpiece_nb.operations.waiting import attend
from soundpiece_nb.shown_text import cut

from .history_table import HistoryTable
from .html_parts import Markup
from .sound_source import Holding, Place
from .spreadsheet_text import neutralised

MOST_ON_A_PAGE = 5_000
"""Operations of a page; of more, a program can read the table."""
MOST_IN_A_CELL, MOST_ROWS = 32_767, 1_048_575
"""Characters of a cell, and rows below the heading of a sheet: Excel's own limits."""
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0, and so a workbook, cannot hold."""
_PAGE = Markup(
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Soundpiece history</title>'
    '<meta name="viewport" content="width=device-width"><style>body {{ color: #1f1f1f; '
    "background: #fff; max-width: 1100px; margin: 24px auto; padding: 0 16px }} "
    "tr:nth-child(even) {{ background: #f6f6f6 }}</style></head><body>{}</body></html>"
)


def write_history(
    session: Session, wanted: Filter, path: Path, *, raw: bool = False, shared: bool = False
) -> tuple[Path, int]:
    """Write all operations that fit, and return the file and their number.

    CSV, Excel and Parquet have the columns of `history()`, with lists and dictionaries as JSON,
    and a JSON file has them as they are; a page plays the stored files on this machine.

    A page names no path of this machine. In another file that is to be `shared`, `files` begin at
    the home folder, `notebook` is a file's name, error messages and parameters name no path, user
    or host, and `made_by` is left empty.

    In CSV, which is UTF-8, an apostrophe is before text that a spreadsheet might run as a formula;
    `raw` leaves it out.
    `pd.read_csv(path).replace(spreadsheet_text.RESTORED, "", regex=True)` has the text as it was.
    Excel knows no time zones, and no control characters: its times are UTC without saying so,
    `elapsed` is seconds, as in JSON, and such characters are left out.

    Raises Mistake for another ending, StorageFailed of the disk.
    """
    ending = path.suffix.lower()
    if ending not in _WRITERS:
        *others, last = _WRITERS
        known = f"{', '.join(others)} or {last}"
        raise Mistake(f"A history is written as {known}, not as {path.name}.")
    if raw and ending != ".csv":
        raise Mistake(f"Only a .csv is written raw: a {ending} has every text as it is anyway.")
    writer = _write_raw_csv if raw else _WRITERS[ending]

    def write() -> int:
        with written_beside(path) as beside:
            return writer(session, _Wanted(wanted, shared), beside)

    try:
        return path, attend(session.engine.workers.start(write))
    except OSError as error:
        raise StorageFailed(
            f"{shown_path(path)} cannot be written: {error.strerror or error}."
        ) from None


@dataclass(frozen=True)
class _Wanted:
    """Operations to write: those that fit a filter, without paths of this machine if `shared`."""

    filter: Filter
    shared: bool

    def history(self, journal: Journal) -> pd.DataFrame:
        """Return the operations as `history()` does, with their keys as a column."""
        table = frame.history(journal, self.filter).reset_index()
        if self.shared:
            home, traces = f"{journal.home}{os.sep}", MachineTraces()
            table["files"] = [
                ListCell(each.removeprefix(home).replace(os.sep, "/") for each in cell)
                for cell in table["files"]
            ]
            shared = [_without_traces(cell, traces) for cell in table["params"]]
            table["params"] = pd.Series(shared, table.index, dtype=object)
            table["made_by"] = pd.array([None] * len(table), dtype=TEXT)
            for name, change in (("notebook", _last_part), ("error_message", traces.remove)):
                texts = [None if pd.isna(text) else change(text) for text in table[name]]
                table[name] = pd.array(texts, dtype=TEXT)
        return table


def _without_traces(cell: DictCell | None, traces: MachineTraces) -> DictCell | None:
    """Return parameters without traces, such as JupyterHub's user in a callback's address."""
    texts = {name: value for name, value in (cell or {}).items() if isinstance(value, str)}
    if cell is None or not texts:
        return cell
    return DictCell({**cell, **{name: traces.remove(text) for name, text in texts.items()}})


def _last_part(path: str) -> str:
    return re.split(r"[/\\]", path)[-1]


def _as_table(session: Session, wanted: _Wanted) -> pd.DataFrame:
    """Return the history with what a cell of a file cannot hold written as JSON."""
    table = wanted.history(session.journal)
    for name in (name for name, dtype in frame.DTYPES.items() if dtype == "object"):
        texts = [None if cell is None else str(cell) for cell in table[name]]
        table[name] = pd.array(texts, dtype=TEXT)
    return table


def _change_texts(table: pd.DataFrame, change: Callable[[str], str]) -> None:
    for name in table.columns[[dtype == TEXT for dtype in table.dtypes]]:
        table[name] = table[name].map(change, na_action="ignore")


def _write_csv(session: Session, wanted: _Wanted, path: Path) -> int:
    table = _as_table(session, wanted)
    _change_texts(table, neutralised)
    return _to_csv(table, path)


def _write_raw_csv(session: Session, wanted: _Wanted, path: Path) -> int:
    return _to_csv(_as_table(session, wanted), path)


def _to_csv(table: pd.DataFrame, path: Path) -> int:
    # RFC 4180; a \r within a text is quoted only so. No byte order mark: to a program that takes
    # the first line as names, it would be part of the first one.
    table.to_csv(path, index=False, lineterminator="\r\n", encoding="utf-8")
    return len(table)


def _write_excel(session: Session, wanted: _Wanted, path: Path) -> int:
    table = _as_table(session, wanted)
    if len(table) > MOST_ROWS:
        what = f"{len(table)} operations are too many for a sheet ({MOST_ROWS} at most)."
        raise Mistake(what, next="Choose fewer, or write .csv.")
    for name in table.select_dtypes("datetimetz"):
        table[name] = table[name].dt.tz_localize(None)
    table["elapsed"] = table["elapsed"].dt.total_seconds()
    _change_texts(table, lambda text: cut(_NOT_IN_XML.sub("", text), MOST_IN_A_CELL))
    with (
        _needing("Excel", "openpyxl"),
        path.open("wb") as file,
        pd.ExcelWriter(file, engine="openpyxl") as book,
    ):
        table.to_excel(book, sheet_name="history", index=False, freeze_panes=(1, 0))
        for cell in chain.from_iterable(book.sheets["history"].rows):
            if cell.data_type in "fe":  # openpyxl makes formulas and errors of texts
                cell.data_type = "s"
    return len(table)


def _write_parquet(session: Session, wanted: _Wanted, path: Path) -> int:
    table = _as_table(session, wanted)
    with _needing("Parquet", "pyarrow"):
        table.set_index("idempotency_key").to_parquet(path)
    return len(table)


def _write_json(session: Session, wanted: _Wanted, path: Path) -> int:
    table = wanted.history(session.journal)
    table["elapsed"] = table["elapsed"].dt.total_seconds()
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    text = json.dumps(rows, ensure_ascii=False, indent=1, default=lambda time: time.isoformat())
    path.write_text(text, encoding="utf-8")
    return len(table)


@contextmanager
def _needing(what: str, library: str) -> Iterator[None]:
    """Raise Mistake where the library is missing."""
    try:
        yield
    except ImportError:
        needed = f"{what} needs {library}, which is not installed: %pip install {library}, or"
        raise Mistake(f"{needed} write .csv.") from None


def _write_page(session: Session, wanted: _Wanted, path: Path) -> int:
    fitting = session.journal.count(wanted.filter)
    count = min(fitting, wanted.filter.limit or fitting)
    if count > MOST_ON_A_PAGE:
        what = f"{count} operations are too many for a page ({MOST_ON_A_PAGE} at most)."
        raise Mistake(what, next="Choose fewer, or write .csv.")
    beside = Place(session.home, path.absolute().parent, Holding.LINK)
    table = HistoryTable(session, replace(wanted.filter, limit=max(count, 1), offset=None), beside)
    path.write_text(str(_PAGE.format(Markup(table.draw().html))), encoding="utf-8")
    return count


_WRITERS = {
    ".csv": _write_csv,
    ".xlsx": _write_excel,
    ".parquet": _write_parquet,
    ".json": _write_json,
    ".html": _write_page,
}

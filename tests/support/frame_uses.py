"""What people do with a frame, tried on frames of many kinds.

    python -m support.frame_uses

Prints the version of pandas, whether pyarrow is there, and what raised, as JSON.
"""

from __future__ import annotations

import io
import json
import pickle
import sqlite3
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from soundpiece_nb.analysis.rated_words import top_words
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.dataframe import DTYPES, TAKE_DTYPES, history, takes_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal
from support.bad_rows import plant
from support.recorded_operations import finish

Use = tuple[str, Callable[[], Any]]
ODD = 'a\0b \u2028 ö 🎵 مرحبا "quoted" back\\slash,;\t\r\n=1+1'
CELLS = ("params", "tags", "sweep", "files")
USUAL = ("display.max_rows", 60)
OPTIONS = [
    USUAL,
    ("mode.string_storage", "python"),
    ("mode.string_storage", "pyarrow"),
    ("mode.copy_on_write", True),
    ("future.infer_string", True),
]
"""Options of pandas that a person may have set."""
PLANTED = [
    ("params", '{"voices": {}, "seed": 1, "duration": 2}'),
    ("params", '{"voices": ["a"], "seed": "x", "duration": 2.5, "huge": 123456789012345678901}'),
    ("sweep", '{"id": "m-1", "mood": 3}'),
    ("sweep", '{"id": "m-1", "mood": true, "none": null}'),
    ("tags", '["half \\ud800 a pair", 5]'),
    ("polls", 2**63 - 1),
    ("submitted_at", -62_135_596_800_000_000),
    ("prompt", "x" * 40_000),
]
"""Columns of rows that another version or a hand wrote."""


def frames(home: Path) -> Iterator[tuple[str, pd.DataFrame]]:
    """Give frames of no row, of one, and of all that is odd."""
    for name in ("nothing", "one song", "all that is odd"):
        with closing(Journal(home / name)) as journal:
            if name != "nothing":
                first = add(journal, "song", lyrics="la", prompt="jazz")
            if name == "all that is odd":
                finish(journal, first, takes=2)
                sweep = json.dumps({"id": "m-1", "mood": "calm"})
                finish(journal, add(journal, "fx", prompt="rain", duration=2.5, sweep=sweep), 1)
                add(journal, "fx", prompt=ODD, duration=3, name="night", tags=["=1", ODD], note=ODD)
                for column, value in PLANTED:
                    key = add(journal, "fx", prompt="rain")
                    plant(journal.home, "operations", column, value, key)
            yield f"history of {name}", history(journal, Filter())
            yield f"takes of {name}", takes_of(journal, Filter())


def add(journal: Journal, noun: str, **given: Any) -> str:
    labels = {name: given.pop(name, None) for name in ("name", "note", "sweep")}
    labels["tags"] = given.pop("tags", ())
    request = new_request(find_route(noun), given)
    journal.record(request, service="sandbox", **labels)
    return request.key


# ------------------------------------------------------------------ uses


def uses(frame: pd.DataFrame, folder: Path, *, all_columns: bool) -> Iterator[Use]:
    """Give what is done, by its name; the functions raise where it fails."""
    rows = frame.reset_index()
    yield from in_pandas(frame, rows)
    for name in rows.columns if all_columns else ():
        yield from of_a_column(rows, name)
    yield from there_and_back(frame, rows)
    if arrow_is_there():
        yield from elsewhere(frame, rows, folder)


def in_pandas(frame: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Use]:
    one = frame.index[:1]
    yield "isin of the index", lambda: require(len(frame[frame.index.isin(one)]) == len(one))
    yield "query", lambda: frame.query("name == 'night' and duration > 0 and route in ['x']")
    yield "eval", lambda: frame.eval("longer = duration * 2")
    yield "join", lambda: require(len(frame.join(frame[[]])) == len(frame))
    yield "merge with itself", lambda: rows.merge(rows, on=["idempotency_key", *list(rows)[1:2]])
    ours = pd.DataFrame({"name": ["night", None], "mine": [1, 2]})
    yield "merge with ours", lambda: rows.merge(ours, on="name", how="outer")
    yield "concat with none", lambda: same(pd.concat([frame, frame.iloc[:0]]), frame)
    yield "concat with ours", lambda: pd.concat([rows, ours])
    yield "drop_duplicates", lambda: require(len(rows.drop_duplicates()) == len(rows))
    yield "drop_duplicates twice", lambda: same(pd.concat([rows, rows]).drop_duplicates(), rows)
    yield "nunique", rows.nunique
    yield "value_counts", frame.value_counts
    yield "describe", lambda: (frame.describe(), frame.describe(include="all"))
    yield "stack", lambda: (frame.stack(), frame.unstack(), frame.T, rows.melt("idempotency_key"))
    yield (
        "pivot_table",
        lambda: rows.pivot_table(
            index="route", columns="name", values="duration", aggfunc="sum", dropna=False
        ),
    )
    yield (
        "groupby.agg",
        lambda: (
            frame.groupby("route").first(),
            frame.groupby("route").agg(list),
            frame.groupby("route").agg({"duration": "sum", "name": "nunique"}),
        ),
    )
    yield "convert_dtypes", lambda: (frame.convert_dtypes(), frame.infer_objects())
    yield "shown", lambda: (repr(frame), frame.to_html(), frame.to_string(), frame.info(buf=out()))
    yield "style", frame.style.to_html
    yield (
        "str",
        lambda: (
            frame["prompt"].str.contains("(?i)RAIN"),
            frame["prompt"].str.split(expand=True),
            frame["name"] + " " + frame["prompt"].str.upper(),
        ),
    )
    yield (
        "compared",
        lambda: (frame == frame.copy(), frame["name"] < "b", require(frame.equals(frame))),
    )
    yield "top_words", lambda: top_words(frame)
    yield "missing", lambda: (frame.dropna(), frame.where(frame.notna(), None), frame.isna().sum())
    yield "filled", lambda: frame[["name", "note"]].fillna("")
    yield "changed", lambda: changed(frame)
    yield "reindex", lambda: frame.reindex([*frame.index, *frame.index[:1]])
    yield "combine_first", lambda: frame.combine_first(frame)
    yield "to_numpy", lambda: (frame.to_numpy(), frame.to_records(), frame.to_dict("records"))
    yield "dtypes", lambda: require(frame.dtypes.astype(str).to_dict() in (DTYPES, TAKE_DTYPES))
    if "elapsed" in frame:
        yield (
            "times",
            lambda: (
                frame["submitted_at"].max(),
                frame["elapsed"].sum(),
                frame["elapsed"].dt.total_seconds().mean(),
                pd.json_normalize(frame["params"].dropna().tolist()),
            ),
        )


def of_a_column(rows: pd.DataFrame, name: str) -> Iterator[Use]:
    column = rows[name]
    yield f"isin of {name}", lambda: require(column.isin(list(column)).all())
    yield (
        f"groupby {name}",
        lambda: require(rows.groupby(name, dropna=False).size().sum() == len(rows)),
    )
    yield f"value_counts of {name}", lambda: (column.value_counts(dropna=False), column.nunique())
    yield f"unique {name}", lambda: (column.unique(), column.duplicated(), column.factorize())
    yield f"sort by {name}", lambda: rows.sort_values(name)
    yield f"explode {name}", lambda: require(len(rows.explode(name)) >= len(rows))
    yield f"{name} as category", lambda: column.astype("category")


def there_and_back(frame: pd.DataFrame, rows: pd.DataFrame) -> Iterator[Use]:
    yield "pickle", lambda: pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(frame)), frame)

    def csv() -> None:
        back = pd.read_csv(io.StringIO(rows.to_csv(index=False)), dtype="string", na_values=[""])
        require(len(back) == len(rows))
        for name in rows.columns.intersection(CELLS):
            read = [None if pd.isna(text) else json.loads(text) for text in back[name]]
            require(read == [each if each is not None else None for each in rows[name]])

    yield "CSV", csv

    def as_json() -> None:
        back = json.loads(rows.to_json(orient="records", date_format="iso"))
        require([row["prompt"] for row in back] == [text(each) for each in rows["prompt"]])
        for name in rows.columns.intersection(CELLS):
            require([row[name] for row in back] == list(rows[name]))

    yield "JSON", as_json

    def sql() -> None:
        with closing(sqlite3.connect(":memory:")) as connection:
            rows.to_sql("history", connection, index=False)
            back = pd.read_sql("SELECT * FROM history", connection)
        require([text(each) for each in back["prompt"]] == [text(each) for each in rows["prompt"]])

    yield "SQL", sql


def elsewhere(frame: pd.DataFrame, rows: pd.DataFrame, folder: Path) -> Iterator[Use]:
    import duckdb
    import polars as pl
    import pyarrow as pa

    def parquet() -> None:
        frame.to_parquet(folder / "x.parquet")
        same(pd.read_parquet(folder / "x.parquet"), frame)

    def feather() -> None:
        rows.to_feather(folder / "x.feather")
        same(pd.read_feather(folder / "x.feather"), rows)

    def sheet() -> None:
        plain = rows.copy()
        for name in plain.select_dtypes("datetimetz"):
            plain[name] = plain[name].dt.tz_localize(None)  # Excel has no time zones
        plain = plain.replace("\0", "", regex=True)  # nor control characters
        plain.to_excel(folder / "x.xlsx", index=False)
        require(len(pd.read_excel(folder / "x.xlsx")) == len(rows))

    yield "Parquet", parquet
    yield "Feather", feather
    yield "Excel", sheet
    yield "Arrow", lambda: same(pa.Table.from_pandas(frame).to_pandas(), frame)
    stream = pa.RecordBatchReader.from_stream
    yield "Arrow's stream", lambda: require(stream(frame).read_all().num_rows == len(frame))
    yield "Arrow's dtypes", lambda: frame.convert_dtypes(dtype_backend="pyarrow")

    def in_polars() -> None:
        read = pl.from_pandas(frame, include_index=True)
        require(read["prompt"].to_list() == [text(each) for each in rows["prompt"]])
        require(pl.DataFrame(rows).height == len(rows))

    def in_duckdb() -> None:
        with duckdb.connect() as connection:
            counted = connection.sql("SELECT count(*), max(route) FROM frame").fetchall()
            require(counted[0][0] == len(frame))
            connection.from_df(rows).create("kept")
            back = connection.sql("SELECT prompt, duration FROM kept").fetchall()
        require([row[0] for row in back] == [text(each) for each in rows["prompt"]])

    yield "Polars", in_polars
    yield "DuckDB", in_duckdb


def changed(frame: pd.DataFrame) -> None:
    mine = frame.copy().assign(name="mine", more=1)
    mine["name"] = mine["name"].str.upper()
    mine.loc[mine.index[:1], "prompt"] = "another"
    mine.loc[mine.index[:1], "note"] = None
    require("another" not in set(frame["prompt"].dropna()))


def out() -> io.StringIO:
    return io.StringIO()


def text(value: Any) -> str | None:
    return None if pd.isna(value) else value


def require(is_so: object) -> None:
    assert is_so


def same(back: pd.DataFrame, frame: pd.DataFrame) -> None:
    """Require the same values and, but for texts, which each reads as it likes, the same dtypes."""
    back, frame = back.reset_index(), frame.reset_index()
    require(list(back) == list(frame))
    for name, dtype in frame.dtypes.items():
        require(list(map(plain, back[name])) == list(map(plain, frame[name])))
        require(name == "index" or str(dtype) in ("string", "object", str(back.dtypes[name])))


def plain(cell: Any) -> Any:
    """Return Python's own value; of a dictionary, a format may name what is not in it."""
    if isinstance(cell, dict):
        return {name: value for name, value in cell.items() if value is not None}
    if isinstance(cell, np.ndarray | list):
        return list(cell)
    return text(cell)


def set_option(name: str, value: object) -> bool:
    """Set an option; tell whether this pandas has it, and what it needs is there."""
    try:
        pd.set_option(name, value)
        pd.array(["a"], dtype="string")
    except (pd.errors.OptionError, ImportError):
        return False
    return True


def arrow_is_there() -> bool:
    try:
        import pyarrow as pa
    except ImportError:
        return False
    return bool(pa)


def tried(frame: pd.DataFrame, folder: Path, *, all_columns: bool) -> Iterator[tuple[str, str]]:
    """Give each use and what it raised, which is an empty text where all went well."""
    for what, use in uses(frame, folder, all_columns=all_columns):
        try:
            use()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told
            yield what, repr(error)[:300]
        else:
            yield what, ""


def main() -> None:
    warnings.simplefilter("ignore")  # of what pandas will change
    number, raised = 0, []
    for option in OPTIONS:
        if set_option(*option):
            with tempfile.TemporaryDirectory() as home:
                for name, frame in frames(Path(home)):
                    if option != USUAL and "odd" not in name:
                        continue
                    for what, error in tried(frame, Path(home), all_columns=option == USUAL):
                        number += 1
                        if error:
                            raised.append(f"{option}, {name}, {what}: {error}")
        pd.reset_option(option[0])
    said = {"pandas": pd.__version__, "pyarrow": arrow_is_there(), "tried": number}
    print(json.dumps(said | {"raised": raised}))


if __name__ == "__main__":
    main()

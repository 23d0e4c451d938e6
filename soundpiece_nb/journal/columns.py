"""Columns of a DataFrame from the database's values, whatever those are.

Whole columns are read at a time, which is fast where all is well. A value that its column cannot
mean becomes NA, an address or a word of the service is without its secrets, and the rows with what
cannot be read are remembered.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache, partial
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd

from soundpiece_nb.shown_text import MOST_IN_A_LABEL, label, may_hold_secrets, scrub

from .bulk_reading import Cells
from .cells import DictCell, Kinds, ListCell
from .entry import without_secrets
from .row_reading import EARLIEST, LATEST, is_stored_path, read_json

TIME = "datetime64[us, UTC]"
TEXT = pd.StringDtype("python")
"""The same whether or not pyarrow is installed, and whatever `mode.string_storage` says."""
_NO_TIME = -(2**63)
"""NaT in numpy."""
_TYPES: dict[str, set[type]] = {
    "string": {str},
    "Int64": {int},
    "Float64": {int, float},
    TIME: {int},
}
"""The types of the database's values that a column of each dtype can mean."""


class Columns:
    """The columns of one frame; `unreadable` has the names of the bad ones by the row's place."""

    def __init__(self) -> None:
        self.unreadable: dict[int, list[str]] = defaultdict(list)

    def of(self, name: str, cells: Cells, dtype: str) -> Any:
        """Return the database's values as a column of a dtype; None becomes NA."""
        column = self._of_values(name, cells, dtype)
        return column if cells.places is None else column.take(cells.places)

    def _of_values(self, name: str, cells: Cells, dtype: str) -> Any:
        kinds, values = {*_TYPES[dtype], NoneType}, cells.found
        if not set(map(type, values)) <= kinds:
            self._refuse(name, cells, [type(value) in kinds for value in values])
        if dtype == "string":
            return _text_array(_without_secrets(values))
        if dtype == TIME:
            microseconds, missing = _filled(values, _NO_TIME, "int64")
            good = missing | ((microseconds >= EARLIEST) & (microseconds <= LATEST))
            if not good.all():
                self._refuse(name, cells, good)
                microseconds[~good] = _NO_TIME
            return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")
        if dtype == "Int64":
            return pd.arrays.IntegerArray(*_filled(values, 0, "int64"))
        return pd.arrays.FloatingArray(*_filled(values, 0.0, "float64"))

    def keys(self, cells: Cells) -> Any:
        """Return the index by key; what is far too long for one is cut, as pandas shows it all."""
        texts = self.of("idempotency_key", cells, "string")
        if max((len(text) for text in cells.found if text), default=0) > MOST_IN_A_LABEL:
            texts = pd.array([label(text) for text in texts], dtype=TEXT)
        return pd.Index(texts, name="idempotency_key")

    def lists(self, name: str, cells: Cells) -> Any:
        """Return a column of lists, from JSON lists of texts."""

        def load(text: object) -> tuple[list[str], bool]:
            listed, is_whole = _load(text, list)
            texts = [each for each in listed if isinstance(each, str)]
            return texts, is_whole and len(texts) == len(listed)

        return _objects(map(ListCell, cells.each(self._loaded(name, cells, load))))

    def dicts(self, name: str, cells: Cells) -> Any:
        """Return a column of dictionaries, from JSON objects; of an empty one it is None.

        Arrow has no dictionary without names: Parquet could not hold a column of empty ones.
        """
        kinds = Kinds()

        def load(text: object) -> tuple[dict[str, Any], bool]:
            found, is_whole = _load(text, dict)
            return kinds.read(found), is_whole

        found = cells.each(self._loaded(name, cells, load))
        column = _objects(DictCell(each) if each else None for each in found)
        kinds.make_alike(column)
        return column

    def paths(self, name: str, cells: Cells, home: str) -> Any:
        """Return a column of lists of whole paths, from relative ones, a line each."""
        if _are_plain(cells.found, home):
            between = f"\n{home}"
            found = [
                [] if text is None else f"{home}{text.replace(_LINE, between)}".split(_LINE)
                for text in cells.found
            ]
        else:
            found = self._loaded(name, cells, partial(_load_paths, home=home))
        return _objects(map(ListCell, cells.each(found)))

    def path(self, name: str, cells: Cells, home: str) -> Any:
        """Return a column of whole paths, from relative ones."""
        texts = [text for text in cells.found if text is not None]
        if _are_plain(texts, home) and not any(_LINE in text for text in texts):
            found = [None if text is None else f"{home}{text}" for text in cells.found]
        else:
            loaded = self._loaded(name, cells, partial(_load_paths, home=home))
            found = [paths[0] if paths else None for paths in loaded]
        return self.of(name, Cells(_objects(found), cells.places), "string")

    def _loaded(
        self, name: str, cells: Cells, load: Callable[[object], tuple[Any, bool]]
    ) -> list[Any]:
        """Return what each text holds, and remember the rows of which not all could be loaded."""
        found = list(map(cache(load), cells.found))  # many texts are alike
        self._note(name, cells, [place for place, (_, whole) in enumerate(found) if not whole])
        return [value for value, _ in found]

    def _refuse(self, name: str, cells: Cells, good: Sequence[bool]) -> None:
        """Make what a column cannot mean absent, and remember its rows."""
        bad = [place for place, fits in enumerate(good) if not fits]
        cells.found[bad] = None
        self._note(name, cells, bad)

    def _note(self, name: str, cells: Cells, bad: Sequence[int]) -> None:
        for row in cells.rows(bad) if bad else ():
            self.unreadable[row].append(name)


def _objects(values: Iterable[Any]) -> Any:
    """Return an array of objects; numpy's own would unpack lists."""
    return np.fromiter(values, object)


def _load_paths(text: object, home: str) -> tuple[list[str], bool]:
    """Return the whole paths of relative ones, a line each, and whether all are such."""
    if text is None:
        return [], True
    listed = text.split(_LINE) if isinstance(text, str) else [""]
    stored = [f"{home}{each}" for each in listed if is_stored_path(each)]
    if os.sep != "/":
        stored = [each.replace("/", os.sep) for each in stored]
    return stored, len(stored) == len(listed)


def _are_plain(texts: Iterable[object], home: str) -> bool:
    """Tell in little time whether all are paths as this version writes them, or None.

    Each of such is a stored path; one that is not such may be one too.
    """
    given = [text for text in texts if text is not None]
    if os.sep != "/" or _LINE in home or not set(map(type, given)) <= {str}:
        return False
    return all(map(_are_plain_together, _some(given)))


def _are_plain_together(texts: Sequence[str]) -> bool:
    lines = _LINE.join(("", *texts, ""))
    if lines.count("\naudio/") != lines.count(_LINE) - 1:
        return False
    return not any(sign in lines for sign in ("\\", ":", "\0", "//", "/.", "/\n"))


def _some(texts: list[Any]) -> Iterator[list[Any]]:
    """Yield some of many texts at a time."""
    return (texts[begin : begin + _AT_A_TIME] for begin in range(0, len(texts), _AT_A_TIME))


def _text_array(values: Any) -> Any:
    """Return texts as a column, unconverted: twice as fast as `pd.array`."""
    array: Any = pd.arrays.StringArray
    return array(values, dtype=TEXT) if pd.__version__ >= "3" else array(values)


def _filled(values: Any, absent: float, dtype: str) -> tuple[Any, Any]:
    """Return numbers with None replaced by `absent`, and the mask of those that were None."""
    missing = pd.isna(values)
    values[missing] = absent
    return values.astype(dtype), missing


def _load(text: object, kind: type) -> tuple[Any, bool]:
    """Return what a JSON text holds, and whether it is of this kind; else it is an empty one.

    It is without secrets, and without halves of surrogate pairs, which no file takes.
    """
    if text is None:
        return kind(), True
    try:
        value, written = read_json(text, kind), str(text)
    except ValueError:
        return kind(), False
    if r"\ud" in written.lower():
        value = json.loads(json.dumps(value, ensure_ascii=False).encode(errors="replace"))
    return without_secrets(value) if may_hold_secrets(written) else value, True


def _without_secrets(values: Any) -> Any:
    """Return texts without secrets; where there are none, as almost always, that is told fast."""
    texts = [text for text in values if text is not None]
    if not any(may_hold_secrets("\0".join(some)) for some in _some(texts)):
        return values
    told = lru_cache(_AT_A_TIME)(scrub)  # the same few addresses are in many rows
    return _objects(None if text is None else told(text) for text in values)


_AT_A_TIME = 100
"""Texts that are searched together: more do not fit the processor's cache."""
_LINE = "\n"

"""Columns of a DataFrame from the database's values, whatever those are.

Whole columns are read at a time, which is fast where all is well. A value that its column cannot
mean becomes NA, an address or a word of the service is without its secrets, and the rows with what
cannot be read are remembered.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd

from soundpiece_nb.shown_text import MOST_IN_A_LABEL, label, may_hold_secrets, scrub

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

Reader = Callable[[Sequence[Any]], list[Any]]


class Columns:
    """The columns of one frame; `unreadable` has the names of the bad ones by the row's place."""

    def __init__(self) -> None:
        self.unreadable: dict[int, list[str]] = defaultdict(list)
        self._kinds: dict[str, Kinds] = {}

    def of(self, name: str, values: Any, dtype: str) -> Any:
        """Return the database's values as a column of a dtype; None becomes NA."""
        if dtype == "object":
            if name in self._kinds:
                self._kinds[name].make_alike(values)
            return values
        kinds = _TYPES[dtype]
        if not set(map(type, values)) <= {*kinds, NoneType}:
            self._refuse(name, values, [type(value) in {*kinds, NoneType} for value in values])
        if dtype == "string":
            return _text_array(_without_secrets(values))
        if dtype == TIME:
            microseconds, missing = _filled(values, _NO_TIME, "int64")
            good = missing | ((microseconds >= EARLIEST) & (microseconds <= LATEST))
            if not good.all():
                self._refuse(name, values, good)
                microseconds[~good] = _NO_TIME
            return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")
        if dtype == "Int64":
            return pd.arrays.IntegerArray(*_filled(values, 0, "int64"))
        return pd.arrays.FloatingArray(*_filled(values, 0.0, "float64"))

    def keys(self, values: Any) -> Any:
        """Return the index by key; what is far too long for one is cut, as pandas shows it all."""
        texts = self.of("idempotency_key", values, "string")
        if max(map(len, values), default=0) > MOST_IN_A_LABEL:
            texts = pd.array([label(text) for text in texts], dtype=TEXT)
        return pd.Index(texts, name="idempotency_key")

    def lists(self, name: str) -> Reader:
        """Return a reader of JSON lists of texts."""

        @lru_cache  # many texts are alike
        def load(text: object) -> tuple[list[str], bool]:
            listed, is_whole = _load(text, list)
            texts = [each for each in listed if isinstance(each, str)]
            return texts, is_whole and len(texts) == len(listed)

        read = self._noting(name, load)
        return lambda texts: list(map(ListCell, read(texts)))

    def dicts(self, name: str) -> Reader:
        """Return a reader of JSON objects; of an empty one it is None.

        Arrow has no dictionary without names: Parquet could not hold a column of empty ones.
        """
        kinds = self._kinds[name] = Kinds()

        @lru_cache
        def load(text: object) -> tuple[dict[str, Any], bool]:
            found, is_whole = _load(text, dict)
            return kinds.read(found), is_whole

        read = self._noting(name, load)
        return lambda texts: [DictCell(found) if found else None for found in read(texts)]

    def paths(self, name: str, home: str) -> Reader:
        """Return a reader of a row's files, a list of whole paths, from relative ones a line."""
        read = self._read_paths(name, home)
        return lambda texts: list(map(ListCell, read(texts)))

    def path(self, name: str, home: str) -> Reader:
        """Return a reader of the one file of a row."""
        read = self._read_paths(name, home)
        return lambda texts: [paths[0] if paths else None for paths in read(texts)]

    def _read_paths(self, name: str, home: str) -> Reader:
        def load(text: object) -> tuple[list[str], bool]:
            if text is None:
                return [], True
            listed = text.split("\n") if isinstance(text, str) else [""]
            stored = [f"{home}{each}" for each in listed if is_stored_path(each)]
            if os.sep != "/":
                stored = [each.replace("/", os.sep) for each in stored]
            return stored, len(stored) == len(listed)

        return self._noting(name, load)

    def _noting(self, name: str, load: Callable[[object], tuple[Any, bool]]) -> Reader:
        """Return a reader that remembers the rows of which not all could be loaded."""
        begin = 0

        def read(texts: Sequence[Any]) -> list[Any]:
            nonlocal begin
            found, whole = zip(*map(load, texts), strict=True)
            if not all(whole):
                for place, is_whole in enumerate(whole, begin):
                    if not is_whole:
                        self.unreadable[place].append(name)
            begin += len(found)
            return list(found)

        return read

    def _refuse(self, name: str, values: Any, good: Sequence[bool]) -> None:
        """Make what a column cannot mean absent, and remember its rows."""
        for place, fits in enumerate(good):
            if not fits:
                self.unreadable[place].append(name)
                values[place] = None


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


def sharing() -> Reader:
    """Return a reader that makes equal texts one object, for columns with few texts."""
    known: dict[Any, Any] = {}
    return lambda texts: list(map(known.setdefault, texts, texts))


def _without_secrets(values: Any) -> Any:
    """Return texts without secrets; where there are none, as almost always, that is told fast."""
    texts = [text for text in values if text is not None]
    for begin in range(0, len(texts), _AT_A_TIME):
        if may_hold_secrets("\0".join(texts[begin : begin + _AT_A_TIME])):
            break
    else:
        return values
    told = lru_cache(_AT_A_TIME)(scrub)  # the same few addresses are in many rows
    return np.array([None if text is None else told(text) for text in values], object)


_AT_A_TIME = 100
"""Texts that are searched together: more do not fit the processor's cache."""

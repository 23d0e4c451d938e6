"""The words that go with high ratings: ratings of takes with each word, and of those without."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pandas as pd

from soundpiece_nb.api.errors import Mistake

DTYPES = {
    "count": "Int64",
    "rated": "Int64",
    "mean_rating": "Float64",
    "difference": "Float64",
    "low": "Float64",
    "high": "Float64",
}
"""The columns in order; the index is `word`."""

STOP_WORDS = frozenset(
    "a an and are as at be but by for from i in into is it its of on or so that the "  # noqa: SIM905 - one a line would fill a screen
    "then there this to was we with you".split()
)
"""English words that describe no sound."""

CONFIDENCE = 0.95

_PHRASE = re.compile(r"[^,\r\n]+")
_WORD = re.compile(r"[^\s.,;:!?()\[\]{}<>\"/|*_~«»\u2012-\u2018\u201a-\u2026]+")
"""Characters between spaces and punctuation, in any script, so `R&B` and `lo-fi` are words."""
_AROUND = "'`&+-"  # parts of a word within one, as in `don't`
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_SUMS = ["count", "rated", "total", "squares"]
_WIDEST = 13.0
"""Above the largest value of Student's t, 12.71, that of one degree of freedom."""


def top_words(frame: pd.DataFrame, column: str = "prompt", least: int = 3) -> pd.DataFrame:
    """Return the words of a column with their ratings, the best rated first.

    For `sp.takes().pipe(sp.top_words)` or `sp.history()`. Counted are words, without the commonest
    English ones, and phrases of several words between commas or line breaks; each once a row, in
    lower case. Rows without text are left out. For each `word` with at least `least` rated rows:
    `count` rows have it, `rated` of them are rated, with `mean_rating` stars; `difference` is that
    minus the mean of all rated rows without it, `low` to `high` its 95 % confidence interval
    (Welch, 1947: unequal variances), NA where ratings are too few or all alike.

    A difference proves no cause: words often come together, and people choose what they rate. Of
    twenty words without effect, one has an interval without 0 by chance. Raises Mistake for a
    frame without `column` or `rating`.
    """
    for wanted in (column, "rating"):
        if wanted not in frame.columns:
            raise Mistake(
                f"The frame has no column {wanted!r}, and top_words needs it.",
                next="sp.takes() and sp.history() have prompt and rating.",
            )
    rating = pd.to_numeric(frame["rating"]).to_numpy("float64", na_value=np.nan)
    is_rated = ~np.isnan(rating)
    stars = np.where(is_rated, rating, 0.0)
    rows = pd.DataFrame(
        {
            "text": frame[column].astype("string").array,
            **dict(zip(_SUMS, (1, is_rated.astype(int), stars, stars**2), strict=True)),
        }
    )
    texts = rows.groupby("text").sum()  # takes of one request share their text
    total = texts[_SUMS].sum()
    texts["word"] = [_words(text) for text in texts.index]
    words = texts.explode("word").dropna().groupby("word")[_SUMS].sum()
    words = words[words["rated"] >= least]
    columns = _compared(words, total - words)
    words = pd.DataFrame(
        {name: pd.array(columns[name], dtype=dtype) for name, dtype in DTYPES.items()},
        index=pd.Index(words.index, dtype="string", name="word"),
    )
    return words.sort_values(["difference", "rated", "word"], ascending=[False, False, True])


def _words(text: str) -> list[str]:
    """Return the words and phrases of a text, each once."""
    found = {}
    for phrase in _PHRASE.findall(text.casefold().replace(_APOSTROPHE, "'")):
        words = [word for each in _WORD.findall(phrase) if (word := each.strip(_AROUND))]
        counted = [word for word in words if word not in STOP_WORDS]
        found.update(dict.fromkeys(counted))
        if len(counted) > 1:
            found[" ".join(words)] = None
    return list(found)


def _compared(having: pd.DataFrame, lacking: pd.DataFrame) -> dict[str, Any]:
    """Return the result's columns from the sums over rows with and without each word."""
    with np.errstate(invalid="ignore", divide="ignore"):  # undefined figures become nan
        mean, error, freedom = _mean(having)
        other_mean, other_error, other_freedom = _mean(lacking)
        both = error + other_error
        # Welch and Satterthwaite's degrees of freedom
        freedom = both**2 / (error**2 / freedom + other_error**2 / other_freedom)
    difference = mean - other_mean
    reach = np.sqrt(both) * [_student(each) for each in freedom]
    return {
        "count": having["count"].to_numpy(),
        "rated": having["rated"].to_numpy(),
        "mean_rating": mean,
        "difference": difference,
        "low": difference - reach,
        "high": difference + reach,
    }


def _mean(sums: pd.DataFrame) -> tuple[Any, Any, Any]:
    """Return means, their squared standard errors, and the degrees of freedom of these."""
    number, total, squares = (sums[name].to_numpy("float64") for name in _SUMS[1:])
    mean = total / number
    freedom = number - 1
    return mean, (squares / number - mean**2).clip(0) / freedom, freedom


def _student(freedom: float) -> float:
    """Return the t for which Student's distribution has CONFIDENCE between -t and t.

    Integrates its density numerically, for one degree of freedom or more; nan for nan.
    """
    if math.isnan(freedom):
        return math.nan
    t = np.linspace(0.0, _WIDEST, 2_001)
    height = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    density = height / math.sqrt(freedom * math.pi) * (1 + t**2 / freedom) ** (-(freedom + 1) / 2)
    within = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1]) * (t[1] - t[0])))
    return float(np.interp(CONFIDENCE, within, t))

"""Which words bring takes that are liked: the ratings with each word against those without it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from soundpiece_nb.api.errors import Mistake

if TYPE_CHECKING:
    import pandas as pd

DTYPES = {
    "count": "Int64",
    "rated": "Int64",
    "mean_rating": "Float64",
    "difference": "Float64",
    "low": "Float64",
    "high": "Float64",
}
"""The columns in order; the index is the `word`."""

STOP_WORDS = frozenset(
    "a an and are as at be but by for from i in into is it its of on or so that the "  # noqa: SIM905 - one a line would fill a screen
    "then there this to was we with you".split()
)
"""English words that say nothing of a sound."""

CONFIDENCE = 0.95

_PHRASE = re.compile(r"[^,\r\n]+")
_WORD = re.compile(r"[^\s.,;:!?()\[\]{}<>\"/|*_~«»\u2012-\u2018\u201a-\u2026]+")
"""What stands between spaces and punctuation, in any script, so that `R&B` and `lo-fi` are one."""
_AROUND = "'`&+-"  # parts of a word within one, as in `don't`
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_SUMS = ["count", "rated", "total", "squares"]
_WIDEST = 13.0
"""Beyond Student's t for one degree of freedom, the widest of all: 12.71."""


def top_words(frame: pd.DataFrame, column: str = "prompt", least: int = 3) -> pd.DataFrame:
    """Return the words of a column with how they were rated, the best liked first.

    For `sp.takes().pipe(sp.top_words)`, and the same of `sp.history()`. Counted are words, without
    the commonest English ones, and phrases of several words between commas or line breaks; each
    once a row, in small letters. Rows without text are left out. Of each `word` with `least` rated
    rows or more: `count` rows have it, `rated` of them are rated, `mean_rating` stars on average;
    `difference` is how many stars that is above the mean of all rated rows without it, `low` to
    `high` its 95 % confidence interval (Welch, 1947: unequal variances), NA where too few or too
    uniform ratings tell nothing.

    A difference is no cause: words often come together, and what is rated was chosen. Of twenty
    words that change nothing, one has an interval without 0 by chance. Raises Mistake for a frame
    without `column` or `rating`.
    """
    import numpy as np
    import pandas as pd

    for wanted in (column, "rating"):
        if wanted not in frame.columns:
            raise Mistake(
                f"The frame has no column {wanted!r}, and top_words needs it; "
                "sp.takes() and sp.history() have prompt and rating."
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
    everything = texts[_SUMS].sum()
    texts["word"] = [_words(text) for text in texts.index]
    words = texts.explode("word").dropna().groupby("word")[_SUMS].sum()
    words = words[words["rated"] >= least]
    columns = _compared(words, everything - words)
    words = pd.DataFrame(
        {name: pd.array(columns[name], dtype=dtype) for name, dtype in DTYPES.items()},
        index=pd.Index(words.index, dtype="string", name="word"),
    )
    return words.sort_values(["difference", "rated", "word"], ascending=[False, False, True])


def _words(text: str) -> list[str]:
    """Return what is counted of a text: its words and its phrases, each once."""
    found = {}
    for phrase in _PHRASE.findall(text.casefold().replace(_APOSTROPHE, "'")):
        words = [word for each in _WORD.findall(phrase) if (word := each.strip(_AROUND))]
        telling = [word for word in words if word not in STOP_WORDS]
        found.update(dict.fromkeys(telling))
        if len(telling) > 1:
            found[" ".join(words)] = None
    return list(found)


def _compared(having: pd.DataFrame, lacking: pd.DataFrame) -> dict[str, Any]:
    """Return the columns of the answer, from the sums over rows with and without each word."""
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):  # what cannot be told becomes nan
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
    """Return between which -t and t Student's distribution has CONFIDENCE: its density, added up.

    For one degree of freedom or more; nan for nan.
    """
    import numpy as np

    if math.isnan(freedom):
        return math.nan
    t = np.linspace(0.0, _WIDEST, 2_001)
    height = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2))
    density = height / math.sqrt(freedom * math.pi) * (1 + t**2 / freedom) ** (-(freedom + 1) / 2)
    within = np.concatenate(([0.0], np.cumsum(density[1:] + density[:-1]) * (t[1] - t[0])))
    return float(np.interp(CONFIDENCE, within, t))

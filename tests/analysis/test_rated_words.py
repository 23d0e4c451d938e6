"""The words that go with high ratings: counted once a row, compared with rows without them."""

from __future__ import annotations

import pandas as pd
import pytest
from scipy import stats

from soundpiece_nb.analysis.rated_words import DTYPES, top_words
from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.journal.dataframe import history, takes_of
from soundpiece_nb.journal.filters import Filter
from soundpiece_nb.journal.journal import Journal


def prompts(*rows):
    """Return a frame of prompts and their stars, None where nobody rated."""
    texts, stars = zip(*rows, strict=True)
    rating = pd.array(stars, dtype="Int64")
    return pd.DataFrame({"prompt": pd.array(texts, dtype="string"), "rating": rating})


WARM = prompts(
    ("Warm bass, slow drums", 5),
    ("warm pads", 4),
    ("WARM, warm, warm!", 3),
    ("cold bass", 2),
    ("cold drums", 1),
    ("warm and dry", None),
)


def test_the_numbers_of_a_small_frame_are_those_worked_out_by_hand():
    """Warm: 5, 4, 3, mean 4, variance 1. Without: 2, 1, mean 1.5, variance 0.5.

    The difference is 2.5, its squared error 1/3 + 0.5/2 = 7/12. Welch's degrees of freedom are
    (7/12)^2 / ((1/3)^2/2 + (1/4)^2/1) = (49/144) / (17/144) = 49/17, Student's t there 3.2572.
    """
    row = top_words(WARM).loc["warm"]
    assert row["count"] == 4
    assert row["rated"] == 3
    assert row["mean_rating"] == 4
    assert row["difference"] == 2.5
    reach = 3.2572 * (7 / 12) ** 0.5
    assert row["low"] == pytest.approx(2.5 - reach, abs=5e-4)
    assert row["high"] == pytest.approx(2.5 + reach, abs=5e-4)


@pytest.mark.parametrize("others", [(2, 1), (5, 5, 5, 4), (1, 2, 3, 4, 5) * 30])
def test_the_interval_is_welchs(others):
    ours = (5, 4, 3, 3)
    frame = prompts(*[("bright", n) for n in ours], *[("dull", n) for n in others])
    expected = stats.ttest_ind(ours, others, equal_var=False).confidence_interval(0.95)
    row = top_words(frame).loc["bright"]
    assert (row["low"], row["high"]) == pytest.approx(tuple(expected), abs=1e-3)


def test_phrases_between_commas_are_counted_beside_their_words():
    found = top_words(WARM, least=1)
    assert set(found.index) == {
        *("warm", "bass", "slow", "drums", "pads", "cold"),
        *("warm bass", "slow drums", "warm pads", "cold bass", "cold drums"),
    }
    assert found.loc["bass", "count"] == 2
    assert found.loc["warm bass", "count"] == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Lo-Fi, R&B; don\u2019t (stop)", {"lo-fi", "r&b", "don't", "stop", "r&b don't stop"}),
        ("a piano in the rain", {"piano", "rain", "a piano in the rain"}),
        ("the piano", {"piano"}),
        ("Straße STRASSE", {"strasse", "strasse strasse"}),
        ("夜 — ночь\nzwei", {"夜", "ночь", "夜 ночь", "zwei"}),
        ("warm  bass, warm bass.", {"warm", "bass", "warm bass"}),
        ("<b>80s</b> & 'live'", {"b", "80s", "live", "b 80s b live"}),
        (" , -- ... the", set()),
    ],
)
def test_words_are_what_stands_between_spaces_and_punctuation(text, words):
    assert set(top_words(prompts((text, 3)), least=1).index) == words


def test_the_best_liked_come_first_and_what_cannot_be_told_last():
    frame = prompts(("loud high", 5), ("loud middle", 3), ("loud low", 1), ("loud low", None))
    found = top_words(frame, least=0)
    assert [word for word in found.index if " " not in word] == ["high", "middle", "low", "loud"]
    assert pd.isna(found.loc["loud", "difference"]), "nothing is without it"
    assert found.loc["loud", "mean_rating"] == 3


def test_only_words_with_enough_ratings_are_there():
    assert list(top_words(WARM).index) == ["warm"]
    assert "bass" in top_words(WARM, least=2).index
    assert "and" not in top_words(WARM, least=0).index
    assert "dry" in top_words(WARM, least=0).index


@pytest.mark.parametrize(
    "frame",
    [
        prompts(("one", 4), ("two", 2), ("two", 1)),
        prompts(("one", 4), ("one", 5), ("two", 2)),
        prompts(("one", 4), ("one", 4), ("two", 2), ("two", 2)),
    ],
)
def test_an_interval_that_cannot_be_told_is_absent(frame):
    row = top_words(frame, least=1).loc["one"]
    assert row["difference"] > 0
    assert pd.isna(row["low"])
    assert pd.isna(row["high"])


def test_rows_without_text_are_left_out():
    frame = prompts(("one", 4), ("one", 5), (None, 1), ("two", 3), ("", 2))
    row = top_words(frame, least=1).loc["one"]
    assert row["difference"] == 4.5 - 2.5


def test_empty_frames_give_the_same_columns(tmp_path):
    journal = Journal(tmp_path)
    frames = (WARM[:0], history(journal, Filter()), takes_of(journal, Filter()), WARM)
    for found in map(top_words, frames):
        assert found.dtypes.astype(str).to_dict() == DTYPES
        assert found.index.dtype == "string"
        assert found.index.name == "word"
    journal.close()


def test_another_column_is_counted_as_well():
    lyrics = WARM.rename(columns={"prompt": "lyrics"})
    assert lyrics.pipe(top_words, "lyrics").equals(top_words(WARM))
    tags = WARM.assign(tags=[["demo", "loud one"]] * 6)
    assert list(top_words(tags, column="tags").index) == ["demo", "loud", "loud one", "one"]


@pytest.mark.parametrize("column", ["prompt", "rating"])
def test_a_frame_without_the_columns_is_one_sentence(column):
    with pytest.raises(Mistake, match=f"no column '{column}'"):
        top_words(WARM.drop(columns=column))


def test_the_frame_itself_is_left_alone():
    before = WARM.copy()
    top_words(WARM)
    pd.testing.assert_frame_equal(WARM, before)

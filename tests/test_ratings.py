"""What a person thinks of a take: kept at once, per take, and found in the tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import soundpiece_nb as sp
from soundpiece_nb.journal.dataframe import TAKE_DTYPES
from support.services import as_json


@pytest.fixture
def song(connected):
    return sp.song("La la la la", prompt="Rock", name="night").result(60)


def test_a_take_is_judged_and_its_best_is_the_operations_rating(song):
    song.outputs[0].rate(2)
    song.outputs[1].rate(4, "love the bass")
    assert [output.rating for output in song.outputs] == [2, 4]
    assert sp.operation("night").outputs[1].note == "love the bass"
    assert sp.history().loc[song.key, "rating"] == 4
    takes = sp.takes()
    assert list(takes["rating"]) == [2, 4]
    assert takes.loc[(song.key, 2), "note"] == "love the bass"


def test_another_rating_keeps_the_note_and_a_held_output_sees_it(song):
    held = song.outputs[1]
    held.rate(4, "love the bass")
    song.outputs[1].rate(5)
    assert (held.rating, held.note) == (5, "love the bass")


def test_where_there_is_one_take_the_operation_is_judged(connected, song):
    effect = sp.fx("Impact", 1).result(60)
    effect.rate(5, "huge")
    assert effect.outputs[0].rating == 5
    with pytest.raises(sp.Mistake, match="A take is what one judges, and there are 2"):
        song.rate(5)


@pytest.mark.parametrize("stars", [0, 6, 4.5, "4", True, None])
def test_stars_are_one_to_five(song, stars):
    with pytest.raises(sp.Mistake, match="Stars must be a whole number from 1 to 5"):
        song.outputs[0].rate(stars)
    assert song.outputs[0].rating is None


@pytest.mark.parametrize("stars", [np.int64(4), np.float64(4), 4.0, pd.Series([4]).max()])
def test_stars_may_come_from_a_frame(song, stars):
    assert song.outputs[0].rate(stars).rating == 4
    assert sp.takes()["rating"].dtype == TAKE_DTYPES["rating"]


def test_before_there_are_takes_none_is_judged(scripted):
    scripted(lambda *_: as_json({"detail": "no"}, 422))
    effect = sp.fx("Impact", 1)
    with pytest.raises(sp.RequestRejected):
        effect.result(30)
    with pytest.raises(sp.Mistake, match=r"^It has no takes yet to judge; it is rejected\.$"):
        effect.rate(4)


def test_tags_and_notes_are_kept(song):
    song.tag("demo", "loud").tag("loud", "slow").note("for the film")
    assert sp.history().loc[song.key, "tags"] == ["demo", "loud", "slow"]
    assert sp.history(tag="slow").index[0] == song.key
    assert sp.history().loc[song.key, "note"] == "for the film"
    assert song.tag(["new", "old"]).entry.tags == ("demo", "loud", "slow", "new", "old")
    with pytest.raises(sp.Mistake, match="list of texts"):
        song.tag(7)
    with pytest.raises(sp.Mistake, match="note must be text"):
        song.note(7)


def test_the_takes_are_a_frame_of_the_same_types_however_many(connected):
    empty = sp.takes()
    assert dict(empty.dtypes.astype(str)) == {
        name: str(pd.array([], dtype=dtype).dtype) for name, dtype in TAKE_DTYPES.items()
    }
    song = sp.song("La la la la", prompt="Rock", tags=["demo"]).result(60)
    stems = sp.stems(song).result(60)
    full = sp.takes()
    assert (full.dtypes == empty.dtypes).all()
    assert full.index.names == ["idempotency_key", "take"]
    assert list(full.loc[stems.key]["kind"]) == ["vocals", "drums", "bass", "other"]
    assert list(full["path"]) == [str(o.path) for op in (stems, song) for o in op.outputs]
    assert len(sp.takes(route="song")) == 2
    assert len(sp.takes(tag="demo")) == 2
    assert len(sp.takes(limit=1)) == 4

"""The operations that are shown: every filter, every order, pages, and the effect of ratings."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from soundpiece_nb.api.errors import Mistake
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.journal.dataframe import history, of_keys, takes_of
from soundpiece_nb.journal.entry import ORDERS
from soundpiece_nb.journal.filters import MOST_ROWS, Filter
from soundpiece_nb.journal.moments import read_since
from soundpiece_nb.journal.unmatched import explain_unmatched
from support.large_journal import build
from support.recorded_operations import finish, record

MANY = 40_000


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Sixty operations of all kinds, and some on the way, which have no end, sound or rating."""
    journal = build(tmp_path_factory.mktemp("crowd"), 60)
    for name in (None, "night_1", "zebra"):
        record(journal, name=name)
    yield journal
    journal.close()


def shown(journal, **words):
    """Return the keys on a page: of the table, the frame and the takes, which all agree."""
    wanted = Filter(**words)
    keys = [entry.key for entry in journal.entries(wanted)]
    assert list(history(journal, wanted).index) == keys
    with_takes = takes_of(journal, wanted).index.get_level_values(0).unique()
    assert list(with_takes) == [key for key in keys if journal.entry(key).takes]
    return keys


def everything(journal):
    """Return all operations, oldest first."""
    return journal.entries(Filter(order="made"))


def best(entry):
    return max((take.rating for take in entry.takes if take.rating), default=None)


def sweep_of(entry):
    return entry.sweep and entry.sweep["id"]


# ------------------------------------------------------------------ which ones


@pytest.mark.parametrize(
    ("words", "fits"),
    [
        ({"min_rating": 3}, lambda entry: (best(entry) or 0) >= 3),
        ({"min_rating": 5}, lambda entry: best(entry) == 5),
        ({"name": "night_1"}, lambda entry: entry.name == "night_1"),
        ({"error": "content_policy"}, lambda entry: entry.error_code == "content_policy"),
        ({"sweep": "mood-00000001"}, lambda entry: sweep_of(entry) == "mood-00000001"),
        ({"tag": "loud"}, lambda entry: "loud" in entry.tags),
        (
            {"status": "ready", "route": "song", "min_rating": 1},
            lambda entry: entry.route == "create.new_song" and bool(best(entry)),
        ),
        (
            {"search": "BRASS", "tag": "demo", "sweep": "mood-00000000"},
            lambda entry: (
                "brass" in f"{entry.fields}"
                and "demo" in entry.tags
                and sweep_of(entry) == "mood-00000000"
            ),
        ),
    ],
    ids=lambda given: str(given) if isinstance(given, dict) else "",
)
def test_what_fits_is_found_and_nothing_else(crowd, words, fits):
    expected = [entry.key for entry in everything(crowd) if fits(entry)]
    assert expected, "the crowd has some of these"
    assert shown(crowd, **words) == expected[::-1]
    assert crowd.count(Filter(**words)) == len(expected)


@pytest.mark.parametrize(
    "words", [{"sweep": "mood"}, {"name": "NIGHT_1"}, {"name": "night"}, {"error": "content"}]
)
def test_ids_names_and_codes_fit_as_a_whole(crowd, words):
    assert shown(crowd, **words) == []
    assert crowd.count(Filter(**words)) == 0


# ------------------------------------------------------------------ in which order


_VALUES = {
    "made": lambda entry: entry.submitted_at,
    "name": lambda entry: entry.name,
    "route": lambda entry: entry.route,
    "status": lambda entry: entry.status,
    "duration": lambda entry: sum(take.duration for take in entry.takes) or None,
    "rating": best,
    "elapsed": lambda entry: entry.finished_at and entry.finished_at - entry.submitted_at,
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_goes_both_ways_with_what_is_absent_last(crowd, order):
    """Equals are oldest first in a rising order, newest first in a falling one."""
    entries, value = everything(crowd), _VALUES[order]
    present = [entry for entry in entries if value(entry) is not None]
    absent = [entry for entry in entries if value(entry) is None]
    rising = sorted(present, key=value)
    assert shown(crowd, order=order) == [entry.key for entry in rising + absent]
    falling = rising[::-1] + absent[::-1]
    assert shown(crowd, order=f"-{order}") == [entry.key for entry in falling]


def test_without_an_order_the_newest_is_first(crowd):
    assert shown(crowd) == [entry.key for entry in everything(crowd)][::-1]


def test_what_was_made_in_one_moment_stays_in_the_order_of_writing(journal):
    keys = [record(journal) for _ in range(5)]
    with journal._database.write() as connection:
        connection.execute(text("UPDATE operations SET submitted_at = 1"))
    assert shown(journal, order="made") == keys
    assert shown(journal) == keys[::-1]


# ------------------------------------------------------------------ pages


@pytest.mark.parametrize("order", [None, "rating", "-name", "-elapsed"])
def test_all_pages_together_are_all_operations_once_each(crowd, order):
    pages = [crowd.page(Filter(order=order, limit=8, offset=start)) for start in range(0, 72, 8)]
    keys = [entry.key for page in pages for entry in page.entries]
    assert keys == shown(crowd, order=order)
    assert len(set(keys)) == 63
    assert [len(page.entries) for page in pages] == [8] * 7 + [7, 0]
    assert {page.total for page in pages} == {63}


def test_a_page_counts_all_that_fit(crowd):
    wanted = Filter(status="ready", limit=2, offset=1)
    ready = shown(crowd, status="ready")
    assert shown(crowd, status="ready", limit=2, offset=1) == ready[1:3]
    assert crowd.page(wanted).total == crowd.count(wanted) == len(ready)
    assert shown(crowd, offset=60) == shown(crowd)[60:]


# ------------------------------------------------------------------ what cannot be


@pytest.mark.parametrize(
    "words",
    [
        *({"min_rating": stars} for stars in (0, 6, -1, 2.5, "4", True)),
        *({"order": order} for order in ("size", "--made", "", "made desc", 1)),
        *({"limit": limit} for limit in (0, -1, MOST_ROWS + 1, 1.5, "9", True)),
        *({"offset": offset} for offset in (-1, 0.5, "1", True)),
        *({field: 5} for field in ("route", "status", "search", "tag", "sweep", "name", "error")),
        {"batch": 5},
        {"name": ["a", "b"]},
        {"since": timedelta(days=10**9 - 1)},
        {"since": "soon"},
        {"status": "done"},
    ],
    ids=str,
)
def test_what_cannot_be_is_one_sentence(crowd, words):
    for read in (crowd.page, lambda wanted: history(crowd, wanted)):
        with pytest.raises(Mistake) as caught:
            read(Filter(**words))
        assert "\n" not in str(caught.value)
        assert str(caught.value).endswith(".")


def test_whole_numbers_may_come_from_a_frame(crowd):
    """As `frame["rating"].max()` gives them."""
    five, one = np.int64(5), np.int64(1)
    assert shown(crowd, min_rating=five) == shown(crowd, min_rating=5)
    assert shown(crowd, limit=five, offset=one) == shown(crowd, limit=5, offset=1)


@pytest.mark.parametrize(
    "moment",
    [
        date(2026, 11, 1),
        datetime(2026, 11, 1),  # noqa: DTZ001 - a person's own time
        pd.Timestamp("2026-11-01"),
        np.datetime64("2026-11-01"),
        np.datetime64("2026-11-01T00:00:00", "ns"),
        "2026-11-01",
    ],
)
def test_a_time_without_a_zone_is_local(moment):
    assert read_since(moment) == datetime(2026, 11, 1).astimezone(UTC)


def test_a_time_with_a_zone_is_what_it_says():
    assert read_since(pd.Timestamp("2026-11-01T12:00+02:00")) == datetime(
        2026, 11, 1, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    "no_time", [pd.NaT, None, 5, [], np.datetime64("NaT"), np.array(["2026-11-01"])]
)
def test_what_is_no_time_is_said(no_time):
    with pytest.raises(Mistake, match="is no time: say an age such as"):
        read_since(no_time)


# ------------------------------------------------------------------ words


_HOSTILE = ("100%", "snare_a", "and/or", "it's", 'so "big"', "back\\slash", "'; DROP TABLE takes;")


def test_what_looks_like_a_pattern_is_found_as_it_is(journal):
    keys = {words: record(journal, prompt=f"Some {words} here") for words in _HOSTILE}
    record(journal, prompt="Some 100 snareXa and or its so big backslash here")
    for words, key in keys.items():
        assert shown(journal, search=words) == [key]
    assert shown(journal, search="so%big") == shown(journal, search="100_") == []


def test_name_prompt_lyrics_and_note_are_searched_whatever_the_case_of_a_to_z(journal):
    named = record(journal, name="NightDrive")
    noted = record(journal, note="for the NIGHT shift")
    asked = record(journal, prompt="a night ride")
    sung = record(journal, lyrics="[Verse]\nOh Night")
    record(journal, tags=["night"])
    assert shown(journal, search="nIgHt") == [sung, asked, noted, named]
    assert shown(journal, search="") == shown(journal)


def test_the_note_of_a_take_is_searched_too(journal):
    key, other = record(journal), record(journal, note="drums, then bass")
    finish(journal, key)
    journal.judge(key, 2, rating=4, note="love the bass, 100% /mine/")
    assert shown(journal, search="LOVE the") == shown(journal, search="% /m") == [key]
    assert shown(journal, search="bass") == [other, key]
    assert shown(journal, search="bass", min_rating=4) == [key]
    assert len(takes_of(journal, Filter(search="love"))) == 2
    journal.judge(key, 2, rating=None, note="")
    assert shown(journal, search="love") == []


def test_a_search_knows_the_new_name_and_note_and_forgets_the_old(journal):
    key = record(journal, name="first_name", note="old note")
    finish(journal, key)
    journal.relabel(key, name="second_name", tags=["x%"], note="100% /new/")
    assert shown(journal, search="second_") == shown(journal, search="% /n") == [key]
    assert shown(journal, search="first") == shown(journal, search="old") == []
    assert shown(journal, name="second_name") == shown(journal, tag="x%") == [key]
    assert shown(journal, tag="x_") == []


@pytest.mark.parametrize(
    "tag", ["night", "Nacht übung", 'x, "y"', "100%", "a/b", "[1]", "\\", "", "1"]
)
def test_a_tag_is_found_whole_and_by_itself_alone(journal, tag):
    key = record(journal, tags=["first", tag])
    record(journal, tags=[f"{tag}x", f"x{tag}", f'x, "{tag}', "other"])
    shouted = "".join(letter.upper() if letter.isascii() else letter for letter in tag)
    assert shown(journal, tag=tag) == shown(journal, tag=shouted) == [key]


# ------------------------------------------------------------------ very many keys


def test_forty_thousand_keys_are_asked_for_at_once(journal):
    sample = record(journal)
    with journal._database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO operations (idempotency_key, route, service, body, status, params,"
                " tags, submitted_at, polls, retries) WITH RECURSIVE counted(n) AS (SELECT 1 UNION"
                " ALL SELECT n + 1 FROM counted WHERE n < :many)"
                " SELECT printf('%08d', n), route, service, body, status, params, tags, n, 0, 0"
                " FROM counted, operations WHERE idempotency_key = :sample"
            ),
            {"many": MANY, "sample": sample},
        )
    keys = [f"{n:08}" for n in range(MANY, 0, -1)]
    assert list(of_keys(journal, keys).index) == keys
    assert journal.statuses(keys) == dict.fromkeys(keys, "submitting")


# ------------------------------------------------------------------ judging and measuring


def test_no_stars_take_the_stars_away_and_an_empty_note_the_note(journal):
    key = record(journal)
    finish(journal, key)
    journal.judge(key, 1, rating=5, note="love it")
    journal.judge(key, 2, rating=2, note="flat")
    assert shown(journal, min_rating=3) == [key]
    journal.judge(key, 1, rating=0, note=None)
    assert shown(journal, min_rating=3) == []
    assert shown(journal, min_rating=2) == [key], "the other take is the best one now"
    journal.judge(key, 2, rating=0, note="")
    assert shown(journal, min_rating=1) == []
    takes = takes_of(journal, Filter())
    assert list(takes["rating"].isna()) == [True, True]
    assert takes.loc[(key, 1), "note"] == "love it"
    assert pd.isna(takes.loc[(key, 2), "note"])
    assert pd.isna(history(journal, Filter()).loc[key, "rating"])


def test_figures_are_kept_of_one_take_and_what_cannot_be_said_is_absent(journal):
    key = record(journal)
    finish(journal, key)
    journal.judge(key, 2, rating=4, note="warm")
    journal.measured(key, 2, loudness=-14.25, tempo=None, centroid=1_850.5, version=1)
    first, second = journal.entry(key).takes
    assert (first.loudness, first.tempo, first.centroid, first.measured) == (None,) * 4
    assert (second.loudness, second.tempo, second.centroid) == (-14.25, None, 1_850.5)
    assert second.measured == 1
    assert (second.rating, second.note) == (4, "warm")
    row = takes_of(journal, Filter()).loc[(key, 2)]
    assert (row["loudness"], row["centroid"]) == (-14.25, 1_850.5)
    assert pd.isna(row["tempo"])
    journal.measured(key, 2, loudness=-9.0, tempo=120.0, centroid=None, version=2)
    second = journal.entry(key).takes[1]
    assert (second.tempo, second.centroid, second.measured) == (120.0, None, 2)


# ------------------------------------------------------------------ batches and sweeps


@pytest.fixture
def groups(journal):
    """A batch and a sweep of one NAME, an operation of that NAME, and one of the batch's rows."""
    fx = find_route("fx")

    def write(number, label, **group):
        requests = [new_request(fx, {"prompt": f"Click {n}"}) for n in range(number)]
        journal.record_all(requests, [{"tags": (), **label}] * number, service="sandbox", **group)
        return [request.key for request in requests]

    journal.storm = write(3, {}, batch="storm")
    journal.swept = write(2, {"sweep": '{"id": "m-1", "m": "x"}'}, batch="storm")
    journal.others = write(2, {"name": "rain", "tags": ["wet"]}, batch="other")
    [journal.single] = write(1, {"name": "storm"})
    return journal


def test_a_batch_is_found_by_its_name_by_whatever_filter_one_tries(groups):
    together = [*groups.storm, *groups.swept][::-1]
    assert shown(groups, batch="storm") == shown(groups, sweep="storm") == together
    assert shown(groups, name="storm") == [groups.single, *together]
    assert shown(groups, sweep="m-1") == shown(groups, batch="m-1") == groups.swept[::-1]
    assert shown(groups, name="rain") == shown(groups, batch="other") == groups.others[::-1]
    assert shown(groups, name="rain", batch="storm") == []
    assert groups.count(Filter(batch="storm", search="Click 1")) == 2
    frame = history(groups, Filter(order="made"))
    assert frame["batch"].dtype == "string"
    assert frame["batch"].fillna("-").tolist() == ["storm"] * 5 + ["other"] * 2 + ["-"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            {"name": "strom"},
            "No operation, sweep or batch has the NAME 'strom' (did you mean `storm`?).",
        ),
        ({"batch": "strom"}, "There is no batch or sweep 'strom' (did you mean `storm`?)."),
        ({"sweep": "m-2"}, "There is no sweep or batch 'm-2' (did you mean `m-1`?)."),
        ({"tag": "wett"}, "No operation has the tag 'wett' (did you mean `wet`?)."),
        ({"error": "402"}, "No operation ended with the error '402'."),
        ({"name": "wet"}, "has the NAME 'wet'. As a tag it fits 2 operations."),
        ({"tag": "m-1"}, "has the tag 'm-1'. As a sweep it fits 2 operations."),
        ({"name": "storm", "tag": "dry"}, "No operation has the tag 'dry'."),
        ({"name": "storm", "tag": "wet"}, ""),
        ({"search": "Clikc"}, "has 'Clikc' in its NAME, words or notes (did you mean `Click`?)."),
        ({"search": "zz qq"}, "Nothing has 'zz' or 'qq' in its NAME, words or notes."),
        ({"search": "zzzzz"}, "Nothing has 'zzzzz' in its NAME, words or notes."),
        (
            {"search": "Click rian"},
            "Nothing has 'rian' in its NAME, words or notes (did you mean `rain`?).",
        ),
        (
            {"search": ["Click", "rian"]},
            "has 'rian' in its NAME, words or notes (did you mean `rain`?).",
        ),
        (
            {"search": "1 Click"},
            "3 operations have its words apart from each other (`search=['1', 'Click']`).",
        ),
        (
            {"search": "other"},
            "As a batch it fits 2 operations (`batch='other'`, `--batch other`).",
        ),
        ({"search": "wet"}, "As a tag it fits 2 operations (`tag='wet'`, `--tag wet`)."),
        ({"search": ["rain", "storm"]}, ""),
        ({"route": "song"}, ""),
    ],
    ids=str,
)
def test_a_word_that_nobody_has_is_said(groups, words, said):
    assert history(groups, Filter(**words)).empty
    told = explain_unmatched(groups, Filter(**words))
    assert told.endswith(said)
    assert bool(told) == bool(said)

"""One of a sweep or batch: by its place, its NAME, or what sets it apart, everywhere alike."""

from __future__ import annotations

import json

import pytest

import soundpiece_nb as sp
from soundpiece_nb.api.request import new_request
from soundpiece_nb.api.routes import find_route
from soundpiece_nb.operations.best_takes import find_best
from soundpiece_nb.operations.choices import list_choices, tell_apart
from soundpiece_nb.operations.current_session import current
from soundpiece_nb.operations.references import (
    find_named,
    find_one,
    find_output,
    find_source,
    parse_reference,
)
from support.recorded_operations import finish

STORM = [
    {"prompt": "Rain on a tin roof", "duration": 2.0},
    {"prompt": "Rain on a tin roof", "duration": 4.0},
    {"prompt": "Hail, it's loud", "duration": 2.0},
    {"prompt": "Wind [soft] = calm", "duration": 2.5},
]
WAYS = [("dusty", 90), ("dusty", 120), ("very dark", 90), ("very dark", 120)]


def write(journal, fields, labels, **group):
    """Record operations that are ready with two takes, as a batch or sweep; return their keys."""
    requests = [new_request(find_route("fx"), each) for each in fields]
    journal.record_all(requests, labels, service=current().services.in_use, **group)
    for request in requests:
        finish(journal, request.key)
    return [request.key for request in requests]


@pytest.fixture(scope="module")
def journal(tmp_path_factory):
    """A journal with a batch, a sweep and a single operation."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOUNDPIECE_HOME", str(tmp_path_factory.mktemp("groups")))
        patch.setenv("SOUNDPIECE_BASE_URL", "https://studio.example/v1")
        yield filled(current().journal)
        current.close()


def filled(journal):
    """Write a batch, a sweep and a single operation down; return the journal, with their keys."""
    named = [{"name": "calm_wind" if n == 3 else None, "tags": ()} for n in range(4)]
    journal.storm = write(journal, STORM, named, batch="storm")
    swept = [
        {
            "name": "ways",
            "sweep": json.dumps({"id": "mood-bpm-0a1b", "mood": mood, "bpm": str(bpm)}),
        }
        for mood, bpm in WAYS
    ]
    door = [{"prompt": f"Door {n}"} for n in range(4)]
    journal.ways = write(journal, door, [{**each, "tags": ()} for each in swept], batch="ways")
    [journal.single] = write(journal, [{"prompt": "Bell"}], [{"name": "bell", "tags": ()}])
    return journal


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("storm", [0, 1, 2, 3]),
        ("storm[1]", [0]),
        ("storm[ 4 ]", [3]),
        ("storm[-1]", [3]),
        ("storm[calm_wind]", [3]),
        ("storm[Hail, it's loud]", [2]),
        ("storm name=calm_wind", [3]),
        ("storm prompt=hail", [2]),
        ("storm prompt=Rain on a tin roof", [0, 1]),
        ("storm prompt='Rain on a tin roof' duration=4", [1]),
        ("storm[prompt=rain duration=4.0]", [1]),
        ("storm prompt=Wind", [3]),
        ("storm prompt='Wind [soft] = calm'", [3]),
        ("storm duration=2", [0, 2]),
        ("storm[2.5]", [3]),
    ],
)
def test_a_row_of_a_batch_is_named_in_many_ways(journal, typed, places):
    assert find_named(typed, journal) == [journal.storm[place] for place in places]


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("ways[2]", [1]),
        ("mood-bpm-0a1b[2]", [1]),
        ("ways mood=dusty", [0, 1]),
        ("ways mood=DUSTY", [0, 1]),
        ("ways bpm=90.0", [0, 2]),
        ("ways mood=very dark bpm=120", [3]),
        ("ways mood='very dark' bpm=1", [3]),
        ("ways[dusty]", [0, 1]),
        ("ways prompt='Door 2'", [2]),
    ],
)
def test_and_one_of_a_sweep_by_what_was_varied(journal, typed, places):
    assert find_named(typed, journal) == [journal.ways[place] for place in places]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("storm[0]", "Places count from 1 here, as on the board: storm[1] is the first"),
        ("storm[5]", "storm has no [5]; it is 4 operations. storm[1] is the first, storm[4] the"),
        ("storm[99999999999999]", "No operation of storm is"),
        ("storm[]", "No operation of storm is ''"),
        ("ways mod=dusty", "have no mod (did you mean `mood`?). They differ in mood, bpm."),
        ("ways mood=dutsy", "has mood=dutsy (did you mean `dusty`?). There is dusty, very dark."),
        ("ways mood=", "No operation of ways has mood=."),
        ("ways[night]", "No operation of ways is 'night'. There is dusty, 90, 120, very dark"),
        ("bell[1]", "bell is one operation, no sweep or batch. bell:1 is its first take."),
        ("strom[1]", "No operation has the name or key 'strom' (did you mean `storm`?)."),
        ("stormy", "'stormy' (did you mean `storm`?)."),
        ("mood=dusty", 'is one word, in quotes: "ways mood=dusty".'),
        ("ways[very", 'is one word, in quotes: "ways mood=dusty".'),
        ("storm[2]:1", "names a take, and here a whole operation is meant. Say storm[2]."),
        ("bell:1", "names a take, and here a whole operation is meant. Say bell."),
        ("bell.outputs[0]", "names a take, and here a whole operation is meant. Say bell."),
        ("ways:mood=dusty", 'no operation of a sweep or batch. Say "ways mood=dusty".'),
        ("ways:mood=very dark bpm=90", 'Say "ways mood=very dark bpm=90".'),
    ],
)
def test_what_chooses_nothing_is_answered_with_what_there_is(journal, typed, said):
    with pytest.raises(sp.Mistake) as caught:
        find_named(typed, journal)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_where_one_is_meant_several_are_listed_by_what_they_are(journal):
    with pytest.raises(sp.Mistake) as caught:
        find_one("storm", journal)
    assert str(caught.value) == (
        "storm is 4 operations. Say which one: storm[1] (prompt=Rain on a tin roof, duration=2), "
        "storm[2] (prompt=Rain on a tin roof, duration=4), storm[3] (prompt=Hail, it's loud, "
        "duration=2), storm[4] (calm_wind)."
    )
    with pytest.raises(
        sp.Mistake, match=r'"ways\[mood=very dark\]" is 2 operations. Say which one'
    ):
        find_one("ways[mood=very dark]", journal)
    many = write(
        journal, [{"prompt": f"Click {n}"} for n in range(20)], [{"tags": ()}] * 20, batch="m"
    )
    assert list_choices(journal, many, "m", many).endswith("m[5] (prompt=Click 4) and 15 more")


def test_a_take_of_one_is_a_source_and_is_judged(journal):
    source = find_source(current(), "ways[2]:2", "source")
    assert (source.key, source.take) == (journal.ways[1], 2)
    source = find_source(current(), "ways mood=very dark bpm=90:2", "reference")
    assert (source.key, source.take) == (journal.ways[2], 2)
    entry, take = find_output(parse_reference("storm[-1]:1"), journal)
    assert (entry.key, take) == (journal.storm[3], 1)
    with pytest.raises(sp.Mistake, match=r"ways\[2\] has no output :3; it has :1, :2"):
        find_source(current(), "ways[2]:3", "source")
    with pytest.raises(sp.Mistake, match="a file of this machine"):
        find_source(current(), "songs/take[1]", "source")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("bell:vocals", "has no output :vocals; it has :1, :2. {} bell:1 separates them."),
        ("bell:drums", "has no output :drums; it has :1, :2. {} bell:1 separates them."),
        ("bell:2:vocals", "has no output :2:vocals; it has :1, :2. {} bell:2 separates them."),
        ("bell:9:vocals", "has no output :9:vocals; it has :1, :2. {} bell:1 separates them."),
        ("storm[2]:1:bass", "no output :1:bass; it has :1, :2. {} storm[2]:1 separates them."),
        ("ways mood=dusty bpm=90:vocals", '{} "ways[mood=dusty bpm=90]":1 separates them.'),
        ("bell:chorus", "has no output :chorus; it has :1, :2."),
    ],
)
def test_a_part_of_what_was_not_separated_yet_is_made_by_stems(journal, typed, said):
    with pytest.raises(sp.Mistake) as caught:
        find_source(current(), typed, "source")
    assert str(caught.value).endswith(said.format("%soundpiece_stems parts --source"))


def test_handles_count_as_python_does_and_texts_as_people_do(journal):
    storm = sp.batch(name="storm")
    assert storm[0] == storm.operations[0] == storm["1"] == sp.operation("storm[1]")
    assert [each.key for each in storm[1:3]] == journal.storm[1:3]
    assert storm[-1] == storm["calm_wind"] == storm["prompt=Wind"]
    with pytest.raises(IndexError):
        storm[4]
    assert [each.key for each in storm.where(duration=2)] == [journal.storm[0], journal.storm[2]]
    assert storm.where(prompt="Hail, it's loud", duration=2.0) == (storm[2],)
    with pytest.raises(sp.Mistake, match=r"have no mood. They differ in prompt, duration"):
        storm.where(mood="dusty")
    with pytest.raises(sp.Mistake, match=r"Say which one: .operations\[0\] \(prompt=Rain on a tin"):
        sp.operation(storm)
    with pytest.raises(sp.Mistake, match=r"There is no batch 'strom' .did you mean `storm`"):
        sp.batch(name="strom")


def test_compare_takes_a_batch_whole_or_some_of_it(journal):
    for named in (("storm",), (sp.batch(name="storm"),), ("storm[1]", "storm duration=2.5")):
        assert "Comparison" in sp.compare(*named).html
    write(journal, [{"prompt": f"Click {n}"} for n in range(9)], [{"tags": ()}] * 9, batch="nine")
    with pytest.raises(sp.Mistake, match=r"2 to 8 operations are compared, not 9. Of a sweep or"):
        sp.compare("nine")


def test_an_operation_is_called_by_what_sets_it_apart(journal):
    entries = journal.of_keys(journal.storm)
    assert tell_apart(entries)[0] == {"prompt": "Rain on a tin roof", "duration": "2"}
    assert tell_apart(entries)[3] == {"": "calm_wind"}
    assert tell_apart(entries[:2])[1] == {"duration": "4"}
    assert tell_apart(entries[:1]) == [{"": "Rain on a tin roof"}]


def test_the_best_of_each_combination_counts_its_repeats_together(journal):
    swept = [
        json.dumps({"id": "mood-1", "mood": mood, "repeat": str(number)})
        for mood in ("calm", "wild", "dull")
        for number in (1, 2)
    ]
    labels = [{"tags": (), "sweep": each} for each in swept]
    keys = write(journal, [{"prompt": "x"}] * 6, labels, batch="moods")
    for key, take, rating in ((keys[0], 1, 3), (keys[1], 2, 5), (keys[2], 2, 4), (keys[3], 1, 4)):
        journal.judge(key, take, rating=rating, note=None)
    best = find_best(journal, keys)
    assert [(each.key, each.take) for each in best.takes] == [(keys[1], 2), (keys[2], 2)]
    assert best.tied == ("x (mood=wild)",)
    assert best.unrated == ("x (mood=dull)",)
    journal.judge(journal.storm[1], 2, rating=1, note=None)
    assert [str(each) for each in sp.batch(name="storm").best()] == [f"{journal.storm[1]}:2"]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("storm", "name='storm'"),
        ("bell", "name='bell'"),
        ("mood-bpm-0a1b", "sweep='mood-bpm-0a1b'"),
        ("calmwind", "name='calm_wind'"),
        ("nightfall", "search='nightfall'"),
    ],
)
def test_what_stands_for_a_route_is_asked_as_what_has_it(journal, given, meant):
    for ask in (sp.history, sp.takes):
        with pytest.raises(sp.Mistake) as caught:
            ask(given)
        assert f"There is no route '{given}' (did you mean `{meant}`?)" in str(caught.value)
    if given == "storm":
        assert len(sp.history(name=given)) == 4
        with pytest.raises(sp.Mistake, match=r"sp.batch\(name='storm'\) goes on with that batch"):
            sp.batch(given)


def test_a_search_that_finds_nothing_says_which_word(journal):
    with pytest.warns(UserWarning, match=r"Nothing has 'rian' .* \(did you mean `Rain`"):
        assert sp.history(search="rian").empty
    with pytest.warns(UserWarning, match=r"Nothing has 'stromm' .* \(did you mean `batch='storm'`"):
        assert sp.history(search="stromm").empty
    with pytest.warns(UserWarning, match=r"operations \(`batch='storm'`, `--batch storm`\)"):
        assert sp.takes(search="storm").empty


def test_a_source_that_was_not_sent_yet_says_who_sends_it(journal):
    request = new_request(find_route("fx"), {"prompt": "Gate"})
    journal.record_all([request], [{"tags": (), "name": "gate"}], service=current().services.in_use)
    with pytest.raises(sp.Mistake) as caught:
        find_source(current(), "gate", "source")
    assert str(caught.value) == (
        "The source gate is not sent yet. If this kernel is to send it, %soundpiece_wait gate "
        "waits for it; if an earlier kernel left it, %soundpiece_resume gate sends it. Then run "
        "this again."
    )

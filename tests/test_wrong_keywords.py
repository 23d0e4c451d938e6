"""A wrong keyword of a function is one sentence that says which one was probably meant."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import soundpiece_nb as sp
from soundpiece_nb.display.cell_source import as_cell
from support.services import as_json, operation


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: sp.song("la", promt="x"), "argument 'promt' (did you mean `prompt`?)"),
        (lambda: sp.song(lenght=3), "got an unexpected keyword argument 'lenght'."),
        (lambda: sp.fx(lenght=3), "keyword argument 'lenght' (did you mean `duration`?)"),
        (lambda: sp.fx("x", Duration=3), "(did you mean `duration`?)"),
        (lambda: sp.fx("x", seconds=3), "(did you mean `duration`?)"),
        (lambda: sp.fx(description="x"), "(did you mean `prompt`?)"),
        (lambda: sp.song(text="la", prompt="x"), "(did you mean `lyrics`?)"),
        (lambda: sp.song("la", style="x"), "(did you mean `prompt`?)"),
        (lambda: sp.song("la", audio="x"), "(did you mean `reference`?)"),
        (lambda: sp.sample("x", looped=True), "(did you mean `loopable`?)"),
        (lambda: sp.stems(url="x"), "(did you mean `source`?)"),
        (lambda: sp.cut("x", duration=3), "(did you mean `target_duration`?)"),
        (lambda: sp.remix_song("x", "la", "y", versions=2), "(did you mean `n_variations`?)"),
        (lambda: sp.fx("x", takes=2), "(did you mean `sp.sweep(…, repeat=…)`?)"),
        (lambda: sp.fx("x", title="y"), "(did you mean `name`?)"),
        (lambda: sp.fx("x", labels=["y"]), "(did you mean `tags`?)"),
        (lambda: sp.fx("x", comment="y"), "(did you mean `note`?)"),
        (lambda: sp.fx("x", id="y"), "(did you mean `key`?)"),
        (lambda: sp.submit("fx", prompt="x", length=3), "no field 'length' (did you mean `duratio"),
        (lambda: sp.submit("fx", prompt="x", zzz=3), "prompt and, beside them, name, tags, note"),
        (lambda: sp.submit("effect", prompt="x"), "(did you mean `fx`?)"),
        (lambda: sp.fx("x", extra={"Length": 3}), "another word for duration, which is not given"),
        (lambda: sp.sweep("fx", prompt="x", vary={"length": [1]}), "(did you mean `duration`?)"),
        (lambda: sp.sweep("fx", prompt="x", vary={"mood": ["a"]}), "no option of this magic: all"),
        (lambda: sp.sweep("fx", prompt="x", times=3), "There is no 'times' (did you mean `repeat`"),
        (lambda: sp.batch("fx.csv"), "needs its route. Nothing was sent. Name it, as in route='s"),
        (lambda: sp.batch("fx.csv"), "rows, not 'fx.csv': pandas.read_csv(…) reads a file."),
        (lambda: sp.batch(Path("fx.xlsx")), "pandas.read_excel(…) reads a file."),
        (lambda: sp.batch("fx.jsonl", route="fx"), "pandas.read_json(…, lines=True) reads a file."),
        (lambda: sp.history("rain"), "no route 'rain' (did you mean `search='rain'`?). The routes"),
        (lambda: sp.takes("two words"), "(did you mean `search='two words'`?)"),
        (lambda: sp.history("failed"), "(did you mean `status='failed'`?)"),
        (lambda: sp.history("last week"), "(did you mean `since='last week'`?)"),
        (lambda: sp.history(10), "There is no route 10 (did you mean `limit=10`?)"),
        (lambda: sp.history("songs"), "(did you mean `route='song'`?)"),
        (lambda: sp.history("sogn"), "(did you mean `song`?)"),
        (lambda: sp.history(last=5), "no filter 'last' (did you mean `limit`?)"),
        (lambda: sp.history(query="x"), "(did you mean `search`?)"),
        (lambda: sp.history(stars=5), "(did you mean `min_rating`?)"),
        (lambda: sp.history(status="done"), "(did you mean `ready`?)"),
        (lambda: sp.history(search=["x", 5]), "The filter search must be text, not ['x', 5]."),
        (lambda: sp.fx("x", durationn=3), "(did you mean `duration`?)"),
        (lambda: sp.cut("x", target=3), "(did you mean `target_duration`?)"),
        (lambda: sp.history(statu="ready"), "no filter 'statu' (did you mean `status`?)"),
        (lambda: sp.history(status="redy"), "(did you mean `ready`?)"),
        (lambda: sp.takes(limt=3), "(did you mean `limit`?)"),
        (lambda: sp.batch([], rout="fx"), "(did you mean `route`?)"),
        (lambda: sp.batch([], route="fx", max_inflight=3), "(did you mean `max_in_flight`?)"),
        (lambda: sp.sweep("fx", vry={}), "There is no 'vry' (did you mean `vary`?)"),
        (lambda: sp.sweep("fx", prompts="x"), "(did you mean `prompt`?)"),
        (lambda: sp.resume(yess=True), "(did you mean `yes`?)"),
        (lambda: sp.compare(key="x"), "(did you mean `keys`?)"),
        (lambda: sp.operation(keyy="x"), "(did you mean `key`?)"),
        (lambda: sp.submit("fx", prompt="x", nme="y"), "(did you mean `name`?)"),
        (lambda: sp.submit("song", lyrcs="x"), "no field 'lyrcs' (did you mean `lyrics`?)"),
        (lambda: sp.submit("soundpiece_song"), "no route 'soundpiece_song' (did you mean `song`?)"),
        (lambda: sp.submit("%%soundpiece_fx"), "(did you mean `fx`?)"),
        (lambda: sp.submit("create.new_sogn"), "(did you mean `create.new_song`?)"),
        (lambda: sp.submit("opera"), "There is no route 'opera'. The routes are"),
        (lambda: sp.history(order="-ratng"), "(did you mean `-rating`?)"),
    ],
)  # fmt: skip
def test_a_wrong_name_is_told_with_the_one_that_was_meant(connected, call, said):
    with pytest.raises(sp.Mistake) as caught:
        call()
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(sp.history()) == 0


def test_functions_take_a_tag_as_magics_do(connected):
    made = [
        sp.fx("x", duration=1, tag="one"),
        sp.submit("fx", prompt="x", duration=1, tag=["one", "two"]),
        *sp.sweep("fx", vary={"duration": [1]}, prompt="x", tag="one").operations,
    ]
    assert [each.result(60).entry.tags for each in made] == [("one",), ("one", "two"), ("one",)]


def test_another_word_for_a_field_that_was_sent_on_purpose_is_sent_again(scripted):
    service = scripted(
        lambda *_: as_json(operation("failed", error={"code": "none", "message": ""}))
    )
    made = sp.fx("x", extra={"length": 3}, unchecked=True)
    again = made.rerun(prompt="y")
    assert as_cell(made.entry).startswith("%%soundpiece_fx --extra length=3 --unchecked\n")
    for each in (made, again):
        with pytest.raises(sp.OperationFailed):
            each.result(30)
    assert [json.loads(each.body)["length"] for each in service.of("PUT", "/v1/create.new_fx")] == [
        3,
        3,
    ]

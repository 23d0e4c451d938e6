"""The magics of all routes, in a real kernel."""

from __future__ import annotations

import re

import pytest

LYRICS = "La la la la\nLo lo lo lo"


def final(ran):
    """Give what a cell's own display became; others' may have ended meanwhile."""
    [shown] = ran.of("display_data")
    [became] = [o for o in ran.of("update_display_data") if o["transient"] == shown["transient"]]
    return became["data"]


def test_four_cells_from_a_song_to_a_cut_each_heard(kernel):
    cells = [
        f"%%soundpiece_song night --prompt Rock --wait\n{LYRICS}",
        "%soundpiece_stems parts --source night:2 --wait",
        "%%soundpiece_remix_song late --source parts:vocals --prompt Jazz -n 2 --wait\nOther words",
        "%soundpiece_cut short --source late:2 --to 8 --wait",
    ]
    takes = [2, 4, 2, 1]
    for cell, expected in zip(cells, takes, strict=True):
        ran = kernel.run(cell)
        assert ran.status == "ok", ran.text
        assert final(ran)["text/html"].count("<audio controls") == expected
    assert kernel.value("[each.name for each in short.parents[0].parents]") == ["parts"]
    assert kernel.value("late.key[:8]") in final(ran)["text/html"].split("<audio")[0]


def test_a_blank_cell_leaves_the_text_to_the_options(kernel):
    kernel.run(f"%%soundpiece_song base --prompt Rock --wait\n{LYRICS}")
    ran = kernel.run("%%soundpiece_instrumental --reference base:2 --dry-run\n ")
    assert "the address of take 2" in ran.text
    ran = kernel.run("%%soundpiece_fx -d 1 --prompt Rain --dry-run\n\n")
    assert '"prompt": "Rain"' in ran.text


@pytest.mark.parametrize(
    ("cell", "route", "request_"),
    [
        ("%%soundpiece_instrumental\nJazz, short", "new_instrumental", {"prompt": "Jazz, short"}),
        (
            "%soundpiece_instrumental -p 'Jazz, short'",
            "new_instrumental",
            {"prompt": "Jazz, short"},
        ),
        (
            "%%soundpiece_sample -d 2 --loopable\nDrum loop",
            "new_sample",
            {"prompt": "Drum loop", "duration": 2.0, "loopable": True},
        ),
        ("%%soundpiece_fx --duration 1.5\nRiser", "new_fx", {"prompt": "Riser", "duration": 1.5}),
        ("%soundpiece_fx --prompt '{{ words }}'", "new_fx", {"prompt": "Glass breaks"}),
    ],
)
def test_a_route_takes_its_body_in_the_cell_or_on_the_line(kernel, cell, route, request_):
    kernel.run("words = 'Glass breaks'")
    ran = kernel.run(f"{cell}")
    assert ran.status == "ok", ran.text
    latest = "sp.operation(sp.history(limit=1).index[0])"
    assert kernel.value(f"{latest}.route") == f"create.{route}"
    assert kernel.value(f"{latest}.request") == request_


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%soundpiece_stems", "needs source"),
        ("%soundpiece_cut --source night", "A cut needs target_duration (--to)."),
        ("%soundpiece_cut --source night --to nan", "must be a number"),
        ("%soundpiece_cut --source night --to 0", "more than 0"),
        ("%soundpiece_cut --source night --to -3", "more than 0"),
        ("%soundpiece_cut --source nobody --to 3", "No operation has the name"),
        ("%soundpiece_remix_instrumental --source night -n 4", "from 1 to 3"),
        ("%%soundpiece_fx --prompt one\ntwo", "Leave one out"),
        ("%soundpiece_fx --prompt one --take 2", "--once"),
        ("%soundpiece_fx --prompt one --once --take x", "whole number"),
        ("%soundpiece_song --prompt Rock", "needs lyrics"),
    ],
)
def test_a_slip_is_one_sentence_and_nothing_is_sent(kernel, cell, said):
    before = kernel.value("len(sp.history())")
    ran = kernel.run(cell)
    assert ran.status == "error"
    [error] = ran.errors
    assert said in error
    assert "Traceback" not in error
    assert kernel.value("len(sp.history())") == before


def test_once_shows_the_same_player_again_and_says_that_nothing_new_was_made(kernel, sandbox):
    cell = "%%soundpiece_fx hit --once --wait -d 1\nA deep impact"
    first = final(kernel.run(cell))
    made = sandbox.counters()["created"]
    again = kernel.run(cell)
    [shown] = again.of("display_data")
    assert shown["data"] == first
    assert "makes nothing new" in first["text/html"]
    assert "makes nothing new" in first["text/plain"]
    assert sandbox.counters()["created"] == made
    assert kernel.run(cell.replace("--once", "--once --take 2")).status == "ok"
    assert sandbox.counters()["created"] == made + 1


def test_once_is_a_setting_of_the_notebook(kernel, sandbox):
    kernel.run("%config SoundpieceMagics.once = True")
    kernel.run("%%soundpiece_fx -w -d 1\nA shallow impact")
    made = sandbox.counters()["created"]
    kernel.run("%%soundpiece_fx -w -d 1\nA shallow impact")
    assert sandbox.counters()["created"] == made
    kernel.run("%%soundpiece_fx -w -d 1 --no-once\nA shallow impact")
    assert sandbox.counters()["created"] == made + 1
    kernel.run("%config SoundpieceMagics.once = False")


def test_a_dry_run_tells_the_source_and_how_long_it_takes(kernel, sandbox):
    for number in range(3):
        kernel.run(f"%soundpiece_fx -w -d 0.5 -p 'Click {number}'")
    before = sandbox.counters()["created"]
    kernel.run("%soundpiece_fx click -w -d 0.5 -p Click")
    shown = kernel.run("%soundpiece_cut --source click --to 0.2 --dry-run").of("display_data")[0]
    text = shown["data"]["text/plain"]
    assert "PUT adapt.auto_cut_down" in text
    assert "fetched at the moment of sending" in text
    effect = kernel.run("%soundpiece_fx -d 1 -p Boom --dry-run").of("display_data")[0]
    assert re.search(r"Such operations usually take .* s", effect["data"]["text/plain"])
    assert sandbox.counters()["created"] == before + 1


def test_a_player_holds_the_cell_that_makes_its_request_again(kernel):
    ran = kernel.run("%%soundpiece_song -p 'Rock & \"roll\"' -w\nOne <b> line\nand another")
    html = final(ran)["text/html"]
    assert "<b> line" not in html
    [cell] = re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)
    import html as entities

    again = kernel.run(entities.unescape(cell))
    assert again.status == "ok", again.text
    requests = "[sp.operation(key).request for key in sp.history(limit=2).index]"
    one, two = kernel.value(requests)
    assert one == two == {"lyrics": "One <b> line\nand another", "prompt": 'Rock & "roll"'}


def test_every_route_magic_has_help_with_an_example(kernel):
    for noun in (
        "instrumental",
        "sample",
        "fx",
        "remix_song",
        "remix_instrumental",
        "stems",
        "cut",
    ):
        shown = kernel.value(f"get_ipython().find_magic('soundpiece_{noun}').__doc__")
        assert "Example:" in shown
        assert f"soundpiece_{noun}" in shown.split("Example:")[1]

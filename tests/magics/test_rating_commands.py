"""Stars, tags and notes from a cell: kept at once, and shown wherever the take is shown."""

from __future__ import annotations

import re

import pytest

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&{{x}}\nאבג \u202e gnp.exe</span>"
"""What breaks out of HTML, quotes and lines, and turns the reading direction round."""
WHOLE = re.compile(
    r"&lt;script&gt;alert\(1\)&lt;/script&gt;&lt;img src=x onerror=alert\(1\)&gt;"
    "(&#34;|&quot;)(&#39;|&#x27;)&amp;{{x}}(\n|<br>)אבג \u202e gnp\\.exe&lt;/span&gt;"
)
"""The same, as HTML has to say it."""


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.run("import time")
    kernel.run("%%soundpiece_song night --prompt jazz --wait\nla la")
    kernel.run("%soundpiece_fx hit -p Impact -d 1 --wait")
    return kernel


def judged(kernel, name):
    """Return stars and note of every take, as the table of takes has them."""
    takes = f"sp.takes(name={name!r})"
    return kernel.value(f"[(r, n) for r, n in {takes}[['rating', 'note']].astype(object).values]")


def test_a_take_gets_stars_and_a_note(kernel):
    ran = kernel.run('%soundpiece_rate night:2 4 "love the bass"')
    assert ran.printed.startswith("night, take 2: ★★★★☆. ")
    assert kernel.value("[(o.rating, o.note) for o in night.outputs]") == [
        (None, None),
        (4, "love the bass"),
    ]
    assert kernel.value("int(sp.takes().loc[(night.key, 2), 'rating'])") == 4
    assert kernel.value("int(sp.history().loc[night.key, 'rating'])") == 4


def test_words_without_quotes_are_a_note_too_and_a_key_does_for_a_name(kernel):
    key = kernel.value("night.key")
    assert kernel.run(f"%soundpiece_rate {key[:10]}:1 2 too much reverb").status == "ok"
    assert kernel.value("(night.outputs[0].rating, night.outputs[0].note)") == (
        2,
        "too much reverb",
    )


def test_no_stars_take_the_stars_away_and_leave_the_note(kernel):
    kernel.run("%soundpiece_rate hit:1 3 'dry enough'")
    ran = kernel.run("%soundpiece_rate hit:1 0")
    assert ran.printed.startswith("hit, take 1: no stars, ★★★☆☆ before")
    assert kernel.value("(hit.outputs[0].rating, hit.outputs[0].note)") == (None, "dry enough")


def test_where_there_is_one_take_it_needs_no_number(kernel):
    assert kernel.run("%soundpiece_rate hit 5").printed.startswith("hit, take 1: ★★★★★")
    assert kernel.value("hit.outputs[0].rating") == 5


def test_a_stem_is_judged_by_what_it_is(kernel):
    kernel.run("%soundpiece_stems parts --source hit --wait")
    assert kernel.run("%soundpiece_rate parts:drums 4").printed.startswith("parts, take 2: ★★★★☆")
    assert kernel.value("{o.kind: o.rating for o in parts.outputs}")["drums"] == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("rate night 4", "Say night:1, night:2"),
        ("rate parts 4", "Say parts:vocals, parts:drums, parts:bass, parts:other"),
        ("rate night:3 4", "has no output :3; it has :1, :2"),
        ("rate night:2 6", "from 0 to 5, not 6."),
        ("rate night:2 x", "from 0 to 5, not 'x'."),
        ("rate night:2 -1", "from 0 to 5, not -1."),
        ("rate night:2 4.5", "from 0 to 5, not 4.5."),
        ("rate night:2", "required: STARS"),
        ("rate nobody:1 4", "No operation has the name or key"),
        ("tag night", "Say which tags, as in %soundpiece_tag night demo keep."),
        ("tag nobody demo", "No operation has the name or key"),
        ("note nobody words", "No operation has the name or key"),
        ("note night:9 words", "has no output :9"),
    ],
)
def test_a_slip_is_one_sentence_and_changes_nothing(kernel, line, said):
    before = judged(kernel, "night")
    ran = kernel.run(f"%soundpiece_{line}")
    assert ran.status == "error"
    [error] = ran.errors
    assert error.startswith("Mistake: ")
    assert said in error
    assert "\n" not in error
    assert judged(kernel, "night") == before


def test_what_has_failed_has_no_takes_to_judge(kernel):
    kernel.run("%%soundpiece_song bad --prompt jazz --wait\ncontent_policy")
    assert "bad has no takes yet; it is failed" in kernel.run("%soundpiece_rate bad 4").errors[0]


def test_tags_are_added_to_those_it_has(kernel):
    kernel.run("%soundpiece_tag night demo 'late at night'")
    ran = kernel.run("%soundpiece_tag night keep demo")
    assert ran.printed.startswith("night: demo, late at night, keep. ")
    assert kernel.value("sp.history(tag='late at night')['name'].tolist()") == ["night"]


def test_a_note_is_on_the_operation_or_on_one_take(kernel):
    assert kernel.run("%soundpiece_note hit for the second scene").printed.startswith("hit: noted")
    assert kernel.run("%soundpiece_note hit:1 short").printed.startswith("hit, take 1: noted")
    assert kernel.value("sp.history().loc[hit.key, 'note']") == "for the second scene"
    assert kernel.value("hit.outputs[0].note") == "short"
    kernel.run("%soundpiece_note hit:1")
    kernel.run("%soundpiece_note hit")
    assert kernel.value("hit.outputs[0].note") is None
    assert not kernel.value("sp.operation('hit').entry.note")


def drawn_again(kernel, code):
    """Run a cell and return the outputs it drew again, by their display ids."""
    ran = kernel.run(f"{code}\ntime.sleep(1.1)")
    assert ran.status == "ok", ran.text
    updates = ran.of("update_display_data")
    return {o["transient"]["display_id"]: o["data"]["text/html"] for o in updates}


def test_the_shown_card_is_drawn_again_where_it_stands(kernel):
    [shown] = kernel.run("%soundpiece_show hit").of("display_data")
    card = shown["transient"]["display_id"]
    assert "★★★★★" in shown["data"]["text/html"]
    assert "★★★☆☆" in drawn_again(kernel, "%soundpiece_rate hit 3")[card]
    by_handle = drawn_again(kernel, "hit.outputs[0].rate(2, 'from the handle')")
    assert "★★☆☆☆" in by_handle[card]
    assert "from the handle" in by_handle[card]
    assert "a new tag" in drawn_again(kernel, "%soundpiece_tag hit 'a new tag'")[card]


def test_five_judgements_in_a_moment_are_one_drawing(kernel):
    ran = kernel.run("for stars in range(1, 6): hit.outputs[0].rate(stars)\ntime.sleep(1.1)")
    drawn = [o["transient"]["display_id"] for o in ran.of("update_display_data")]
    assert len(drawn) == len(set(drawn))
    assert drawn


def test_a_hostile_note_is_inert_and_whole_everywhere(kernel):
    kernel.run(f"evil = {EVIL!r}")
    kernel.run("%soundpiece_fx worst -p '{{size}} impact' -d 1 --sweep size=tiny,huge --wait")
    kernel.run("worst.operations[0].outputs[0].rate(1, evil); tiny, huge = worst.operations")
    kernel.run("hit.outputs[0].rate(4, evil); hit.note(evil).tag(evil)")
    shown = kernel.run(
        "%soundpiece_show hit\n"
        "get_ipython().run_line_magic('soundpiece_show', worst.id)\n"
        "get_ipython().run_line_magic('soundpiece_compare', f'hit {tiny.key}')\n"
        "%soundpiece_history --name hit"
    ).of("display_data")
    assert len(shown) == 4
    for output in shown:
        html = output["data"]["text/html"]
        assert WHOLE.search(html), html
        assert "<script" not in html
        assert "<img src=x" not in html
        assert html.count("<div") == html.count("</div>")
    assert kernel.value("sp.takes().loc[(hit.key, 1), 'note'] == evil == hit.outputs[0].note")
    assert kernel.value("sp.history().loc[hit.key, 'note'] == evil")
    assert kernel.value("sp.history(tag=evil)['name'].tolist()") == ["hit"]
    assert kernel.value("set(sp.history(search='gnp.exe').index) == {hit.key, tiny.key}")

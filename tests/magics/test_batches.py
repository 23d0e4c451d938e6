"""A batch in cells: found, shown, judged and exported by its NAME, like a sweep."""

from __future__ import annotations

import pytest

ROWS = [
    *({"prompt": f"{word} on tin", "duration": 1} for word in ("Rain", "Hail", "Snow")),
    {"prompt": "Slow wind", "duration": 1, "name": "calm_wind"},
]


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.run(f"sp.batch({ROWS!r}, route='fx', name='storm').result(60)")
    kernel.run(
        "%soundpiece_fx ways -p '{{mood}} door' -d 1 --sweep mood=dusty,dark --repeat 2 --wait"
    )
    kernel.run("del ways")
    return kernel


@pytest.mark.parametrize("option", ["--batch storm", "--sweep storm", "--name storm"])
def test_it_is_listed_by_its_name(kernel, option):
    assert (
        "1 to 4 of 4 operations, newest first." in kernel.run(f"%soundpiece_history {option}").text
    )
    assert kernel.value(
        f"len(get_ipython().run_line_magic('soundpiece_history', '{option} -o df'))"
    )
    assert kernel.value("(len(sp.takes(batch='storm')), len(sp.takes(name='storm')))") == (4, 4)


def test_a_word_that_nobody_has_is_said_by_the_table_the_frame_and_the_file(kernel, tmp_path):
    said = "There is no batch or sweep 'strom' (did you mean `storm`?)."
    assert f"newest first. {said}" in kernel.run("%soundpiece_history --batch strom").text
    for line in ("-o df", f"--to {tmp_path}/h.csv"):
        assert kernel.run(f"%soundpiece_history --batch strom {line}").printed.endswith(said)


def test_it_is_shown_with_a_player_a_row_each_by_what_it_is(kernel):
    [card] = kernel.run("%soundpiece_show storm").of("display_data")
    html, text = card["data"]["text/html"], card["data"]["text/plain"]
    assert html.count("<audio controls") == 4
    for words in (
        "<b>Rain on tin</b>",
        '<b dir="auto">calm_wind</b>',
        "[4]",
        "storm[2]:1 is take 1",
    ):
        assert words in html
    assert "<script" not in html
    assert text.splitlines()[2] == "  [2]  ready       prompt=Hail on tin  0:01"
    assert text.splitlines()[4] == "  [4]  ready       calm_wind  0:01"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("show storm[2]", "Hail on tin"),
        ('show "storm name=calm_wind"', "calm_wind · fx"),
        ("compare storm", "prompt: Slow wind"),
        ('compare storm[1] "ways mood=dark"', "prompt: dark door"),
        ("wait storm ways[1]", "5 operations done."),
        ('note "storm prompt=hail" loud', "noted"),
        ("tag storm[-1] quiet", "calm_wind: quiet"),
        ("rate storm[1] 4", "take 1: ★★★★☆"),
        ('rate "ways mood=dusty repeat=2":1 5', "take 1: ★★★★★"),
        ("resume storm[1]", "Going on with 1 operation."),
        ("prune storm[1]", "1 take of 1 operation"),
        ("export storm --to FOLDER", "4 files in"),
        ('export storm[1]:1 "ways mood=dark" --to FOLDER', "3 files in"),
        ("stems --source storm[3] --dry-run", "the address of take 1"),
        ('cut --source "ways mood=dark repeat=2:1" --to 0.5 --dry-run', "the address of take 1"),
    ],
)
def test_and_one_of_it_is_meant_wherever_a_key_goes(kernel, tmp_path, line, said):
    ran = kernel.run(f"%soundpiece_{line}".replace("FOLDER", str(tmp_path)))
    assert ran.status == "ok", ran.text
    assert said in ran.text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "rate storm:1 3",
            "storm is 4 operations. Say which one: storm[1] (prompt=Rain on tin), st",
        ),
        ("stems --source ways", "ways[2] (mood=dusty, repeat=2)"),
        ("show ways mood=dusty", 'in quotes: "ways mood=dusty"'),
        ("compare ways mood=dusty", 'in quotes: "ways mood=dusty"'),
        ('show "ways mood=dusty"', "ways[mood=dusty] is 2 operations."),
        ("export storm --best --take 1 --to x", "Leave --take or --best out."),
    ],
)
def test_what_does_not_say_which_is_answered_with_what_does(kernel, line, said):
    [error] = kernel.run(f"%soundpiece_{line}").errors
    assert said in error


def test_the_best_of_each_is_exported_by_one_line(kernel, tmp_path):
    [error] = kernel.run(f"%soundpiece_export calm_wind --best --to {tmp_path}").errors
    assert "None of it has stars" in error
    kernel.run('%soundpiece_rate "ways mood=dusty repeat=1" 5')
    kernel.run('%soundpiece_rate "ways mood=dusty repeat=2" 5')
    ran = kernel.run(f"%soundpiece_export ways --best --to {tmp_path}/best")
    assert "Without stars, and left out: ways (mood=dark)." in ran.printed
    assert "Several are rated alike, and the first is taken: ways (mood=dusty)." in ran.printed
    assert "1 file in" in ran.printed
    first = kernel.value("sp.operation('ways[1]').key[:8]")
    assert [each.name for each in (tmp_path / "best").iterdir()] == [f"ways-1-{first}.flac"]


def test_a_variable_of_a_batch_without_a_name_is_not_lost_silently(kernel):
    kernel.run("nameless = sp.batch([{'prompt': 'Door', 'duration': 1}] * 2, route='fx')")
    assert "2 operations done." in kernel.run("%soundpiece_wait nameless").text
    assert "Door" in kernel.run("%soundpiece_show nameless[2]").text
    ran = kernel.run("%soundpiece_fx nameless -p Gate -d 1 --wait")
    assert "nameless was the variable of 2 operations without a NAME" in ran.text

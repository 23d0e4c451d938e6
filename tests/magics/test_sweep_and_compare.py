"""Many at once from one cell, and operations side by side, in a real kernel."""

from __future__ import annotations

import pytest


def printed(ran):
    """Give what a cell printed; boards of other cells may have been drawn again meanwhile."""
    return "".join(output["text"] for output in ran.of("stream")).strip()


def test_a_sweep_makes_one_operation_a_combination(kernel):
    ran = kernel.run(
        "%%soundpiece_fx hits --sweep size=tiny,huge --sweep duration=1,2 --tag swept --wait\n"
        "A {{size}} impact"
    )
    assert ran.status == "ok", ran.text
    assert "4 operations: every size with every duration." in ran.text
    asked = kernel.value("[(o.request['prompt'], o.request['duration']) for o in hits.operations]")
    assert asked == [
        ("A tiny impact", 1.0),
        ("A tiny impact", 2.0),
        ("A huge impact", 1.0),
        ("A huge impact", 2.0),
    ]
    assert kernel.value("hits.counts()") == {"ready": 4}
    sweeps = kernel.value("sp.history(tag='swept')['sweep'].tolist()")
    assert len({sweep["id"] for sweep in sweeps}) == 1
    assert {(sweep["size"], sweep["duration"]) for sweep in sweeps} == {
        ("tiny", "1"),
        ("tiny", "2"),
        ("huge", "1"),
        ("huge", "2"),
    }


def test_values_may_come_from_a_list(kernel):
    kernel.run("moods = ['calm, slow', 'wild']")
    ran = kernel.run("%soundpiece_fx takes -p '{{mood}} rain' -d 1 --sweep mood={{moods}} --wait")
    assert ran.status == "ok", ran.text
    prompts = kernel.value("[o.request['prompt'] for o in takes.operations]")
    assert prompts == ["calm, slow rain", "wild rain"]


@pytest.mark.parametrize(
    "listed",
    [
        "['calm', 'wild']",
        "('calm', 'wild')",
        "np.array(['calm', 'wild'])",
        "pd.Series(['calm', 'wild'], index=[7, 3])",
        "pd.Index(['calm', 'wild'])",
        "{'calm': 1, 'wild': 2}.keys()",
        "(mood for mood in ['calm', 'wild'])",
        "'calm, wild'",
    ],
)
def test_values_may_come_from_whatever_has_an_order(kernel, listed):
    kernel.run(f"import numpy as np, pandas as pd\nmoods = {listed}")
    ran = kernel.run("%soundpiece_fx -p '{{m}} rain' -d 1 --sweep m={{moods}} --dry-run")
    assert "2 operations: every m." in ran.text
    assert "calm rain" in ran.text


def test_values_of_a_number_range_are_its_numbers(kernel):
    kernel.run("seconds = range(1, 4)")
    ran = kernel.run("%soundpiece_fx -p Rain --sweep duration={{seconds}} --dry-run")
    assert "3 operations: every duration." in ran.text


def test_repeat_makes_takes_of_the_same_and_of_each_combination(kernel):
    ran = kernel.run("%soundpiece_fx three -p 'Soft rain' -d 1 --repeat 3 --wait")
    assert "3 operations: 3 times." in ran.text
    assert kernel.value("[o.request['prompt'] for o in three.operations]") == ["Soft rain"] * 3
    assert kernel.value("three.counts()") == {"ready": 3}
    assert kernel.value("[v['repeat'] for v in three.values.values()]") == ["1", "2", "3"]
    ran = kernel.run("%soundpiece_fx both -p '{{m}}' -d 1 --sweep m=rain,hail --repeat 2 --wait")
    assert "4 operations: every m, 2 times." in ran.text
    assert kernel.value("[tuple(v.values()) for v in both.values.values()]") == [
        ("rain", "1"),
        ("rain", "2"),
        ("hail", "1"),
        ("hail", "2"),
    ]
    ran = kernel.run("%soundpiece_fx alone -p 'Soft rain' -d 1 --repeat 1 --wait")
    assert "1 operation.\n" in ran.text
    assert "alone · sweep of 1 · fx" in ran.of("display_data")[0]["data"]["text/plain"]


@pytest.mark.parametrize("options", ["--sweep mood=calm,wild", "--repeat 2"])
def test_once_the_same_cell_is_the_same_sweep_and_makes_nothing_new(kernel, sandbox, options):
    cell = f"%soundpiece_fx NAME -p '{{{{mood}}}} wind' -d 1 --once {options} --wait"
    kernel.run("mood = 'calm'")
    kernel.run(cell.replace("NAME", "first"))
    made, listed = sandbox.counters()["created"], kernel.value("len(sp.history())")
    [board] = kernel.run(cell.replace("NAME", "second")).of("display_data")
    assert kernel.value("(first.id, first.values) == (second.id, second.values)")
    assert kernel.value("len(second.values)") == 2
    assert "2 of 2 ready" in board["data"]["text/plain"]
    assert sandbox.counters()["created"] == made
    assert kernel.value("len(sp.history())") == listed


def test_a_board_fills_in_where_it_stands(kernel):
    ran = kernel.run(
        "%soundpiece_fx filling -p '{{m}}' -d 1 --sweep m=rain,hail --no-wait\n"
        "import time; time.sleep(1.5)"
    )
    [first] = ran.of("display_data")
    updates = ran.of("update_display_data")
    last = [each for each in updates if each["transient"] == first["transient"]][-1]
    assert "0 of 2 ready" in first["data"]["text/plain"]
    assert "2 of 2 ready" in last["data"]["text/plain"]
    assert set(last["data"]) == {"text/html", "text/plain"}
    assert last["data"]["text/html"].count("<audio controls") == 2


def test_who_waits_sees_the_whole_board_in_the_cell_that_ran(kernel):
    ran = kernel.run("%soundpiece_fx -p '{{m}}' -d 1 --sweep m=rain,hail,wind --wait")
    [first] = ran.of("display_data")
    boards = [o for o in ran.of("update_display_data") if o["transient"] == first["transient"]]
    assert "3 of 3 ready" in boards[-1]["data"]["text/plain"]


def test_waiting_for_all_waits_for_what_has_not_set_out_yet(kernel):
    numbers = ",".join(map(str, range(12)))
    kernel.run(f"%soundpiece_fx many -p 'Hit {{{{n}}}}' -d 1 --sweep n={numbers} --no-wait")
    kernel.run(
        "few = sp.batch([{'prompt': f'Row {n}', 'duration': 1} for n in range(4)],\n"
        "               route='fx', max_in_flight=1)\n"
        "one = sp.fx('Alone', duration=1)"
    )
    assert printed(kernel.run("%soundpiece_wait")) == "17 operations done."
    assert kernel.value("(many.counts(), few.counts(), one.status)") == (
        {"ready": 12},
        {"ready": 4},
        "ready",
    )
    assert printed(kernel.run("%soundpiece_wait")) == "Nothing is on the way here."


def test_waiting_for_a_batch_by_its_name_keeps_to_its_places(kernel):
    kernel.run(
        "rows = [{'prompt': f'Drop {n}', 'duration': 1} for n in range(6)]\n"
        "b = sp.batch(rows, route='fx', name='drops', max_in_flight=2)"
    )
    assert printed(kernel.run("%soundpiece_wait b")) == "6 operations done."
    assert kernel.value("b.counts()") == {"ready": 6}
    assert printed(kernel.run("%soundpiece_wait drops")) == "6 operations done."


def test_a_sweep_is_shown_again_by_its_id_or_by_its_handle(kernel):
    kernel.run("%soundpiece_fx shown -p '{{m}}' -d 1 --sweep m=rain,hail --wait")
    wanted = kernel.value("shown.id")
    for code in (f"%soundpiece_show {wanted}", "shown"):
        [board] = kernel.run(code).of("display_data")
        assert board["data"]["text/html"].count("<audio controls") == 2
        assert f"soundpiece-is-{wanted}" in board["data"]["text/html"]
        assert board["data"]["text/plain"].count("  ready       m=") == 2
    assert "No operation has" in kernel.run("%soundpiece_show m-00000000").errors[0]


def test_a_failed_row_says_why_and_the_others_stand(kernel):
    ran = kernel.run("%soundpiece_fx -p '{{m}}' -d 1 --sweep m=rain,content_policy,hail --wait")
    [error] = ran.errors
    assert "1 of 3 operations are not ready. " in error
    assert "rejected by our content policy" in error
    wanted = kernel.value("sp.history(limit=1)['sweep'].iloc[0]['id']")
    [board] = kernel.run(f"%soundpiece_show {wanted}").of("display_data")
    assert "2 of 3 ready" in board["data"]["text/plain"]
    assert "  failed      m=content_policy" in board["data"]["text/plain"]
    html = board["data"]["text/html"]
    assert html.count("<audio controls") == 2
    assert "rejected by our content policy" in html
    assert "(content_policy)" in html


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--sweep mood", "name=a,b,c"),
        ("--sweep mood=a --sweep mood=b", "each name once"),
        ("--sweep mood=a,,b", "none of them empty"),
        ("--sweep colour=red,blue", "Nothing here uses {{colour}}"),
        (f"--sweep mood={','.join(map(str, range(101)))}", "at most 100"),
        ("--sweep mood=a,b --key 550e8400-e29b-41d4-a716-446655440000", "--key names one"),
        ("--sweep mood=a,b --sweep duration=1,-1", "more than 0"),
        ("--sweep id=a,b", "cannot vary 'id'"),
        ("--sweep repeat=a,b", "cannot vary 'repeat'"),
        ("--repeat 0", "--repeat must be a whole number from 1"),
        ("--repeat x", "--repeat must be a whole number from 1"),
        ("--repeat -1", "--repeat must be a whole number from 1"),
        ("--sweep mood=a,b --repeat 51", "102 operations; a sweep makes at most 100"),
    ],
)
def test_a_sweep_that_cannot_be_is_one_sentence_and_nothing_is_sent(kernel, options, said):
    before = kernel.value("len(sp.history())")
    ran = kernel.run(f"%%soundpiece_fx {options}\nA {{{{mood}}}} impact")
    assert ran.status == "error"
    assert said in ran.errors[0]
    assert kernel.value("len(sp.history())") == before


def test_a_dry_sweep_says_how_many_and_sends_none(kernel):
    before = kernel.value("len(sp.history())")
    ran = kernel.run("%soundpiece_fx -p '{{mood}} rain' --sweep mood=a,b --dry-run")
    assert "2 operations" in ran.text
    assert "a rain" in ran.text
    assert kernel.value("len(sp.history())") == before


def test_a_comparison_marks_the_words_that_differ(kernel):
    kernel.run("%soundpiece_fx one -d 1 -p 'A deep <b> impact' --wait")
    kernel.run("%soundpiece_fx two -d 1 -p 'A bright <b> impact' --wait")
    ran = kernel.run("%soundpiece_compare one two")
    [shown] = ran.of("display_data")
    html = shown["data"]["text/html"]
    for word in ("deep", "bright"):
        assert f">{word}</mark>" in html
    assert ">impact</mark>" not in html
    assert "<b> impact" not in html
    assert html.count("<audio controls") == 2
    assert "prompt: A deep <b> impact" in shown["data"]["text/plain"]
    same = kernel.run("sp.compare(one, one.key)").of("execute_result")[0]
    assert "They ask for just the same." in same["data"]["text/html"]
    assert "2 to 8 operations are compared" in kernel.run("sp.compare('one')").errors[0]
    assert "No operation has" in kernel.run("%soundpiece_compare one nobody").errors[0]


def test_the_kernels_own_tasks_go_on_while_a_boards_previews_are_made(kernel):
    kernel.run("%soundpiece_sample later -p '{{a}} drums' -d 30 --sweep a=big,small --wait")
    kernel.run(
        "import asyncio\nfrom pathlib import Path\n"
        "takes = [take for op in later.operations for take in op.outputs]\n"
        "for take in takes: Path(take.path).with_suffix('.mp3').unlink(missing_ok=True)\n"
        "ticks = 0\n"
        "async def tick():\n"
        "    global ticks\n"
        "    while True:\n"
        "        await asyncio.sleep(0.01)\n"
        "        ticks += 1\n"
        "ticking = asyncio.get_running_loop().create_task(tick())"
    )
    ran = kernel.run(
        "before = ticks\nget_ipython().run_line_magic('soundpiece_show', later.id + ' --embed')\n"
        "print(ticks - before)\nticking.cancel()"
    )
    [board] = ran.of("display_data")
    assert board["data"]["text/html"].count("data:audio/mpeg") == 2
    assert int(ran.of("stream")[0]["text"]) > 5

"""Many at once from one cell, and operations side by side, in a real kernel."""

from __future__ import annotations

import pytest

from kernels import Kernel
from services import quiet_environment


@pytest.fixture(scope="module")
def kernel(tmp_path_factory, sandbox):
    environment = quiet_environment(
        tmp_path_factory.mktemp("home"),
        SOUNDPIECE_BASE_URL=sandbox.base_url,
        SOUNDPIECE_API_KEY="spk_marked_0123456789",
    )
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    yield started
    started.close()


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
    ("options", "said"),
    [
        ("--sweep mood", "name=a,b,c"),
        ("--sweep mood=a --sweep mood=b", "each name once"),
        ("--sweep mood=a,,b", "empty one"),
        ("--sweep colour=red,blue", "Nothing here uses {{colour}}"),
        (f"--sweep mood={','.join(map(str, range(101)))}", "at most 100"),
        ("--sweep mood=a,b --key 550e8400-e29b-41d4-a716-446655440000", "--key names one"),
        ("--sweep mood=a,b --sweep duration=1,-1", "more than 0"),
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

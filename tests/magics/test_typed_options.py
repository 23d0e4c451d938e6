"""What is typed on a magic's line: values with commas, of a type, missing, and extra fields."""

from __future__ import annotations

import pytest

from soundpiece_nb.magics.sweep_option import split_values
from support.kernels import Kernel
from support.services import ScriptedService, as_json, operation, quiet_environment


def _answer(heard, _):
    """Answer at once, having made nothing; refuse a prompt as the service does."""
    if b"x" * 1025 in heard.body:
        wrong = {"loc": ["body", "prompt"], "msg": "at most 1024 characters", "type": "too_long"}
        return as_json({"detail": [wrong]}, 422)
    return as_json(operation("failed", error={"code": "none", "message": "Nothing is made."}))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """A kernel with the variables that the tests name; its service makes nothing."""
    service = ScriptedService(_answer)
    started = Kernel(
        quiet_environment(
            tmp_path_factory.mktemp("home"),
            SOUNDPIECE_BASE_URL=service.base_url,
            SOUNDPIECE_API_KEY="spk_marked_0123456789",
        )
    )
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    started.run(
        "import numpy as np, pandas as pd, datetime\n"
        "gaps = pd.Series([1, None]); moods = pd.Series(['calm', None])\n"
        "pair = ['calm, quiet', 'wild']; listed = '\"calm, quiet\", {{text}}'\n"
        "flags = [True, None, np.bool_(False)]; two = np.float64(2); text = np.str_('seven')\n"
        "none, na, nan = None, pd.NA, float('nan')\n"
        "short = datetime.timedelta(seconds=1.5); quote = 'say \"hi\"'; deep = {'a': np.arange(2)}"
    )
    yield started
    started.close()
    service.close()


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("calm,wild", ["calm", "wild"]),
        (" calm , wild ", ["calm", "wild"]),
        ("'calm, quiet',wild", ["calm, quiet", "wild"]),
        ('"calm, quiet" , wild', ["calm, quiet", "wild"]),
        ("wild,'calm, quiet'", ["wild", "calm, quiet"]),
        (r"calm\, quiet,wild", ["calm, quiet", "wild"]),
        ('"say ""hi""",b', ['say "hi"', "b"]),
        (r'"say \"hi\"",b', ['say "hi"', "b"]),
        (r"a\\,b", ["a\\", "b"]),
        (r"C:\x,b", [r"C:\x", "b"]),
        ("don't,can't", ["don't", "can't"]),
        ("'tis,'twas", ["'tis", "'twas"]),
        ("rock 'n' roll,b", ["rock 'n' roll", "b"]),
        ("'',a", ["", "a"]),
        ("a,,b", ["a", None, "b"]),
        ("a,", ["a", None]),
        (",a", [None, "a"]),
        ("", [None]),
        ("a\\", ["a\\"]),
        ("☃,'ä, ö'", ["☃", "ä, ö"]),
    ],
)
def test_commas_part_values_but_not_within_quotes_or_behind_a_backslash(text, values):
    assert split_values(text) == values


def prompts(kernel, line):
    ran = kernel.run(f"%soundpiece_sample swept -p '{{{{m}}}}' -d 1 --no-wait --sweep {line}")
    assert ran.status == "ok", ran.text
    return kernel.value("[o.request['prompt'] for o in swept.operations]")


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("m='calm, quiet',wild", ["calm, quiet", "wild"]),
        ('m="calm, quiet",wild', ["calm, quiet", "wild"]),
        ('"m=calm, quiet,wild"', ["calm", "quiet", "wild"]),
        ("\"m='calm, quiet',wild\"", ["calm, quiet", "wild"]),
        (r"m=calm\,quiet,wild", ["calm,quiet", "wild"]),
        (r"m=very\ calm,wild", ["very calm", "wild"]),
        ("m=a=b,none", ["a=b", "none"]),
        ("m={{text}},wild", ["seven", "wild"]),
        ('m="{{pair}}"', ["calm, quiet", "wild"]),
        ("m={{pair}},{{text}}", ["calm, quiet", "wild", "seven"]),
        ("m={{listed}}", ["calm, quiet", "{{text}}"]),
    ],
)
def test_quotes_behind_the_name_are_the_values_and_around_it_all_the_lines(kernel, line, made):
    assert prompts(kernel, line) == made


def test_the_values_of_options_are_typed_and_missing_ones_leave_them_out(kernel):
    asked = "[(o.request.get('duration'), o.request.get('loopable')) for o in swept.operations]"
    kernel.run(
        "%soundpiece_sample swept -p x --no-wait --sweep duration={{gaps}} --sweep loopable=true,"
        "False"
    )
    assert kernel.value(asked) == [(1.0, True), (1.0, False), (None, True), (None, False)]
    kernel.run("%soundpiece_sample swept -p x -d {{short}} --no-wait --sweep loopable={{flags}}")
    assert kernel.value(asked) == [(1.5, True), (1.5, None), (1.5, False)]
    kernel.run("%soundpiece_sample swept -p x --no-wait --sweep duration={{two}},1 -d {{none}}")
    assert kernel.value(asked) == [(2.0, None), (1.0, None)]
    shown = kernel.run("%soundpiece_show swept").of("display_data")[0]["data"]["text/plain"]
    assert "duration=2.0" in shown
    left_out = "-d {{na}} --timeout {{none}} --repeat {{none}} --callback-url {{nan}}"
    kernel.run(f"%soundpiece_sample one -p x --no-wait {left_out}")
    assert kernel.value("one.request") == {"prompt": "x"}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("%%soundpiece_fx\n{{none}} rain", "none has no value here, it is None"),
        ("%%soundpiece_fx\n{{na}} rain", "na has no value here, it is <NA>"),
        ("%%soundpiece_fx --note {{nan}}\nRain", "nan has no value here, it is nan"),
        ("%%soundpiece_fx --sweep m={{moods}}\n{{m}} rain", "m has no value here, it is nan"),
        ("%soundpiece_fx -p x --sweep m=a,,b --note {{m}}", "none of them empty, not 'a,,b'"),
        ("%soundpiece_sample -p x --sweep loopable=yes,no", "True or False, not 'yes'"),
        ("%soundpiece_fx -p x --timeout {{flags}}", "--timeout must be a number of seconds"),
        ("%soundpiece_fx -p x --sweep seed=1,2", "--extra seed={{seed}} sends it"),
        ("%soundpiece_fx -p x --extra seed", "--extra must be NAME=VALUE, each name once"),
        ("%soundpiece_fx -p x --extra a=1 --extra a=2", "--extra must be NAME=VALUE"),
        ("%soundpiece_fx -p x --extra prompt=y", "'prompt' is no extra field"),
        ("%soundpiece_fx -p x --extra idempotency_key=y", "is no extra field"),
        ("%soundpiece_fx -p x --extra x=1e999", "holds inf, which JSON cannot say"),
        ("%soundpiece_fx -p x --extra m=" + 700 * "[" + 700 * "]", "too deep"),
        ("%soundpiece_fx -p x --extra m=" + 30 * "[" + 30 * "]", "deeper than 20 levels"),
        ("%soundpiece_fx -p x --extra m={{nobody}}", "There is no variable 'nobody'"),
        ("%soundpiece_fx -p x -d -1", "--unchecked (unchecked=True) leaves that to it"),
    ],
)
def test_what_cannot_be_sent_is_one_sentence(kernel, cell, said):
    before = kernel.value("len(sp.history())")
    ran = kernel.run(cell)
    assert ran.status == "error"
    assert said in ran.errors[0]
    assert "Nothing was sent." in ran.errors[0]
    assert kernel.value("len(sp.history())") == before


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ("--extra seed=42 --extra on=true", {"seed": 42, "on": True}),
        ("--extra mood=calm,wild", {"mood": "calm,wild"}),
        ("--extra 'code=\"42\"'", {"code": "42"}),
        ("--extra code=007 --extra x=NaN", {"code": "007", "x": "NaN"}),
        ("--extra style='{\"a\": [1, null]}'", {"style": {"a": [1, None]}}),
        ("--extra seed={{two}} --extra title=v{{two}}", {"seed": 2.0, "title": "v2.0"}),
        ('--extra \'style={"of": "{{quote}}"}\'', {"style": {"of": 'say "hi"'}}),
        ("--extra deep={{deep}} --extra gone={{na}} --extra no=null", {"deep": {"a": [0, 1]}}),
    ],
)
def test_an_extra_field_is_json_where_it_is_json_else_text(kernel, options, sent):
    ran = kernel.run(f"%soundpiece_fx one -p Rain -d 1 --no-wait {options}")
    assert ran.status == "ok", ran.text
    assert kernel.value("one.request") == {"prompt": "Rain", "duration": 1.0, **sent}


def test_an_extra_field_is_swept_made_once_and_shown_in_a_dry_run(kernel):
    line = (
        "%soundpiece_fx NAME -p Rain -d 1 --no-wait --once --sweep seed=1,2,x --extra seed={{seed}}"
    )
    for name in ("first", "second"):
        assert kernel.run(line.replace("NAME", name)).status == "ok"
    assert kernel.value("[o.request['seed'] for o in first.operations]") == [1, 2, "x"]
    assert kernel.value("first.keys == second.keys")
    assert '"seed": 7' in kernel.run("%soundpiece_fx -p Rain --extra seed=7 --dry-run").text


def test_unchecked_leaves_a_limit_to_the_service_whose_words_are_shown(kernel):
    ran = kernel.run("%%soundpiece_fx --unchecked --wait\n" + "x" * 1100)
    assert "at most 1024 characters" in ran.errors[0]
    assert "RequestRejected" in ran.errors[0]


def test_the_help_and_tab_know_the_options(kernel):
    pager = kernel.client.execute_interactive("%soundpiece_fx?", output_hook=lambda _: None)
    words = " ".join(pager["content"]["payload"][0]["data"]["text/plain"].split())
    assert "--extra NAME=VALUE" in words
    assert "quotes around a value, or a backslash, keep its comma" in words
    reply = kernel.client.complete("%soundpiece_fx --ext", reply=True, timeout=20)
    assert reply["content"]["matches"] == ["--extra"]

"""Lines as people type and paste them: each slip is one sentence with its remedy."""

from __future__ import annotations

import pytest

from soundpiece_nb.magics import display_commands, history_command, rating_commands
from soundpiece_nb.magics import wait_and_resume_commands as waiting

NBSP, ZERO, NARROW, WORD_JOINER = "\u00a0", "\u200b", "\u202f", "\ufeff"
SPACE = ", where an ordinary space belongs. Type the space anew"
FX = "%soundpiece_fx -p Rain"

SLIPS = [
    ("%%soundpiece_song night —prompt “Synthwave, slow”\nla",
     "'—prompt' has U+2014 (em dash) for a hyphen (did you mean `--prompt`?)"),
    (f"{FX} –wait", "'–wait' has U+2013 (en dash) for a hyphen (did you mean `--wait`?)"),
    (f"{FX} --dry–run", "(did you mean `--dry-run`?)"),
    (f"{FX} --no‑wait", "has U+2011 (non-breaking hyphen) for a hyphen (did you mean `--no-wait`?)"),
    (f"{FX} −−once", "has U+2212 (minus sign) for a hyphen (did you mean `--once`?)"),
    (f"{FX} —duraton=3", "(did you mean `--duration`?)"),
    ("%soundpiece_fx –p Rain", "(did you mean `-p`?)"),
    ("%soundpiece_fx—wait", "(did you mean `--wait`?)"),
    ("%%soundpiece_fx hit --note “for the door”\nRain", "The quote “ groups no words. Type straight"),
    ("%soundpiece_fx -p “don't stop”", "The quote “ groups no words."),
    ("%soundpiece_fx -p ‘Rain on tin’", "The quote ‘ groups no words."),
    ("%soundpiece_fx --prompt=„Regen“", "The quote „ groups no words."),
    ("%soundpiece_fx -p «La pluie»", "The quote « groups no words."),
    ("%soundpiece_fx -p `Rain now`", "The quote ` groups no words."),
    (f"%soundpiece_fx{NBSP}-p Rain", f"There is a no-break space (U+00A0) in '\\xa0-p'{SPACE}"),
    (f"x = %soundpiece_fx{NBSP}-p Rain", "There is a no-break space (U+00A0)"),
    (f"{FX}{NBSP}--dry-run", "There is a no-break space (U+00A0)"),
    (f"{FX} -d{NARROW}3", "There is a narrow no-break space (U+202F)"),
    (f"{FX} {ZERO}--dry-run", "There is an invisible zero width space (U+200B) in '\\u200b--dry"),
    (f"%soundpiece_fx{WORD_JOINER} -p Rain", "There is an invisible zero width no-break space"),
    ("%%soundpiece_fx hit \\\n--prompt Rain", "A %% line ends where it ends: a backslash does not"),
    ('%%soundpiece_fx hit --note "a \\\nb"\nRain', "A %% line ends where it ends"),
    ("%soundpiece_fx hit -p x \\ ", "The line ends in a backslash, but nothing continues it."),
    ("%soundpiece_history -n 5  # the newest", "takes no comment, such as '# the newest'. Take it"),
    ("%%soundpiece_fx hit # mine\nRain", "takes no comment, such as '# mine'"),
    ('%soundpiece_fx -p "Rain";', "takes no ; at its end"),
    ("%soundpiece_wait #all", "takes no comment, such as '#all'"),
    (f"{FX} --duration = 5", "There are spaces around the =. Write it as one word, --duration=5"),
    (f"{FX} --duration= 5", "one word, --duration=5"),
    (f"{FX} --duration =5", "one word, --duration=5"),
    ("%soundpiece_fx -p '{{m}}' --sweep m = a,b", "one word, m=a,b"),
    ("%soundpiece_history limit = 5", "one word, --limit=5"),
    ("%soundpiece_history limit=5", "'limit=5' is written as in Python (did you mean `--limit`?)"),
    ("%soundpiece_history --lmit 5", "Unrecognized arguments: --lmit 5 (did you mean `--limit`?)."),
    ("%soundpiece_history --statu ready", "(did you mean `--status`?)"),
    ("%soundpiece_history --LIMIT 5", "(did you mean `--limit`?)"),
    ("%soundpiece_export x --too y", "(did you mean `--to`?)"),
    ("%soundpiece_prune --older 3d", "(did you mean `--older-than`?)"),
    ("%soundpiece_resume --yess", "(did you mean `--yes`?)"),
    ("%soundpiece_fx -prompt Rain", "Unrecognized arguments: -prompt Rain (did you mean `--prompt`"),
    (f"{FX} -wait", "(did you mean `--wait`?)"),
    (f"{FX} --zzz", "Unrecognized arguments: --zzz. %%soundpiece_fx? shows the options."),
    ("%soundpiece_history --status redy", "There is no status 'redy' (did you mean `ready`?); there"),
    ("%soundpiece_prune --status Failed", "(did you mean `failed`?)"),
    ("%soundpiece_history --route create.new_sog", "(did you mean `create.new_song`?)"),
    ("%soundpiece_history --order ratng", "(did you mean `rating`?)"),
    ("%soundpiece_export x --to y --format wave", "invalid choice: 'wave' (choose from 'flac', 'wav'"),
    ("%soundpiece_sandbox strat", "(did you mean `start`?)"),
    (f"{FX} --takes 3 --wait", "Unrecognized arguments: --takes 3 (did you mean `--repeat`?)"),
    (f"{FX} --takes=3 --wait", "Unrecognized arguments: --takes=3 (did you mean `--repeat`?)"),
    (f"{FX} -wait -d 2", "Unrecognized arguments: -wait (did you mean `--wait`?)"),
    (f"{FX} --zzz --dry-run", "Unrecognized arguments: --zzz. "),
    (f"{FX} -zz 3 --dry-run", "Unrecognized arguments: -zz"),
    (f"{FX} --sweep mood happy sad angry", "(did you mean `--sweep mood=happy,sad,angry`?)"),
    (f"{FX} --sweep mood: happy, sad, angry", "(did you mean `--sweep mood=happy,sad,angry`?)"),
    (f"{FX} --sweep mood=happy sad angry", "(did you mean `--sweep mood=happy,sad,angry`?)"),
    (f"{FX} --sweep=mood happy sad --wait", "(did you mean `--sweep mood=happy,sad`?)"),
    (f"{FX} --vary mood 'very sad' b", '(did you mean `--vary "mood=very sad,b"`?)'),
    ("%soundpiece_fx hit -p x --sweep mood=[happy, sad]", "(did you mean `--sweep mood=happy,sad`?)"),
    ("%soundpiece_fx hit -p x --repeat 2 3", "Unrecognized arguments: 3. "),
    ("%soundpiece_fx hit -p x --tags wet cold", "(did you mean `--tags wet --tags cold`?)"),
    ("%soundpiece_stems my parts --source x", "parts, and a NAME is one word (did you mean `my_parts`?)"),
    ("%soundpiece_fx hit -p x --extra seed 42", "(did you mean `--extra seed=42`?)"),
    ('%%soundpiece_song my song --prompt "folk"\nla', "song, and a NAME is one word (did you mean `my_song`?)"),
    ("%%soundpiece_song my song\nla", '(did you mean `--prompt "my song"`?)'),
    ("%%soundpiece_fx my hit\nRain", "hit, and a NAME is one word (did you mean `my_hit`?)"),
    ('%%soundpiece_song "my song" --prompt folk\nla', "A NAME is one word, such as my_song."),
    ("%soundpiece_history -o csv", "(choose from 'df') (did you mean `--to history.csv`?)"),
    ("%soundpiece_history -o mine.xlsx", "(did you mean `--to mine.xlsx`?)"),
    ("%soundpiece_history -o excel", "(did you mean `--to history.xlsx`?)"),
    ("%soundpiece_history -o pandas", "(did you mean `-o df`?)"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "said"), SLIPS)
def test_a_slip_is_named_with_its_remedy(kernel, cell, said):
    ran = kernel.run(cell)
    [error] = ran.errors
    makes = any(f"%soundpiece_{noun}" in cell for noun in ("fx", "song", "stems"))
    assert (" Nothing was sent." in error) is makes
    assert said in error.replace(" Nothing was sent.", "")
    assert error.count("\n") <= 1
    assert "Traceback" not in error


def test_and_none_of_them_sends_anything(kernel):
    assert kernel.value("len(sp.history())") == 0


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("-p ’90s", "’90s"),
        ("-p don’t", "don’t"),
        ('-p "He said “go” — don’t # stop = now"', "He said “go” — don’t # stop = now"),
        (f'-p "a{NBSP}b{ZERO}c"', f"a{NBSP}b{ZERO}c"),
        ("-p rain-and-hail", "rain-and-hail"),
        ("-p nice—very", "nice—very"),
        ("-p a=b", "a=b"),
        ("-pRain -d2", "Rain"),
        ("-p #1", "#1"),
        ("-p 'C:\\rain'", "C:\\rain"),
        ("-p \N{WOMAN}\N{ZERO WIDTH JOINER}\N{MICROPHONE}", "\N{WOMAN}\u200d\N{MICROPHONE}"),
        ("-p 5″", "5″"),
        ("\\\n  -p Rain \\\n ", "Rain"),
    ],
)
def test_a_persons_own_text_is_left_alone(kernel, line, prompt):
    kernel.run("import json")
    ran = kernel.run(f"%soundpiece_fx {line} --dry-run")
    assert ran.status == "ok", ran.text
    import json

    [text] = [each["data"]["text/plain"] for each in ran.of("display_data")]
    assert json.loads(text[text.index("{") : text.rindex("}") + 1])["prompt"] == prompt


def test_free_words_may_begin_with_a_hash(kernel):
    kernel.run("night = sp.fx('Rain', duration=1).result()")
    kernel.run("%soundpiece_tag night #demo")
    kernel.run("%soundpiece_note night '# one' — or two")
    assert kernel.value("night.entry.tags, night.entry.note") == (("#demo",), "# one — or two")
    kernel.run("%soundpiece_rate night 4 --note 'as the function'")
    assert kernel.value("night.outputs[0].note") == "as the function"


@pytest.mark.parametrize(
    "options",
    [
        ["-n 1", "--limit 1", "limit=1"],
        ["--min-rating 1", "--min_rating 1", "min_rating=1"],
        ["-n 1 --page 2", "--limit 1 --offset 1", "limit=1, page=2", "limit=1, offset=1"],
        ["--status ready", "status='ready'"],
    ],
)
def test_an_option_and_a_parameter_have_one_name(kernel, options):
    kernel.run("%soundpiece_fx -p Hail -d 1 --tags cold --wait")
    found = [
        kernel.value(f"list(sp.history({each}).index)")
        if "=" in each
        else kernel.run(f"df = %soundpiece_history {each} -o df") and kernel.value("list(df.index)")
        for each in options
    ]
    assert found[0]
    assert found == [found[0]] * len(options)


@pytest.mark.parametrize(
    "line",
    [
        "%soundpiece_remix_instrumental --source night --n-variations 2",
        "%soundpiece_remix_instrumental --source night --n_variations 2",
        "%soundpiece_cut --source night --target-duration 0.5",
        "%soundpiece_fx -p '{{m}}' --vary m=a,b --tags x --tag y",
    ],
)
def test_options_go_by_the_names_of_the_functions_too(kernel, line):
    ran = kernel.run(f"{line} --dry-run")
    assert ran.status == "ok", ran.text


def test_every_parameter_of_the_history_and_of_handles_is_an_option():
    import inspect

    import soundpiece_nb as sp
    from soundpiece_nb.journal.filters import Filter

    def names(command):
        return {each.lstrip("-").replace("-", "_") for o in command.options for each in o.names}

    assert set(Filter.__dataclass_fields__) | {"page"} <= names(history_command.history)
    assert set(inspect.signature(sp.resume).parameters) <= names(waiting.resume)
    assert "timeout" in names(waiting.wait)
    assert {"stars", "note"} <= names(rating_commands.rate)
    assert set(inspect.signature(sp.compare).parameters) <= names(display_commands.compare)

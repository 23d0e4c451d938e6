"""What people type first: it works, or one sentence names what does; nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parent.parent
MADE = f"""
import sys
sys.path.append({str(TESTS)!r})
from support.recorded_operations import finish, record
from soundpiece_nb.operations.current_session import current
journal = current().journal
for name, words in {{"night": "jazz", "rain": "Rain on a tin roof", "roof": "tin"}}.items():
    key = record(journal, name=name, prompt=words, tags=["demo"] if name == "rain" else [])
    finish(journal, key, takes=1 if name == "rain" else 2)
key = record(journal, name="hail", prompt="Hail")
"""


@pytest.fixture(scope="module")
def kernel(kernel):
    ran = kernel.run(MADE)
    assert ran.status == "ok", ran.text
    return kernel


FX = "%soundpiece_fx -p Rain --dry-run"
SAID = [
    # fields by other words
    (f"{FX} --length 2", "--length 2 (did you mean `--duration`?)"),
    (f"{FX} --lenght 2", "(did you mean `--duration`?)"),
    (f"{FX} --duration_seconds=2", "(did you mean `--duration`?)"),
    (f"{FX} -secs 2", "(did you mean `--duration`?)"),
    (f"{FX} length=2", "is written as in Python (did you mean `--duration`?)"),
    ("%soundpiece_fx --description Rain", "(did you mean `--prompt`?)"),
    ("%soundpiece_fx --text Rain", "(did you mean `--prompt`?)"),
    ("%%soundpiece_song --genre jazz\nla", "(did you mean `--prompt`?)"),
    ("%soundpiece_song -p jazz --words la", "(did you mean `--lyrics`?)"),
    ("%%soundpiece_song --url https://x.org/a.wav\nla", "(did you mean `--reference`?)"),
    ("%soundpiece_sample -p drums --loop", "(did you mean `--loopable`?)"),
    ("%soundpiece_stems --file a.wav", "(did you mean `--source`?)"),
    ("%soundpiece_stems parts night", "night (did you mean `--source night`?)"),
    ("%soundpiece_cut --source night --length 30", "(did you mean `--to`?)"),
    ("%soundpiece_cut --source night --duration=30", "(did you mean `--to`?)"),
    ("%soundpiece_remix_instrumental --source night --count 3", "(did you mean `--variations`?)"),
    (f"{FX} -n 3", "(did you mean `--repeat`?)"),
    (f"{FX} --takes 3", "(did you mean `--repeat`?)"),
    (f"{FX} --name hit", "(did you mean `%%soundpiece_fx NAME`?)"),
    (f"{FX} --comment x", "(did you mean `--note`?)"),
    (f"{FX} --sweep length=1,2", "no option of this magic (did you mean `duration`?)"),
    (f"{FX} --extra length=2", "another word for duration, which is not given (did you mean `dur"),
    (f"{FX} --seed 4", "(did you mean `--extra seed=N`?)"),
    (f"{FX} --bpm 90", "(did you mean `--prompt`?)"),
    (f"{FX} --model x", "Unrecognized arguments: --model x. Nothing was sent. %%soundpiece_fx? s"),
    ("%soundpiece_stems night", "needs source. Nothing was sent. --source night_drive names an"),
    # texts without quotes
    ("%soundpiece_fx --prompt rain on a roof -d 2", '(did you mean `--prompt "rain on a roof"`?)'),
    ("%soundpiece_fx rain on a roof", '(did you mean `--prompt "rain on a roof"`?)'),
    ('%soundpiece_fx "rain on a roof"', '--prompt "rain on a roof" makes a prompt of it'),
    (f"{FX} --note for the door", '(did you mean `--note "for the door"`?)'),
    ("%soundpiece_export night --to my songs", '(did you mean `--to "my songs"`?)'),
    (f"{FX} hit --tags demo wet", "(did you mean `--tags demo --tags wet`?)"),
    (f"{FX} hit --sweep mood calm,wild", "(did you mean `--sweep mood=calm,wild`?)"),
    # lengths
    (f"{FX} -d 2,5", "not '2,5' (did you mean `2.5`?)."),
    (f"{FX} -d 1:30:00", "must be a number of seconds, not '1:30:00'."),
    (f"{FX} -d soon", "must be a number of seconds, not 'soon'."),
    # the history
    ("%soundpiece_history song", "may be words to look for, or not (did you mean `--route song`?)"),
    ("%soundpiece_history songs", "(did you mean `--route song`?)"),
    ("%soundpiece_history failed", '--status failed`?). --search "failed" looks for the words.'),
    ("%soundpiece_history done", "(did you mean `--status ready`?)"),
    ("%soundpiece_history last week", '(did you mean `--since "last week"`?)'),
    ("%soundpiece_history yesterday", "(did you mean `--since yesterday`?)"),
    ("%soundpiece_history 2d", "(did you mean `--since 2d`?)"),
    ("%soundpiece_history 10", "(did you mean `--limit 10`?)"),
    ("%soundpiece_history -5", "(did you mean `--limit 5`?)"),
    ("%soundpiece_history failed songs last week", '`--status failed --route song --since "last w'),
    ("%soundpiece_history last 5 songs", "(did you mean `--limit 5 --route song`?)"),
    ("%soundpiece_history newest", "(did you mean `--order -made`?)"),
    ("%soundpiece_history --csv", "(did you mean `--to history.csv`?)"),
    ("%soundpiece_history --all", "Unrecognized arguments: --all. %soundpiece_history? shows"),
    ("%soundpiece_history rain yesterday", "`%soundpiece_history rain --since yesterday`?)"),
    ("%soundpiece_history failed rain", "`%soundpiece_history rain --status failed`?)"),
    ("%soundpiece_history demo", "(did you mean `%soundpiece_history --tag demo`?)"),
    ("%soundpiece_history --last 5", "(did you mean `--limit`?)"),
    ("%soundpiece_history --last week", '(did you mean `--since "last week"`?)'),
    ("%soundpiece_history --last 2 days", '(did you mean `--since "last 2 days"`?)'),
    ("%soundpiece_history --today", "(did you mean `--since today`?)"),
    ("%soundpiece_history --number 5", "(did you mean `--limit`?)"),
    ("%soundpiece_history --query rain", "(did you mean `--search`?)"),
    ("%soundpiece_history query=rain", "is written as in Python (did you mean `--search`?)"),
    ("%soundpiece_history --text rain", "(did you mean `--search`?)"),
    ("%soundpiece_history --starred", "(did you mean `--min-rating`?)"),
    ("%soundpiece_history --rating 4", "(did you mean `--min-rating`?)"),
    ("%soundpiece_history --failed", "(did you mean `--status failed`?)"),
    ("%soundpiece_history --songs", "(did you mean `--route song`?)"),
    ("%soundpiece_history --oldest", "(did you mean `--order made`?)"),
    ("%soundpiece_history --df", "(did you mean `-o df`?)"),
    ("%soundpiece_history --status done", "no status 'done' (did you mean `ready`?)"),
    ("%soundpiece_history --route effect", "no route 'effect' (did you mean `fx`?)"),
    ("%soundpiece_history --since 05.11.2026", "two days. Say 2026-05-11 or 2026-11-05."),
    ("%soundpiece_history --since the other day", "'the' is no time: say an age such as 90m"),
    # stars
    ("%soundpiece_rate night 2 4", "two ways (did you mean `night:2 4`?). A take stands behind"),
    ("%soundpiece_rate rain 2 4", "(did you mean `rain:2 4`?). A take stands behind a colon"),
    ("%soundpiece_rate parts vocals 4", "(did you mean `parts:vocals 4`?)"),
    ('%soundpiece_rate night:2 "love it"', '%soundpiece_note night:2 "love it" gives a note'),
    ("%soundpiece_rate night:2 8/10", "from 0 to 5, not '8/10'."),
    ("%soundpiece_rate night:2 ******", "from 0 to 5, not 6."),
    ("%soundpiece_rate night:2 --stars 4", "(did you mean `%soundpiece_rate KEY:N STARS`?)"),
    ("%soundpiece_tag night --tag demo", "(did you mean `%soundpiece_tag KEY TAG`?)"),
    ("%soundpiece_note night --comment x", "(did you mean `--note`?)"),
    # files
    ("%soundpiece_export night --folder songs", "(did you mean `--to`?)"),
    ("%soundpiece_export night --to songs --mp3", "(did you mean `--format mp3`?)"),
    ("%soundpiece_export night --to songs --as mp3", "(did you mean `--format`?)"),
    ("%soundpiece_export night --to songs --vocals", "(did you mean `--take vocals`?)"),
    ("%soundpiece_prune night --delete", "(did you mean `--yes`?)"),
    ("%soundpiece_prune --before yesterday", "(did you mean `--older-than`?)"),
    # names and commands
    ("%soundpiece_show", "required: KEY (a key, its beginning, a NAME, or a sweep's id)"),
    ("%soundpiece_show nigth", "the name or key 'nigth' (did you mean `night`?)"),
    ("%soundpiece_cut --source nihgt --to 2", "key 'nihgt' (did you mean `night`?)"),
    ("%soundpiece_wait all", "%soundpiece_wait and %soundpiece_resume without any KEY are ab"),
    ("%soundpiece history rain", "(did you mean `%soundpiece_history rain`?)"),
    ("%soundpiece song", "(did you mean `%%soundpiece_song`?)"),
    ("%soundpiece help rate", "(did you mean `%soundpiece_rate?`?)"),
    ("%soundpiece_help hsitory", "(did you mean `%soundpiece_history?`?)"),
    ("%soundpiece nonsense", "There is no command 'nonsense'. %soundpiece lists them."),
    ("%soundpiece_sandbox --start", "(did you mean `%soundpiece_sandbox start`?)"),
]  # fmt: skip


@pytest.mark.parametrize(("cell", "said"), SAID)
def test_what_does_not_work_names_what_does_and_changes_nothing(kernel, cell, said):
    before = kernel.value("(journal.counts(), sp.takes()['rating'].dropna().tolist())")
    [error] = kernel.run(cell).errors
    assert error.startswith("Mistake: ")
    assert said in error
    assert "\n" not in error
    assert kernel.value("(journal.counts(), sp.takes()['rating'].dropna().tolist())") == before


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("2s", 2.0),
        ("'2 s'", 2.0),
        ("30sec", 30.0),
        ("0:30", 30.0),
        ("1:05.5", 65.5),
        ("1m30", 90.0),
        ("1m30s", 90.0),
        ("'1 min 30 sec'", 90.0),
        ("1.5min", 90.0),
        ("2.5", 2.5),
    ],
)
def test_a_length_may_say_its_unit(kernel, typed, seconds):
    assert f'"duration": {seconds}' in kernel.run(f"{FX} -d {typed}").text
    assert (
        f'"target_duration": {seconds}'
        in kernel.run(f"%soundpiece_cut --source https://x.org/a.wav --to {typed} --dry-run").text
    )


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ("rain", ["rain"]),
        ("RAIN", ["rain"]),
        ("tin", ["roof", "rain"]),
        ("tin rain", ["rain"]),
        ("rain on tin", ["rain"]),
        ('"on a tin"', ["rain"]),
        ('"tin on"', []),
        ("night", ["night"]),
        ("tin --since last week", ["roof", "rain"]),
        ("--since last week tin", ["roof", "rain"]),
        ("tin --since 2 days ago roof", ["roof", "rain"]),
        ("--since=an hour ago tin -n 1", ["roof"]),
        ("--since this month --search tin", ["roof", "rain"]),
        ("--since today 0:00 rain", ["rain"]),
        ("--search roof rain", ["rain"]),
        ("tin --status ready rain", ["rain"]),
        ('--search "failed"', []),
    ],
)
def test_words_are_searched_and_a_time_may_be_several(kernel, options, names):
    ran = kernel.run(f"found = %soundpiece_history {options} -o df")
    assert ran.status == "ok", ran.text
    assert kernel.value("found['name'].tolist()") == names


@pytest.mark.parametrize(
    ("typed", "rating", "note"),
    [
        ("4", 4, None),
        ("****", 4, None),
        ("★★★★☆", 4, None),
        ("4/5", 4, None),
        ("four", 4, None),
        ("Five stars", 5, None),
        ("'4 stars'", 4, None),
        ("1 star", 1, None),
        ("3 of 5", 3, None),
        ("3 out of 5 stars too slow", 3, "too slow"),
        ("2 love the bass", 2, "love the bass"),
        ("2 4 bars too long", 2, "4 bars too long"),
        ("5 starship", 5, "starship"),
    ],
)
def test_stars_are_read_as_people_type_them(kernel, typed, rating, note):
    kernel.run("journal.judge(sp.operation('night').key, 2, rating=0, note='')")
    assert kernel.run(f"%soundpiece_rate night:2 {typed}").status == "ok"
    judged = "[(o.rating, o.note) for o in sp.operation('night').outputs][1]"
    assert kernel.value(judged) == (rating, note)


def test_the_beginning_of_a_key_is_shown_and_not_searched(kernel):
    key = kernel.value("sp.operation('night').key")
    [error] = kernel.run(f"%soundpiece_history {key[:10]}").errors
    assert f"(did you mean `%soundpiece_show {key[:8]}`?)" in error


def test_help_is_one_screen_however_it_is_asked_for(kernel):
    overview = kernel.run("%soundpiece").text
    assert overview.startswith("Soundpiece in a notebook")
    assert kernel.run("%soundpiece_help").text == kernel.run("%soundpiece help").text == overview


def test_prune_takes_an_age_of_several_words(kernel):
    assert "Nothing to remove" in kernel.run("%soundpiece_prune --older-than last week").text
    assert "would remove" in kernel.run("%soundpiece_prune --older-than 0 days").text


def test_another_word_for_a_field_is_sent_as_an_extra_one_where_it_can_mean_nothing_else(kernel):
    """A later service may have a field of that name."""
    assert '"length": 2' in kernel.run(f"{FX} -d 3 --extra length=2").text
    assert '"style": "wet"' in kernel.run(f"{FX} --extra style=wet").text
    assert '"length": 2' in kernel.run(f"{FX} --extra length=2 --unchecked").text

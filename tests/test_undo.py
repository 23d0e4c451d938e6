"""Whatever a person types can be undone: audio let go of, labels given, a length that is no cut."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.kernels import Kernel
from support.services import quiet_environment


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def kernel(home, sandbox):
    environment = quiet_environment(
        home, SOUNDPIECE_BASE_URL=sandbox.base_url, SOUNDPIECE_API_KEY="spk_tests_only_0123456789"
    )
    started = Kernel(environment)
    started.run("%load_ext soundpiece_nb\nimport soundpiece_nb as sp")
    started.run("hit = sp.fx('Impact', 2, name='hit').result(60)")
    started.run("parts = sp.stems('hit', name='parts').result(60)")
    started.run("short = sp.cut('hit', 1).result(60)")
    yield started
    started.close()


def said(kernel, line):
    ran = kernel.run(f"%soundpiece_{line}")
    assert ran.status == "ok", ran.text
    return ran.printed


def refused(kernel, code):
    [error] = kernel.run(code).errors
    assert error.startswith("Mistake: "), error
    assert "\n" not in error
    return error.removeprefix("Mistake: ")


# ------------------------------------------------------------------ audio


def files(kernel, home):
    folder = home / "audio" / kernel.value("parts.key")
    return sorted(path.name for path in folder.glob("*.flac"))


WHOLE = ["1.flac", "2.flac", "3.flac", "4.flac"]
TODAY = f"{datetime.now(UTC):%Y-%m-%d}"


def test_one_take_leaves_the_disk_and_comes_back(kernel, home, sandbox, tmp_path):
    folder = home / "audio" / kernel.value("parts.key")
    (folder / "2.mp3").write_bytes(b"a preview")
    (tmp_path / "beside.flac").hardlink_to(folder / "2.flac")
    short = kernel.value("parts.key[:8]")

    dry = said(kernel, "prune parts:2")
    assert dry.startswith("This would remove 1 take of 1 operation, ")
    assert f"\n  {short}:drums  parts  1 take, " in dry
    assert "2.flac" in files(kernel, home)

    done = said(kernel, "prune parts:2 --yes")
    again = f"%soundpiece_resume {short}:drums fetches the audio again, while the service has it."
    assert again in done
    assert files(kernel, home) == ["1.flac", "3.flac", "4.flac"]
    assert not (folder / "2.mp3").exists()
    assert (tmp_path / "beside.flac").exists()
    assert kernel.value("[o.pruned_at is None for o in parts.outputs]") == [True, False, True, True]
    assert "Nothing to remove" in said(kernel, "prune parts:drums --yes")
    assert "Nothing is unfinished" in said(kernel, "resume"), "it is let go of, not missing"

    [card] = kernel.run("%soundpiece_show parts").of("display_data")
    sentence = f"Take 2 pruned on {TODAY}. %soundpiece_resume {short}:drums fetches it again."
    assert sentence in card["data"]["text/plain"]
    history = kernel.run("%soundpiece_history").of("display_data")[0]["data"]
    assert f"take 2 pruned on {TODAY}" in history["text/html"]
    assert f"take 2 pruned on {TODAY}" in history["text/plain"]
    exported = kernel.run(f"%soundpiece_export parts --to {tmp_path}/songs")
    assert "3 files in" in exported.printed
    because = f"take 2 of parts was pruned on {TODAY} (%soundpiece_resume parts:drums fetches it)"
    assert exported.errors == [f"Mistake: Not exported: {because}."]
    assert because.split(" (")[1][:-1] in refused(kernel, "parts.outputs[1].audio()").replace(
        short, "parts"
    )

    made = sandbox.counters()["created"]
    kernel.run("%soundpiece_resume parts:drums\n%soundpiece_wait")
    assert files(kernel, home) == WHOLE
    assert sandbox.counters()["created"] == made


def test_only_the_take_that_is_named_is_fetched_again(kernel, home):
    kernel.run("third = parts.outputs[2]")
    said(kernel, "prune parts.outputs[0] third {{parts}}:4 --yes")
    assert files(kernel, home) == ["2.flac"]
    kernel.run("sp.resume(third)[0].result(60)")
    assert files(kernel, home) == ["2.flac", "3.flac"]
    kernel.run("%soundpiece_resume parts:vocals\nsp.resume('parts:other')[0].result(60)")
    assert files(kernel, home) == WHOLE, "also where the first is on its way already"
    said(kernel, "prune parts --yes")
    kernel.run("%soundpiece_resume parts\n%soundpiece_wait")
    assert files(kernel, home) == WHOLE


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("prune parts:9 --yes", "has no output :9; it has :vocals, :drums, :bass, :other."),
        ("resume parts:9", "has no output :9; it has :vocals, :drums, :bass, :other."),
        ("prune nobody:1 --yes", "No operation has the name or key 'nobody'"),
        (
            "prune parts:1 --below-rating 3 --yes",
            "A filter chooses whole operations, and KEY:N one take. Nothing was removed.",
        ),
    ],
)
def test_a_slip_removes_nothing(kernel, home, line, sentence):
    assert sentence in refused(kernel, f"%soundpiece_{line}")
    assert files(kernel, home) == WHOLE


# ------------------------------------------------------------------ labels


STARRED = "parts, take 2: "


ANSWERS = (
    ("rate parts:2 4", STARRED + "★★★★☆. %soundpiece_rate parts:2 0 takes them away."),
    ("rate parts:2 4", STARRED + "★★★★☆, as before."),
    (
        "rate parts:drums 2 loud",
        STARRED + "★★☆☆☆, ★★★★☆ before: %soundpiece_rate parts:drums 4 gives them back. Noted.",
    ),
    (
        'rate parts:2 0 ""',
        STARRED + "no stars, ★★☆☆☆ before: %soundpiece_rate parts:2 2 gives them back."
        " Note removed: 'loud'.",
    ),
    ("rate parts:2 0", STARRED + "no stars, as before."),
    ("note hit for the door", "hit: noted. %soundpiece_note hit '' removes it."),
    ("note hit for the hall", "hit: noted, in place of 'for the door'."),
    ("note hit for the hall", "hit: noted."),
    ('note hit ""', "hit: note removed: 'for the hall'."),
    ('note hit ""', "hit: it had no note."),
    (
        "note parts:bass dull",
        "parts, take 3: noted. %soundpiece_note parts:bass '' removes it.",
    ),
    ("note parts:bass --note ''", "parts, take 3: note removed: 'dull'."),
    ("note parts:3", "parts, take 3: it had no note."),
    (
        "tag hit demo 'late night'",
        "hit: demo, late night. %soundpiece_tag hit --remove demo 'late night' undoes it.",
    ),
    (
        "tag hit demo keep",
        "hit: demo, late night, keep. %soundpiece_tag hit --remove keep undoes it.",
    ),
    ("tag hit demo", "hit: demo, late night, keep."),
    ("tag hit --remove keep", "hit: demo, late night. %soundpiece_tag hit keep undoes it."),
    (
        "tag hit DEMO 'late  night' --remove",
        "hit: no tags. %soundpiece_tag hit demo 'late night' undoes it.",
    ),
    ("tag hit a b", "hit: a, b. %soundpiece_tag hit --remove a b undoes it."),
    ("tag hit c --remove a b", "hit: c. %soundpiece_tag hit a b --remove c undoes it."),
    ("tag hit --remove=c", "hit: no tags. %soundpiece_tag hit c undoes it."),
    (
        "rename hit thud",
        "hit has the NAME thud now. %soundpiece_rename thud hit gives the old one back.",
    ),
    ("rename thud thud", "thud: nothing was changed."),
    ('rename thud ""', "thud has no NAME now. %soundpiece_rename {key} thud gives the old one"),
    (
        "rename {key} hit",
        "{key} has the NAME hit now. %soundpiece_rename hit '' takes it away.",
    ),
)
"""Lines one after the other, and the beginning of each one's answer."""


def test_an_answer_says_what_was_there_and_how_to_have_it_again(kernel):
    key = kernel.value("hit.key[:8]")
    for line, answer in ANSWERS:
        assert said(kernel, line.format(key=key)).startswith(answer.format(key=key))


def test_the_same_by_handle(kernel):
    kernel.run("hit.tag('demo', 'keep').untag('keep').note('loud').rename('thud')")
    assert kernel.value("(hit.tags, hit.entry.note, hit.name)") == (("demo",), "loud", "thud")
    kernel.run("hit.untag(['demo']).note(None).rename('hit')")
    assert kernel.value("(hit.tags, hit.entry.note, hit.name)") == ((), None, "hit")
    kernel.run("first = parts.outputs[0].rate(3, 'sharp').annotate('soft')")
    assert kernel.value("(first.rating, first.note)") == (3, "soft")
    kernel.run("first.annotate(None).unrate()")
    assert kernel.value("(first.rating, first.note)") == (None, None)
    kernel.run("hit.note('x').note('')")
    assert kernel.value("hit.rename(None).name") is None
    kernel.run("hit.rename('hit')")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (
            "%soundpiece_tag hit --remove a dmeo",
            "There is no tag 'dmeo' here (did you mean `demo`?); there are demo, a.",
        ),
        ("hit.untag('nothing')", "There is no tag 'nothing' here; there are demo, a."),
        ("%soundpiece_tag parts --remove demo", "There is no tag 'demo' here; there are none."),
        ("%soundpiece_tag hit", "Say which tags, as in %soundpiece_tag hit demo keep."),
        ("%soundpiece_tag hit --remove", "as in %soundpiece_tag hit --remove demo a."),
        ("%soundpiece_rename hit 2go", "'2go' cannot be a NAME"),
        ("%soundpiece_rename hit print", "'print' cannot be a NAME: it would hide Python's own"),
        ("%soundpiece_rename nobody thud", "No operation has the name or key 'nobody'."),
        (
            "hit.rename('parts')",
            "'parts' is the NAME of something newer, {parts}, and would go on meaning that.",
        ),
    ],
)
def test_a_slip_keeps_every_label(kernel, line, sentence):
    kernel.run("hit.tag('demo', 'a')")
    parts = kernel.value("parts.key[:8]")
    assert sentence.format(parts=parts) in refused(kernel, line)
    assert kernel.value("(hit.tags, parts.tags, hit.name)") == (("demo", "a"), (), "hit")


def test_a_tag_is_taken_away_as_one_sees_it(kernel):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    kernel.run(f"hit.untag(*hit.tags) if hit.tags else 0; hit.tag({decomposed!r}, 'Demo', 'demo')")
    assert said(kernel, f"tag hit --remove {composed}").startswith("hit: Demo, demo. ")
    assert said(kernel, "tag hit --remove demo").startswith("hit: Demo. "), "the very same first"
    kernel.run(r"hit.untag('Demo').tag('  odd\x07  tag ', 'r\u00e9sum\u00e9')")
    assert said(kernel, "tag hit --remove 'odd tag'").startswith("hit: r\u00e9sum\u00e9. ")
    assert said(kernel, "tag hit --remove R\u00c9SUME\u0301").startswith("hit: no tags. ")


def test_a_sweep_and_a_batch_are_tagged_as_a_whole(kernel):
    kernel.run("%soundpiece_fx hits -p '{{m}}' -d 1 --sweep m=rain,hail --wait")
    kernel.run("rows = sp.batch([{'prompt': 'Door', 'duration': 1}] , route='fx', name='rows')")
    key = kernel.value("rows.keys[0][:8]")
    kernel.run("del rows")
    undo = "%soundpiece_tag hits --remove a undoes it."
    assert said(kernel, "tag hits a") == f"hits, 2 operations: a. {undo}"
    assert said(kernel, "tag rows b").startswith(f"{key}: b. ")
    assert kernel.value(
        "[op.tags for op in [*hits.operations, sp.operation(sp.batch(name='rows').keys[0])]]"
    ) == [("a",), ("a",), ("b",)]
    said(kernel, "prune hits --yes")
    board = kernel.run("%soundpiece_show hits").of("display_data")[0]["data"]["text/html"]
    assert board.count(f"pruned on {TODAY}") == 2
    kernel.run("hits.operations[0].untag('a')")
    assert said(kernel, "tag hits --remove a").startswith("hits, 2 operations: no tags. ")
    one = "hits is 2 operations. Say which one: "
    assert one in refused(kernel, "%soundpiece_note hits loud")
    kernel.run("del hits")
    assert one in refused(kernel, "%soundpiece_note hits loud")
    assert one in refused(kernel, "%soundpiece_rename hits other")
    assert one in refused(kernel, "%soundpiece_rate hits 3")


def test_a_name_that_is_given_to_another_still_finds_the_newest(kernel):
    kernel.run("old = sp.fx('Old', 1, name='knock').result(60)")
    kernel.run("new = sp.fx('New', 1).result(60)")
    ran = said(kernel, f"rename {kernel.value('new.key')} knock")
    assert ran.endswith(f" knock meant {kernel.value('old.key[:8]')} until now.")
    assert kernel.value("knock == new == sp.operation('knock')")
    said(kernel, "rename knock ''")
    assert kernel.value("sp.operation('knock') == old")


# ------------------------------------------------------------------ a length that is no cut


LONGER = "The source lasts 2.0 s, so a cut to {} s would not be shorter."


@pytest.mark.parametrize(
    ("code", "seconds"),
    [
        ("%soundpiece_cut --source hit --to 30", "30"),
        ("%soundpiece_cut --source parts:vocals --to 2", "2"),
        ("%soundpiece_cut --source hit --to '{{s}}' --sweep s=1,2", "2"),
        ("%soundpiece_cut --source hit --to 30 --dry-run", "30"),
        ("sp.cut(parts.outputs[0], 30)", "30"),
        ("sp.submit('cut', source='hit', to=2.5)", "2.5"),
        ("sp.sweep('cut', source='hit', vary={'to': [1, 30]})", "30"),
        ("sp.batch([{'source': 'hit', 'to': 1}, {'source': 'hit', 'to': 2}], route='cut')", "2"),
        ("short.rerun(to=4)", "4"),
        ("short.rerun(source='hit', to=4)", "4"),
    ],
)
def test_a_source_that_is_shorter_than_the_cut_is_said_before_anything_is_sent(
    kernel, sandbox, code, seconds
):
    before = (sandbox.counters()["created"], kernel.value("len(sp.history())"))
    error = refused(kernel, code)
    assert LONGER.format(seconds) in error
    assert "Nothing was sent." in error
    assert "--unchecked (unchecked=True) sends it all the same." in error
    assert (sandbox.counters()["created"], kernel.value("len(sp.history())")) == before


def test_what_is_not_known_is_left_to_the_service_and_so_is_what_is_unchecked(kernel):
    kernel.run("sp.cut('hit', 30, unchecked=True).result(60)")
    dry = "%soundpiece_cut --source https://example.com/a.flac --to 30 --dry-run"
    assert kernel.run(dry).status == "ok"
    assert kernel.run("%soundpiece_cut --source hit --to 30 --unchecked --wait").status == "ok"
    assert kernel.run("%soundpiece_stems --source hit --dry-run").status == "ok"
    again = "sp.cut('hit', 2, once=True{}).result(60).key"
    key = kernel.value(again.format(", unchecked=True"))
    assert kernel.value(again.format("")) == key, "it is there already, and costs nothing"


# ------------------------------------------------------------------ the NAME of a rerun


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("softer = hit.rerun(prompt='Soft')", {"softer": "softer"}),
        ("wider = (hit\n    .rerun(prompt='Wide'))", {"wider": "wider"}),
        ("given = hit.rerun(prompt='x', name='typed')", {"given": "typed"}),
        ("none = hit.rerun(prompt='x', name=None)", {"none": None}),
        ("parts_2 = parts = hit.rerun(prompt='x')", {"parts_2": None}),
        ("hit_2, tagged = hit.rerun(), hit.rerun().tag('x')", {"hit_2": None, "tagged": None}),
        ("many = list(map(type(hit).rerun, [hit]))", {"many[0]": None}),
        (
            "def make():\n    inside = hit.rerun()\n    return inside\nfrom_it = make()",
            {"from_it": None},
        ),
        ("for n in (1, 2): each = hit.rerun()", {"each": None, "sp.operation('each')": "each"}),
        ("display = hit.rerun()\nfound = display; del display", {"found": None}),
        ("short_2 = await hit.rerun(prompt='x')", {"short_2": None}),
    ],
)
def test_a_rerun_takes_the_name_of_its_variable_where_that_is_certain(kernel, code, named):
    kernel.run("del parts" if " parts =" in code else "")
    ran = kernel.run(code)
    assert ran.status == "ok", ran.text
    assert {each: kernel.value(f"{each}.name") for each in named} == named
    kernel.run("parts = sp.operation('parts')")


def test_a_name_that_was_not_typed_takes_none_that_was(kernel):
    kernel.run("typed_1 = sp.fx('Typed', 1, name='typed_1').result(60)")
    kernel.run("rows = sp.batch([{'prompt': 'Row', 'duration': 1}], route='fx', name='rows_1')")
    kernel.run("first = typed_1\ntyped_1 = hit.rerun()\nrows_1 = hit.rerun()")
    assert kernel.value("(sp.operation('typed_1') == first, typed_1.name, rows_1.name)") == (
        True,
        None,
        None,
    )
    ran = kernel.run("typed_1.result(60)\n%soundpiece_show typed_1\nimport time; time.sleep(1.2)")
    shown = [*ran.of("display_data"), *ran.of("update_display_data")]
    key = kernel.value("typed_1.key[:8]")
    hint = f"<code>%soundpiece_rename {key}</code> NAME gives it a NAME."
    assert any(hint in each["data"]["text/html"] for each in shown)
    kernel.run("typed_1.rename('louder')")
    assert kernel.value("sp.operation('louder') == typed_1")

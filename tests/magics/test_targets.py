"""What a word on a magic's line means: a variable that holds a handle, a NAME, a sweep's NAME."""

from __future__ import annotations

import pytest

SWEPT = "%soundpiece_fx hits -p '{{m}}' -d 1 --sweep m=rain,hail --wait"


@pytest.fixture(scope="module")
def kernel(kernel):
    kernel.run("op = sp.song('la la', prompt='jazz').result()\nsecond = op.outputs[1]")
    kernel.run("spare = sp.fx('Impact', duration=1).result()")
    return kernel


def test_a_handle_that_was_assigned_in_python_is_judged_by_its_variable(kernel):
    ran = kernel.run('%soundpiece_rate op:2 4 "love the bass"')
    assert ran.status == "ok", ran.text
    kernel.run("%soundpiece_tag op keep")
    kernel.run("%soundpiece_note spare 'for the door'")
    assert kernel.value("(op.outputs[1].rating, op.outputs[1].note)") == (4, "love the bass")
    assert kernel.value("(op.entry.tags, spare.entry.note)") == (("keep",), "for the door")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("%soundpiece_stems --source {{op}}:1 --dry-run", "the address of take 1"),
        ("%soundpiece_cut --source '{{ second }}' --to 5 --dry-run", "the address of take 2"),
        ("%soundpiece_show op", "2 takes"),
        ("%soundpiece_compare op spare", "Impact"),
        ("%soundpiece_wait op spare", "2 operations done."),
        ("%soundpiece_resume op", "Going on with 1 operation."),
        ("%soundpiece_prune op", "2 takes of 1 operation"),
        ("%soundpiece_export spare --to FOLDER", "1 file in"),
        ("%soundpiece_stems parts --source op:2 --wait", "4 takes"),
        ("%soundpiece_fx hit -d 1 -p {{m}} --sweep m=a,b --dry-run", "2 operations: every m."),
        ("%soundpiece_remix_instrumental again --source op --repeat 2 --dry-run", "take 1 of"),
    ],
)
def test_and_is_meant_by_it_wherever_an_operation_is_named(kernel, tmp_path, line, said):
    ran = kernel.run(line.replace("FOLDER", str(tmp_path / "songs")))
    assert ran.status == "ok", ran.text
    assert said in ran.text


def test_braces_are_the_text_of_a_variable_in_every_magic(kernel, tmp_path):
    kernel.run(f"words, folder, which = 'for the {{{{door}}}}', {str(tmp_path / 'songs')!r}, spare")
    kernel.run('%soundpiece_note {{which}} "{{ words }}"')
    assert kernel.value("spare.entry.note") == "for the {{door}}"
    assert "1 to 1 of 1" in kernel.run("%soundpiece_history --search '{{words}}'").text
    assert "1 file in" in kernel.run("%soundpiece_export {{which}} --to {{folder}}").text
    assert "take 2: ★★☆☆☆" in kernel.run("%soundpiece_rate {{second}} 2").text
    [error] = kernel.run("%soundpiece_show {{nosuch}}").errors
    assert "There is no variable 'nosuch' for {{nosuch}}." in error


def test_numbers_and_names_on_a_line_may_be_variables_too(kernel):
    kernel.run("a_page, two, long, called = 1, 2, 60, 'called_so'")
    assert "1 to 1 of " in kernel.run("%soundpiece_history -n {{a_page}}").text
    [error] = kernel.run("%soundpiece_history --min-rating {{called}}").errors
    assert "--min-rating must be a whole number from 1 to 5, not 'called_so'." in error
    kernel.run("%soundpiece_fx {{called}} -p Impact -d 1 --timeout {{long}} --wait")
    assert kernel.value("called_so.status") == "ready"
    swept = kernel.run("%soundpiece_fx -p {{m}} -d 1 --sweep m=a,b --repeat {{two}} --dry-run")
    assert "4 operations" in swept.text


def test_a_take_where_a_whole_operation_is_meant_is_said(kernel):
    [error] = kernel.run("%soundpiece_tag {{second}} kept").errors
    key = kernel.value("op.key")
    assert f"names a take, and here a whole operation is meant. Say {key[:8]}." in error
    [error] = kernel.run("%soundpiece_tag op:2 kept").errors
    assert "'op:2' names a take, and here a whole operation is meant. Say op." in error


def test_a_variable_comes_before_an_older_operation_of_that_name(kernel):
    kernel.run("%soundpiece_fx mine -p Rain -d 1 --wait")
    older = kernel.value("mine.key")
    kernel.run("mine = sp.fx('Hail', duration=1).result()\n%soundpiece_tag mine newer")
    assert kernel.value("mine.entry.tags") == ("newer",)
    assert kernel.value(f"sp.operation({older!r}).entry.tags") == ()


def test_a_variable_that_holds_something_else_is_no_handle(kernel):
    kernel.run("%soundpiece_fx door -p Door -d 1 --wait\ndoor = 'wooden'")
    assert kernel.run("%soundpiece_rate door 3").printed.startswith("door, take 1: ★★★☆☆")


def test_a_sweep_is_all_of_its_operations_by_its_variable_and_by_its_name(kernel, tmp_path):
    kernel.run(SWEPT)
    wanted = kernel.value("hits.id")
    for forget in ("", "del hits"):
        kernel.run(forget)
        [board] = kernel.run("%soundpiece_show hits").of("display_data")
        assert f"soundpiece-is-{wanted}" in board["data"]["text/html"]
        assert board["data"]["text/plain"].startswith("hits · sweep of 2")
        assert "2 files in" in kernel.run(f"%soundpiece_export hits --to {tmp_path}/songs").text
        compared = kernel.run("%soundpiece_compare hits").of("display_data")[0]["data"]
        assert compared["text/html"].count("<audio controls") == 2
        assert "2 operations done." in kernel.run("%soundpiece_wait hits").text
    assert kernel.value("len(sp.history(sweep='hits'))") == 2


def test_a_name_given_anew_means_the_newest_thing_of_that_name(kernel):
    kernel.run(SWEPT.replace("hits", "anew") + "\nfirst = anew.id")
    kernel.run(SWEPT.replace("hits", "anew") + "\nsecond = anew.id\ndel anew")
    [board] = kernel.run("%soundpiece_show anew").of("display_data")
    assert f"soundpiece-is-{kernel.value('second')}" in board["data"]["text/html"]
    kernel.run("%soundpiece_fx anew -p Door -d 1 --wait\ndel anew")
    [player] = kernel.run("%soundpiece_show anew").of("display_data")
    assert "sweep of" not in player["data"]["text/plain"]


def test_a_batch_is_shown_by_its_variable_and_is_none_of_the_sweeps(kernel):
    kernel.run(SWEPT.replace("hits", "rows"))
    kernel.run("rows = sp.batch([{'prompt': 'Door', 'duration': 1}], route='fx', name='rows')")
    assert kernel.value("len(rows.result())") == 1
    [card] = kernel.run("%soundpiece_show rows").of("display_data")
    assert "1 operation of create.new_fx" in card["data"]["text/plain"]
    assert kernel.value("len(sp.batch(name='rows'))") == 1


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("rate many 3", "many is 2 operations. Say which one: THEM."),
        ("note many x", "many is 2 operations. Say which one: THEM."),
        (
            "stems --source many",
            "The source: many is 2 operations. Nothing was sent. Say which one: THEM.",
        ),
    ],
)
def test_where_one_operation_is_asked_for_a_sweep_names_its_own(kernel, line, sentence):
    """By its variable, and by its NAME when a new kernel has no such variable."""
    kernel.run(SWEPT.replace("hits", "many"))
    for forget in ("", "del many"):
        kernel.run(forget)
        [error] = kernel.run(f"%soundpiece_{line}").errors
        them = "many[1] (m=rain), many[2] (m=hail)"
        assert error.strip() == f"Mistake: {sentence.replace('THEM', them)}"
